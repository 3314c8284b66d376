import type { Annotation, Geometry, Position } from "../model/annotation";
import { areaOf, hits, isArea, lengthOf, translate } from "../model/geometry";
import { type Snap, snapTo } from "../model/snapping";
import { formatArea, formatLength } from "../model/units";
import type { ToolPointer } from "../viewer/pointer";
import { EMPTY_SKETCH, type Handle } from "../viewer/sketch";
import { type Grip, gripAt, gripsOf, withGripAt, withoutVertex } from "./handles";
import { IdleTool } from "./tool";

const GRIP_REACH_PX = 8;
const TOUCH_GRIP_REACH_PX = 18;
const TOLERANCE_PX = 5;
const SNAP_PX = 8;

type Gesture =
  | { readonly kind: "grip"; readonly grip: Grip; readonly original: Annotation }
  | { readonly kind: "move"; readonly originals: readonly Annotation[]; readonly from: Position }
  | { readonly kind: "box"; readonly from: Position };

/**
 * V: click to select, drag a grip to reshape, drag what is already selected to move it, Shift-drag to select by a box.
 *
 * What is not selected is never moved, so that panning over a shape changes nothing.
 */
export class SelectTool extends IdleTool {
  override readonly name = "select";
  override readonly edits = false;
  private gesture: Gesture | null = null;
  private hovered: Grip | null = null;

  override press(pointer: ToolPointer): boolean {
    this.gesture = this.gestureAt(pointer);
    return this.gesture !== null;
  }

  override drag(pointer: ToolPointer): void {
    const { gesture } = this;
    const { position } = pointer;
    if (gesture?.kind === "box") {
      const [x, y] = gesture.from;
      const marquee: Position[] = [gesture.from, [position[0], y], position, [x, position[1]]];
      this.context.sketch({ ...EMPTY_SKETCH, marquee }, null);
    } else if (gesture !== null) {
      const snap = this.snapFor(gesture, pointer);
      const changed = changedBy(gesture, snap?.position ?? position);
      this.context.hide(changed.map(({ original }) => original.id));
      this.showChange(changed, position, snap);
    }
  }

  override release(pointer: ToolPointer, moved: boolean): void {
    const { gesture } = this;
    this.gesture = null;
    if (gesture === null) return;
    if (!moved) {
      if (gesture.kind === "grip" && pointer.alt && gesture.grip.kind === "vertex")
        this.removeVertex(gesture.original, gesture.grip);
      else if (gesture.kind !== "grip") this.click(pointer);
    } else if (gesture.kind === "box") {
      const within = this.context.annotationsWithin([gesture.from, pointer.position]).map(({ id }) => id);
      this.context.select([...new Set([...this.context.selection, ...within])]);
    } else {
      this.context.apply(
        changedBy(gesture, this.snapFor(gesture, pointer)?.position ?? pointer.position).map(
          ({ original, geometry }) => ({
            type: "update",
            id: original.id,
            kind: original.kind,
            geometry,
            // What I saw when I began: if someone else has changed it since, it is a conflict, and not lost.
            expectedVersion: original.version,
          }),
        ),
      );
    }
    this.context.hide([]);
    this.refresh();
  }

  override cancel(): void {
    this.gesture = null;
    this.context.hide([]);
    this.refresh();
  }

  override hover(pointer: ToolPointer): void {
    const selected = this.selected();
    const grip = this.gripAt(pointer, selected) ?? null;
    if (grip !== null || this.hovered !== null) {
      this.hovered = grip;
      this.refresh();
    }
    this.context.cursor(this.cursorAt(pointer, grip));
  }

  override click({ position, downsample, shift, control }: ToolPointer): void {
    const hit = this.context.annotationAt(position, TOLERANCE_PX * downsample);
    if (hit === undefined) {
      if (!shift && !control) this.context.select([]);
      this.context.selectPrediction(position, TOLERANCE_PX * downsample);
    } else if (shift || control) {
      const { selection } = this.context;
      this.context.select(
        selection.includes(hit.id) ? selection.filter((id) => id !== hit.id) : [...selection, hit.id],
      );
    } else {
      this.context.select([hit.id]);
    }
    this.refresh();
  }

  override key(event: KeyboardEvent): boolean {
    if (event.key !== "Escape") return false;
    if (this.gesture !== null) this.cancel();
    else if (this.context.selection.length > 0) this.context.select([]);
    else return false;
    return true;
  }

  override refresh(): void {
    if (this.gesture !== null && this.gesture.kind !== "box") return;
    const [only] = this.selected();
    const grips = only === undefined ? [] : gripsOf(only, this.context.downsample);
    const handles = grips.map((grip) => ({
      ...grip,
      active: this.hovered !== null && samePlace(grip.position, this.hovered.position),
    }));
    this.context.sketch({ ...EMPTY_SKETCH, handles }, null);
  }

