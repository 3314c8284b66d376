/** The live session and the workbench of one slide, opened with the page and closed with it. */
import { type RefObject, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useConnection } from "../app/connection";
import { useSession } from "../app/session";
import type { Term } from "../model/annotation";
import type { PictureLook } from "../model/pictureLook";
import type { SlideFacts } from "../model/slide";
import { type LiveSession, openSlideSession } from "../sync/session";
import { openWorkbench } from "../tools";
import type { SlideSession, Workbench, WorkbenchLabels, WorkbenchOptions } from "../viewer/facade";
import type { SlideRecord } from "./slideContext";
import { viewOfSearch } from "./view";

export function useLiveSession(slideId: string): LiveSession | null {
  const connection = useConnection();
  const { me } = useSession();
  const { id, name, color } = me.user;
  const [session, setSession] = useState<LiveSession | null>(null);
  useEffect(() => {
    const opened = openSlideSession(connection, { slideId, me: { id, name, color } });
    setSession(opened);
    return () => {
      setSession(null);
      opened.close();
    };
  }, [connection, slideId, id, name, color]);
  return session;
}

interface Options {
  readonly container: RefObject<HTMLElement | null>;
  readonly slide: SlideRecord;
  readonly session: SlideSession | null;
  readonly terms: readonly Term[];
  readonly editable: boolean;
}

/** Opened anew only when the slide's scale changes; terms, role and language are handed on. */
export function useWorkbench({ container, slide, session, terms, editable }: Options): Workbench | null {
  const { me } = useSession();
  const labels = useWorkbenchLabels();
  const [workbench, setWorkbench] = useState<Workbench | null>(null);
  const view = useRef<WorkbenchOptions["view"]>(viewOfSearch(window.location.search));
  /** Outlives a workbench that is opened anew, as the view does. */
  const look = useRef<PictureLook>(lookOf(slide));
  const latest = useRef({ slide, terms, labels, editable, userId: me.user.id, myColor: me.user.color });
  latest.current = { slide, terms, labels, editable, userId: me.user.id, myColor: me.user.color };

  // biome-ignore lint/correctness/useExhaustiveDependencies: the scale is what measures and the scale bar are built upon
  useEffect(() => {
    if (!session || !container.current) return;
    const { slide: record, ...rest } = latest.current;
    const opened = openWorkbench({
      ...rest,
      container: container.current,
      slide: factsOf(record),
      session,
      view: view.current,
      pictureLook: look.current,
    });
    setWorkbench(opened);
    return () => {
      view.current = opened.viewport.getSnapshot();
      look.current = opened.pictureLook.getSnapshot();
      setWorkbench(null);
      opened.close();
    };
  }, [session, container, slide.id, slide.mppX, slide.mppY]);

  useEffect(() => workbench?.setTerms(terms), [workbench, terms]);
  useEffect(() => workbench?.setLabels(labels), [workbench, labels]);
  useEffect(() => workbench?.setEditable(editable), [workbench, editable]);
  return workbench;
}

/** The adjustments alone, without what the client's cache adds to an answer. */
export function lookOf({ myLook: { brightness, contrast, gamma, stain } }: Pick<SlideRecord, "myLook">): PictureLook {
  return { brightness, contrast, gamma, stain };
}

/** What the viewer wants to know of a slide. */
export function factsOf(record: SlideRecord): SlideFacts {
  return {
    ...record,
    mppX: record.mppX ?? null,
    mppY: record.mppY ?? null,
    objectivePower: record.objectivePower ?? null,
  };
}

/** A project's terms in the order of their positions. */
export function inOrder(terms: SlideRecord["project"]["terms"]): readonly Term[] {
  return [...terms]
    .sort((a, b) => a.position - b.position)
    .map((term) => ({ ...term, hotkey: term.hotkey ?? null, parentId: term.parentId ?? null }));
}

export function useWorkbenchLabels(): WorkbenchLabels {
  const { t } = useTranslation();
  return useMemo(
    () => ({
      viewer: t("viewer.canvas"),
      minimap: t("viewer.minimap"),
      scaleBar: t("viewer.scaleBar"),
      magnification: t("viewer.magnification"),
      fit: t("viewer.fitShort"),
      unknownScale: t("viewer.unknownScale"),
    }),
    [t],
  );
}
