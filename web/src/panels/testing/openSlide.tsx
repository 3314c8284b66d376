/** Panels in a test: a slide that is open, with values one can set and calls one can read. */
import { MantineProvider } from "@mantine/core";
import { type RenderResult, render } from "@testing-library/react";
import type { ReactNode } from "react";
import { vi } from "vitest";
import type { Annotation, Layer, Term } from "../../model/annotation";
import { Value } from "../../model/observable";
import { DEFAULT_HEATMAP_STYLE, type Prediction } from "../../model/prediction";
import type { PresentPerson } from "../../model/presence";
import type { ConflictView, SessionStatus, SlideSession, Workbench } from "../../viewer/facade";
import type { CommentDesk } from "../commentDesk";
import type { PredictionDesk } from "../predictionDesk";
import { type OpenSlide, SlideProvider, type SlideRecord } from "../slideContext";

export const BEN = { id: "u2", name: "Ben", color: "#ffc46b" };

export const TERMS: readonly Term[] = [
  { id: "t1", name: "Carcinoma", color: "#d7263d", hotkey: "1", position: 0 },
  { id: "t2", name: "Unsure", color: "#f0a64c", hotkey: null, position: 1 },
];

export function annotation(id: string, values: Partial<Annotation> = {}): Annotation {
  const at = "2026-01-01T00:00:00Z";
  const outline = {
    type: "Polygon",
    coordinates: [
      [
        [0, 0],
        [2000, 0],
        [2000, 1000],
        [0, 0],
      ],
    ],
  } as const;
  return {
    ...{ id, slideId: "s1", layerId: "l1", termId: "t1", kind: "POLYGON", geometry: outline },
    ...{ bounds: [0, 0, 2000, 1000], areaPx: 1_000_000, lengthPx: 5236, attributes: {}, note: "", locked: false },
    ...{ reviewState: "DRAFT", reviewReason: null, reviewedBy: null },
    ...{ version: 1, createdBy: BEN, updatedBy: BEN, createdAt: at, updatedAt: at },
    ...values,
  };
}

export const PREDICTION: Prediction = {
  ...{ id: "x1", slideId: "s1", model: "tumor_fast", modelVersion: "3", status: "RUNNING", region: null },
  ...{ threshold: 0.5, done: 812, total: 1268, etaSeconds: 4, queuePlace: null, mpPerS: 19.64, tissueMm2: null },
  ...{
    cancerMm2: null,
    unsureMm2: null,
    setAside: [],
    polygons: null,
    seconds: null,
    error: null,
    failure: null,
    waitsFor: null,
    layerId: null,
    heatmap: null,
    heatmapVersion: 1,
  },
  ...{ requestedBy: BEN, createdAt: "2026-01-01T00:00:00Z", startedAt: null, finishedAt: null },
};

/** What a test sets; every panel listens to it. */
export function openValues() {
  return {
    status: new Value<SessionStatus>({
      connection: "live",
      saving: "saved",
      unsaved: 0,
      progress: null,
      durable: true,
      latencyMs: 38,
      seq: 4812,
      loading: false,
    }),
    annotations: new Value({ revision: 1, byId: new Map<string, Annotation>(), layers: [] as readonly Layer[] }),
    people: new Value<readonly PresentPerson[]>([]),
    presenting: new Value(false),
    conflicts: new Value<readonly ConflictView[]>([]),
    selection: new Value<readonly string[]>([]),
    activeTermId: new Value<string | null>(null),
    hiddenLayerIds: new Value<ReadonlySet<string>>(new Set()),
  };
}

/** A desk without threads; each way to change them says that it was kept. */
export function commentDesk(values: Partial<CommentDesk> = {}): CommentDesk {
  const kept = () => vi.fn(async () => true);
  return {
    ...{ threads: [], loading: false, failure: null, chosen: null, place: null, placing: false },
    ...{ choose: vi.fn(), putAt: vi.fn(), setPlacing: vi.fn() },
    ...{ begin: kept(), reply: kept(), edit: kept(), remove: kept(), resolve: kept() },
    ...values,
  };
}

export function openPanel(panel: ReactNode, values = openValues(), options: Partial<OpenSlide> = {}) {
  const session = {
    ...{ slideId: "s1", clientId: "me", status: values.status, annotations: values.annotations },
    ...{ people: values.people, conflicts: values.conflicts, notices: new Value([]) },
    predictions: new Value<readonly Prediction[]>([PREDICTION]),
    ...{ presenting: values.presenting, present: vi.fn() },
    ...{ apply: vi.fn(), keepMine: vi.fn(), takeTheirs: vi.fn(), merge: vi.fn() },
  };
  const workbench = {
    ...{ selection: values.selection, activeTermId: values.activeTermId, hiddenLayerIds: values.hiddenLayerIds },
    ...{ glimpse: new Value({ phase: "none" }), predictHere: vi.fn(), endGlimpse: vi.fn() },
    ...{ layerLooks: new Value(new Map()), setLayerLook: vi.fn() },
    ...{ following: new Value<string | null>(null), heatmapStyle: new Value(DEFAULT_HEATMAP_STYLE) },
    ...{ setActiveTerm: vi.fn(), setLayerVisible: vi.fn(), setSelection: vi.fn(), fitAnnotation: vi.fn() },
    ...{ deleteSelection: vi.fn(), compareConflict: vi.fn(), follow: vi.fn(), setHeatmapStyle: vi.fn() },
  };
  const desk = {
    predictions: [],
    shown: null,
    models: [],
    busy: false,
    cancel: vi.fn(),
    start: vi.fn(),
    show: vi.fn(),
  };
  const open: OpenSlide = {
    slide: { id: "s1", name: "Case 117", mppX: 0.5, mppY: 0.5, project: { id: "p1", blind: false } } as SlideRecord,
    terms: TERMS,
    session: session as unknown as SlideSession,
    living: session as unknown as SlideSession,
    travel: { moment: null, busy: false, go: vi.fn(), back: vi.fn() },
    mayDraw: true,
    workbench: workbench as unknown as Workbench,
    canDraw: true,
    canReview: true,
    canManage: true,
    mayPresent: true,
    desk: desk as unknown as PredictionDesk,
    members: [BEN],
    comments: commentDesk(),
    beside: { slideId: null, open: vi.fn(), close: vi.fn(), shown: new Value(null), first: null },
    openTab: vi.fn(),
    openTerms: vi.fn(),
    openScale: vi.fn(),
    refresh: vi.fn(),
    ...options,
  };
  const result: RenderResult = render(
    <MantineProvider env="test">
      <SlideProvider value={open}>{panel}</SlideProvider>
    </MantineProvider>,
  );
  return { ...result, session, workbench, desk, open };
}
