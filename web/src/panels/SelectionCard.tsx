import { Button, Select, Textarea } from "@mantine/core";
import { IconLock, IconLockOpen, IconMessagePlus, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useObservable } from "../app/useObservable";
import type { Annotation } from "../model/annotation";
import { middleOf } from "../model/geometry";
import { Attributes } from "./Attributes";
import { OriginNote } from "./OriginNote";
import { ReviewSection } from "./ReviewSection";
import styles from "./SelectionCard.module.css";
import { useOpenSlide } from "./slideContext";

const NO_TERM = "-";

/** What can be said about the selected annotations: their term, a note, whether they are locked. */
export function SelectionCard({ ids }: { readonly ids: readonly string[] }) {
  const { t } = useTranslation();
  const { session, workbench, terms, canDraw, comments, openTab } = useOpenSlide();
  const { byId } = useObservable(session.annotations);
  const selected = ids.flatMap((id) => byId.get(id) ?? []);
  const [first] = selected;
  if (!first) return null;
  const allLocked = selected.every((annotation) => annotation.locked);
  const accepted = selected.some((annotation) => annotation.reviewState === "ACCEPTED");
  const sameTerm = selected.every((annotation) => annotation.termId === first.termId);
  return (
    <section className={styles.card} aria-label={t("panel.selection")}>
      <Select
        size="xs"
        label={t("annotations.setTerm")}
        data={[
          ...terms.map((term) => ({ value: term.id, label: term.name })),
          { value: NO_TERM, label: t("panel.noTerm") },
        ]}
        value={sameTerm ? (first.termId ?? NO_TERM) : null}
        allowDeselect={false}
        disabled={!canDraw || allLocked}
        comboboxProps={{ position: "top" }}
        onChange={(value) => {
          const termId = value === NO_TERM ? null : value;
          session.apply(
            selected.filter((each) => !each.locked).map((each) => ({ type: "update", id: each.id, termId })),
          );
        }}
      />
      {selected.length === 1 && <OriginNote annotation={first} />}
      {selected.length === 1 && <Note key={first.id} annotation={first} disabled={!canDraw || first.locked} />}
      {selected.length === 1 && (
        <Attributes key={`attributes ${first.id}`} annotation={first} disabled={!canDraw || first.locked} />
      )}
      <ReviewSection annotations={selected} />
      {canDraw && (
        <div className={styles.actions}>
          <Button
            size="xs"
            variant="default"
            disabled={accepted}
            leftSection={allLocked ? <IconLockOpen size={15} /> : <IconLock size={15} />}
            onClick={() => session.apply(selected.map((each) => ({ type: "update", id: each.id, locked: !allLocked })))}
          >
            {allLocked ? t("annotations.unlock") : t("annotations.lock")}
          </Button>
          <Button
            size="xs"
            variant="default"
            leftSection={<IconTrash size={15} />}
            disabled={allLocked}
            onClick={() => workbench.deleteSelection()}
          >
            {t("annotations.delete")}
          </Button>
          {selected.length === 1 && (
            <Button
              size="xs"
              variant="default"
              leftSection={<IconMessagePlus size={15} />}
              onClick={() => {
                comments.putAt({ position: middleOf(first.bounds), annotationId: first.id });
                openTab("comments");
              }}
            >
              {t("comments.about")}
            </Button>
          )}
        </div>
      )}
    </section>
  );
}

interface NoteProps {
  readonly annotation: Annotation;
  readonly disabled: boolean;
}

/** Saved when one leaves the field. */
function Note({ annotation, disabled }: NoteProps) {
  const { t } = useTranslation();
  const { session } = useOpenSlide();
  const [text, setText] = useState(annotation.note);
  const [known, setKnown] = useState(annotation.note);
  if (annotation.note !== known) {
    // Somebody else wrote, or the server has answered: show theirs unless I am in the middle of writing.
    setKnown(annotation.note);
    if (text === known) setText(annotation.note);
  }
  const save = () => {
    if (text !== annotation.note) session.apply([{ type: "update", id: annotation.id, note: text }]);
  };
  return (
    <Textarea
      size="xs"
      autosize
      minRows={1}
      maxRows={5}
      label={t("annotations.note")}
      placeholder={t("annotations.notePlaceholder")}
      disabled={disabled}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      onBlur={save}
    />
  );
}
