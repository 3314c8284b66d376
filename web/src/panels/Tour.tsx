import { Button, CloseButton } from "@mantine/core";
import { useCallback, useEffect, useId, useLayoutEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useClient } from "urql";
import { send } from "../app/requests";
import { useSession } from "../app/session";
import { showFailure } from "../app/toasts";
import { UpdateMeDocument } from "../gql/graphql";
import styles from "./Tour.module.css";

/** What each step points at, by its `data-tour`. */
const STEPS = ["slide", "tools", "terms", "predict", "share", "keys"] as const;
type Step = (typeof STEPS)[number];

const ROOM_PX = 14;
/** Of light around what is told of. */
const MARGIN_PX = 4;
const CARD_WIDTH_PX = 340;
const CARD_HEIGHT_PX = 190;

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** A walk about the table in six steps: by keyboard or mouse, left at any time, and remembered with the account. */
export function Tour({ onEnd }: { readonly onEnd: () => void }) {
  const { t } = useTranslation();
  const client = useClient();
  const { me, reload } = useSession();
  const [index, setIndex] = useState(0);
  const step = STEPS[index] ?? "slide";
  const box = useBoxOf(step);
  const card = useRef<HTMLDivElement>(null);
  const title = useId();
  const text = useId();

  const end = useCallback(() => {
    onEnd();
    if (!me.toured) send(client, UpdateMeDocument, { input: { toured: true } }).then(reload, showFailure);
  }, [client, me.toured, onEnd, reload]);
  const go = (by: number) => {
    if (index + by >= STEPS.length) end();
    else setIndex(Math.max(0, index + by));
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: each step has the keyboard
  useEffect(() => card.current?.focus(), [index]);
  return (
    <>
      <div className={styles.light} style={box ?? undefined} data-nowhere={box === null || undefined} aria-hidden />
      <div
        ref={card}
        role="dialog"
        aria-labelledby={title}
        aria-describedby={text}
        tabIndex={-1}
        className={styles.card}
        style={placeBeside(box)}
        data-testid="tour"
        onKeyDown={(event) => {
          const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
          if (event.key === "Escape") end();
          else if (by !== undefined) go(by);
          else if (event.key === "Enter" && event.target === card.current) go(1);
          else return;
          event.preventDefault();
          event.stopPropagation();
        }}
      >
        <div className={styles.head}>
          <h2 id={title}>{t(`tour.${step}.title`)}</h2>
          <CloseButton aria-label={t("tour.skip")} title={t("tour.skip")} onClick={end} />
        </div>
        <p id={text}>{t(`tour.${step}.text`)}</p>
        <div className={styles.foot}>
          <span className={styles.count}>{t("tour.step", { step: index + 1, steps: STEPS.length })}</span>
          {index > 0 && (
            <Button size="xs" variant="default" onClick={() => go(-1)}>
              {t("tour.back")}
            </Button>
          )}
          <Button size="xs" onClick={() => go(1)}>
            {index + 1 < STEPS.length ? t("tour.next") : t("tour.done")}
          </Button>
        </div>
      </div>
    </>
  );
}

/** Where on the screen a step's place is; `null` when it is folded away. */
function useBoxOf(step: Step): Box | null {
  const [box, setBox] = useState<Box | null>(null);
  useLayoutEffect(() => {
    const measure = () => {
      const found = document.querySelector(`[data-tour="${step}"]`)?.getBoundingClientRect();
      const seen = found !== undefined && found.width > 0 && found.height > 0;
      setBox(
        seen
          ? {
              left: found.left - MARGIN_PX,
              top: found.top - MARGIN_PX,
              width: found.width + 2 * MARGIN_PX,
              height: found.height + 2 * MARGIN_PX,
            }
          : null,
      );
    };
    measure();
    window.addEventListener("resize", measure);
    return () => window.removeEventListener("resize", measure);
  }, [step]);
  return box;
}

/** Below, above or beside what it tells of, wherever there is room; in the middle of what is large. */
function placeBeside(box: Box | null): { readonly left: number; readonly top: number } {
  const { innerWidth, innerHeight } = window;
  const inside = (value: number, size: number, room: number) =>
    Math.max(ROOM_PX, Math.min(value, room - size - ROOM_PX));
  const middle = {
    left: inside(innerWidth / 2 - CARD_WIDTH_PX / 2, CARD_WIDTH_PX, innerWidth),
    top: inside(innerHeight / 2 - CARD_HEIGHT_PX / 2, CARD_HEIGHT_PX, innerHeight),
  };
  if (box === null) return middle;
  const centred = inside(box.left + box.width / 2 - CARD_WIDTH_PX / 2, CARD_WIDTH_PX, innerWidth);
  const below = box.top + box.height + ROOM_PX;
  if (box.width > innerWidth / 3 && box.height > innerHeight / 2) {
    return { left: centred, top: inside(box.top + box.height / 2 - CARD_HEIGHT_PX / 2, CARD_HEIGHT_PX, innerHeight) };
  }
  if (box.left + box.width < innerWidth / 3) {
    const top = inside(box.top, CARD_HEIGHT_PX, innerHeight);
    return { left: box.left + box.width + ROOM_PX, top };
  }
  if (below + CARD_HEIGHT_PX < innerHeight) return { left: centred, top: below };
  return { left: centred, top: inside(box.top - CARD_HEIGHT_PX - ROOM_PX, CARD_HEIGHT_PX, innerHeight) };
}
