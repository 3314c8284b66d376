/** Where one looks from: the ways to move over the slide, in level-0 pixels, and the state of the view. */
import type View from "ol/View";
import type { Bounds, Position } from "../model/annotation";
import { boundsOfPositions, unionOfBounds } from "../model/geometry";
import type { Standpoint } from "../model/linkedViews";
import { Value } from "../model/observable";
import type { SlideFacts } from "../model/slide";
import { downsampleAtOneX } from "../model/units";
import { level0FromMap, mapExtentFromLevel0, mapFromLevel0, type ScreenView, visibleCorners } from "./coordinates";
import type { ViewportState, WorkbenchOptions } from "./facade";

const ANIMATION_MS = 220;
/** Screen pixels left free around what is gone to, and around the whole slide. */
const PADDING_PX = 80;
const SLIDE_PADDING_PX = 24;
/** Going to something small stops at 4 screen pixels per level-0 pixel. */
const NEAREST_FIT = 1 / 4;

export class Camera {
  /** Counts the reader's own pans and zooms, not those made by program. */
  readonly ownMoves = new Value(0);

  constructor(
    private readonly view: View,
    private readonly slide: SlideFacts,
    /** Of the map, in screen pixels: `[width, height]`. */
    private readonly size: () => number[],
  ) {}

  /** The first look: as a link says, else at the whole slide. */
  begin(wanted: WorkbenchOptions["view"]): void {
    if (wanted === undefined) {
      this.view.fit(mapExtentFromLevel0(this.wholeSlide()), { size: this.size(), padding: padded(SLIDE_PADDING_PX) });
      return;
    }
    this.standAt(wanted);
  }

  fit(): void {
    this.fitBounds(this.wholeSlide(), { animate: true, padding: SLIDE_PADDING_PX });
  }

  fitBounds(
    bounds: Bounds,
    { animate = true, padding = PADDING_PX }: { animate?: boolean | undefined; padding?: number } = {},
  ): void {
    this.view.cancelAnimations();
    this.view.fit(mapExtentFromLevel0(bounds), {
      size: this.size(),
      padding: padded(padding),
      minResolution: NEAREST_FIT,
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
    const atOneX = downsampleAtOneX(this.slide);
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
    const { center } = this.screenView();
    const [dx, dy] = this.level0Way([dxScreen, dyScreen]);
    this.panTo([center[0] + dx, center[1] + dy], false);
  }

  /** A way on the screen, in CSS pixels, as a way on the slide. */
  level0Way([dx, dy]: Position): Position {
    const { downsample, rotation } = this.screenView();
    const [cos, sin] = [Math.cos(rotation) * downsample, Math.sin(rotation) * downsample];
    return [cos * dx + sin * dy, -sin * dx + cos * dy];
  }

  rotateTo(degrees: number): void {
    const rotation = radians(degrees);
    if (reducedMotion()) this.view.setRotation(rotation);
    else this.view.animate({ rotation, duration: ANIMATION_MS });
  }

  standpoint(): Standpoint {
    const { center, downsample, rotation } = this.screenView();
    return { center, downsample, rotationDegrees: (rotation * 180) / Math.PI };
  }

  /** At once, as when led by another view. */
  standAt({ center, downsample, rotationDegrees }: Standpoint): void {
    this.view.cancelAnimations();
    this.view.setRotation(radians(rotationDegrees));
    this.view.setResolution(downsample);
    this.view.setCenter(mapFromLevel0(center));
  }

  noteOwnMove(): void {
    this.ownMoves.update((count) => count + 1);
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

  viewportState(): ViewportState {
    const view = this.screenView();
    const atOneX = downsampleAtOneX(this.slide);
    return {
      center: view.center,
      downsample: view.downsample,
      rotationDegrees: (view.rotation * 180) / Math.PI,
      bounds: boundsOfPositions(visibleCorners(view)),
      magnification: atOneX === null ? null : atOneX / view.downsample,
    };
  }

  private wholeSlide(): Bounds {
    return [0, 0, this.slide.width, this.slide.height];
  }
}

function padded(px: number): number[] {
  return [px, px, px, px];
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}

function reducedMotion(): boolean {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
