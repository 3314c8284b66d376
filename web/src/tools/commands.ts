/** The commands on the selection, as the keys and the command bar give them. Each changes the slide by one operation. */
import type { Annotation, AnnotationOp, Geometry, Position } from "../model/annotation";
import { boundsIntersect, polygonsOf, roundPositions } from "../model/geometry";
import { Value } from "../model/observable";
import type { SlideFacts } from "../model/slide";
import type {
  CommandDesk,
  CommandName,
  CommandNote,
  CommandRefusal,
  SelectionCommand,
  ShapeCommand,
} from "../viewer/commandFacade";
import { clipOf, keepClip, keptClip, type Place, pasted } from "./clipboard";
import { refusalOf } from "./commandState";
import type { Notes } from "./notes";
import type { CommandOutcome } from "./shapeCommands";
import type { WorkbenchParts } from "./workbenchContext";

/** Screen pixels that a copy lies beside its original. */
const BESIDE_PX = 16;
/** After so long the page has surely been drawn. */
const PREPARE_MS = 5_000;

export type CommandParts = Pick<
  WorkbenchParts,
  "viewer" | "session" | "selection" | "visible" | "activeTerm" | "editable" | "notes"
> & { readonly slide: SlideFacts };

export class SelectionCommands implements CommandDesk {
  readonly asked = new Value<"simplify" | "grow" | null>(null);
  readonly note: Notes["latest"];
  /** Counts up with every preview that is asked for, so that one that comes late is not shown. */
  private previews = 0;
  private pastes = 0;

  constructor(private readonly parts: CommandParts) {
    this.note = parts.notes.latest;
  }

  refusal(name: CommandName): CommandRefusal | null {
    return refusalOf(name, this.selected(), this.parts.editable.getSnapshot());
  }

  run(command: SelectionCommand): void {
    const refusal = this.refusal(command.kind);
    if (refusal !== null) {
      this.tell(refusal);
      return;
    }
    switch (command.kind) {
      case "copy":
      case "cut":
        this.copy(command.kind === "cut");
        break;
      case "paste":
      case "pasteInPlace":
        this.paste(command.kind === "pasteInPlace");
        break;
      case "duplicate":
        this.duplicate();
        break;
      case "selectAll":
        this.select(this.inView());
        break;
      case "selectTerm":
        this.select(this.ofSameTerm());
        break;
      case "askSimplify":
        this.ask("simplify");
        break;
      case "askGrow":
        this.ask("grow");
        break;
      default:
        this.shape(command).catch(() => this.tell("needsLine"));
    }
  }

  ask(what: "simplify" | "grow" | null): void {
    if (what === this.asked.getSnapshot()) return;
    this.preview(null);
    this.asked.set(what);
  }

  preview(command: ShapeCommand | null): void {
    const asked = ++this.previews;
    if (command === null) this.parts.viewer.setGhost(null);
    else
      this.outcome(command).then(
        (outcome) => {
          if (asked === this.previews)
            this.parts.viewer.setGhost(typeof outcome === "string" ? null : ghostOf(outcome));
        },
        // Not loaded, and no line: the command itself will say so.
        () => undefined,
      );
  }

  /** Loads what commands and tools need later, so that they work without a line, too; tried again until it is here. Answers the way to stop. */
  prepare(waitMs = PREPARE_MS): () => void {
    let timer: ReturnType<typeof setTimeout>;
    const load = () =>
      Promise.all([import("./shapeCommands"), import("./splitting"), import("../model/wand")]).catch(() => later());
    const later = () => {
      timer = setTimeout(load, waitMs);
    };
    later();
    return () => clearTimeout(timer);
  }

  private async shape(command: ShapeCommand): Promise<void> {
    const outcome = await this.outcome(command);
    this.ask(null);
    if (typeof outcome === "string") this.tell(outcome);
    else this.apply(outcome);
  }

