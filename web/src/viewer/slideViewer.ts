/** The slide on the screen: tiles, annotations, predictions and others' presence, with the camera to move it. The only class that holds a map. */
import "ol/ol.css";
import "./viewer.css";
import type OlMap from "ol/Map";
import type View from "ol/View";
import type { Annotation, Geometry, Position } from "../model/annotation";
import { Value } from "../model/observable";
import type { Outlines } from "../model/outlines";
import type { PictureLook } from "../model/pictureLook";
import type { PresentPerson } from "../model/presence";
import type { SlideFacts } from "../model/slide";
import { AnnotationLayer, type AnnotationLook } from "./annotationLayer";
import { Camera } from "./camera";
import type { ClassStyle, ViewportState, WorkbenchLabels, WorkbenchOptions } from "./facade";
import { MagnificationBar, ScaleBarView } from "./furniture";
import { GlimpseLayer } from "./glimpseLayer";
import { HeatmapLayer } from "./heatmapLayer";
import { Minimap } from "./minimap";
import { Overlay } from "./overlay";
import { PictureFilter } from "./pictureFilter";
import { type PointerHandler, ToolInteraction } from "./pointer";
import { PredictionLayer } from "./predictionLayer";
import { slideRaster, type ViewRaster } from "./raster";
import type { Sketch } from "./sketch";
import { slideLayer, slideProjection, slideTiles } from "./slideLayer";
import { slideMap, slideView } from "./slideMap";
import { snapshotOf } from "./snapshot";

export interface SlideViewerOptions {
  readonly container: HTMLElement;
  readonly slide: SlideFacts;
  readonly labels: WorkbenchLabels;
  readonly look: AnnotationLook;
  readonly annotationById: (id: string) => Annotation | undefined;
  readonly view?: WorkbenchOptions["view"];
}

export class SlideViewer {
  readonly element = document.createElement("div");
  readonly viewport: Value<ViewportState>;
  /** Where the pointer is; changes at most once a frame. */
  readonly pointer = new Value<Position | null>(null);
  readonly camera: Camera;
  readonly annotations: AnnotationLayer;
  readonly heatmap: HeatmapLayer;
  readonly glimpse = new GlimpseLayer();
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
  private readonly picture = new PictureFilter();
  private readonly closing = new AbortController();
  private readonly resizes: ResizeObserver;
  private readonly viewListeners = new Set<() => void>();
  private frameRequested = 0;
  private viewDirty = false;
  private nextPointer: Position | null = null;

  constructor(private readonly options: SlideViewerOptions) {
    const { container, slide, labels } = options;
    this.element.className = "coslide-viewer";
    this.element.dataset.testid = "viewer";
    this.element.tabIndex = 0;
    this.element.setAttribute("role", "application");
    this.mapElement.className = "coslide-map";
    this.element.append(this.mapElement);
    container.append(this.element);

    const projection = slideProjection(slide);
    this.tiles = slideLayer(slideTiles(projection, slide.tileSource, devicePixelRatio));
    this.tiles.on("postrender", ({ context }) => {
      if (context instanceof CanvasRenderingContext2D) this.picture.apply(context);
    });
    this.heatmap = new HeatmapLayer();
    this.predictions = new PredictionLayer();
    this.annotations = new AnnotationLayer(options.look);
    this.annotations.layer.setZIndex(30);
    this.overlay = new Overlay(options.annotationById);
    this.tools = new ToolInteraction((position) => this.pointerMovedTo(position));

    this.view = slideView(slide, projection, container);
    const layers = [this.tiles, this.heatmap, this.glimpse, this.predictions, this.annotations.layer, this.overlay];
    this.map = slideMap(this.mapElement, this.view, layers, this.tools);
    this.camera = new Camera(this.view, slide, () => this.size());

    this.minimap = new Minimap(slide, labels.minimap, (position) => {
      this.camera.noteOwnMove();
      this.camera.panTo(position, false);
    });
    this.scaleBar = new ScaleBarView(slide, labels.scaleBar);
    this.magnifications = new MagnificationBar(slide, labels, (downsample) => {
      this.camera.noteOwnMove();
      if (downsample === null) this.camera.fit();
      else this.camera.zoomToDownsample(downsample);
    });
    this.element.append(this.minimap.element, this.scaleBar.element, this.magnifications.element);
    this.setLabels(labels);

    this.camera.begin(options.view);
    this.viewport = new Value(this.camera.viewportState());
    this.listen();
    this.resizes = new ResizeObserver(() => this.map.updateSize());
    this.resizes.observe(this.element);
    this.viewChanged();
  }

  // ---- what is shown ----

  /** How the slide's own pixels are shown; annotations and predictions keep their colours. */
  setPictureLook(look: PictureLook): void {
    this.picture.setLook(look);
    this.tiles.changed();
  }

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

  /** Replaces the predicted outlines; `null` for none. Says on the element how many there are, for tests and benchmarks. */
  showOutlines(outlines: Outlines | null, classes: readonly ClassStyle[]): void {
    this.predictions.setOutlines(outlines, classes);
    if (outlines === null) delete this.element.dataset.outlines;
    else this.element.dataset.outlines = String(outlines.objects.count);
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

  /** Calls at every change of the view, before it is drawn; returns the way to stop. */
  onViewChanged(listener: () => void): () => void {
    this.viewListeners.add(listener);
    return () => void this.viewListeners.delete(listener);
  }

  /** While true every drag pans, whatever the tool. */
  setPanning(panning: boolean): void {
    if (panning === this.tools.panning) return;
    this.tools.cancel();
    this.tools.panning = panning;
  }

  /** The view as a PNG of device pixels: tiles, overlay and annotations, without cursors. */
  snapshot(): Promise<Blob> {
    // What is drawn by WebGL is there only until the browser has shown it.
    this.map.renderSync();
    return snapshotOf(this.element, this.mapElement, this.size());
  }

  /** The slide as it is seen, without what lies over it, to calculate with. */
  raster(): ViewRaster {
    return slideRaster(this.mapElement, this.camera.screenView());
  }

  close(): void {
    this.closing.abort();
    this.resizes.disconnect();
    cancelAnimationFrame(this.frameRequested);
    this.heatmap.close();
    this.picture.close();
    this.map.setTarget(undefined);
    this.map.dispose();
    this.element.remove();
  }

  private listen(): void {
    const { signal } = this.closing;
    this.view.on(["change:center", "change:resolution", "change:rotation"] as never, () => this.viewChanged());
    this.map.on("change:size" as never, () => this.viewChanged());
    this.map.on("pointerdrag", () => this.camera.noteOwnMove());
    this.element.addEventListener("wheel", () => this.camera.noteOwnMove(), { signal, passive: true });
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
    this.tiles.setSource(slideTiles(this.view.getProjection(), this.options.slide.tileSource, devicePixelRatio));
  }

  private pointerMovedTo(position: Position | null): void {
    this.nextPointer = position;
    this.requestFrame();
  }

  private viewChanged(): void {
    for (const listener of this.viewListeners) listener();
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
      const view = this.camera.screenView();
      this.minimap.show(view);
      this.scaleBar.show(view.downsample);
      this.magnifications.show(view.downsample);
      this.viewport.set(this.camera.viewportState());
    });
  }

  private size(): number[] {
    return this.map.getSize() ?? [this.element.clientWidth, this.element.clientHeight];
  }
}
