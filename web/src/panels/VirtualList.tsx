import { type KeyboardEvent, type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { RowScroll } from "./rowScroll";
import styles from "./VirtualList.module.css";

/** Rows in order: an array, or something that makes each row when it is looked at. */
interface Rows<Item> {
  readonly length: number;
  at(place: number): Item | undefined;
}

interface Props<Item> {
  readonly items: Rows<Item>;
  readonly rowHeight: number;
  readonly label: string;
  readonly keyOf: (item: Item) => string;
  /** Where the item of a key stands, -1 for nowhere, if that is found faster than by looking at all. */
  readonly placeOf?: (key: string) => number;
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
const FIRST_HEIGHT_PX = 600;

/** Equal rows of which only those in sight exist. The list has the focus; arrow keys and clicks pick. */
export function VirtualList<Item>(props: Props<Item>) {
  const { items, rowHeight, label, keyOf, placeOf, current, selected, onPick, onKey, actions, children } = props;
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(FIRST_HEIGHT_PX);
  const currentIndex = useMemo(
    () => (current === null ? -1 : (placeOf?.(current) ?? placeAmong(items, keyOf, current))),
    [items, current, keyOf, placeOf],
  );
  const scroll = new RowScroll(items.length * rowHeight, height);

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setHeight(element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    const element = box.current;
    if (!element || currentIndex < 0) return;
    const range = new RowScroll(items.length * rowHeight, element.clientHeight);
    const [start, seen] = [currentIndex * rowHeight, range.rowsAt(element.scrollTop)];
    if (start < seen) element.scrollTop = range.barAt(start);
    else if (start + rowHeight > seen + element.clientHeight) {
      element.scrollTop = range.barAt(start + rowHeight - element.clientHeight);
    }
  }, [currentIndex, items.length, rowHeight]);

  const press = (event: KeyboardEvent) => {
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -items.length };
    const step = event.key === "End" ? items.length : steps[event.key];
    const at = step === undefined ? currentIndex : Math.min(items.length - 1, Math.max(0, currentIndex + step));
    const item = items.at(at);
    if (at < 0 || !item) return;
    if (step !== undefined) onPick(item, false);
    else if (!onKey?.(item, event.key)) return;
    event.preventDefault();
    // The slide would move by the same key.
    event.stopPropagation();
  };
  const seen = scroll.rowsAt(top);
  const first = Math.max(0, Math.floor(seen / rowHeight) - OVERSCAN_ROWS);
  const last = Math.min(items.length, Math.ceil((seen + height) / rowHeight) + OVERSCAN_ROWS);
  const inSight = Array.from({ length: Math.max(0, last - first) }, (_, offset) => items.at(first + offset));
  const idOf = (item: Item) => `row-${keyOf(item)}`;
  const currentItem = currentIndex >= first && currentIndex < last ? items.at(currentIndex) : undefined;
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
      onScroll={(event) => setTop(event.currentTarget.scrollTop)}
      onKeyDown={press}
    >
      <div role="presentation" className={styles.all} style={{ height: scroll.barPx }}>
        {inSight.map(
          (item, offset) =>
            item && (
              // biome-ignore lint/a11y/useKeyWithClickEvents: the grid has the focus and takes the keys
              <div
                key={keyOf(item)}
                id={idOf(item)}
                role="row"
                tabIndex={-1}
                aria-selected={selected(item)}
                aria-rowindex={first + offset + 1}
                className={styles.row}
                style={{ top: (first + offset) * rowHeight - seen + top, height: rowHeight }}
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
            ),
        )}
      </div>
    </div>
  );
}

function placeAmong<Item>(items: Rows<Item>, keyOf: (item: Item) => string, key: string): number {
  for (let place = 0; place < items.length; place++) {
    const item = items.at(place);
    if (item && keyOf(item) === key) return place;
  }
  return -1;
}
