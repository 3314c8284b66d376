import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, type ReactNode, useEffect, useRef } from "react";
import styles from "./VirtualList.module.css";

interface Props<Item> {
  readonly items: readonly Item[];
  readonly rowHeight: number;
  readonly label: string;
  readonly keyOf: (item: Item) => string;
  /** The item that is scrolled into view when it changes. */
  readonly current: string | null;
  readonly selected: (item: Item) => boolean;
  readonly onPick: (item: Item, add: boolean) => void;
  /** Another key on the current item; returns whether it was one of the list's. */
  readonly onKey?: (item: Item, key: string) => boolean;
  /** Buttons at the end of a row; what they do must have a key, too. */
  readonly actions?: (item: Item) => ReactNode;
  readonly children: (item: Item) => ReactNode;
}

const OVERSCAN_ROWS = 8;

/** Equal rows of which only those in sight exist. The list has the focus; arrow keys and clicks pick. */
export function VirtualList<Item>(props: Props<Item>) {
  const { items, rowHeight, label, keyOf, current, selected, onPick, onKey, actions, children } = props;
  const box = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: items.length,
    getScrollElement: () => box.current,
    estimateSize: () => rowHeight,
    overscan: OVERSCAN_ROWS,
  });
  const currentIndex = current === null ? -1 : items.findIndex((item) => keyOf(item) === current);

  useEffect(() => {
    if (currentIndex >= 0) rows.scrollToIndex(currentIndex, { align: "auto" });
  }, [currentIndex, rows]);

  const press = (event: KeyboardEvent) => {
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -items.length };
    const step = event.key === "End" ? items.length : steps[event.key];
    const at = step === undefined ? currentIndex : Math.min(items.length - 1, Math.max(0, currentIndex + step));
    const item = items[at];
    if (!item) return;
    if (step !== undefined) onPick(item, false);
    else if (!onKey?.(item, event.key)) return;
    event.preventDefault();
    // The slide would move by the same key.
    event.stopPropagation();
  };
  const shown = rows.getVirtualItems();
  const idOf = (item: Item) => `row-${keyOf(item)}`;
  const currentItem = shown.some(({ index }) => index === currentIndex) ? items[currentIndex] : undefined;
  return (
    <div
      ref={box}
      role="grid"
      aria-label={label}
      aria-multiselectable
      aria-rowcount={items.length}
      aria-activedescendant={currentItem && idOf(currentItem)}
      tabIndex={0}
      className={styles.box}
      onKeyDown={press}
    >
      <div role="presentation" className={styles.all} style={{ height: rows.getTotalSize() }}>
        {shown.map(({ index, start }) => {
          const item = items[index];
          if (item === undefined) return null;
          return (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the grid has the focus and takes the keys
            <div
              key={keyOf(item)}
              id={idOf(item)}
              role="row"
              tabIndex={-1}
              aria-selected={selected(item)}
              aria-rowindex={index + 1}
              className={styles.row}
              style={{ top: start, height: rowHeight }}
              onClick={(event) => onPick(item, event.shiftKey || event.ctrlKey || event.metaKey)}
            >
              <div role="gridcell" className={styles.cell}>
                {children(item)}
              </div>
              {actions && (
                <div role="gridcell" className={styles.actions}>
                  {actions(item)}
                </div>
              )}
            </div>
          );
        })}
      </div>
    </div>
  );
}
