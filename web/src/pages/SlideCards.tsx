import { Skeleton } from "@mantine/core";
import { useElementSize, useMergedRef } from "@mantine/hooks";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useRef } from "react";
import { useTranslation } from "react-i18next";
import { SlideCard } from "./SlideCard";
import styles from "./SlideCards.module.css";
import type { Slide } from "./slideList";

interface Props {
  readonly slides: readonly Slide[];
  readonly canManage: boolean;
  readonly waiting: boolean;
  /** Before all slides, such as where files are dropped. */
  readonly first: ReactNode;
  /** After them, such as that there are none. */
  readonly last: ReactNode;
  readonly onTag: (tag: string) => void;
  readonly onChanged: () => void;
}

/** As in the style sheet. */
const LEAST_PX = 300;
const GAP_PX = 18;
const ROW_PX = 286;
/** Before the width is known. */
const FIRST_WIDTH_PX = 1200;

/** Slides as cards; of thousands, only the rows in sight exist. */
export function SlideCards({ slides, canManage, waiting, first, last, onTag, onChanged }: Props) {
  const { t } = useTranslation();
  const list = useRef<HTMLUListElement>(null);
  const { ref, width } = useElementSize();
  const merged = useMergedRef(list, ref);
  const columns = Math.max(1, Math.floor(((width || FIRST_WIDTH_PX) + GAP_PX) / (LEAST_PX + GAP_PX)));
  const before = first ? 1 : 0;
  const count = Math.ceil((before + slides.length + (last ? 1 : 0)) / columns);
  const rows = useWindowVirtualizer({
    count,
    estimateSize: () => ROW_PX,
    gap: GAP_PX,
    overscan: 2,
    scrollMargin: list.current?.offsetTop ?? 0,
  });
  const seen = rows.getVirtualItems();
  const [from, to] = [seen[0]?.index ?? 0, (seen.at(-1)?.index ?? -1) + 1];
  const shown = slides.slice(Math.max(0, from * columns - before), Math.max(0, to * columns - before));
  const above = from * (ROW_PX + GAP_PX);
  const below = Math.max(0, (count - to) * (ROW_PX + GAP_PX));
  return (
    <ul
      ref={merged}
      aria-label={t("grid.slides")}
      className={styles.cards}
      style={{ paddingTop: above, paddingBottom: below }}
    >
      {first && from === 0 && <li className={styles.cell}>{first}</li>}
      {waiting &&
        [0, 1, 2].map((place) => (
          <li key={place} aria-hidden>
            <Skeleton height={264} radius="xl" />
          </li>
        ))}
      {shown.map((slide) => (
        <SlideCard key={slide.id} slide={slide} canManage={canManage} onTag={onTag} onChanged={onChanged} />
      ))}
      {last && to === count && <li className={first ? styles.beside : styles.alone}>{last}</li>}
    </ul>
  );
}
