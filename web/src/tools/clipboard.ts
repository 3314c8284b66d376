/** The clipboard for annotations: kept by the browser, so that another tab, with another slide, has it too. Sizes are kept by the slides' scales. */
import type { Annotation, AnnotationOp, Bounds, Geometry, GeometryKind, Position, Term } from "../model/annotation";
import { middleOf, scaleAbout, translate, unionOfBounds } from "../model/geometry";
import { newId } from "../model/ids";
import { FROM_POLYGON, FROM_PREDICTION } from "../model/provenance";
import type { Scale } from "../model/units";

const KEY = "coslide.clipboard";

interface ClipItem {
  readonly kind: GeometryKind;
  readonly geometry: Geometry;
  readonly term: { readonly id: string; readonly name: string } | null;
  readonly note: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface Clip extends Scale {
  readonly slideId: string;
  /** Around all of it, in level-0 pixels of the slide it is from. */
  readonly bounds: Bounds;
  readonly items: readonly ClipItem[];
}

/** `null` when there is nothing to copy. */
export function clipOf(
  annotations: readonly Annotation[],
  { id, mppX, mppY }: Scale & { readonly id: string },
  termById: (id: string) => Term | undefined,
): Clip | null {
  const bounds = unionOfBounds(annotations.map((annotation) => annotation.bounds));
  if (bounds === null) return null;
  const items = annotations.map(({ kind, geometry, termId, note, attributes }): ClipItem => {
    const term = termId === null ? undefined : termById(termId);
    // A copy is nobody's accepted outline any more.
    const { [FROM_PREDICTION]: _, [FROM_POLYGON]: __, ...kept } = attributes;
    return {
      kind,
      geometry,
      term: term === undefined ? null : { id: term.id, name: term.name },
      note,
      attributes: kept,
    };
  });
  return { slideId: id, mppX, mppY, bounds, items };
}

/** Where a clip goes: moved from its own place, or with its middle at a position. */
export type Place = { readonly by: Position } | { readonly middle: Position };

export interface Pasted {
  readonly ops: readonly AnnotationOp[];
  readonly ids: readonly string[];
  /** False when a scale is unknown, so that pixels were kept instead of micrometres. */
  readonly toScale: boolean;
}

/** The ops that create a clip's annotations on a slide of some scale. Terms are found by id, else by name; others get `fallback`. */
export function pasted(
  clip: Clip,
  to: Scale,
  place: Place,
  terms: ReadonlyMap<string, Term>,
  fallback: string | null,
): Pasted {
  const factors = scaleFactors(clip, to);
  const [factorX, factorY] = factors ?? [1, 1];
  const [middleX, middleY] = scaled(middleOf(clip.bounds), factorX, factorY);
  const [dx, dy] = "by" in place ? place.by : [place.middle[0] - middleX, place.middle[1] - middleY];
  const byName = new Map([...terms.values()].map((term) => [term.name, term.id]));
  const ops = clip.items.map(
    ({ kind, geometry, term, note, attributes }): AnnotationOp & { readonly type: "create" } => ({
      type: "create",
      id: newId(),
      kind,
      geometry: translate(scaleAbout(geometry, [0, 0], factorX, factorY), dx, dy),
      termId: term === null ? null : terms.has(term.id) ? term.id : (byName.get(term.name) ?? fallback),
      note,
      attributes,
    }),
  );
  return { ops, ids: ops.map(({ id }) => id), toScale: factors !== null };
}

/** Keeps it; false where the browser has no room for it. */
export function keepClip(clip: Clip): boolean {
  try {
    localStorage.setItem(KEY, JSON.stringify(clip));
    return true;
  } catch {
    return false;
  }
}

export function keptClip(): Clip | null {
  const text = localStorage.getItem(KEY);
  // Only ever written by `keepClip`.
  return text === null ? null : (JSON.parse(text) as Clip);
}

/** Pixels of the new slide per pixel of the old one; `null` when one of the scales is unknown. */
function scaleFactors(from: Scale, to: Scale): readonly [number, number] | null {
  if (from.mppX === null || from.mppY === null || to.mppX === null || to.mppY === null) return null;
  return [from.mppX / to.mppX, from.mppY / to.mppY];
}

function scaled([x, y]: Position, factorX: number, factorY: number): Position {
  return [x * factorX, y * factorY];
}
