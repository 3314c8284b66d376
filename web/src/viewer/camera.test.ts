import type View from "ol/View";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { SlideFacts } from "../model/slide";
import { Camera } from "./camera";
import { slideProjection } from "./slideLayer";
import { slideView } from "./slideMap";

const SLIDE: SlideFacts = {
  ...{ id: "s", name: "Case 117", width: 4000, height: 2000, mppX: 0.5, mppY: 0.5, objectivePower: 20 },
  thumbnailUrl: "/thumbnail",
  tileSource: { urlTemplate: "/{level}/{column}/{row}", tileSize: 256, levels: [], grant: "", grantExpiresAt: "" },
};

let view: View;

function camera(slide = SLIDE): Camera {
  const container = { clientWidth: 400, clientHeight: 200 } as HTMLElement;
  view = slideView(slide, slideProjection(slide), container);
  return new Camera(view, slide, () => [400, 200]);
}

// Without motion everything is there at once.
beforeEach(() => void vi.spyOn(window, "matchMedia").mockReturnValue({ matches: true } as MediaQueryList));

describe("Camera", () => {
  it("begins with the whole slide within its padding", () => {
    const whole = camera();
    whole.begin(undefined);
    const { center, downsample, rotationDegrees } = whole.viewportState();
    expect(center).toEqual([2000, 1000]);
    // 2000 level-0 pixels in 200 - 2 * 24 screen pixels.
    expect(downsample).toBeCloseTo(2000 / 152, 9);
    expect(rotationDegrees).toBe(0);
  });

  it("begins where a link says, and tells it back", () => {
    const linked = camera();
    linked.begin({ center: [1000, 500], downsample: 2, rotationDegrees: 90 });
    const { center, downsample, rotationDegrees, magnification } = linked.viewportState();
    expect({ center, downsample, rotationDegrees, magnification }).toEqual({
      ...{ center: [1000, 500], downsample: 2, rotationDegrees: 90, magnification: 10 },
    });
  });

  it("pans by screen pixels whichever way the slide is turned, and counts that as the reader's own", () => {
    const turned = camera();
    turned.begin({ center: [1000, 500], downsample: 2, rotationDegrees: 90 });
    turned.panBy(10, 0);
    const { center } = turned.viewportState();
    expect(center.map(Math.round)).toEqual([1000, 480]);
    expect(turned.ownMoves.getSnapshot()).toBe(1);
  });

  it("zooms by steps of two around the centre", () => {
    const near = camera();
    near.begin({ center: [1000, 500], downsample: 4, rotationDegrees: 0 });
    near.zoomBy(1);
    expect(near.viewportState()).toEqual({
      ...{ center: [1000, 500], downsample: 2, rotationDegrees: 0, magnification: 10 },
      bounds: [600, 300, 1400, 700],
    });
    expect(near.ownMoves.getSnapshot()).toBe(1);
  });

  it("shows another's bounds exactly, and does not count it as one's own move", () => {
    const following = camera();
    following.begin(undefined);
    following.showBounds([600, 300, 1400, 700]);
    expect(following.viewportState().bounds).toEqual([600, 300, 1400, 700]);
    expect(following.ownMoves.getSnapshot()).toBe(0);
  });

  it("goes to a magnification only where the slide has one", () => {
    const known = camera();
    known.begin(undefined);
    known.zoomToMagnification(5);
    expect(view.getResolution()).toBe(4);
    const unknown = camera({ ...SLIDE, mppX: null, mppY: null, objectivePower: null });
    unknown.begin(undefined);
    unknown.zoomToMagnification(5);
    expect(view.getResolution()).toBeCloseTo(2000 / 152, 9);
    expect(unknown.viewportState().magnification).toBeNull();
  });
});
