import { act, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { setLanguage, startI18n } from "../i18n";
import { AnnotationsPanel } from "./AnnotationsPanel";
import { Attributes } from "./Attributes";
import { BlindBadge } from "./BlindBadge";
import { ConflictToasts } from "./ConflictToasts";
import { LayersSection } from "./LayersSection";
import { OriginNote } from "./OriginNote";
import { OverlayCard } from "./OverlayCard";
import { People } from "./People";
import { PresentationBanner } from "./PresentationBanner";
import { PresentButton } from "./PresentButton";
import { ProgressCard } from "./ProgressCard";
import { ResultCard } from "./ResultCard";
import { SaveState } from "./SaveState";
import type { SlideRecord } from "./slideContext";
import { TermsSection } from "./TermsSection";
import { annotation, BEN, openPanel, openValues, PREDICTION } from "./testing/openSlide";

const AREA = annotation("a1");
const HERE = { person: BEN, cursor: null, viewport: null, selection: [], tool: null, stroke: null, presenting: false };

function withAnnotations(...all: readonly ReturnType<typeof annotation>[]) {
  const values = openValues();
  const layer = { kind: "USER", color: BEN.color, owner: BEN, predictionId: null } as const;
  values.annotations.set({
    revision: 2,
    byId: new Map(all.map((each) => [each.id, each])),
    layers: [
      { ...layer, id: "l1", name: "Ben", annotationCount: 0 },
      { ...layer, id: "l2", name: "tumor_fast", kind: "PREDICTION", owner: null, annotationCount: 1204 },
    ],
  });
  return values;
}

beforeAll(() => startI18n("en"));
beforeEach(() => setLanguage("en"));

describe("TermsSection", () => {
  it("counts, shows the keys and picks", async () => {
    const values = withAnnotations(AREA, annotation("a2"), annotation("a3", { termId: null }));
    const { workbench } = openPanel(<TermsSection />, values);
    const carcinoma = screen.getByRole("button", { name: "Carcinoma 2" });
    expect(carcinoma).toHaveAttribute("aria-keyshortcuts", "1");
    expect(screen.getByRole("button", { name: "Unsure 0" })).toHaveAttribute("aria-keyshortcuts", "2");
    expect(screen.getByText("No term")).toBeInTheDocument();
    await userEvent.click(carcinoma);
    expect(workbench.setActiveTerm).toHaveBeenCalledExactlyOnceWith("t1");
    act(() => values.activeTermId.set("t1"));
    expect(carcinoma).toHaveAttribute("aria-pressed", "true");
  });
});

describe("LayersSection", () => {
  it("counts what is drawn here at once, and predicted outlines as the server does", async () => {
    const { workbench } = openPanel(<LayersSection />, withAnnotations(AREA, annotation("a2")));
    expect(screen.getAllByRole("listitem").map((row) => row.textContent)).toEqual(["Ben2", "AI · tumor_fast1,204"]);
    await userEvent.click(screen.getByRole("button", { name: "Hide AI · tumor_fast" }));
    expect(workbench.setLayerVisible).toHaveBeenCalledExactlyOnceWith("l2", false);
  });
});

describe("AnnotationsPanel", () => {
  it("says how to begin", () => {
    openPanel(<AnnotationsPanel />);
    expect(screen.getByText("Nothing drawn yet")).toBeInTheDocument();
  });

  it("goes to an annotation, and tells the server of a note on leaving the field", async () => {
    const values = withAnnotations(AREA);
    const { workbench, session } = openPanel(<AnnotationsPanel />, values);
    await userEvent.click(screen.getByRole("row", { name: /Carcinoma #1/ }));
    expect(workbench.setSelection).toHaveBeenCalledExactlyOnceWith(["a1"]);
    expect(workbench.fitAnnotation).toHaveBeenCalledExactlyOnceWith("a1");
    act(() => values.selection.set(["a1"]));
    await userEvent.type(screen.getByLabelText("Note"), "margin?");
    expect(session.apply).not.toHaveBeenCalled();
    await userEvent.tab();
    expect(session.apply).toHaveBeenCalledExactlyOnceWith([{ type: "update", id: "a1", note: "margin?" }]);
  });
});

describe("ConflictToasts", () => {
  const conflict = { annotationId: "a1", mine: AREA, theirs: annotation("a1", { areaPx: 4_000_000 }), by: "Ben" };

  it("names who was first and gives three verbs", async () => {
    const values = openValues();
    const { session, workbench } = openPanel(<ConflictToasts />, values);
    act(() => values.conflicts.set([{ ...conflict, canMerge: true }]));
    expect(screen.getByRole("status")).toHaveTextContent("Ben changed the same outline first");
    await userEvent.click(screen.getByRole("button", { name: "Compare" }));
    expect(workbench.compareConflict).toHaveBeenLastCalledWith("a1");
    expect(screen.getByRole("status")).toHaveTextContent("mine 0.25 mm² theirs 1 mm²");
    await userEvent.click(screen.getByRole("button", { name: "Merge" }));
    await userEvent.click(screen.getByRole("button", { name: "Keep mine" }));
    expect(session.merge).toHaveBeenCalledExactlyOnceWith("a1");
    expect(session.keepMine).toHaveBeenCalledExactlyOnceWith("a1");
  });

  it("offers theirs where two shapes can't be merged", async () => {
    const values = openValues();
    values.conflicts.set([{ ...conflict, theirs: null, canMerge: false }]);
    const { session } = openPanel(<ConflictToasts />, values);
    expect(screen.getByRole("status")).toHaveTextContent("Ben deleted this outline while you changed it");
    await userEvent.click(screen.getByRole("button", { name: "Take theirs" }));
    expect(session.takeTheirs).toHaveBeenCalledExactlyOnceWith("a1");
  });
});

describe("ProgressCard", () => {
  it("tells how far, how fast, for whom", async () => {
    const { desk } = openPanel(<ProgressCard prediction={PREDICTION} />);
    expect(screen.getByRole("progressbar")).toHaveAttribute("aria-valuenow", "64");
    for (const text of ["64 %", "4 sec left", "Tissue patches 812 / 1,268", "19.6 MP/s"]) {
      expect(screen.getByText(text)).toBeInTheDocument();
    }
    expect(screen.getByText("started by Ben · 1 person watching")).toBeInTheDocument();
    await userEvent.click(screen.getByRole("button", { name: "Cancel prediction" }));
    expect(desk.cancel).toHaveBeenCalledExactlyOnceWith("x1");
  });

  it("says it in Korean, too", async () => {
    await setLanguage("ko");
    openPanel(<ProgressCard prediction={PREDICTION} />);
    expect(screen.getByText("조직 패치 812 / 1,268")).toBeInTheDocument();
    expect(screen.getByText("남은 시간 4초")).toBeInTheDocument();
  });

  it("tells the place in the queue, and promises no figure before there is one", () => {
    openPanel(<ProgressCard prediction={{ ...PREDICTION, status: "QUEUED", total: null, queuePlace: 3 }} />);
    expect(screen.getByText("Waiting for its turn · place 3")).toBeInTheDocument();
    expect(screen.getByRole("progressbar")).not.toHaveAttribute("aria-valuenow");
  });

  it.each([
    ["en", "The prediction failed", "The server's disk failed (No space). Start the prediction again"],
    ["ko", "예측에 실패했습니다", "서버 디스크에 문제가 생겼습니다(No space). 예측을 다시 시작하고"],
  ] as const)("gives the reason of a failure in %s", async (language, title, reason) => {
    await setLanguage(language);
    const failure = { code: "PREDICTION_DISK", message: "The disk failed.", params: { reason: "No space" } };
    openPanel(<ProgressCard prediction={{ ...PREDICTION, status: "FAILED", error: failure.message, failure }} />);
    const alert = screen.getByRole("alert");
    expect(alert).toHaveTextContent(title);
    expect(alert).toHaveTextContent(reason);
  });

  it("tells what a prediction waits for, in the server's words where the code is not known", () => {
    const waitsFor = { code: "SOMETHING_NEW", message: "The moon is in the way." };
    openPanel(<ProgressCard prediction={{ ...PREDICTION, waitsFor }} />);
    expect(screen.getByText("The moon is in the way.")).toBeInTheDocument();
  });
});

describe("OriginNote", () => {
  const accepted = (predictionId: string) =>
    annotation("a1", { attributes: { predictionId, predictionPolygon: 7, grade: 2 } });

  it("says which model outlined it and who accepted it", () => {
    openPanel(<OriginNote annotation={accepted("x1")} />);
    expect(screen.getByText(/^Outlined by tumor_fast 3 at 0\.50; Ben accepted it on /)).toBeInTheDocument();
  });

  it("says it of a prediction that is not listed, in Korean too, and nothing of what was drawn", async () => {
    await setLanguage("ko");
    const { unmount } = openPanel(<OriginNote annotation={accepted("gone")} />);
    expect(screen.getByText(/^모델이 그린 윤곽을 .* Ben 님이 수락했습니다\.$/)).toBeInTheDocument();
    unmount();
    const { container } = openPanel(<OriginNote annotation={AREA} />);
    expect(container.querySelector("p")).toBeNull();
  });

  it("is no attribute to be changed", () => {
    openPanel(<Attributes annotation={accepted("x1")} disabled={false} />);
    expect(screen.getByLabelText("grade")).toBeInTheDocument();
    expect(screen.queryByLabelText("predictionId")).toBeNull();
  });
});

describe("ResultCard", () => {
  const done = { ...PREDICTION, status: "SUCCEEDED", cancerMm2: 2, tissueMm2: 8 } as const;
  const part = (x: number, message: string, code = "NOT_IN_THE_TEXTS") => ({
    region: [x, 0, 100, 100],
    failure: { code, message, params: { reason: message } },
  });

  it("says what is missing, and each reason once", () => {
    const setAside = [part(0, "A tile is broken."), part(100, "A tile is broken."), part(200, "The worker stopped.")];
    openPanel(<ResultCard prediction={{ ...done, setAside }} />);
    expect(screen.getByText(/^3 parts of the slide could not be done and are missing here/)).toBeInTheDocument();
    expect(screen.getAllByRole("listitem").map((item) => item.textContent)).toEqual([
      "A tile is broken.",
      "The worker stopped.",
    ]);
  });

  it("says it in Korean, too, and nothing where nothing is missing", async () => {
    await setLanguage("ko");
    const { unmount } = openPanel(<ResultCard prediction={{ ...done, setAside: [part(0, "x")] }} />);
    expect(screen.getByText(/^슬라이드의 1개 부분을 처리하지 못해/)).toBeInTheDocument();
    unmount();
    openPanel(<ResultCard prediction={done} />);
    expect(screen.queryByText("이유")).toBeNull();
  });
});

describe("OverlayCard", () => {
  it("turns one class off and leaves the others", async () => {
    const { workbench } = openPanel(<OverlayCard />);
    expect(screen.getByRole("slider", { name: "Threshold" })).toHaveAttribute("aria-valuenow", "0.5");
    await userEvent.click(screen.getByRole("button", { name: "Unsure" }));
    expect(workbench.setHeatmapStyle).toHaveBeenCalledExactlyOnceWith({
      classes: { positive: true, benign: false, unsure: false },
    });
  });
});

describe("SaveState and People", () => {
  it("count what waits while the line is down", () => {
    const values = openValues();
    openPanel(<SaveState />, values);
    expect(screen.getByRole("status")).toHaveTextContent("Saved");
    act(() => values.status.update((status) => ({ ...status, saving: "offline", unsaved: 2 })));
    expect(screen.getByRole("status")).toHaveTextContent("Offline, 2 changes wait");
  });

  it.each([
    ["en", "Offline, 2 changes wait", "kept only in this tab"],
    ["ko", "오프라인, 변경 2개 대기", "이 탭에만 보관됨"],
  ] as const)(
    "warn in %s of changes that a crash would lose, as long as there are any",
    async (language, text, warning) => {
      await setLanguage(language);
      const values = openValues();
      openPanel(<SaveState />, values);
      act(() => values.status.update((status) => ({ ...status, durable: false })));
      expect(screen.getByRole("status")).not.toHaveTextContent(warning);
      act(() => values.status.update((status) => ({ ...status, saving: "offline", unsaved: 2 })));
      expect(screen.getByRole("status")).toHaveTextContent(`${text}${warning}`);
      act(() => values.status.update((status) => ({ ...status, durable: true })));
      expect(screen.getByRole("status")).toHaveTextContent(text);
      expect(screen.getByRole("status")).not.toHaveTextContent(warning);
    },
  );

  it("show one avatar a person and follow on a press", async () => {
    const values = openValues();
    values.people.set([
      { ...HERE, clientId: "tab1" },
      { ...HERE, clientId: "tab2" },
    ]);
    const { workbench } = openPanel(<People />, values);
    await userEvent.click(screen.getByRole("button", { name: "Follow Ben" }));
    expect(workbench.follow).toHaveBeenCalledExactlyOnceWith("tab2");
  });

  it.each([
    ["en", "Ben is presenting: you follow along", "Look around myself", "Ben is presenting", "Follow"],
    ["ko", "Ben 님의 발표를 따라가는 중", "직접 둘러보기", "Ben 님이 발표 중입니다", "따라가기"],
  ] as const)("show a presentation with a way out and back in (%s)", async (language, along, out, there, back) => {
    await setLanguage(language);
    const values = openValues();
    values.people.set([{ ...HERE, clientId: "tab", presenting: true }]);
    const { workbench } = openPanel(<PresentationBanner />, values);
    expect(screen.getByRole("status")).toHaveTextContent(there);
    await userEvent.click(screen.getByRole("button", { name: back }));
    expect(workbench.follow).toHaveBeenLastCalledWith("tab");
    act(() => workbench.following.set("tab"));
    expect(screen.getByRole("status")).toHaveTextContent(along);
    await userEvent.click(screen.getByRole("button", { name: out }));
    expect(workbench.follow).toHaveBeenLastCalledWith(null);
    act(() => values.people.set([{ ...HERE, clientId: "tab" }]));
    expect(screen.queryByRole("status")).not.toBeInTheDocument();
  });

  it("let one present, and stop, unless somebody else does", async () => {
    await setLanguage("en");
    const values = openValues();
    const both = (
      <>
        <PresentButton />
        <PresentationBanner />
      </>
    );
    const { session } = openPanel(both, values);
    await userEvent.click(screen.getByRole("button", { name: "Present" }));
    expect(session.present).toHaveBeenLastCalledWith(true);
    act(() => values.presenting.set(true));
    expect(screen.getByRole("button", { name: "Present" })).toHaveAttribute("aria-pressed", "true");
    await userEvent.click(screen.getByRole("button", { name: "Stop presenting" }));
    expect(session.present).toHaveBeenLastCalledWith(false);
    act(() => {
      values.presenting.set(false);
      values.people.set([{ ...HERE, clientId: "tab", presenting: true }]);
    });
    expect(screen.getByRole("button", { name: "Present" })).toHaveAttribute("aria-disabled", "true");
  });

  it("end a presentation that is no longer allowed, and show no button", () => {
    const values = openValues();
    values.presenting.set(true);
    const { session } = openPanel(<PresentButton />, values, { mayPresent: false });
    expect(session.present).toHaveBeenCalledExactlyOnceWith(false);
    expect(screen.queryByRole("button")).not.toBeInTheDocument();
  });

  it.each([
    ["ANNOTATOR", "of people's annotations you see your own"],
    ["REVIEWER", "You see them all"],
  ] as const)("say to a %s what one sees in a blind project", async (myRole, text) => {
    await setLanguage("en");
    const slide = { id: "s1", project: { id: "p1", blind: true, myRole } } as SlideRecord;
    openPanel(<BlindBadge />, openValues(), { slide });
    expect(screen.getByText(text, { exact: false })).toBeInTheDocument();
  });

  it("say nothing of blindness elsewhere", () => {
    const { container } = openPanel(<BlindBadge />);
    expect(container).not.toHaveTextContent("Blind");
  });
});