  private async outcome(command: ShapeCommand): Promise<CommandOutcome | CommandRefusal> {
    const { outcomeOf } = await import("./shapeCommands");
    const { slide, visible, activeTerm } = this.parts;
    return outcomeOf(command, {
      selected: this.selected(),
      all: visible.all(),
      slide: [0, 0, slide.width, slide.height],
      termId: activeTerm.id.getSnapshot(),
    });
  }

  private apply({ ops, select }: CommandOutcome): void {
    this.parts.session.apply(
      ops.map((op) =>
        "geometry" in op && op.geometry !== undefined ? { ...op, geometry: roundPositions(op.geometry) } : op,
      ),
    );
    this.parts.selection.set(select);
  }

  private copy(cut: boolean): void {
    const selected = this.selected().filter(({ locked }) => !cut || !locked);
    const { slide, activeTerm, selection } = this.parts;
    const clip = clipOf(selected, slide, (id) => activeTerm.known.get(id));
    if (clip === null) return;
    if (!keepClip(clip)) {
      this.tell("tooMuchToCopy");
      return;
    }
    this.pastes = 0;
    if (cut) selection.delete();
    this.tell("copied", selected.length);
  }

  private paste(inPlace: boolean): void {
    const clip = keptClip();
    if (clip === null) {
      this.tell("nothingToPaste");
      return;
    }
    const { slide, activeTerm, viewer } = this.parts;
    const home = clip.slideId === slide.id;
    const beside = this.beside(++this.pastes);
    const seen = boundsIntersect(clip.bounds, viewer.viewport.getSnapshot().bounds);
    const place: Place = inPlace
      ? { by: [0, 0] }
      : home && seen
        ? { by: beside }
        : { middle: viewer.viewport.getSnapshot().center };
    const { ops, ids, toScale } = pasted(clip, slide, place, activeTerm.known, activeTerm.id.getSnapshot());
    this.apply({ ops, select: ids });
    this.tell(toScale || home ? "pasted" : "pastedWithoutScale", ids.length);
  }

  /** Beside the originals, without the clipboard. */
  private duplicate(): void {
    const { slide, activeTerm } = this.parts;
    const clip = clipOf(this.selected(), slide, (id) => activeTerm.known.get(id));
    if (clip === null) return;
    const { ops, ids } = pasted(clip, slide, { by: this.beside(1) }, activeTerm.known, null);
    this.apply({ ops, select: ids });
  }

  private beside(times: number): Position {
    const by = BESIDE_PX * times * this.parts.viewer.camera.screenView().downsample;
    return [by, by];
  }

  private select(annotations: readonly Annotation[]): void {
    this.parts.selection.set(annotations.map(({ id }) => id));
    if (annotations.length === 0) this.tell("nothingFound");
  }

  private inView(): readonly Annotation[] {
    const { bounds } = this.parts.viewer.viewport.getSnapshot();
    return this.parts.visible.all().filter((annotation) => boundsIntersect(annotation.bounds, bounds));
  }

  /** Of the terms that are selected, else of the active one. */
  private ofSameTerm(): readonly Annotation[] {
    const selected = this.selected();
    const terms = new Set(
      selected.length > 0 ? selected.map(({ termId }) => termId) : [this.parts.activeTerm.id.getSnapshot()],
    );
    return this.parts.visible.all().filter(({ termId }) => terms.has(termId));
  }

  private selected(): readonly Annotation[] {
    return this.parts.selection.annotations();
  }

  private tell(code: CommandNote["code"], count = 0): void {
    this.parts.notes.tell(code, count);
  }
}

/** All shapes that would be new, as one. */
function ghostOf({ ops }: CommandOutcome): Geometry | null {
  const shapes = ops.flatMap((op: AnnotationOp) =>
    "geometry" in op && op.geometry !== undefined ? [op.geometry] : [],
  );
  const [first] = shapes;
  if (first?.type === "LineString") return first;
  const coordinates = shapes.flatMap(polygonsOf);
  return coordinates.length === 0 ? null : { type: "MultiPolygon", coordinates };
}
