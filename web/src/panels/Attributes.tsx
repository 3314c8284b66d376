import { ActionIcon, Button, TextInput } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Annotation } from "../model/annotation";
import { ownAttributes } from "../model/provenance";
import styles from "./SelectionCard.module.css";
import { useOpenSlide } from "./slideContext";

interface Props {
  readonly annotation: Annotation;
  readonly disabled: boolean;
}

/** What is noted about an annotation under names of one's own. A value is saved when one leaves its field. */
export function Attributes({ annotation, disabled }: Props) {
  const { t } = useTranslation();
  const { session } = useOpenSlide();
  const [adding, setAdding] = useState(false);
  const names = ownAttributes(annotation);
  const set = (name: string, value: unknown) =>
    session.apply([{ type: "update", id: annotation.id, attributes: { [name]: value } }]);
  const add = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const name = String(form.get("name")).trim();
    if (!name) return;
    set(name, parsed(String(form.get("value"))));
    setAdding(false);
  };
  if (disabled && names.length === 0) return null;
  return (
    <fieldset className={styles.attributes}>
      <legend>{t("annotations.attributes")}</legend>
      {names.map((name) => {
        const text = textOf(annotation.attributes[name]);
        return (
          <div key={`${name} ${text}`} className={styles.attribute}>
            <TextInput
              size="xs"
              aria-label={name}
              leftSection={<span className={styles.attributeName}>{name}</span>}
              leftSectionWidth={96}
              defaultValue={text}
              disabled={disabled}
              onBlur={(event) => {
                const { value } = event.currentTarget;
                if (value !== text) set(name, parsed(value));
              }}
            />
            <ActionIcon
              variant="subtle"
              color="gray"
              size="sm"
              disabled={disabled}
              aria-label={t("annotations.removeAttribute", { name })}
              onClick={() => set(name, null)}
            >
              <IconX size={14} />
            </ActionIcon>
          </div>
        );
      })}
      {adding && (
        <form className={styles.attribute} onSubmit={add}>
          <TextInput
            size="xs"
            name="name"
            data-autofocus
            maxLength={100}
            aria-label={t("annotations.attributeName")}
            placeholder={t("annotations.attributeName")}
          />
          <TextInput
            size="xs"
            name="value"
            aria-label={t("annotations.attributeValue")}
            placeholder={t("annotations.attributeValue")}
          />
          <ActionIcon type="submit" size="sm" aria-label={t("annotations.keepAttribute")}>
            <IconPlus size={14} />
          </ActionIcon>
        </form>
      )}
      {!adding && !disabled && (
        <Button size="compact-xs" variant="subtle" leftSection={<IconPlus size={13} />} onClick={() => setAdding(true)}>
          {t("annotations.addAttribute")}
        </Button>
      )}
    </fieldset>
  );
}

/** A number or a truth value where the text is one; imported files have those, too. */
function parsed(text: string): string | number | boolean {
  const written = text.trim();
  if (written === "true" || written === "false") return written === "true";
  return /^-?\d+(\.\d+)?$/.test(written) && String(Number(written)) === written ? Number(written) : written;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
