/** The selected annotations, and what is done to all of them together. */
import type { Annotation, AnnotationOp, Position } from "../model/annotation";
import { roundPositions, translate } from "../model/geometry";
import { type Observable, Value } from "../model/observable";
import type { SlideSession } from "../viewer/facade";

export class Selection {
  readonly ids = new Value<readonly string[]>([]);

  constructor(
    private readonly session: Pick<SlideSession, "annotations" | "apply">,
    private readonly editable: Observable<boolean>,
    /** Told after every change: the viewer, the others and the tool show the selection too. */
    private readonly changed: (ids: readonly string[]) => void,
  ) {}

  set(ids: readonly string[]): void {
    const before = this.ids.getSnapshot();
    if (ids.length === before.length && ids.every((id, index) => id === before[index])) return;
    this.ids.set(ids);
    this.changed(ids);
  }

  keepOnly(stays: (id: string) => boolean): void {
    this.set(this.ids.getSnapshot().filter(stays));
  }

  isEmpty(): boolean {
    return this.ids.getSnapshot().length === 0;
  }

  /** Deletes what is selected, except what is locked. */
  delete(): void {
    if (!this.editable.getSnapshot()) return;
    this.session.apply(this.unlocked().map(({ id }): AnnotationOp => ({ type: "delete", id })));
  }

  /** Gives a term to what is selected, except what is locked. */
  giveTerm(termId: string | null): void {
    if (!this.editable.getSnapshot()) return;
    const changed = this.unlocked().filter((annotation) => annotation.termId !== termId);
    this.session.apply(changed.map(({ id }): AnnotationOp => ({ type: "update", id, termId })));
  }

  /** Moves what is selected, except what is locked, by level-0 pixels. */
  move([dx, dy]: Position): void {
    if (!this.editable.getSnapshot()) return;
    const moved = this.unlocked().map(({ id, kind, geometry, version }): AnnotationOp => {
      const there = roundPositions(translate(geometry, dx, dy));
      return { type: "update", id, kind, geometry: there, expectedVersion: version };
    });
    this.session.apply(moved);
  }

  /** What is selected, in the order in which it was. */
  annotations(): readonly Annotation[] {
    const { byId } = this.session.annotations.getSnapshot();
    return this.ids
      .getSnapshot()
      .map((id) => byId.get(id))
      .filter((annotation) => annotation !== undefined);
  }

  private unlocked(): readonly Annotation[] {
    return this.annotations().filter(({ locked }) => !locked);
  }
}
