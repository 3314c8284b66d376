import { Button, Group, Modal, Text, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { FailureNote } from "./FailureNote";
import type { Failure } from "./failure";

interface Props {
  readonly title: string;
  readonly text: string;
  readonly verb: string;
  /** What must be typed before the verb can be pressed, for things that can't be taken back. */
  readonly phrase?: { readonly label: string; readonly value: string };
  readonly busy: boolean;
  readonly failure: Failure | null;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
}

/** Asks once before something is gone. */
export function ConfirmDialog({ title, text, verb, phrase, busy, failure, onConfirm, onClose }: Props) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState("");
  const ready = !phrase || typed.trim() === phrase.value.trim();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (ready) onConfirm();
  };
  return (
    <Modal opened onClose={onClose} title={title} closeButtonProps={{ "aria-label": t("common.close") }}>
      <form onSubmit={submit}>
        <Text c="dimmed" size="sm">
          {text}
        </Text>
        {phrase && (
          <TextInput
            mt="md"
            data-autofocus
            label={phrase.label}
            placeholder={phrase.value}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
        )}
        <FailureNote failure={failure} mt="md" />
        <Group justify="flex-end" mt="lg" gap="xs">
          <Button variant="default" onClick={onClose}>
            {t("common.cancel")}
          </Button>
          <Button type="submit" color="red" loading={busy} disabled={!ready} data-autofocus={phrase ? undefined : true}>
            {verb}
          </Button>
        </Group>
      </form>
    </Modal>
  );
}
