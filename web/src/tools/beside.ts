/** A second slide beside the one that is worked on: its picture and annotations, live, to look at. */
import type { Term } from "../model/annotation";
import type { SlideFacts } from "../model/slide";
import type { Beside, BesideOptions, WorkbenchLabels } from "../viewer/facade";
import { SlideViewer } from "../viewer/slideViewer";
import { ViewLink } from "../viewer/viewLink";

export class SlideBeside implements Beside {
  readonly viewport: SlideViewer["viewport"];
  readonly linked: ViewLink["linked"];
  private readonly viewer: SlideViewer;
  private readonly link: ViewLink;
  private readonly stops: readonly (() => void)[];

  constructor(main: { readonly viewer: SlideViewer; readonly slide: SlideFacts }, options: BesideOptions) {
    const { container, slide, session, terms, labels, pictureLook, view, linked } = options;
    this.viewer = new SlideViewer({
      container,
      slide,
      labels,
      look: { terms, selected: new Set(), selectionColor: "#6a55e8", hiddenLayerIds: new Set(), hiddenIds: new Set() },
      annotationById: (id) => session.annotations.getSnapshot().byId.get(id),
      ...(view === undefined ? {} : { view }),
    });
    const { viewer } = this;
    this.viewport = viewer.viewport;
    viewer.setPictureLook(pictureLook);
    viewer.annotations.apply(session.annotations.getSnapshot().byId.values(), []);
    const showPeople = () => viewer.setPeople(session.people.getSnapshot());
    showPeople();
    this.stops = [
      session.people.subscribe(showPeople),
      session.onAnnotationsChanged(({ created, updated, deleted }) =>
        viewer.annotations.apply(
          [...created, ...updated.map(({ after }) => after)],
          deleted.map(({ id }) => id),
        ),
      ),
    ];
    this.link = new ViewLink(main, { viewer, slide }, linked);
    this.linked = this.link.linked;
    // Without a view of its own it begins at the same scale as the first.
    if (view === undefined && linked) this.link.setLinked(true);
  }

  setLinked(linked: boolean): void {
    this.link.setLinked(linked);
  }

  setTerms(terms: readonly Term[]): void {
    this.viewer.annotations.setLook({ terms });
  }

  setLabels(labels: WorkbenchLabels): void {
    this.viewer.setLabels(labels);
  }

  close(): void {
    this.link.close();
    for (const stop of this.stops) stop();
    this.viewer.close();
  }
}
