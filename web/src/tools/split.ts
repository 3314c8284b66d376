import type { Annotation, Geometry } from "../model/annotation";
import { boundsIntersect, boundsOf, isArea } from "../model/geometry";
import { PathTool } from "./line";

/** K: a line across areas cuts them: what is selected, or with nothing selected all that it goes through. */
export class SplitTool extends PathTool {
  override readonly name = "split";

  protected override finished(line: Geometry): void {
    this.cut(line).catch(() => this.context.tell("needsLine"));
  }

  private async cut(line: Geometry): Promise<void> {
    if (line.type !== "LineString") return;
    const { splitOps } = await import("./splitting");
    const { ops, pieces } = splitOps(this.areas(line), line.coordinates);
    if (ops.length === 0) this.context.tell("notCut");
    this.context.apply(ops);
    if (pieces.length > 0) this.context.select(pieces);
  }

  private areas(line: Geometry): readonly Annotation[] {
    const { context } = this;
    const bounds = boundsOf(line);
    const selected = context.selection.map((id) => context.annotation(id)).filter((each) => each !== undefined);
    const cuttable = (all: readonly Annotation[]) =>
      all.filter((each) => isArea(each.geometry) && !each.locked && boundsIntersect(each.bounds, bounds));
    const chosen = cuttable(selected);
    return chosen.length > 0 ? chosen : cuttable(context.annotationsIn(bounds));
  }
}
