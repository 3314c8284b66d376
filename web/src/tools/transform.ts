/** T: the selection in a box whose handles stretch and turn all of it; what is selected is dragged to move. */
import type { Annotation, Bounds, GeometryKind, Position } from "../model/annotation";
import { hits, unionOfBounds } from "../model/geometry";
import { formatNumber } from "../model/units";
import type { ToolPointer } from "../viewer/pointer";
import { EMPTY_SKETCH } from "../viewer/sketch";
import { IdleTool } from "./tool";
import { type BoxHandle, boxHandleAt, boxHandles, moved, type Pull, pulled, type Transform } from "./transformBox";

const REACH_PX = 9;
const TOUCH_REACH_PX = 20;
const TOLERANCE_PX = 5;

interface Gesture {
  readonly from: Position;
  readonly originals: readonly Annotation[];
  readonly bounds: Bounds;
  /** `null` moves. */
  readonly handle: BoxHandle | null;
}

export class TransformTool extends IdleTool {
  override readonly name = "transform";
  private gesture: Gesture | null = null;
  private hovered: BoxHandle | null = null;

  override press(pointer: ToolPointer): boolean {
    const originals = this.movable();
    const bounds = boundsOfAll(originals);
    if (bounds === null) return false;
    const handle = this.handleAt(pointer, bounds) ?? null;
    const tolerance = TOLERANCE_PX * pointer.downsample;
    // Only what is selected itself: the rest of the box pans the slide.
    if (handle === null && !originals.some(({ geometry }) => hits(geometry, pointer.position, tolerance))) return false;
    this.gesture = { from: pointer.position, originals, bounds, handle };
    return true;
  }

  override drag(pointer: ToolPointer): void {
    const { gesture } = this;
    if (gesture === null) return;
    const transform = transformOf(gesture, pointer);
    this.context.hide(gesture.originals.map(({ id }) => id));
    const geometries = gesture.originals.map(({ geometry }) => transform.apply(geometry));
    const [first] = gesture.originals;
    const { color, pattern } = first === undefined ? this.context.look : this.context.lookOf(first);
    const text = textOf(transform, this.context.locale);
    this.context.sketch(
      {
        ...EMPTY_SKETCH,
        geometries,
        color,
        hatched: pattern === "hatched",
        label: text === "" ? null : { position: pointer.position, text },
      },
      geometries[0] ?? null,
    );
  }

  override release(pointer: ToolPointer, hasMoved: boolean): void {
    const { gesture } = this;
    this.gesture = null;
    if (gesture !== null && hasMoved) {
      const transform = transformOf(gesture, pointer);
      this.context.apply(
        gesture.originals.map(({ id, kind, geometry, version }) => ({
          type: "update",
          id,
          kind: kindAfter(kind, transform),
          geometry: transform.apply(geometry),
          expectedVersion: version,
        })),
      );
    }
    this.context.hide([]);
    this.refresh();
  }

  override click({ position, downsample, shift, control }: ToolPointer): void {
    const hit = this.context.annotationAt(position, TOLERANCE_PX * downsample);
    const { selection } = this.context;
    if (hit === undefined) return;
    this.context.select(shift || control ? [...selection.filter((id) => id !== hit.id), hit.id] : [hit.id]);
    this.refresh();
  }

  override hover(pointer: ToolPointer): void {
    const originals = this.movable();
    const bounds = boundsOfAll(originals);
    const handle = bounds === null ? null : (this.handleAt(pointer, bounds) ?? null);
    if (handle !== null || this.hovered !== null) {
      this.hovered = handle;
      this.refresh();
    }
    const tolerance = TOLERANCE_PX * pointer.downsample;
    const over = originals.some(({ geometry }) => hits(geometry, pointer.position, tolerance));
    this.context.cursor(
      handle === null ? (over ? "move" : "default") : handle.kind === "turn" ? "grab" : "nwse-resize",
    );
  }

  override cancel(): void {
    this.gesture = null;
    this.context.hide([]);
    this.refresh();
  }

  override key(event: KeyboardEvent): boolean {
    if (event.key !== "Escape" || this.gesture === null) return false;
    this.cancel();
    return true;
  }

  override refresh(): void {
    if (this.gesture !== null) return;
    const bounds = boundsOfAll(this.movable());
    if (bounds === null) {
      this.context.sketch(EMPTY_SKETCH, null);
      return;
    }
    const [minX, minY, maxX, maxY] = bounds;
    const handles = boxHandles(bounds, this.context.downsample).map((handle) => ({
      ...handle,
      active: handle.position.join() === this.hovered?.position.join(),
    }));
    const frame: Position[] = [
      [minX, minY],
      [maxX, minY],
      [maxX, maxY],
      [minX, maxY],
    ];
    this.context.sketch({ ...EMPTY_SKETCH, frame, handles }, null);
  }

  override leave(): void {
    this.gesture = null;
    this.hovered = null;
    this.context.hide([]);
    this.context.sketch(EMPTY_SKETCH, null);
  }

  private handleAt({ position, downsample, pointerType }: ToolPointer, bounds: Bounds): BoxHandle | undefined {
    const reach = (pointerType === "touch" ? TOUCH_REACH_PX : REACH_PX) * downsample;
    return boxHandleAt(boxHandles(bounds, downsample), position, reach);
  }

  private movable(): readonly Annotation[] {
    return this.context.selection
      .map((id) => this.context.annotation(id))
      .filter((annotation) => annotation !== undefined)
      .filter(({ locked }) => !locked);
  }
}

function boundsOfAll(annotations: readonly Annotation[]): Bounds | null {
  return unionOfBounds(annotations.map(({ bounds }) => bounds));
}

function transformOf({ from, bounds, handle }: Gesture, { position, shift, alt }: ToolPointer): Transform {
  const pull: Pull = { from, to: position, even: shift, fromMiddle: alt };
  return handle === null ? moved(pull) : pulled(bounds, handle, pull);
}

/** A rectangle that is turned is one no more: its sides no longer lie along the slide's. */
function kindAfter(kind: GeometryKind, { kind: change }: Transform): GeometryKind {
  return change === "turn" && (kind === "RECTANGLE" || kind === "ELLIPSE") ? "POLYGON" : kind;
}

function textOf({ kind, amount }: Transform, locale: string): string {
  if (kind === "move") return "";
  if (kind === "turn") return `${formatNumber(Math.round(amount[0] ?? 0), locale)}°`;
  return amount.map((factor) => `${formatNumber(Math.round(factor * 100), locale)} %`).join(" × ");
}
