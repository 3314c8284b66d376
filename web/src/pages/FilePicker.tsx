import { type ReactNode, useRef } from "react";
import { useTranslation } from "react-i18next";

interface Props {
  readonly onFiles: (files: readonly File[]) => void;
  /** What is pressed; `open` shows the browser's dialog. */
  readonly children: (open: () => void) => ReactNode;
}

/** Chooses files from this computer; the same ones may be chosen again at once. */
export function FilePicker({ onFiles, children }: Props) {
  const { t } = useTranslation();
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      {children(() => input.current?.click())}
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label={t("grid.choose")}
        onChange={(event) => {
          onFiles([...(event.currentTarget.files ?? [])]);
          event.currentTarget.value = "";
        }}
      />
    </>
  );
}
