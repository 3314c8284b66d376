/** The canvas above the map: the tool's sketch, and other people's cursors, strokes and selections. */
import type { Annotation, Geometry, Position } from "../model/annotation";
import { pathsOf } from "../model/geometry";
import type { PresentPerson } from "../model/presence";
import { CASING, CASING_PX, FILL_ALPHA, LINE_PX } from "./annotationLayer";
import { CanvasLayer } from "./canvasLayer";
import { hatch, inkOn, withAlpha } from "./color";
import { type Affine, applyAffine, type ScreenView, screenFromLevel0 } from "./coordinates";
import { EMPTY_SKETCH, type Handle, type Sketch } from "./sketch";

const HANDLE_COLOR = "#6a55e8";
const GHOST_COLOR = "#8f7bff";
const MARK_FONT = '650 11px "Inter Variable", "Noto Sans KR Variable", system-ui, sans-serif';
const FONT = '600 12px "Inter Variable", "Noto Sans KR Variable", system-ui, sans-serif';

export class Overlay extends CanvasLayer {
  private sketch: Sketch = EMPTY_SKETCH;
  private ghost: Geometry | null = null;
  private people: readonly PresentPerson[] = [];

  constructor(private readonly annotationById: (id: string) => Annotation | undefined) {
    super("coslide-overlay", 100);
  }

  setSketch(sketch: Sketch): void {
    this.sketch = sketch;
    this.changed();
  }

  setGhost(geometry: Geometry | null): void {
    this.ghost = geometry;
    this.changed();
  }

  setPeople(people: readonly PresentPerson[]): void {
    this.people = people;
    this.changed();
  }

  protected override draw(context: CanvasRenderingContext2D, view: ScreenView): void {
    const toScreen = screenFromLevel0(view);
    context.lineJoin = "round";
    context.lineCap = "round";
    context.font = FONT;
    for (const person of this.people) this.drawSelection(context, toScreen, person);
    if (this.ghost !== null) {
      trace(context, toScreen, this.ghost, 7);
      outline(context, GHOST_COLOR, LINE_PX + 0.5, true);
    }
    this.drawSketch(context, toScreen);
    for (const person of this.people) {
      if (person.stroke !== null && person.stroke.length > 0)
        drawStroke(context, toScreen, person.stroke, person.person.color);
    }
    for (const person of this.people) {
      if (person.cursor !== null)
        drawCursor(context, applyAffine(toScreen, person.cursor), person.person.name, person.person.color);
    }
  }

  private drawSelection(
    context: CanvasRenderingContext2D,
    toScreen: Affine,
    { selection, person }: PresentPerson,
  ): void {
    for (const id of selection) {
      const annotation = this.annotationById(id);
      if (annotation === undefined) continue;
      trace(context, toScreen, annotation.geometry, 11);
      outline(context, person.color, LINE_PX + 1, false);
    }
  }

  private drawSketch(context: CanvasRenderingContext2D, toScreen: Affine): void {
    const { geometries, color, hatched, filled, handles, label, marquee, frame, marks } = this.sketch;
    for (const geometry of geometries) {
      trace(context, toScreen, geometry, 6);
      if (filled && geometry.type !== "LineString") {
        context.fillStyle = hatched ? hatch(color, 0.75) : withAlpha(color, geometry.type === "Point" ? 1 : FILL_ALPHA);
        context.fill("evenodd");
      }
      outline(context, color, LINE_PX, hatched);
    }
    if (marquee !== null) {
      tracePath(context, toScreen, marquee, true);
      context.fillStyle = withAlpha(HANDLE_COLOR, 0.1);
      context.fill();
      context.setLineDash([4, 3]);
      context.lineWidth = 1;
      context.strokeStyle = HANDLE_COLOR;
      context.stroke();
      context.setLineDash([]);
    }
    if (frame !== null) {
      tracePath(context, toScreen, frame, true);
      outline(context, HANDLE_COLOR, 1.25, false);
    }
    for (const { position, text } of marks) drawMark(context, applyAffine(toScreen, position), text, color);
    for (const handle of handles) drawHandle(context, applyAffine(toScreen, handle.position), handle);
    if (label !== null) {
      const [x, y] = applyAffine(toScreen, label.position);
      plate(context, label.text, x + 14, y + 14, "rgba(22, 21, 28, 0.88)", "#ffffff");
    }
  }
}

