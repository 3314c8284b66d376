/** The frame around a slide: bars above and below, panels that fold away, the slide in the middle. */
import { Button, Loader } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { IconLock } from "@tabler/icons-react";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { AppBar } from "../app/AppBar";
import { EmptyState } from "../app/EmptyState";
import { fetchLaterParts, later } from "../app/later";
import { HOME, projectPath } from "../app/paths";
import { useSession } from "../app/session";
import { useObservable } from "../app/useObservable";
import { Value } from "../model/observable";
import { annotates, manages, reviews } from "../pages/roles";
import { BlindBadge } from "./BlindBadge";
import { CommentPins } from "./CommentPins";
import { ConflictToasts } from "./ConflictToasts";
import { useCommentDesk } from "./commentDesk";
import { DraftOffer } from "./DraftOffer";
import { LeftPanel, type LeftTab, Rail } from "./LeftPanel";
import { Notices, OfflineBanner } from "./Notices";
import { PastBanner } from "./PastBanner";
import { People } from "./People";
import { PredictButton } from "./PredictButton";
import { PredictHereNote } from "./PredictHere";
import { PresentationBanner } from "./PresentationBanner";
import { PresentButton } from "./PresentButton";
import { usePredictionDesk } from "./predictionDesk";
import { RightPanel } from "./RightPanel";
import type { RightTab } from "./rightTabs";
import { SaveState } from "./SaveState";
import { ShareButton } from "./ShareButton";
import styles from "./SlideFrame.module.css";
import { SlideMenu } from "./SlideMenu";
import { StatusBar } from "./StatusBar";
import { type OpenSlide, SlideProvider, type SlideRecord } from "./slideContext";
import { ToolBar } from "./ToolBar";
import { useTimeTravel } from "./timeTravel";
import { useBeside } from "./useBeside";
import { useHeldKey } from "./useHeldKey";
import { usePageKeys } from "./usePageKeys";
import { inOrder, useLiveSession, useWorkbench } from "./useWorkbench";

interface Props {
  readonly slide: SlideRecord;
  readonly refresh: () => void;
}

const CommandLayer = later(async () => (await import("./commands/CommandLayer")).CommandLayer);
const BesidePane = later(async () => (await import("./BesidePane")).BesidePane);
const ScaleDialog = later(async () => (await import("../pages/ScaleDialog")).ScaleDialog);
const ShortcutSheet = later(async () => (await import("./ShortcutSheet")).ShortcutSheet);
const TermsDialog = later(async () => (await import("../pages/TermsDialog")).TermsDialog);
/** For newcomers, and for whoever asks for it. */
const Tour = later(async () => (await import("./Tour")).Tour);

const NEVER_ENDED = new Value(false);
const NO_REVISION = new Value(0);

