/** The ops of each shape command. Pure; loaded when the first command is given, and when the page is idle. */
import type { Annotation, AnnotationOp, Bounds, Geometry } from "../model/annotation";
import { exclusionOfAll, grown, intersectionOfAll, simplified, unionOfAll, withoutHoles } from "../model/areas";
import { differenceOf } from "../model/booleans";
import { boundsContain, isArea, kindOfArea, rectangle, unionOfBounds } from "../model/geometry";
import { newId } from "../model/ids";
import type { CommandRefusal, ShapeCommand } from "../viewer/commandFacade";

/** What the command is done to. */
export interface CommandSubject {
  /** In the order of selection: the first keeps its identity when several become one. */
  readonly selected: readonly Annotation[];
  /** Every visible annotation. */
  readonly all: readonly Annotation[];
  readonly slide: Bounds;
  /** For what is new. */
  readonly termId: string | null;
}

export interface CommandOutcome {
  readonly ops: readonly AnnotationOp[];
  /** What is selected afterwards. */
  readonly select: readonly string[];
}

/** The ops, all for one call; or why it comes to nothing. */
export function outcomeOf(command: ShapeCommand, subject: CommandSubject): CommandOutcome | CommandRefusal {
  const areas = subject.selected.filter(({ geometry }) => isArea(geometry));
  switch (command.kind) {
    case "union":
      return becomingOne(areas, unionOfAll, "nothingLeft");
    case "intersect":
      return becomingOne(areas, intersectionOfAll, "nothingCommon");
    case "exclude":
      return becomingOne(areas, exclusionOfAll, "nothingLeft");
    case "subtract":
      return subtracted(areas);
    case "inverse":
      return inverse(areas, subject);
    case "fillHoles":
      return each(areas, ({ geometry }) => withoutHoles(geometry));
    case "grow":
      return each(areas, ({ geometry }) => grown(geometry, command.byPx));
    case "simplify":
      return each(
        subject.selected.filter(({ kind }) => kind !== "POINT"),
        ({ geometry }) => simplified(geometry, command.tolerancePx),
      );
  }
}

/** The first takes the shape of all, the others go. */
function becomingOne(
  areas: readonly Annotation[],
  combine: (areas: readonly Geometry[]) => Geometry | null,
  otherwise: CommandRefusal,
): CommandOutcome | CommandRefusal {
  const [first, ...others] = areas;
  const geometry = combine(areas.map((area) => area.geometry));
  if (first === undefined || geometry === null) return otherwise;
  return {
    ops: [reshaped(first, geometry), ...others.map(({ id }): AnnotationOp => ({ type: "delete", id }))],
    select: [first.id],
  };
}

/** The first loses what the others cover; they stay, so that nothing is both. */
function subtracted([first, ...others]: readonly Annotation[]): CommandOutcome | CommandRefusal {
  const taken = unionOfAll(others.map(({ geometry }) => geometry));
  if (first === undefined || taken === null) return "needsTwoAreas";
  const geometry = differenceOf(first.geometry, taken);
  if (geometry === null) return "nothingLeft";
  return { ops: [reshaped(first, geometry)], select: [first.id] };
}

/** What is around the selection: of the smallest outline that holds all of it, else of the slide. */
function inverse(areas: readonly Annotation[], subject: CommandSubject): CommandOutcome | CommandRefusal {
  const inner = unionOfAll(areas.map(({ geometry }) => geometry));
  const bounds = unionOfBounds(areas.map((area) => area.bounds));
  if (inner === null || bounds === null) return "needsArea";
  const chosen = new Set(areas.map(({ id }) => id));
  const around = subject.all
    .filter((other) => isArea(other.geometry) && !chosen.has(other.id) && boundsContain(other.bounds, bounds))
    .sort((a, b) => a.areaPx - b.areaPx)
    .find((other) => differenceOf(inner, other.geometry) === null);
  const geometry = differenceOf(around?.geometry ?? rectangle(subject.slide), inner);
  if (geometry === null) return "nothingLeft";
  const id = newId();
  return { ops: [{ type: "create", id, kind: kindOfArea(geometry), geometry, termId: subject.termId }], select: [id] };
}

/** Every one that is not locked becomes what `change` makes of it; `null` when nothing would be left of one. */
function each(
  annotations: readonly Annotation[],
  change: (annotation: Annotation) => Geometry | null,
): CommandOutcome | CommandRefusal {
  const ops: AnnotationOp[] = [];
  for (const annotation of annotations) {
    if (annotation.locked) continue;
    const geometry = change(annotation);
    if (geometry === null) return "nothingLeft";
    ops.push(reshaped(annotation, geometry));
  }
  return { ops, select: annotations.map(({ id }) => id) };
}

function reshaped({ id, version }: Annotation, geometry: Geometry): AnnotationOp {
  const kind = geometry.type === "LineString" ? "LINE" : kindOfArea(geometry);
  return { type: "update", id, kind, geometry, expectedVersion: version };
}
