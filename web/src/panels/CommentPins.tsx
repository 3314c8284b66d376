import { IconMessagePlus } from "@tabler/icons-react";
import { type RefObject, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { Position } from "../model/annotation";
import { applyAffine, level0FromScreen, type ScreenView, screenFromLevel0 } from "../viewer/coordinates";
import type { ViewportState } from "../viewer/facade";
import styles from "./CommentPins.module.css";
import { useOpenSlide } from "./slideContext";

interface Props {
  /** The element the viewer fills. */
  readonly container: RefObject<HTMLElement | null>;
  /** A pin was pressed, or a place was chosen: the panel should be in sight. */
  readonly onOpen: () => void;
}

/** Further than this, a press was a drag. */
const STILL_PX = 4;

/** Threads as pins on the slide: real buttons, so that Tab reaches them. They move with the view outside React. */
export function CommentPins({ container, onOpen }: Props) {
  const { t } = useTranslation();
  const { comments: desk, workbench } = useOpenSlide();
  const layer = useRef<HTMLDivElement>(null);
  const { threads, chosen, place } = desk;

  // biome-ignore lint/correctness/useExhaustiveDependencies: new pins must be put in their places, too
  useEffect(() => {
    const put = () => {
      const { current: element } = layer;
      if (!element) return;
      const toScreen = screenFromLevel0(screenViewOf(workbench.viewport.getSnapshot(), element));
      for (const pin of element.querySelectorAll<HTMLElement>("[data-x]")) {
        const [x, y] = applyAffine(toScreen, [Number(pin.dataset.x), Number(pin.dataset.y)]);
        pin.style.transform = `translate(${x}px, ${y}px) translateY(-100%)`;
      }
    };
    put();
    return workbench.viewport.subscribe(put);
  }, [workbench, threads, place, chosen]);

  usePlacing(container, onOpen);
  return (
    <div ref={layer} className={styles.layer}>
      {threads.map((thread, index) => {
        if (thread.resolvedAt !== null && thread.id !== chosen) return null;
        const number = index + 1;
        const by = thread.createdBy;
        return (
          <button
            key={thread.id}
            type="button"
            className={styles.pin}
            data-x={thread.x}
            data-y={thread.y}
            data-chosen={thread.id === chosen || undefined}
            style={by ? { background: by.color } : undefined}
            aria-label={t("comments.pin", { number, name: by?.name ?? t("common.someone") })}
            title={thread.comments[0]?.text.slice(0, 120)}
            onClick={() => {
              desk.choose(thread.id);
              onOpen();
            }}
          >
            {number}
          </button>
        );
      })}
      {place && (
        <span className={styles.pin} data-x={place.position[0]} data-y={place.position[1]} data-chosen>
          <IconMessagePlus size={14} aria-hidden />
        </span>
      )}
      {desk.placing && (
        <p className={styles.how} role="status">
          {t("comments.where")}
        </p>
      )}
    </div>
  );
}

/** While a place is asked for, a press that does not move says where; Enter takes the middle of the view, Escape ends it. */
function usePlacing(container: RefObject<HTMLElement | null>, onOpen: () => void): void {
  const { comments: desk, workbench } = useOpenSlide();
  const latest = useRef({ desk, onOpen });
  latest.current = { desk, onOpen };
  const { placing } = desk;
  useEffect(() => {
    const element = container.current;
    if (!placing || !element) return;
    const before = workbench.tool.getSnapshot();
    workbench.setTool("pan");
    element.dataset.placing = "";
    const closing = new AbortController();
    const { signal } = closing;
    const take = (position: Position) => {
      latest.current.desk.setPlacing(false);
      latest.current.desk.putAt({ position, annotationId: null });
      latest.current.onOpen();
    };
    let pressedAt: Position | null = null;
    const onSlide = (event: PointerEvent) => event.target instanceof HTMLCanvasElement || isMap(event.target);
    element.addEventListener(
      "pointerdown",
      (event) => {
        pressedAt = event.button === 0 && onSlide(event) ? [event.clientX, event.clientY] : null;
      },
      { signal, capture: true },
    );
    document.addEventListener(
      "pointerup",
      (event) => {
        if (pressedAt === null) return;
        const moved = Math.hypot(event.clientX - pressedAt[0], event.clientY - pressedAt[1]);
        pressedAt = null;
        if (moved > STILL_PX) return;
        const box = element.getBoundingClientRect();
        const toLevel0 = level0FromScreen(screenViewOf(workbench.viewport.getSnapshot(), element));
        take(applyAffine(toLevel0, [event.clientX - box.left, event.clientY - box.top]));
      },
      { signal, capture: true },
    );
    window.addEventListener(
      "keydown",
      (event) => {
        if (event.key === "Escape") latest.current.desk.setPlacing(false);
        else if (event.key === "Enter" && !isControl(event.target)) take(workbench.viewport.getSnapshot().center);
        else return;
        event.preventDefault();
        event.stopPropagation();
      },
      { signal, capture: true },
    );
    return () => {
      closing.abort();
      delete element.dataset.placing;
      workbench.setTool(before);
    };
  }, [placing, container, workbench]);
}

function screenViewOf({ center, downsample, rotationDegrees }: ViewportState, element: HTMLElement): ScreenView {
  const rotation = (rotationDegrees * Math.PI) / 180;
  return { center, downsample, rotation, width: element.clientWidth, height: element.clientHeight };
}

const isMap = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.closest(".coslide-map") !== null;

const isControl = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.closest("button, a, input, textarea, select") !== null;
