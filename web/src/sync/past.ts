/** A slide as it was at an earlier step: a session that stands still, so that viewer, list and measures work on it as on any other. */
import { AnnotationsAtDocument, type AnnotationsAtQuery } from "../gql/graphql";
import { Value } from "../model/observable";
import type { Outlines } from "../model/outlines";
import { AnnotationStore } from "../store/annotationStore";
import type { ChangeListener } from "../store/changes";
import type { Row } from "../store/rows";
import type { SlideSession } from "../viewer/facade";
import type { GraphqlConnection } from "./client";
import { rowOf } from "./records";

const NOTHING_TO_UNDO = new Value({ canUndo: false, canRedo: false });

export class PastSession implements SlideSession {
  readonly annotations: AnnotationStore["snapshot"];
  readonly conflicts = new Value([]);
  readonly undoState = NOTHING_TO_UNDO;
  private readonly store: AnnotationStore;

  constructor(
    private readonly connection: GraphqlConnection,
    private readonly now: SlideSession,
  ) {
    this.store = new AnnotationStore(now.slideId, null);
    this.annotations = this.store.snapshot;
  }

  /** Becomes the slide at a seq; may be called again for another. Throws what the server refuses it with. */
  async show(seq: number): Promise<void> {
    const rows: Row[] = [];
    let after: string | null = null;
    do {
      const { annotationsAt }: AnnotationsAtQuery = await this.connection.execute(AnnotationsAtDocument, {
        slideId: this.slideId,
        seq,
        after,
      });
      rows.push(...annotationsAt.nodes.map(rowOf));
      after = annotationsAt.pageInfo.hasNextPage ? annotationsAt.pageInfo.endCursor : null;
    } while (after !== null);
    rows.sort((a, b) => (a.annotation.createdAt < b.annotation.createdAt ? -1 : 1));
    const people = this.now.annotations.getSnapshot().layers.filter((layer) => layer.kind !== "PREDICTION");
    this.store.replaceAll(rows, people);
  }

  // What is not of the past is the living session's.

  get slideId(): string {
    return this.now.slideId;
  }

  get clientId(): string {
    return this.now.clientId;
  }

  get status(): SlideSession["status"] {
    return this.now.status;
  }

  get people(): SlideSession["people"] {
    return this.now.people;
  }

  get presenting(): SlideSession["presenting"] {
    return this.now.presenting;
  }

  get predictions(): SlideSession["predictions"] {
    return this.now.predictions;
  }

  get notices(): SlideSession["notices"] {
    return this.now.notices;
  }

  get ended(): SlideSession["ended"] {
    return this.now.ended;
  }

  get slideRevision(): SlideSession["slideRevision"] {
    return this.now.slideRevision;
  }

  get commentsRevision(): SlideSession["commentsRevision"] {
    return this.now.commentsRevision;
  }

  setPresence(update: Parameters<SlideSession["setPresence"]>[0]): void {
    this.now.setPresence(update);
  }

  present(presenting: boolean): void {
    this.now.present(presenting);
  }

  dismissNotice(id: string): void {
    this.now.dismissNotice(id);
  }

  onAnnotationsChanged(listener: ChangeListener): () => void {
    return this.store.observe(listener);
  }

  onHeatmapTiles(listener: Parameters<SlideSession["onHeatmapTiles"]>[0]): () => void {
    return this.now.onHeatmapTiles(listener);
  }

  loadOutlines(layerId: string, signal: AbortSignal): Promise<Outlines> {
    return this.now.loadOutlines(layerId, signal);
  }

  glimpse(...asked: Parameters<SlideSession["glimpse"]>): ReturnType<SlideSession["glimpse"]> {
    return this.now.glimpse(...asked);
  }

  // The past does not change, and it ends with the living session.

  apply(): void {}
  undo(): void {}
  redo(): void {}
  keepMine(): void {}
  takeTheirs(): void {}
  merge(): void {}
  close(): void {}
}