  override leave(): void {
    this.gesture = null;
    this.hovered = null;
    this.context.hide([]);
    this.context.sketch(EMPTY_SKETCH, null);
  }

  private gestureAt(pointer: ToolPointer): Gesture | null {
    const selected = this.selected();
    const grip = this.gripAt(pointer, selected);
    const [only] = selected;
    if (grip !== undefined && only !== undefined) return { kind: "grip", grip, original: only };
    if (pointer.shift) return { kind: "box", from: pointer.position };
    const tolerance = TOLERANCE_PX * pointer.downsample;
    const originals = this.context.selection
      .map((id) => this.context.annotation(id))
      .filter((annotation) => annotation !== undefined)
      .filter((annotation) => !annotation.locked);
    const movable =
      this.context.editable && originals.some(({ geometry }) => hits(geometry, pointer.position, tolerance));
    return movable ? { kind: "move", originals, from: pointer.position } : null;
  }

  private gripAt(
    { position, downsample, pointerType }: ToolPointer,
    selected: readonly Annotation[],
  ): Grip | undefined {
    const [only] = selected;
    if (only === undefined) return undefined;
    const reach = pointerType === "touch" ? TOUCH_GRIP_REACH_PX : GRIP_REACH_PX;
    return gripAt(gripsOf(only, downsample), position, reach * downsample);
  }

  /** The one annotation whose grips are shown; none when several are selected, or it may not be changed. */
  private selected(): readonly Annotation[] {
    const [only, second] = this.context.selection;
    if (only === undefined || second !== undefined || !this.context.editable) return [];
    const annotation = this.context.annotation(only);
    return annotation === undefined || annotation.locked ? [] : [annotation];
  }

  private removeVertex(original: Annotation, grip: Extract<Grip, { kind: "vertex" }>): void {
    const geometry = withoutVertex(original.geometry, grip.path, grip.vertex);
    if (geometry === null) return;
    this.context.apply([
      { type: "update", id: original.id, kind: original.kind, geometry, expectedVersion: original.version },
    ]);
  }

  /** What a vertex that is moved catches hold of: its neighbours' vertices and edges, unless Control is held. */
  private snapFor(gesture: Gesture, { position, downsample, control }: ToolPointer): Snap | null {
    if (gesture.kind !== "grip" || gesture.grip.kind === "corner" || control) return null;
    const reach = SNAP_PX * downsample;
    const [x, y] = position;
    const near = this.context.annotationsIn([x - reach, y - reach, x + reach, y + reach]);
    return snapTo(
      near.filter(({ id }) => id !== gesture.original.id),
      position,
      reach,
    );
  }

  private showChange(changed: readonly Changed[], position: Position, snap: Snap | null): void {
    const [first] = changed;
    if (first === undefined) return;
    const { color, pattern } = this.context.lookOf(first.original);
    const [only, second] = changed;
    const { scale, locale } = this.context;
    const text = isArea(first.geometry)
      ? formatArea(areaOf(first.geometry), scale, locale)
      : formatLength(lengthOf(first.geometry), scale, locale);
    const handles =
      only !== undefined && second === undefined
        ? gripsOf({ kind: only.original.kind, geometry: only.geometry }, this.context.downsample)
        : [];
    const caught: readonly Handle[] =
      snap === null
        ? []
        : [{ position: snap.position, kind: snap.on === "vertex" ? "vertex" : "midpoint", active: true }];
    const label = this.gesture?.kind === "grip" ? { position, text } : null;
    const geometries = changed.map(({ geometry }) => geometry);
    this.context.sketch(
      { ...EMPTY_SKETCH, geometries, color, hatched: pattern === "hatched", handles: [...handles, ...caught], label },
      first.geometry,
    );
  }

  private cursorAt({ position, downsample }: ToolPointer, grip: Grip | null): string {
    if (grip !== null) return grip.kind === "midpoint" ? "copy" : "move";
    const hit = this.context.annotationAt(position, TOLERANCE_PX * downsample);
    if (hit === undefined) return "default";
    return this.context.selection.includes(hit.id) && this.context.editable && !hit.locked ? "move" : "pointer";
  }
}

interface Changed {
  readonly original: Annotation;
  readonly geometry: Geometry;
}

function changedBy(gesture: Exclude<Gesture, { kind: "box" }>, position: Position): readonly Changed[] {
  if (gesture.kind === "grip") {
    return [{ original: gesture.original, geometry: withGripAt(gesture.original, gesture.grip, position) }];
  }
  const [dx, dy] = [position[0] - gesture.from[0], position[1] - gesture.from[1]];
  return gesture.originals.map((original) => ({ original, geometry: translate(original.geometry, dx, dy) }));
}

function samePlace(a: Position, b: Position): boolean {
  return a[0] === b[0] && a[1] === b[1];
}
