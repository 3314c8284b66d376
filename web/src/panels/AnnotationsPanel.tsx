import { CloseButton, Menu, TextInput } from "@mantine/core";
import {
  IconArrowsSort,
  IconCheck,
  IconCircleCheck,
  IconCircleX,
  IconFilter,
  IconLock,
  IconMessage,
  IconSend,
} from "@tabler/icons-react";
import { useDeferredValue, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Avatar } from "../app/Avatar";
import { useObservable } from "../app/useObservable";
import { currentLanguage } from "../i18n";
import type { ReviewState } from "../model/annotation";
import { isArea } from "../model/geometry";
import { lookOf, termsById } from "../model/terms";
import { formatArea, formatLength } from "../model/units";
import styles from "./AnnotationsPanel.module.css";
import { type AnnotationRow, filteredRows, numberedRows, SORTS, type Sort, sortedRows } from "./annotationRows";
import panel from "./panel.module.css";
import { SelectionCard } from "./SelectionCard";
import { useOpenSlide } from "./slideContext";
import { TermSwatch } from "./TermSwatch";
import { VirtualList } from "./VirtualList";

const ROW_PX = 34;
const SORT_TEXT = {
  newest: "annotations.sortNewest",
  largest: "annotations.sortLargest",
  term: "annotations.sortTerm",
} as const;

/** Every annotation of the slide as a row; pressing one goes there. */
export function AnnotationsPanel() {
  const { t } = useTranslation();
  const { session, workbench, terms } = useOpenSlide();
  const snapshot = useDeferredValue(useObservable(session.annotations));
  const selection = useObservable(workbench.selection);
  const [filter, setFilter] = useState("");
  const [sort, setSort] = useState<Sort>("newest");
  const byId = useMemo(() => termsById(terms), [terms]);
  const rows = useMemo(() => numberedRows(snapshot.byId.values(), byId), [snapshot, byId]);
  const shown = useMemo(() => sortedRows(filteredRows(rows, filter), sort), [rows, filter, sort]);
  const selected = useMemo(() => new Set(selection), [selection]);

  const pick = ({ annotation }: AnnotationRow, add: boolean) => {
    const { id } = annotation;
    if (add) {
      workbench.setSelection(selected.has(id) ? selection.filter((each) => each !== id) : [...selection, id]);
      return;
    }
    workbench.setSelection([id]);
    workbench.fitAnnotation(id);
  };
  if (rows.length === 0) {
    return (
      <div className={styles.empty}>
        <svg viewBox="0 0 96 72" width={96} height={72} aria-hidden focusable="false">
          <path d="M14 44C8 26 22 10 42 10s40 6 42 24-14 28-34 28S18 58 14 44Z" />
          <path d="m78 40 4 16 3.6-5.2 6-1.2Z" data-cursor />
        </svg>
        <strong>{t("annotations.emptyTitle")}</strong>
        <p>{t("annotations.emptyText")}</p>
      </div>
    );
  }
  return (
    <div className={styles.panel}>
      <div className={styles.tools}>
        <TextInput
          className={styles.filter}
          size="xs"
          aria-label={t("annotations.filter")}
          placeholder={t("annotations.filter")}
          leftSection={<IconFilter size={14} />}
          rightSection={filter && <CloseButton size="xs" aria-label={t("grid.clear")} onClick={() => setFilter("")} />}
          value={filter}
          onChange={(event) => setFilter(event.currentTarget.value)}
        />
        <Menu width={170}>
          <Menu.Target>
            <button
              type="button"
              className={panel.icon}
              aria-label={t("annotations.sort")}
              title={t("annotations.sort")}
            >
              <IconArrowsSort size={16} />
            </button>
          </Menu.Target>
          <Menu.Dropdown>
            {SORTS.map((each) => (
              <Menu.Item
                key={each}
                aria-current={each === sort || undefined}
                rightSection={each === sort && <IconCheck size={14} />}
                onClick={() => setSort(each)}
              >
                {t(SORT_TEXT[each])}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      </div>
      <p className={styles.count}>
        {t("annotations.count", { count: shown.length })}
        {selection.length > 1 && ` · ${t("annotations.selected", { count: selection.length })}`}
      </p>
      {shown.length === 0 && <p className={panel.hint}>{t("annotations.noMatch")}</p>}
      <VirtualList
        items={shown}
        rowHeight={ROW_PX}
        label={t("annotations.tab")}
        keyOf={(row) => row.annotation.id}
        current={selection.at(-1) ?? null}
        selected={(row) => selected.has(row.annotation.id)}
        onPick={pick}
      >
        {(row) => <Row row={row} />}
      </VirtualList>
      {selection.length > 0 && <SelectionCard ids={selection} />}
    </div>
  );
}

const REVIEW_MARKS = {
  PROPOSED: { Icon: IconSend, color: "var(--accent-text)" },
  ACCEPTED: { Icon: IconCircleCheck, color: "var(--ok)" },
  REJECTED: { Icon: IconCircleX, color: "var(--danger)" },
} as const;

/** Where it stands in review, by form and colour; a draft has no mark. */
function ReviewMark({ state }: { readonly state: ReviewState }) {
  const { t } = useTranslation();
  if (state === "DRAFT") return null;
  const { Icon, color } = REVIEW_MARKS[state];
  const label = t(`review.state.${state}`);
  return (
    <span role="img" aria-label={label} title={label} className={styles.review}>
      <Icon size={15} color={color} aria-hidden />
    </span>
  );
}

function Row({ row }: { readonly row: AnnotationRow }) {
  const { t } = useTranslation();
  const { slide } = useOpenSlide();
  const { annotation, term, number } = row;
  const scale = { mppX: slide.mppX ?? null, mppY: slide.mppY ?? null };
  const language = currentLanguage();
  const size = isArea(annotation.geometry)
    ? formatArea(annotation.areaPx, scale, language)
    : annotation.lengthPx > 0
      ? formatLength(annotation.lengthPx, scale, language)
      : t(`annotations.kind.${annotation.kind}`);
  return (
    <>
      <TermSwatch look={lookOf(term)} />
      <span className={panel.label}>
        {term?.name ?? t("panel.noTerm")} <span className={panel.figure}>#{number}</span>
      </span>
      {annotation.note && (
        <IconMessage size={14} className={panel.figure} role="img" aria-label={t("annotations.note")} />
      )}
      <ReviewMark state={annotation.reviewState} />
      {annotation.locked && annotation.reviewState !== "ACCEPTED" && (
        <IconLock size={14} className={panel.figure} role="img" aria-label={t("annotations.locked")} />
      )}
      <span className={panel.figure}>{size}</span>
      {annotation.createdBy && <Avatar person={annotation.createdBy} size={18} />}
    </>
  );
}
