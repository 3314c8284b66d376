import { CloseButton, Kbd, TextInput } from "@mantine/core";
import { useDebouncedCallback, useHotkeys } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import styles from "./SearchBox.module.css";

interface Props {
  readonly value: string;
  readonly onChange: (value: string) => void;
}

const PAUSE_MS = 200;

/** Searches as one types; `/` puts the caret in. */
export function SearchBox({ value, onChange }: Props) {
  const { t } = useTranslation();
  const input = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState(value);
  const [sent, setSent] = useState(value);
  if (value !== sent) {
    // Cleared from elsewhere, such as by "Clear search".
    setSent(value);
    setTyped(value);
  }
  const send = useDebouncedCallback((text: string) => {
    setSent(text);
    onChange(text);
  }, PAUSE_MS);
  const type = (text: string) => {
    setTyped(text);
    send(text);
  };
  useHotkeys([["/", () => input.current?.focus()]]);
  return (
    <TextInput
      ref={input}
      type="search"
      className={styles.box}
      classNames={{ input: styles.input }}
      aria-label={t("grid.search")}
      placeholder={t("grid.search")}
      leftSection={<IconSearch size={16} />}
      rightSection={
        typed ? (
          <CloseButton size="sm" aria-label={t("grid.clear")} onClick={() => type("")} />
        ) : (
          <Kbd size="xs" aria-hidden>
            /
          </Kbd>
        )
      }
      value={typed}
      onChange={(event) => type(event.currentTarget.value)}
      onKeyDown={(event) => event.key === "Escape" && type("")}
    />
  );
}
