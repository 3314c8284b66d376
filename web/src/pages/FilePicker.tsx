import { type ReactNode, useRef } from "react";
import { useTranslation } from "react-i18next";
import { chosenFiles, type PathFile } from "../app/slideFiles";

interface Props {
  readonly onFiles: (files: readonly PathFile[]) => void;
  /** Chooses a folder with all that is in it. */
  readonly folder?: boolean;
  /** What is pressed; `open` shows the browser's dialog. */
  readonly children: (open: () => void) => ReactNode;
}

/** Chooses files from this computer; the same ones may be chosen again at once. */
export function FilePicker({ onFiles, folder = false, children }: Props) {
  const { t } = useTranslation();
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      {children(() => input.current?.click())}
      <input
        ref={input}
        type="file"
        multiple
        {...(folder ? { webkitdirectory: "" } : {})}
        hidden
        aria-label={folder ? t("grid.chooseFolder") : t("grid.choose")}
        onChange={(event) => {
          onFiles(chosenFiles(event.currentTarget.files ?? []));
          event.currentTarget.value = "";
        }}
      />
    </>
  );
}
