import { numberedPoints } from "../model/counting";
import { boundsContain } from "../model/geometry";
import type { ToolPointer } from "../viewer/pointer";
import { EMPTY_SKETCH } from "../viewer/sketch";
import { DrawingTool } from "./drawing";

/** More numbers than this would cover what is counted. */
const MOST_SHOWN = 400;
const REACH_PX = 9;

/** N: every click sets a numbered point of the active term; Alt and a click on one, or Backspace, takes it back. */
export class CountTool extends DrawingTool {
  override readonly name = "count";
  private readonly mine: string[] = [];
  private at: ToolPointer | null = null;

  /** Nothing stays selected, so that a term's key changes what comes next and not what was. */
  override enter(): void {
    this.context.select([]);
  }

  override click({ position, downsample, alt }: ToolPointer): void {
    if (alt) {
      const under = this.context.annotationAt(position, REACH_PX * downsample);
      if (under?.kind === "POINT" && !under.locked) this.context.apply([{ type: "delete", id: under.id }]);
      return;
    }
    this.mine.push(this.context.create("POINT", { type: "Point", coordinates: position }, { select: false }));
  }

  override hover(pointer: ToolPointer): void {
    this.at = pointer;
    this.refresh();
  }

  override key(event: KeyboardEvent): boolean {
    if (event.key !== "Backspace" && event.key !== "Delete") return false;
    for (let id = this.mine.pop(); id !== undefined; id = this.mine.pop()) {
      if (this.context.annotation(id) === undefined) continue;
      this.context.apply([{ type: "delete", id }]);
      return true;
    }
    return false;
  }

  override refresh(): void {
    const { context, at } = this;
    const points = numberedPoints(context.annotationsIn(EVERYWHERE), context.activeTermId);
    const seen = points.filter(({ position: [x, y] }) => boundsContain(context.view, [x, y, x, y]));
    const marks = seen
      .slice(-MOST_SHOWN)
      .map(({ position, number }) => ({ position, text: number.toLocaleString(context.locale) }));
    const next = (points.length + 1).toLocaleString(context.locale);
    const label = at === null ? null : { position: at.position, text: next };
    context.sketch({ ...EMPTY_SKETCH, color: context.look.color, marks, label }, null);
  }

  override leave(): void {
    this.at = null;
    this.context.sketch(EMPTY_SKETCH, null);
  }
}

const EVERYWHERE = [-Infinity, -Infinity, Infinity, Infinity] as const;
