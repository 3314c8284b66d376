import { describe, expect, it, vi } from "vitest";
import type { Bounds } from "../model/annotation";
import { Value } from "../model/observable";
import type { PresentPerson } from "../model/presence";
import { Following } from "./following";

const HERE: Bounds = [0, 0, 100, 50];
const THERE: Bounds = [200, 0, 300, 50];

function ben(viewport: Bounds | null, presenting = false): PresentPerson {
  const person = { id: "u2", name: "Ben", color: "#ffc46b" };
  return { clientId: "tab", person, cursor: null, viewport, selection: [], tool: null, stroke: null, presenting };
}

function open({ busy = false } = {}) {
  const people = new Value<readonly PresentPerson[]>([ben(HERE)]);
  const presenting = new Value(false);
  const camera = { showBounds: vi.fn(), ownMoves: new Value(0) };
  return { people, presenting, camera, following: new Following(camera, { people, presenting }, () => busy) };
}

describe("Following", () => {
  it("goes where the other looks, now and from now on", () => {
    const { people, camera, following } = open();
    people.set([ben(THERE)]);
    expect(camera.showBounds).not.toHaveBeenCalled();
    following.follow("tab");
    people.set([ben(HERE)]);
    expect(camera.showBounds.mock.calls).toEqual([[THERE], [HERE]]);
  });

  it("ends with the reader's own move", () => {
    const { people, camera, following } = open();
    following.follow("tab");
    camera.ownMoves.set(1);
    expect(following.clientId.getSnapshot()).toBeNull();
    people.set([ben(THERE)]);
    expect(camera.showBounds).toHaveBeenCalledExactlyOnceWith(HERE);
  });

  it("ends when the other leaves", () => {
    const { people, following } = open();
    following.follow("tab");
    people.set([]);
    expect(following.clientId.getSnapshot()).toBeNull();
  });

  it("listens no more once it is closed", () => {
    const { people, camera, following } = open();
    following.follow("tab");
    following.close();
    people.set([ben(THERE)]);
    expect(camera.showBounds).toHaveBeenCalledExactlyOnceWith(HERE);
  });

  it("goes along with who presents, until they stop", () => {
    const { people, camera, following } = open();
    people.set([ben(THERE, true)]);
    expect(following.clientId.getSnapshot()).toBe("tab");
    expect(camera.showBounds).toHaveBeenCalledExactlyOnceWith(THERE);
    people.set([ben(HERE, false)]);
    expect(following.clientId.getSnapshot()).toBeNull();
    expect(camera.showBounds).toHaveBeenCalledOnce();
  });

  it("does not fetch back who moved away, also after the line was down", () => {
    const { people, camera, following } = open();
    people.set([ben(THERE, true)]);
    camera.ownMoves.set(1);
    people.set([ben(HERE, true)]);
    people.set([]);
    people.set([ben(HERE, true)]);
    expect(following.clientId.getSnapshot()).toBeNull();
    following.follow("tab");
    expect(camera.showBounds).toHaveBeenLastCalledWith(HERE);
  });

  it("asks again at the next presentation", () => {
    const { people, camera, following } = open();
    people.set([ben(THERE, true)]);
    camera.ownMoves.set(1);
    people.set([ben(THERE, false)]);
    people.set([ben(HERE, true)]);
    expect(following.clientId.getSnapshot()).toBe("tab");
  });

  it("lets who is drawing be", () => {
    const { people, camera, following } = open({ busy: true });
    people.set([ben(THERE, true)]);
    expect(following.clientId.getSnapshot()).toBeNull();
    expect(camera.showBounds).not.toHaveBeenCalled();
  });

  it("ends when the reader presents", () => {
    const { presenting, following } = open();
    following.follow("tab");
    presenting.set(true);
    expect(following.clientId.getSnapshot()).toBeNull();
  });
});
