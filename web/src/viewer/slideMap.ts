/** The OpenLayers map and view that a slide is shown on: what may be moved, how far, and by which gestures. */
import DragPan from "ol/interaction/DragPan";
import DragRotate from "ol/interaction/DragRotate";
import { defaults as defaultInteractions } from "ol/interaction/defaults";
import type Interaction from "ol/interaction/Interaction";
import type BaseLayer from "ol/layer/Base";
import OlMap from "ol/Map";
import type Projection from "ol/proj/Projection";
import View from "ol/View";
import type { SlideFacts } from "../model/slide";
import { mapExtentFromLevel0 } from "./coordinates";
import { mayPan } from "./pointer";

/** Screen pixels per level-0 pixel at the nearest. */
const NEAREST = 16;
/** Screen pixels: a container smaller than this counts as this large. */
const SMALLEST_CONTAINER_PX = 200;

/** A view that keeps its centre on the slide; at the farthest the slide is half as large as its container. */
export function slideView(slide: SlideFacts, projection: Projection, container: HTMLElement): View {
  const longerSide = Math.max(slide.width, slide.height);
  const room = Math.max(SMALLEST_CONTAINER_PX, Math.min(container.clientWidth, container.clientHeight));
  return new View({
    projection,
    center: [slide.width / 2, -slide.height / 2],
    resolution: 1,
    minResolution: 1 / NEAREST,
    maxResolution: Math.max(1, (longerSide / room) * 2),
    constrainRotation: false,
    extent: mapExtentFromLevel0([0, 0, slide.width, slide.height]),
    constrainOnlyCenter: true,
    smoothExtentConstraint: false,
    showFullExtent: true,
  });
}

/** The map in its element. `tools` is asked first, and what it does not take pans. */
export function slideMap(target: HTMLElement, view: View, layers: readonly BaseLayer[], tools: Interaction): OlMap {
  const map = new OlMap({
    target,
    layers: [...layers],
    view,
    controls: [],
    interactions: defaultInteractions({
      dragPan: false,
      shiftDragZoom: false,
      doubleClickZoom: true,
      keyboard: false,
      altShiftDragRotate: false,
    }),
    moveTolerance: 4,
    maxTilesLoading: 12,
  });
  map.addInteraction(new DragPan({ condition: mayPan }));
  map.addInteraction(
    new DragRotate({ condition: (event) => event.originalEvent.altKey && event.originalEvent.shiftKey }),
  );
  map.addInteraction(tools);
  return map;
}
