/** The slide on the screen: tiles, annotations, predictions, others' presence, and the ways to move about. The only class that holds a map. */
import "ol/ol.css";
import "./viewer.css";
import DragPan from "ol/interaction/DragPan";
import DragRotate from "ol/interaction/DragRotate";
import { defaults as defaultInteractions } from "ol/interaction/defaults";
import OlMap from "ol/Map";
import View from "ol/View";
import type { Annotation, Bounds, Geometry, Position } from "../model/annotation";
import { boundsOfPositions, unionOfBounds } from "../model/geometry";
import { Value } from "../model/observable";
import type { PresentPerson } from "../model/presence";
import type { SlideFacts, TileSource } from "../model/slide";
import { downsampleAtOneX } from "../model/units";
import { AnnotationLayer, type AnnotationLook } from "./annotationLayer";
import { level0FromMap, mapExtentFromLevel0, mapFromLevel0, type ScreenView, visibleCorners } from "./coordinates";
import type { ViewportState, WorkbenchLabels } from "./facade";
import { MagnificationBar, ScaleBarView } from "./furniture";
import { HeatmapLayer } from "./heatmapLayer";
import { Minimap } from "./minimap";
import { Overlay } from "./overlay";
import { mayPan, type PointerHandler, ToolInteraction } from "./pointer";
import { PredictionLayer } from "./predictionLayer";
import type { Sketch } from "./sketch";
import { slideLayer, slideProjection, slideTiles } from "./slideLayer";

const ANIMATION_MS = 220;
/** Screen pixels per level-0 pixel at the nearest. */
const NEAREST = 16;

export interface SlideViewerOptions {
  readonly container: HTMLElement;
  readonly slide: SlideFacts;
  readonly labels: WorkbenchLabels;
  readonly look: AnnotationLook;
  readonly annotationById: (id: string) => Annotation | undefined;
  readonly view?: { readonly center: Position; readonly downsample: number; readonly rotationDegrees: number };
}

export class SlideViewer {
  readonly element = document.createElement("div");
  readonly viewport: Value<ViewportState>;
  /** Where the pointer is; changes at most once a frame. */
  readonly pointer = new Value<Position | null>(null);
  /** Counts the reader's own pans and zooms, not those made by program. */
  readonly ownMoves = new Value(0);
  readonly annotations: AnnotationLayer;
  readonly heatmap: HeatmapLayer;
  readonly predictions: PredictionLayer;

  private readonly mapElement = document.createElement("div");
  private readonly map: OlMap;
  private readonly view: View;
  private readonly overlay: Overlay;
  private readonly tools: ToolInteraction;
  private readonly minimap: Minimap;
  private readonly scaleBar: ScaleBarView;
  private readonly magnifications: MagnificationBar;
  private readonly tiles: ReturnType<typeof slideLayer>;
  private readonly closing = new AbortController();
  private readonly resizes: ResizeObserver;
  private tileSource: TileSource;
  private frameRequested = 0;
  private viewDirty = false;
  private nextPointer: Position | null = null;