export function SlideFrame({ slide, refresh }: Props) {
  const { t } = useTranslation();
  const { me } = useSession();
  const container = useRef<HTMLDivElement>(null);
  const [leftTab, setLeftTab] = useLocalStorage<LeftTab | "none">({
    key: "coslide.left",
    defaultValue: "work",
    getInitialValueInEffect: false,
  });
  const [rightTab, setRightTab] = useLocalStorage<RightTab>({
    key: "coslide.right",
    defaultValue: "annotations",
    getInitialValueInEffect: false,
  });
  const [rightOpen, setRightOpen] = useLocalStorage({
    key: "coslide.rightOpen",
    defaultValue: true,
    getInitialValueInEffect: false,
  });
  const [dialog, setDialog] = useState<"terms" | "scale" | "keys" | "tour" | null>(me.toured ? null : "tour");

  const { project } = slide;
  const terms = useMemo(() => inOrder(project.terms), [project.terms]);
  const mayDraw = annotates(project.myRole);
  const canManage = manages(project.myRole);
  const living = useLiveSession(slide.id);
  const { session, travel } = useTimeTravel(living);
  const canDraw = mayDraw && travel.moment === null;
  const canReview = reviews(project.myRole) && travel.moment === null;
  const mayPresent = mayDraw && travel.moment === null && (!project.blind || reviews(project.myRole));
  const workbench = useWorkbench({ container, slide, session, terms, editable: canDraw });
  const ended = useObservable(living?.ended ?? NEVER_ENDED);
  const revision = useObservable(living?.slideRevision ?? NO_REVISION);
  useEffect(() => {
    if (revision > 0) refresh();
  }, [revision, refresh]);

  const closeDialog = useCallback(() => setDialog(null), []);
  const foldLeft = () => setLeftTab(leftTab === "none" ? "work" : "none");
  const foldRight = () => setRightOpen(!rightOpen);
  const openTab = useCallback(
    (tab: RightTab) => {
      setRightTab(tab);
      setRightOpen(true);
    },
    [setRightTab, setRightOpen],
  );
  const crumbs = [
    { label: t("projects.title"), href: HOME },
    { label: project.name, href: projectPath(project.id) },
    { label: slide.name },
  ];
  const desk = usePredictionDesk(slide.id, living, workbench);
  const comments = useCommentDesk(slide.id, living);
  const beside = useBeside();
  const members = useMemo(() => project.members.map(({ user }) => user), [project.members]);
  useHeldKey("Backquote", container, "bare");
  usePageKeys({
    "?": () => setDialog("keys"),
    "[": foldLeft,
    "]": foldRight,
    ...(canDraw && { g: () => workbench?.predictHere(desk.model?.name ?? null) }),
    ...(canDraw && { c: () => comments.setPlacing(!comments.placing) }),
  });
  const open = useMemo<OpenSlide | null>(
    () =>
      session &&
      living &&
      workbench && {
        slide,
        terms,
        session,
        living,
        travel,
        workbench,
        canDraw,
        mayDraw,
        canReview,
        canManage,
        mayPresent,
        desk,
        members,
        comments,
        beside,
        openTab,
        openTerms: () => setDialog("terms"),
        openScale: () => setDialog("scale"),
        refresh,
      },
    [
      slide,
      terms,
      session,
      living,
      travel,
      workbench,
      canDraw,
      mayDraw,
      canReview,
      canManage,
      mayPresent,
      desk,
      members,
      comments,
      beside,
      openTab,
      refresh,
    ],
  );
  const live = open !== null;
  useEffect(() => {
    if (live) fetchLaterParts();
  }, [live]);

  return (
    <SlideProvider value={open}>
      <div className={styles.frame} data-left={leftTab !== "none" || undefined} data-right={rightOpen || undefined}>
        <title>{`${slide.name} · Coslide`}</title>
        <div className={styles.top}>
          <AppBar
            compact
            crumbs={crumbs.slice(1)}
            status={
              live && (
                <>
                  <SaveState />
                  <BlindBadge />
                </>
              )
            }
            center={live && <ToolBar />}
            right={
              live && (
                <>
                  <People />
                  <PresentButton />
                  <SlideMenu onShortcuts={() => setDialog("keys")} />
                  <ShareButton />
                  <PredictButton onPressed={() => openTab("ai")} />
                </>
              )
            }
          />
        </div>
        <Rail tab={leftTab} onTab={setLeftTab} onShortcuts={() => setDialog("keys")} />
        <aside className={styles.left} aria-label={t("viewer.panelLeft")}>
          {live && leftTab !== "none" && <LeftPanel tab={leftTab} />}
        </aside>
        <main className={styles.canvas} data-beside={beside.slideId !== null || undefined}>
          <div className={styles.main}>
            <div ref={container} className={styles.viewer} data-tour="slide" />
            {!live && (
              <div className={styles.opening}>
                <Loader aria-label={t("viewer.loading")} />
              </div>
            )}
            {live && (
              <>
                <CommentPins container={container} onOpen={() => openTab("comments")} />
                <CommandLayer />
                <OfflineBanner />
                {!mayDraw && travel.moment === null && <ReadOnlyNote />}
                <PastBanner />
                <PresentationBanner />
                <div className={styles.toasts}>
                  <PredictHereNote />
                  <Notices />
                  <ConflictToasts />
                  <DraftOffer />
                </div>
              </>
            )}
          </div>
          {live && beside.slideId !== null && <BesidePane />}
        </main>
        <aside className={styles.right} aria-label={t("viewer.panelRight")}>
          {live && rightOpen && <RightPanel tab={rightTab} onTab={setRightTab} />}
        </aside>
        <footer className={styles.status}>
          {live && (
            <StatusBar
              leftOpen={leftTab !== "none"}
              rightOpen={rightOpen}
              onFoldLeft={foldLeft}
              onFoldRight={foldRight}
            />
          )}
        </footer>
        {ended && <Ended projectId={project.id} />}
        {dialog === "keys" && <ShortcutSheet onClose={closeDialog} onTour={() => setDialog("tour")} />}
        {dialog === "tour" && live && <Tour onEnd={closeDialog} />}
        {dialog === "terms" && (
          <TermsDialog
            projectId={project.id}
            onClose={() => {
              setDialog(null);
              refresh();
            }}
          />
        )}
        {dialog === "scale" && (
          <ScaleDialog
            slide={slide}
            onClose={() => setDialog(null)}
            onDone={() => {
              setDialog(null);
              refresh();
            }}
          />
        )}
      </div>
    </SlideProvider>
  );
}

function ReadOnlyNote() {
  const { t } = useTranslation();
  return (
    <div className={styles.readOnly} title={t("viewer.readOnlyText")}>
      <IconLock size={14} aria-hidden /> {t("viewer.readOnly")}
    </div>
  );
}

function Ended({ projectId }: { readonly projectId: string }) {
  const { t } = useTranslation();
  return (
    <div className={styles.ended}>
      <EmptyState icon={<IconLock />} title={t("viewer.ended")} text={t("viewer.endedText")} role="alert">
        <Button component={Link} href={projectPath(projectId)}>
          {t("viewer.back")}
        </Button>
      </EmptyState>
    </div>
  );
}
