import { IconArrowDown, IconArrowUp } from "@tabler/icons-react";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { Avatar } from "../app/Avatar";
import { slidePath } from "../app/paths";
import { formatAgo, formatBytes, formatDate, formatFigure, formatNumber, formatPercent } from "../i18n/format";
import { SlideActions, useRestore } from "./SlideActions";
import { StateChip } from "./SlideCard";
import styles from "./SlideTable.module.css";
import { COLUMNS, type Column, type Slide, type Sorting } from "./slideList";

interface Props {
  readonly slides: readonly Slide[];
  readonly canManage: boolean;
  readonly sorting: Sorting;
  readonly onSort: (column: Column) => void;
  readonly onTag: (tag: string) => void;
  readonly onChanged: () => void;
}

const ROW_PX = 46;
const FIGURES: ReadonlySet<Column> = new Set(["size", "mpp", "annotations", "reviewed"]);

/** Slides as lines of a table; of thousands, only the lines in sight exist. */
export function SlideTable({ slides, canManage, sorting, onSort, onTag, onChanged }: Props) {
  const { t } = useTranslation();
  const body = useRef<HTMLTableSectionElement>(null);
  const rows = useWindowVirtualizer({
    count: slides.length,
    estimateSize: () => ROW_PX,
    overscan: 8,
    scrollMargin: topOf(body.current),
  });
  const seen = rows.getVirtualItems();
  const above = (seen[0]?.start ?? rows.options.scrollMargin) - rows.options.scrollMargin;
  const below = Math.max(0, slides.length * ROW_PX - above - seen.length * ROW_PX);
  return (
    <div className={styles.frame}>
      <table className={styles.table} aria-label={t("grid.slides")} aria-rowcount={slides.length + 1}>
        <colgroup>
          {COLUMNS.map((column) => (
            <col key={column} className={styles[column]} />
          ))}
          <col className={styles.actions} />
        </colgroup>
        <thead className={styles.head}>
          <tr aria-rowindex={1}>
            {COLUMNS.map((column) => {
              const sorted = column === sorting.column;
              const Arrow = sorting.descending ? IconArrowDown : IconArrowUp;
              return (
                <th
                  key={column}
                  scope="col"
                  aria-sort={sorted ? (sorting.descending ? "descending" : "ascending") : "none"}
                  data-figure={FIGURES.has(column) || undefined}
                >
                  <button type="button" className={styles.sort} onClick={() => onSort(column)}>
                    {t(`grid.column.${column}`)}
                    {sorted && <Arrow size={13} aria-hidden />}
                  </button>
                </th>
              );
            })}
            <th scope="col">
              <span className="visually-hidden">{t("grid.column.actions")}</span>
            </th>
          </tr>
        </thead>
        <tbody ref={body}>
          {above > 0 && <tr aria-hidden style={{ height: above }} />}
          {seen.map(({ index }) => {
            const slide = slides[index];
            return (
              slide && (
                <tr key={slide.id} aria-rowindex={index + 2} className={styles.line}>
                  <Cells slide={slide} canManage={canManage} onTag={onTag} onChanged={onChanged} />
                </tr>
              )
            );
          })}
          {below > 0 && <tr aria-hidden style={{ height: below }} />}
        </tbody>
      </table>
    </div>
  );
}

type CellsProps = Pick<Props, "canManage" | "onTag" | "onChanged"> & { readonly slide: Slide };

function Cells({ slide, canManage, onTag, onChanged }: CellsProps) {
  const { t } = useTranslation();
  const restore = useRestore(slide, onChanged);
  const binned = slide.deletedAt != null;
  return (
    <>
      <td>
        <div className={styles.title}>
          <img src={slide.thumbnailUrl} alt="" loading="lazy" width={40} height={32} />
          {binned ? (
            <span>{slide.name}</span>
          ) : (
            <Link href={slidePath(slide.id)} title={slide.name} aria-label={t("grid.open", { name: slide.name })}>
              {slide.name}
            </Link>
          )}
          {!binned && <StateChip slide={slide} />}
        </div>
      </td>
      <td data-figure>{formatBytes(slide.sizeBytes)}</td>
      <td data-figure data-missing={slide.mppX == null || undefined}>
        {slide.mppX == null ? t("common.unknown") : formatFigure(slide.mppX)}
      </td>
      <td>{slide.vendor}</td>
      <td>
        <div className={styles.chips}>
          {slide.tags.map((tag) => (
            <button key={tag} type="button" aria-label={t("grid.tag", { tag })} onClick={() => onTag(tag)}>
              #{tag}
            </button>
          ))}
        </div>
      </td>
      <td data-figure>{formatNumber(slide.annotationCount)}</td>
      <td data-figure>{reviewedText(slide)}</td>
      <td>
        <div className={styles.person}>
          {slide.createdBy && (
            <>
              <Avatar person={slide.createdBy} size={20} />
              <span>{slide.createdBy.name}</span>
            </>
          )}
        </div>
      </td>
      <td title={formatDate(slide.createdAt)}>
        {binned ? t("grid.inBin", { ago: formatAgo(slide.deletedAt ?? "") }) : formatAgo(slide.createdAt)}
      </td>
      <td data-figure>
        {binned ? (
          <button type="button" className={styles.sort} onClick={restore}>
            {t("common.restore")}
          </button>
        ) : (
          <SlideActions slide={slide} canManage={canManage} onChanged={onChanged} />
        )}
      </td>
    </>
  );
}

function reviewedText({ annotationCount, reviewedCount }: Slide): string {
  if (annotationCount === 0) return "–";
  return `${formatNumber(reviewedCount)} · ${formatPercent(reviewedCount / annotationCount)}`;
}

/** Where the lines begin in the document, in CSS pixels. */
function topOf(element: HTMLElement | null): number {
  return element === null ? 0 : element.getBoundingClientRect().top + window.scrollY;
}