  constructor(private readonly options: SlideViewerOptions) {
    const { container, slide, labels } = options;
    this.tileSource = slide.tileSource;
    this.element.className = "coslide-viewer";
    this.element.dataset.testid = "viewer";
    this.element.tabIndex = 0;
    this.element.setAttribute("role", "application");
    this.mapElement.className = "coslide-map";
    this.element.append(this.mapElement);
    container.append(this.element);

    const projection = slideProjection(slide);
    this.tiles = slideLayer(slideTiles(projection, slide.tileSource, devicePixelRatio));
    this.heatmap = new HeatmapLayer();
    this.predictions = new PredictionLayer();
    this.annotations = new AnnotationLayer(options.look);
    this.annotations.layer.setZIndex(30);
    this.overlay = new Overlay(options.annotationById);
    this.tools = new ToolInteraction((position) => this.pointerMovedTo(position));

    const slack = Math.max(slide.width, slide.height);
    this.view = new View({
      projection,
      center: [slide.width / 2, -slide.height / 2],
      resolution: 1,
      minResolution: 1 / NEAREST,
      maxResolution: Math.max(1, (slack / Math.max(200, Math.min(container.clientWidth, container.clientHeight))) * 2),
      constrainRotation: false,
      extent: mapExtentFromLevel0([0, 0, slide.width, slide.height]),
      constrainOnlyCenter: true,
      smoothExtentConstraint: false,
      showFullExtent: true,
    });
    this.map = new OlMap({
      target: this.mapElement,
      layers: [this.tiles, this.heatmap, this.predictions, this.annotations.layer, this.overlay],
      view: this.view,
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
    this.map.addInteraction(new DragPan({ condition: mayPan }));
    this.map.addInteraction(
      new DragRotate({ condition: (event) => event.originalEvent.altKey && event.originalEvent.shiftKey }),
    );
    this.map.addInteraction(this.tools);

    this.minimap = new Minimap(slide, labels.minimap, (position) => {
      this.noteOwnMove();
      this.panTo(position, false);
    });
    this.scaleBar = new ScaleBarView(slide, labels.scaleBar);
    this.magnifications = new MagnificationBar(slide, labels, (downsample) => {
      this.noteOwnMove();
      if (downsample === null) this.fit();
      else this.zoomToDownsample(downsample);
    });
    this.element.append(this.minimap.element, this.scaleBar.element, this.magnifications.element);
    this.setLabels(labels);

    const wanted = options.view;
    if (wanted === undefined)
      this.view.fit(mapExtentFromLevel0([0, 0, slide.width, slide.height]), {
        size: this.size(),
        padding: [24, 24, 24, 24],
      });
    else {
      this.view.setCenter(mapFromLevel0(wanted.center));
      this.view.setResolution(wanted.downsample);
      this.view.setRotation((wanted.rotationDegrees * Math.PI) / 180);
    }
    this.viewport = new Value(this.viewportState());
    this.listen();
    this.resizes = new ResizeObserver(() => this.map.updateSize());
    this.resizes.observe(this.element);
    this.viewChanged();
  }

  // ---- what is shown ----

  setSketch(sketch: Sketch): void {
    this.overlay.setSketch(sketch);
  }

  setPeople(people: readonly PresentPerson[]): void {
    this.overlay.setPeople(people);
  }

  /** A shape drawn dashed over the others, as one side of a conflict; `null` for none. */
  setGhost(geometry: Geometry | null): void {
    this.overlay.setGhost(geometry);
  }

  /** A fresh grant for the tiles; those already shown stay. */
  setTileSource(tileSource: TileSource): void {
    this.tileSource = tileSource;
    this.renewTiles();
  }

  setLabels(labels: WorkbenchLabels): void {
    this.element.setAttribute("aria-label", labels.viewer);
    this.minimap.setLabel(labels.minimap);
    this.scaleBar.setLabel(
      this.options.slide.mppX === null ? `${labels.scaleBar} (${labels.unknownScale})` : labels.scaleBar,
    );
    this.magnifications.setLabels(labels);
  }

  // ---- pointer ----

  setPointerHandler(handler: PointerHandler | null, cursor: string): void {
    this.tools.setHandler(handler);
    this.setCursor(cursor);
  }

  setCursor(cursor: string): void {
    this.mapElement.style.cursor = cursor;
  }

  /** While true every drag pans, whatever the tool. */
  setPanning(panning: boolean): void {
    if (panning === this.tools.panning) return;
    this.tools.cancel();
    this.tools.panning = panning;
  }

  cancelGesture(): void {
    this.tools.cancel();
  }

  // ---- moving about ----

  fit(): void {
    const { slide } = this.options;
    this.fitBounds([0, 0, slide.width, slide.height], { animate: true, padding: 24 });
  }

  fitBounds(
    bounds: Bounds,
    { animate = true, padding = 80 }: { animate?: boolean | undefined; padding?: number } = {},
  ): void {
    this.view.cancelAnimations();
    this.view.fit(mapExtentFromLevel0(bounds), {
      size: this.size(),
      padding: [padding, padding, padding, padding],
      minResolution: 1 / 4,
      ...(animate && !reducedMotion() ? { duration: ANIMATION_MS } : {}),
    });
  }

  fitAll(bounds: readonly Bounds[]): void {
    const all = unionOfBounds(bounds);
    if (all !== null) this.fitBounds(all);
  }

  /** Shows exactly these bounds at once, as when following someone. */
  showBounds(bounds: Bounds): void {
    this.view.cancelAnimations();
    this.view.fit(mapExtentFromLevel0(bounds), { size: this.size() });
  }

  zoomToDownsample(downsample: number): void {
    this.view.cancelAnimations();
    if (reducedMotion()) this.view.setResolution(downsample);
    else this.view.animate({ resolution: downsample, duration: ANIMATION_MS });
  }

  /** Does nothing when the slide tells neither objective power nor mpp. */
  zoomToMagnification(magnification: number): void {
    const atOneX = downsampleAtOneX(this.options.slide);
    if (atOneX !== null) this.zoomToDownsample(atOneX / magnification);
  }

  zoomBy(steps: number): void {
    this.noteOwnMove();
    this.zoomToDownsample((this.view.getResolution() ?? 1) / 2 ** steps);
  }

  panTo(position: Position, animate = true): void {
    this.view.cancelAnimations();
    const center = mapFromLevel0(position);
    if (animate && !reducedMotion()) this.view.animate({ center, duration: ANIMATION_MS });
    else this.view.setCenter(center);
  }

  /** By screen pixels, as the arrow keys do. */
  panBy(dxScreen: number, dyScreen: number): void {
    this.noteOwnMove();
    const { downsample, rotation, center } = this.screenView();
    const [cos, sin] = [Math.cos(rotation) * downsample, Math.sin(rotation) * downsample];
    this.panTo([center[0] + cos * dxScreen + sin * dyScreen, center[1] - sin * dxScreen + cos * dyScreen], false);
  }

  rotateTo(degrees: number): void {
    const rotation = (degrees * Math.PI) / 180;
    if (reducedMotion()) this.view.setRotation(rotation);
    else this.view.animate({ rotation, duration: ANIMATION_MS });
  }

  screenView(): ScreenView {
    const [width = 0, height = 0] = this.size();
    return {
      center: level0FromMap(this.view.getCenter() ?? [0, 0]),
      downsample: this.view.getResolution() ?? 1,
      rotation: this.view.getRotation(),
      width,
      height,
    };
  }

  // ---- out ----

  /** The view as a PNG of device pixels: tiles, overlay and annotations, without cursors. */
  async snapshot(): Promise<Blob> {
    const [width = 0, height = 0] = this.size();
    const output = document.createElement("canvas");
    output.width = Math.round(width * devicePixelRatio);
    output.height = Math.round(height * devicePixelRatio);
    const context = output.getContext("2d");
    if (context === null)
      throw new Error("This browser gives no canvas to draw on, so no picture can be made of the view.");
    context.fillStyle = getComputedStyle(this.element).backgroundColor;
    context.fillRect(0, 0, output.width, output.height);
    for (const canvas of this.mapElement.querySelectorAll("canvas")) {
      if (canvas.classList.contains("coslide-overlay") || canvas.width === 0) continue;
      const matrix = /^matrix\((.*)\)$/.exec(canvas.style.transform)?.[1]?.split(",").map(Number);
      const [a = 1, b = 0, c = 0, d = 1, e = 0, f = 0] = matrix ?? [
        output.width / canvas.width,
        0,
        0,
        output.height / canvas.height,
        0,
        0,
      ];
      const density = matrix === undefined ? 1 : devicePixelRatio;
      context.setTransform(a * density, b * density, c * density, d * density, e * density, f * density);
      context.drawImage(canvas, 0, 0);
    }
    return new Promise((resolve, reject) => {
      output.toBlob(
        (blob) => (blob === null ? reject(new Error("The browser could not make a PNG of the view.")) : resolve(blob)),
        "image/png",
      );
    });
  }

  close(): void {
    this.closing.abort();
    this.resizes.disconnect();
    cancelAnimationFrame(this.frameRequested);
    this.heatmap.close();
    this.map.setTarget(undefined);
    this.map.dispose();
    this.element.remove();
  }

  private listen(): void {
    const { signal } = this.closing;
    this.view.on(["change:center", "change:resolution", "change:rotation"] as never, () => this.viewChanged());
    this.map.on("change:size" as never, () => this.viewChanged());
    this.map.on("pointerdrag", () => this.noteOwnMove());
    this.element.addEventListener("wheel", () => this.noteOwnMove(), { signal, passive: true });
    this.element.addEventListener("pointerleave", () => this.pointerMovedTo(null), { signal });
    this.element.addEventListener("contextmenu", (event) => event.preventDefault(), { signal });
    // A press gives the viewer the keyboard, so that tool keys work; OpenLayers alone would not move the focus.
    this.mapElement.addEventListener("pointerdown", () => this.element.focus({ preventScroll: true }), { signal });
    // The focus ring is for those who came here by Tab; tool keys pressed beside the pointer should not bring it up.
    const ring = (shown: boolean) => this.element.classList.toggle("by-keyboard", shown);
    document.addEventListener("keyup", (event) => event.key === "Tab" && ring(event.target === this.element), {
      signal,
    });
    document.addEventListener("pointerdown", () => ring(false), { signal, capture: true });
    this.watchDensity();
  }

  /** Tiles are chosen by device pixels: another screen, or the browser's own zoom, wants another grid. */
  private watchDensity(): void {
    const query = matchMedia(`(resolution: ${devicePixelRatio}dppx)`);
    query.addEventListener(
      "change",
      () => {
        this.map.setPixelRatio(devicePixelRatio);
        this.renewTiles();
        this.watchDensity();
      },
      { once: true, signal: this.closing.signal },
    );
  }

  private renewTiles(): void {
    this.tiles.setSource(slideTiles(this.view.getProjection(), this.tileSource, devicePixelRatio));
  }

  private noteOwnMove(): void {
    this.ownMoves.update((count) => count + 1);
  }

  private pointerMovedTo(position: Position | null): void {
    this.nextPointer = position;
    this.requestFrame();
  }

  private viewChanged(): void {
    this.viewDirty = true;
    this.requestFrame();
  }

  private requestFrame(): void {
    if (this.frameRequested !== 0) return;
    this.frameRequested = requestAnimationFrame(() => {
      this.frameRequested = 0;
      this.pointer.set(this.nextPointer);
      if (!this.viewDirty) return;
      this.viewDirty = false;
      const view = this.screenView();
      this.minimap.show(view);
      this.scaleBar.show(view.downsample);
      this.magnifications.show(view.downsample);
      this.viewport.set(this.viewportState());
    });
  }

  private viewportState(): ViewportState {
    const view = this.screenView();
    const atOneX = downsampleAtOneX(this.options.slide);
    return {
      center: view.center,
      downsample: view.downsample,
      rotationDegrees: (view.rotation * 180) / Math.PI,
      bounds: boundsOfPositions(visibleCorners(view)),
      magnification: atOneX === null ? null : atOneX / view.downsample,
    };
  }

  private size(): number[] {
    return this.map.getSize() ?? [this.element.clientWidth, this.element.clientHeight];
  }
}

function reducedMotion(): boolean {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
