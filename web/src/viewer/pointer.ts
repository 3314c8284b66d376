/** Pointer traffic for the tools, in level-0 pixels. A press becomes a drag only when it has moved; what a tool does not take, the map pans. */

import PointerInteraction from "ol/interaction/Pointer";
import type OlMap from "ol/Map";
import type MapBrowserEvent from "ol/MapBrowserEvent";
import type { Position } from "../model/annotation";
import { level0FromMap } from "./coordinates";

export interface ToolPointer {
  /** Level-0 pixels. */
  readonly position: Position;
  /** CSS pixels from the viewer's top left. */
  readonly screen: Position;
  /** Level-0 pixels per screen pixel: a slack of 6 screen pixels is `6 * downsample`. */
  readonly downsample: number;
  readonly shift: boolean;
  readonly alt: boolean;
  /** Control, or Command on a Mac. */
  readonly control: boolean;
  readonly pointerType: string;
}

/** What a tool does with the pointer. Returning `true` keeps the event from the map. */
export interface PointerHandler {
  /** The main button went down; `true` takes the drag that may follow, so the map does not pan. */
  press(pointer: ToolPointer): boolean;
  /** Only after a press that was taken, and only once it has moved more than `DRAG_THRESHOLD_PX`. */
  drag(pointer: ToolPointer): void;
  /** The end of a press that was taken; `moved` tells a drag from a click. */
  release(pointer: ToolPointer, moved: boolean): void;
  /** The gesture was taken away: a second finger, a lost window. */
  cancel(): void;
  /** Moving without a button. */
  hover(pointer: ToolPointer): void;
  /** A press and release in place that was not taken by `press`. */
  click(pointer: ToolPointer): void;
  /** `true` keeps the map from zooming in. */
  doubleClick(pointer: ToolPointer): boolean;
}

export const DRAG_THRESHOLD_PX = 4;

type MapPointerEvent = MapBrowserEvent<PointerEvent | KeyboardEvent | WheelEvent>;

export class ToolInteraction extends PointerInteraction {
  private handler: PointerHandler | null = null;
  private pressedAt: Position | null = null;
  private moved = false;
  private taken = false;
  private clickedAt: Position | null = null;
  private clickedInPlace = false;
  /** While held (space bar), everything pans. */
  panning = false;

  constructor(private readonly onPosition: (position: Position | null) => void) {
    super({});
  }

  setHandler(handler: PointerHandler | null): void {
    this.cancel();
    this.handler = handler;
  }

  /** Gives up the gesture that is under way, if any. */
  cancel(): void {
    if (this.pressedAt === null) return;
    this.pressedAt = null;
    this.handlingDownUpSequence = false;
    this.handler?.cancel();
  }

  override handleEvent(event: MapPointerEvent): boolean {
    const original = event.originalEvent;
    if (event.type === "pointermove" || event.type === "pointerdrag") this.onPosition(level0FromMap(event.coordinate));
    if (this.handler !== null && !this.panning && original instanceof PointerEvent) {
      if (event.type === "click") this.noteClick(event);
      if (event.type === "click" && original.button === 0 && !this.taken)
        this.handler.click(pointerOf(event, original));
      // OpenLayers goes by time alone: two quick clicks in two places are two clicks.
      if (event.type === "dblclick")
        return this.clickedInPlace && !this.handler.doubleClick(pointerOf(event, original));
    }
    return super.handleEvent(event);
  }

  private noteClick({ pixel: [x = 0, y = 0] }: MapPointerEvent): void {
    const before = this.clickedAt;
    this.clickedAt = [x, y];
    this.clickedInPlace = before !== null && Math.hypot(x - before[0], y - before[1]) <= DRAG_THRESHOLD_PX;
  }

  override handleDownEvent(event: MapPointerEvent): boolean {
    const original = event.originalEvent;
    this.taken = false;
    if (!(original instanceof PointerEvent) || this.handler === null || this.panning || original.button !== 0)
      return false;
    if (this.targetPointers.length > 1) {
      this.cancel();
      return false;
    }
    const pointer = pointerOf(event, original);
    this.taken = this.handler.press(pointer);
    if (!this.taken) return false;
    this.pressedAt = pointer.screen;
    this.moved = false;
    return true;
  }

  override handleDragEvent(event: MapPointerEvent): void {
    const original = event.originalEvent;
    if (this.pressedAt === null || !(original instanceof PointerEvent)) return;
    if (this.targetPointers.length > 1) {
      this.cancel();
      return;
    }
    const pointer = pointerOf(event, original);
    const [fromX, fromY] = this.pressedAt;
    this.moved ||= Math.hypot(pointer.screen[0] - fromX, pointer.screen[1] - fromY) > DRAG_THRESHOLD_PX;
    if (this.moved) this.handler?.drag(pointer);
  }

  override handleUpEvent(event: MapPointerEvent): boolean {
    const original = event.originalEvent;
    if (this.pressedAt === null || !(original instanceof PointerEvent)) return false;
    this.pressedAt = null;
    this.handler?.release(pointerOf(event, original), this.moved);
    return false;
  }

  override handleMoveEvent(event: MapPointerEvent): void {
    const original = event.originalEvent;
    if (this.panning || !(original instanceof PointerEvent)) return;
    this.handler?.hover(pointerOf(event, original));
  }
}

/** Whether the map may pan by this press: what no tool has taken, or any press of the middle button. */
export function mayPan(event: MapPointerEvent): boolean {
  const original = event.originalEvent;
  return (
    original instanceof PointerEvent &&
    (original.button === 0 || original.button === 1 || original.buttons === 1 || original.buttons === 4)
  );
}

function pointerOf(event: MapPointerEvent, original: PointerEvent): ToolPointer {
  const map: OlMap = event.map;
  const [x = 0, y = 0] = event.pixel;
  return {
    position: level0FromMap(event.coordinate),
    screen: [x, y],
    downsample: map.getView().getResolution() ?? 1,
    shift: original.shiftKey,
    alt: original.altKey,
    control: original.ctrlKey || original.metaKey,
    pointerType: original.pointerType,
  };
}
