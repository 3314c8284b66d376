import { Button, Combobox, Textarea, useCombobox } from "@mantine/core";
import { type KeyboardEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Avatar } from "../app/Avatar";
import styles from "./Comments.module.css";
import { candidates, completed, mentionedIn, mentionQuery } from "./mentions";
import { useOpenSlide } from "./slideContext";

interface Props {
  readonly label: string;
  readonly verb: string;
  readonly initial?: string;
  readonly autoFocus?: boolean;
  /** Whether it was kept; the text stays in the field otherwise. */
  readonly onSend: (text: string, mentions: readonly string[]) => Promise<boolean>;
  readonly onCancel?: () => void;
}

const MOST_OFFERED = 6;

/** Where a comment is written. @ offers the project's members; Ctrl+Enter sends. */
export function CommentForm({ label, verb, initial = "", autoFocus = false, onSend, onCancel }: Props) {
  const { t } = useTranslation();
  const { members } = useOpenSlide();
  const [text, setText] = useState(initial);
  const [caret, setCaret] = useState(initial.length);
  const [busy, setBusy] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const combobox = useCombobox();
  const query = mentionQuery(text, caret);
  const offered = query ? candidates(query, members).slice(0, MOST_OFFERED) : [];

  const note = (element: HTMLTextAreaElement) => {
    setText(element.value);
    setCaret(element.selectionStart);
    combobox.openDropdown();
    combobox.resetSelectedOption();
  };
  const complete = (personId: string | undefined) => {
    const person = members.find(({ id }) => id === personId);
    if (!query || !person) return;
    const filled = completed(text, caret, query, person);
    setText(filled.text);
    setCaret(filled.caret);
    combobox.closeDropdown();
    requestAnimationFrame(() => field.current?.setSelectionRange(filled.caret, filled.caret));
  };
  const submit = async () => {
    const written = text.trim();
    if (!written || busy) return;
    setBusy(true);
    const kept = await onSend(written, mentionedIn(written, members));
    setBusy(false);
    if (kept) setText("");
  };
  const press = (event: KeyboardEvent) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      void submit();
    } else if (event.key === "Enter" && combobox.dropdownOpened && offered.length > 0) {
      // The first one is meant until the arrows have chosen another.
      event.preventDefault();
      event.stopPropagation();
      complete(offered[Math.max(0, combobox.getSelectedOptionIndex())]?.id);
    } else if (event.key === "Escape" && offered.length === 0) {
      event.stopPropagation();
      onCancel?.();
    }
  };
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <Combobox store={combobox} onOptionSubmit={complete} position="top-start" width={230}>
        <Combobox.Target withKeyboardNavigation={offered.length > 0} withExpandedAttribute={false}>
          <Textarea
            ref={field}
            size="xs"
            autosize
            minRows={2}
            maxRows={8}
            maxLength={10_000}
            data-autofocus={autoFocus || undefined}
            autoFocus={autoFocus}
            aria-label={label}
            placeholder={t("comments.placeholder")}
            value={text}
            onChange={(event) => note(event.currentTarget)}
            onSelect={(event) => setCaret(event.currentTarget.selectionStart)}
            onBlur={() => combobox.closeDropdown()}
            onKeyDownCapture={press}
          />
        </Combobox.Target>
        <Combobox.Dropdown hidden={offered.length === 0}>
          <Combobox.Options aria-label={t("comments.people")}>
            {offered.map((person) => (
              <Combobox.Option key={person.id} value={person.id} className={styles.option}>
                <Avatar person={person} size={20} /> {person.name}
              </Combobox.Option>
            ))}
          </Combobox.Options>
        </Combobox.Dropdown>
      </Combobox>
      <div className={styles.send}>
        <span className={styles.hint}>{t("comments.hint")}</span>
        {onCancel && (
          <Button size="compact-xs" variant="subtle" color="gray" onClick={onCancel}>
            {t("common.cancel")}
          </Button>
        )}
        <Button size="compact-xs" type="submit" loading={busy} disabled={!text.trim()}>
          {verb}
        </Button>
      </div>
    </form>
  );
}
