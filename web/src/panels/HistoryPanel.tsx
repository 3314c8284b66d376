import { ActionIcon, Button, SegmentedControl, Skeleton } from "@mantine/core";
import { IconArrowBackUp, IconClockPlay, IconShape3 } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { Avatar } from "../app/Avatar";
import { FailureNote } from "../app/FailureNote";
import { useObservable } from "../app/useObservable";
import type { StepFieldsFragment } from "../gql/graphql";
import type { Translate } from "../i18n";
import { formatAgo, formatMoment, formatNumber } from "../i18n/format";
import type { AnnotationOp } from "../model/annotation";
import styles from "./HistoryPanel.module.css";
import { type Step, type StepPage, useAnnotationSteps, useSlideSteps } from "./historySteps";
import panel from "./panel.module.css";
import { Section } from "./Section";
import { useOpenSlide } from "./slideContext";
import { useNow } from "./useNow";

/** Who did what when on the slide, or to the selected annotation; every step can be gone back to. */
export function HistoryPanel() {
  const { t } = useTranslation();
  const { workbench } = useOpenSlide();
  const selection = useObservable(workbench.selection);
  const [ofSelection, setOfSelection] = useState(false);
  const [only] = selection.length === 1 ? selection : [];
  return (
    <Section title={t("history.title")}>
      {only !== undefined && (
        <SegmentedControl
          size="xs"
          fullWidth
          mb={8}
          aria-label={t("history.of")}
          value={ofSelection ? "annotation" : "slide"}
          onChange={(value) => setOfSelection(value === "annotation")}
          data={[
            { value: "slide", label: t("history.slide") },
            { value: "annotation", label: t("history.annotation") },
          ]}
        />
      )}
      {only !== undefined && ofSelection ? <StepsOfAnnotation key={only} id={only} /> : <StepsOfSlide />}
    </Section>
  );
}

function StepsOfSlide() {
  const { slide } = useOpenSlide();
  return <Steps page={useSlideSteps(slide.id)} />;
}

function StepsOfAnnotation({ id }: { readonly id: string }) {
  return <Steps page={useAnnotationSteps(id)} />;
}

function Steps({ page }: { readonly page: StepPage }) {
  const { t } = useTranslation();
  const { steps, hasMore, loading, failure, more } = page;
  return (
    <>
      <FailureNote failure={failure} />
      {loading && steps.length === 0 && <Skeleton height={120} radius="md" />}
      {!loading && steps.length === 0 && !failure && <p className={panel.hint}>{t("panel.noHistory")}</p>}
      <ol className={styles.steps}>
        {steps.map((step) => (
          <StepRow key={step.seq} step={step} />
        ))}
      </ol>
      {hasMore && (
        <Button size="xs" variant="default" fullWidth mt={8} loading={loading} onClick={more}>
          {t("common.showMore")}
        </Button>
      )}
    </>
  );
}

function StepRow({ step }: { readonly step: Step }) {
  const { t } = useTranslation();
  const { travel } = useOpenSlide();
  const now = useNow();
  const name = step.actor?.name ?? t("common.someone");
  const when = formatMoment(step.createdAt);
  const here = travel.moment?.seq === step.seq;
  return (
    <li className={styles.step} data-here={here || undefined} data-undone={step.undoneBy !== null || undefined}>
      {step.actor && <Avatar person={step.actor} size={20} />}
      <div className={styles.what}>
        <p>
          <strong>{name}</strong> {textOf(step, t)}
        </p>
        <p className={styles.when} title={when}>
          {formatAgo(step.createdAt, now)} · {step.seq}
          {step.undoneBy !== null && ` · ${t("history.undone")}`}
        </p>
      </div>
      <StepActions step={step} />
      <ActionIcon
        variant="subtle"
        color="gray"
        size="sm"
        aria-pressed={here}
        loading={travel.busy && here}
        aria-label={t("history.goTo", { seq: step.seq })}
        title={t("history.goTo", { seq: step.seq })}
        onClick={() => (here ? travel.back() : travel.go({ seq: step.seq, at: step.createdAt }))}
      >
        <IconClockPlay size={16} />
      </ActionIcon>
    </li>
  );
}

/** What a step took away can be brought back; an earlier outline, too. */
function StepActions({ step }: { readonly step: Step }) {
  const { t } = useTranslation();
  const { living, mayDraw, travel } = useOpenSlide();
  const { byId } = useObservable(living.annotations);
  if (!mayDraw) return null;
  const gone = step.annotations.filter((annotation) => annotation.deletedAt !== null && !byId.has(annotation.id));
  const bring = (label: string, icon: ReactNode, ops: readonly AnnotationOp[]) => {
    const press = () => {
      travel.back();
      living.apply(ops);
    };
    return (
      <ActionIcon variant="subtle" size="sm" aria-label={label} title={label} onClick={press}>
        {icon}
      </ActionIcon>
    );
  };
  if (gone.length > 0) {
    const ops = gone.map(({ id, version }): AnnotationOp => ({ type: "restore", id, expectedVersion: version }));
    return bring(t("history.restore", { count: gone.length }), <IconArrowBackUp size={16} />, ops);
  }
  const [past] = step.annotations;
  const current = byId.get(past?.id ?? "");
  if (!past?.geometry || !past.kind || past.deletedAt !== null || !current || current.locked) return null;
  if (JSON.stringify(past.geometry) === JSON.stringify(current.geometry)) return null;
  const { id, kind, geometry } = past;
  const op: AnnotationOp = { type: "update", id, kind, geometry };
  return bring(t("history.bringShape", { seq: step.seq }), <IconShape3 size={16} />, [op]);
}

function textOf(step: StepFieldsFragment, t: Translate): string {
  const parts = step.changes.map(({ change, count }) => t(`history.${change}`, { count, n: formatNumber(count) }));
  const what = parts.join(", ");
  if (step.undo) return t("history.undid", { what });
  return step.redo ? t("history.redid", { what }) : what;
}
