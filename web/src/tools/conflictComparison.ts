/** Both sides of a conflict, seen over each other: mine dashed over theirs, until the conflict ends. */
import type { SlideSession } from "../viewer/facade";
import type { SlideViewer } from "../viewer/slideViewer";

export class ConflictComparison {
  private annotationId: string | null = null;
  private readonly stop: () => void;

  constructor(
    private readonly viewer: Pick<SlideViewer, "setGhost"> & { readonly camera: Pick<SlideViewer["camera"], "fitAll"> },
    private readonly session: Pick<SlideSession, "conflicts">,
  ) {
    this.stop = session.conflicts.subscribe(() => {
      if (this.annotationId !== null && this.conflict() === undefined) this.show(null);
    });
  }

  /** Draws both sides and goes there; `null` ends it. */
  show(annotationId: string | null): void {
    this.annotationId = annotationId;
    const conflict = this.conflict();
    const mine = conflict?.mine ?? null;
    this.viewer.setGhost(mine === null ? null : mine.geometry);
    const shown = [mine, conflict?.theirs ?? null].filter((side) => side !== null);
    if (annotationId !== null && shown.length > 0) this.viewer.camera.fitAll(shown.map(({ bounds }) => bounds));
  }

  close(): void {
    this.stop();
  }

  private conflict() {
    return this.session.conflicts.getSnapshot().find((conflict) => conflict.annotationId === this.annotationId);
  }
}
