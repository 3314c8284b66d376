/** The annotations of the layers that are not hidden: all that a tool can hit. */
import type { Annotation, Bounds, Position } from "../model/annotation";
import { boundsContain, boundsFromCorners, boundsIntersect, hits } from "../model/geometry";
import { Value } from "../model/observable";
import type { SlideSession } from "../viewer/facade";

export class VisibleAnnotations {
  readonly hiddenLayerIds = new Value<ReadonlySet<string>>(new Set());

  constructor(private readonly annotations: SlideSession["annotations"]) {}

  setLayerVisible(layerId: string, visible: boolean): void {
    const hidden = new Set(this.hiddenLayerIds.getSnapshot());
    if (visible) hidden.delete(layerId);
    else hidden.add(layerId);
    this.hiddenLayerIds.set(hidden);
  }

  /** Whether its layer is shown; also of an annotation that is gone. */
  isVisible(annotation: Annotation | undefined): boolean {
    return !this.hiddenLayerIds.getSnapshot().has(annotation?.layerId ?? "");
  }

  /** What is selected first, then the smallest: the largest outline never covers what lies in it. `tolerance` in level-0 pixels. */
  topmostAt(position: Position, tolerance: number, selection: readonly string[]): Annotation | undefined {
    const [x, y] = position;
    const around: Bounds = [x - tolerance, y - tolerance, x + tolerance, y + tolerance];
    const rank = ({ id, areaPx }: Annotation) => (selection.includes(id) ? -1 : areaPx);
    return this.all()
      .filter(({ bounds, geometry }) => boundsIntersect(bounds, around) && hits(geometry, position, tolerance))
      .sort((a, b) => rank(a) - rank(b))[0];
  }

  /** Those that lie wholly in a box. */
  within([a, b]: readonly [Position, Position]): readonly Annotation[] {
    const box = boundsFromCorners(a, b);
    return this.all().filter(({ bounds }) => boundsContain(box, bounds));
  }

  all(): readonly Annotation[] {
    return [...this.annotations.getSnapshot().byId.values()].filter((annotation) => this.isVisible(annotation));
  }
}
