/** Whether a command can be done to what is selected, and if not, why. Pure. */
import type { Annotation } from "../model/annotation";
import { isArea, polygonsOf } from "../model/geometry";
import type { CommandName, CommandRefusal } from "../viewer/commandFacade";

/** `null` when it can be done. `selected` in the order of selection: the first is the one that others are taken from. */
export function refusalOf(
  name: CommandName,
  selected: readonly Annotation[],
  editable: boolean,
): CommandRefusal | null {
  if (name === "selectAll" || name === "selectTerm") return null;
  if (name === "copy") return selected.length === 0 ? "nothingSelected" : null;
  if (!editable) return "readOnly";
  if (name === "paste" || name === "pasteInPlace") return null;
  if (selected.length === 0) return "nothingSelected";
  if (name === "duplicate") return null;
  if (name === "cut") return selected.every(({ locked }) => locked) ? "locked" : null;
  if (name === "simplify" || name === "askSimplify") return simplifyRefusal(selected);
  const areas = selected.filter(({ geometry }) => isArea(geometry));
  const [first] = areas;
  if (first === undefined) return "needsArea";
  switch (name) {
    case "union":
    case "intersect":
    case "exclude":
      if (areas.length < 2) return "needsTwoAreas";
      return areas.some(({ locked }) => locked) ? "locked" : null;
    case "subtract":
      if (areas.length < 2) return "needsTwoAreas";
      return first.locked ? "locked" : null;
    case "fillHoles":
      if (!areas.some(({ geometry }) => polygonsOf(geometry).some((rings) => rings.length > 1))) return "noHoles";
      return areas.every(({ locked }) => locked) ? "locked" : null;
    case "grow":
    case "askGrow":
      return areas.every(({ locked }) => locked) ? "locked" : null;
    case "inverse":
      return null;
  }
}

function simplifyRefusal(selected: readonly Annotation[]): CommandRefusal | null {
  const shapes = selected.filter(({ kind }) => kind !== "POINT");
  if (shapes.length === 0) return "needsArea";
  return shapes.every(({ locked }) => locked) ? "locked" : null;
}