function trace(context: CanvasRenderingContext2D, toScreen: Affine, geometry: Geometry, pointRadius: number): void {
  context.beginPath();
  if (geometry.type === "Point") {
    const [x, y] = applyAffine(toScreen, geometry.coordinates);
    context.arc(x, y, pointRadius, 0, 2 * Math.PI);
    return;
  }
  for (const path of pathsOf(geometry)) addPath(context, toScreen, path, geometry.type !== "LineString");
}

function tracePath(
  context: CanvasRenderingContext2D,
  toScreen: Affine,
  path: readonly Position[],
  closed: boolean,
): void {
  context.beginPath();
  addPath(context, toScreen, path, closed);
}

function addPath(
  context: CanvasRenderingContext2D,
  toScreen: Affine,
  path: readonly Position[],
  closed: boolean,
): void {
  path.forEach((position, index) => {
    const [x, y] = applyAffine(toScreen, position);
    if (index === 0) context.moveTo(x, y);
    else context.lineTo(x, y);
  });
  if (closed) context.closePath();
}

function outline(context: CanvasRenderingContext2D, color: string, width: number, dashed: boolean): void {
  context.strokeStyle = CASING;
  context.lineWidth = width + CASING_PX - LINE_PX;
  context.stroke();
  context.setLineDash(dashed ? [7, 5] : []);
  context.strokeStyle = color;
  context.lineWidth = width;
  context.stroke();
  context.setLineDash([]);
}

function drawHandle(context: CanvasRenderingContext2D, [x, y]: Position, { kind, active }: Handle): void {
  const half = (kind === "midpoint" ? 3 : kind === "turn" ? 5 : 4) + (active ? 1.5 : 0);
  context.beginPath();
  if (kind === "midpoint" || kind === "turn") context.arc(x, y, half, 0, 2 * Math.PI);
  else context.roundRect(x - half, y - half, half * 2, half * 2, 1.5);
  context.fillStyle = active ? HANDLE_COLOR : "#ffffff";
  context.fill();
  context.lineWidth = kind === "midpoint" ? 1.25 : 1.75;
  context.strokeStyle = active ? "#ffffff" : HANDLE_COLOR;
  context.stroke();
}

/** A number beside a counted point. */
function drawMark(context: CanvasRenderingContext2D, [x, y]: Position, text: string, color: string): void {
  context.save();
  context.font = MARK_FONT;
  const width = context.measureText(text).width + 8;
  context.beginPath();
  context.roundRect(x + 6, y - 17, width, 15, 5);
  context.fillStyle = color;
  context.fill();
  context.lineWidth = 1.25;
  context.strokeStyle = CASING;
  context.stroke();
  context.fillStyle = inkOn(color);
  context.textBaseline = "middle";
  context.fillText(text, x + 10, y - 9);
  context.restore();
}

/** Another's line while they draw it: broad and soft, so that it never looks finished. */
function drawStroke(
  context: CanvasRenderingContext2D,
  toScreen: Affine,
  stroke: readonly Position[],
  color: string,
): void {
  tracePath(context, toScreen, stroke, false);
  context.strokeStyle = "rgba(255, 255, 255, 0.7)";
  context.lineWidth = 7;
  context.stroke();
  context.strokeStyle = withAlpha(color, 0.95);
  context.lineWidth = 4;
  context.stroke();
}

function drawCursor(context: CanvasRenderingContext2D, [x, y]: Position, name: string, color: string): void {
  context.save();
  context.translate(x, y);
  context.beginPath();
  context.moveTo(0, 0);
  context.lineTo(4.2, 15);
  context.lineTo(7.2, 8.6);
  context.lineTo(14, 6.6);
  context.closePath();
  context.fillStyle = color;
  context.strokeStyle = "#16151c";
  context.lineWidth = 1.25;
  context.fill();
  context.stroke();
  context.restore();
  plate(context, name, x + 13, y + 12, color, inkOn(color));
}

function plate(
  context: CanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
  background: string,
  ink: string,
): void {
  const width = context.measureText(text).width + 14;
  context.beginPath();
  context.roundRect(x, y, width, 20, 6);
  context.fillStyle = background;
  context.fill();
  context.fillStyle = ink;
  context.textBaseline = "middle";
  context.fillText(text, x + 7, y + 10.5);
}
