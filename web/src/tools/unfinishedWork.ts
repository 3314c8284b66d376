/** Keeps what is being drawn, and offers what an earlier page left: on the slide dashed, until it is gone on with or put away. */
import { boundsIntersect, boundsOf, boundsOfPositions } from "../model/geometry";
import { type Observable, Value } from "../model/observable";
import { outlineOfUnfinished, type Unfinished } from "../model/unfinished";
import type { Drafts, KeptDraft } from "../store/drafts";
import type { ToolName } from "../viewer/facade";
import type { SlideViewer } from "../viewer/slideViewer";
import type { Toolbox } from "./toolbox";

export interface UnfinishedParts {
  readonly drafts: Drafts;
  readonly viewer: Pick<SlideViewer, "setGhost" | "viewport" | "camera">;
  readonly toolbox: Pick<Toolbox, "take" | "current">;
  readonly editable: Observable<boolean>;
  /** Whether an annotation is still there. */
  readonly exists: (annotationId: string) => boolean;
}

export class UnfinishedWork {
  readonly offered = new Value<Unfinished | null>(null);
  private left: readonly KeptDraft[] = [];
  private closed = false;
  private readonly stops: readonly (() => void)[];

  constructor(private readonly parts: UnfinishedParts) {
    const flush = () => parts.drafts.flush();
    window.addEventListener("pagehide", flush);
    this.stops = [() => window.removeEventListener("pagehide", flush), parts.editable.subscribe(() => this.offer())];
    void parts.drafts.left().then((left) => {
      this.left = left;
      this.offer();
    });
  }

  /** A tool shows something else. */
  noteSketch(drawing: boolean): void {
    if (!this.closed) this.parts.drafts.changed(() => this.parts.toolbox.current.unfinished(), drawing);
  }

  resume(): void {
    const [next] = this.left;
    if (next === undefined) return;
    const { toolbox, viewer, exists } = this.parts;
    const { tool, targetId } = next.work;
    const outline = outlineOfUnfinished(next.work);
    const bounds = outline === null ? boundsOfPositions(next.work.points) : boundsOf(outline);
    if (!boundsIntersect(bounds, viewer.viewport.getSnapshot().bounds)) viewer.camera.fitBounds(bounds);
    // A hole in what is gone by now is at least an outline.
    toolbox.take(tool === "hole" && targetId !== null && !exists(targetId) ? "polygon" : (tool as ToolName));
    toolbox.current.resume(next.work);
    this.parts.drafts.flush();
    this.putAway();
  }

  putAway(): void {
    const [next, ...others] = this.left;
    if (next !== undefined) this.parts.drafts.discard(next.key);
    this.left = others;
    this.offer();
  }

  /** Before the tools are put away, which gives up what is unfinished: it is kept for the next time. */
  close(): void {
    this.closed = true;
    this.parts.drafts.close();
    for (const stop of this.stops) stop();
  }

  private offer(): void {
    if (this.closed) return;
    const [next] = this.parts.editable.getSnapshot() ? this.left : [];
    this.offered.set(next?.work ?? null);
    this.parts.viewer.setGhost(next === undefined ? null : outlineOfUnfinished(next.work));
  }
}
