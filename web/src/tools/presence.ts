/** Presence at the workbench: the others are shown on the slide, and they are told where one looks and points. */
import type { SlideSession } from "../viewer/facade";
import type { SlideViewer } from "../viewer/slideViewer";

/** Begins it; the answer ends it. */
export function sharePresence(viewer: SlideViewer, session: SlideSession): () => void {
  const showPeople = () => viewer.setPeople(session.people.getSnapshot());
  const tellViewport = () => session.setPresence({ viewport: viewer.viewport.getSnapshot().bounds });
  const tellCursor = () => session.setPresence({ cursor: viewer.pointer.getSnapshot() });
  showPeople();
  tellViewport();
  const stops = [
    session.people.subscribe(showPeople),
    viewer.viewport.subscribe(tellViewport),
    viewer.pointer.subscribe(tellCursor),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
