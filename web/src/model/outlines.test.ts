import { describe, expect, it } from "vitest";
import type { Bounds, Geometry, Position } from "./annotation";
import { areaOf, ellipse, rectangle } from "./geometry";
import { chunksIn, countIn } from "./outlineChunks";
import { countAgain, type Density, densityOf, pictureOf } from "./outlineDensity";
import { meshOfChunk, NOT_DRAWN, type OutlineMesh } from "./outlineMesh";
import { rowsOf } from "./outlineRows";
import { factsOf, OutlinePicker } from "./outlines";
import { packed } from "./testing/packed";

const NEVER = () => false;
/** 60 x 50 small ellipses on a lattice of 20 px, classes 0 and 1 in turn. */
const MANY = Array.from({ length: 3000 }, (_, i) => {
  const [x, y] = [(i % 60) * 20 + 10, Math.floor(i / 60) * 20 + 10];
  return { geometry: ellipse([x - 6, y - 4, x + 6, y + 4]), classIndex: i % 2 };
});
const FACTS = factsOf(packed(MANY));

function sum(density: Density, grid: number): number {
  return [...(density.grids[grid]?.counts ?? [])].reduce((total, count) => total + count, 0);
}

/** The area of all triangles of a mesh, twice the signed area of each taken without sign. */
function triangleArea({ xy, triangles }: OutlineMesh): number {
  const at = (vertex: number): Position => [xy[vertex * 2] ?? 0, xy[vertex * 2 + 1] ?? 0];
  let total = 0;
  for (let k = 0; k < triangles.length; k += 3) {
    const [[ax, ay], [bx, by], [cx, cy]] = [
      at(triangles[k] ?? 0),
      at(triangles[k + 1] ?? 0),
      at(triangles[k + 2] ?? 0),
    ];
    total += Math.abs((bx - ax) * (cy - ay) - (cx - ax) * (by - ay)) / 2;
  }
  return total;
}

describe("chunks", () => {
  it("hold every object once, within the chunk's box", () => {
    const { chunks, objects } = FACTS;
    expect(chunks.count).toBeGreaterThan(4);
    expect([...chunks.members].sort((a, b) => a - b)).toEqual(MANY.map((_, i) => i));
    for (let c = 0; c < chunks.count; c++) {
      const [minX = 0, minY = 0, maxX = 0, maxY = 0] = chunks.bounds.subarray(c * 4, c * 4 + 4);
      for (let place = chunks.starts[c] ?? 0; place < (chunks.starts[c + 1] ?? 0); place++) {
        const own = objects.bounds.subarray((chunks.members[place] ?? 0) * 4);
        expect(own[0]).toBeGreaterThanOrEqual(minX);
        expect(own[1]).toBeGreaterThanOrEqual(minY);
        expect(own[2]).toBeLessThanOrEqual(maxX);
        expect(own[3]).toBeLessThanOrEqual(maxY);
      }
    }
  });

  it("are culled by the view: far fewer for a corner than for all", () => {
    expect(chunksIn(FACTS.chunks, [0, 0, 1200, 1000])).toHaveLength(FACTS.chunks.count);
    expect(chunksIn(FACTS.chunks, [0, 0, 40, 40]).length).toBeLessThan(FACTS.chunks.count / 2);
    expect(chunksIn(FACTS.chunks, [5000, 5000, 6000, 6000])).toEqual([]);
  });

  it.each<[Bounds, number, number]>([
    [[0, 0, 1200, 1000], 3000, 1500],
    [[0, 0, 200, 100], 50, 25],
    [[195, 95, 415, 215], 66, 30],
    [[2000, 0, 3000, 1000], 0, 0],
  ])("count exactly what lies in %j: %i, and %i where half are hidden", (region, expected, odd) => {
    const { objects, chunks } = FACTS;
    expect(countIn(objects, chunks, region)).toBe(expected);
    expect(countIn(objects, chunks, region, (i) => i % 2 === 0, true)).toBe(odd);
  });
});

describe("places", () => {
  it("find each object in the order of drawing and by its number, with its point", () => {
    const { objects, chunks, places } = FACTS;
    for (const object of [0, 1, 1234, 2999]) {
      const place = places.placeOf[object] ?? -1;
      expect([chunks.members[place], places.slots[place]]).toEqual([object, object % 2]);
      const [x, y] = [(object % 60) * 20 + 10, Math.floor(object / 60) * 20 + 10];
      expect([...places.points.subarray(place * 3, place * 3 + 3)]).toEqual([x, y, 12]);
      expect(places.positions[objects.indexes[object] ?? -1]).toBe(object);
    }
  });
});

describe("density", () => {
  it("has every object in each grid, down to one cell", () => {
    const { density } = FACTS;
    for (let grid = 0; grid < density.grids.length; grid++) expect(sum(density, grid)).toBe(3000);
    const last = density.grids[density.grids.length - 1];
    expect([last?.columns, last?.rows]).toEqual([1, 1]);
    expect([...(last?.counts ?? [])]).toEqual([1500, 1500]);
  });

  it("loses and regains one object in all grids", () => {
    const { objects } = FACTS;
    const density = densityOf(objects);
    countAgain(density, objects, 7, -1);
    expect(density.grids.map((_, grid) => sum(density, grid))).toEqual(density.grids.map(() => 2999));
    countAgain(density, objects, 7, 1);
    const before = densityOf(objects);
    const same = density.grids.map(({ counts }, g) => counts.every((count, k) => count === before.grids[g]?.counts[k]));
    expect(same).toEqual(before.grids.map(() => true));
  });

  it("is a picture: nothing where nothing lies, fuller where more lie, colours mixed by share", () => {
    const grid = { cell: 1, columns: 3, rows: 1, counts: Uint32Array.from([0, 0, 1, 1, 30, 10]) };
    const pixels = pictureOf(grid, [0, 1], (slot) => (slot === 0 ? [200, 0, 0] : [0, 0, 200]));
    expect([...pixels.subarray(0, 4)]).toEqual([0, 0, 0, 0]);
    expect([...pixels.subarray(4, 7)]).toEqual([100, 0, 100]);
    expect([...pixels.subarray(8, 11)]).toEqual([150, 0, 50]);
    expect(pixels[11]).toBeGreaterThan(pixels[7] ?? 0);
  });
});

describe("meshes", () => {
  const ring = rectangle([0, 0, 40, 40]);
  const hole: Geometry = {
    type: "Polygon",
    coordinates: [...(ring.coordinates as never[][]), ...(rectangle([10, 10, 20, 30]).coordinates as never[][])],
  };

  it("fill exactly the area of what they show, holes left out", () => {
    const facts = factsOf(packed([{ geometry: hole }, { geometry: ellipse([100, 100, 160, 140]) }]));
    const [first] = [meshOfChunk(facts.objects, facts.chunks, 0)];
    const rest = Array.from({ length: facts.chunks.count - 1 }, (_, c) =>
      meshOfChunk(facts.objects, facts.chunks, c + 1),
    );
    const filled = [first, ...rest].reduce((total, mesh) => total + triangleArea(mesh), 0);
    const areas = (facts.objects.areas[0] ?? 0) + (facts.objects.areas[1] ?? 0);
    expect(facts.objects.areas[0]).toBe(areaOf(hole));
    expect(filled).toBeCloseTo(areas, 3);
  });

  it("stroke each ring closed, and nothing from one ring to the next", () => {
    const facts = factsOf(packed([{ geometry: hole, classIndex: 2 }]));
    const { strokes, xy, vertexStart } = meshOfChunk(facts.objects, facts.chunks, 0);
    expect([...strokes]).toEqual([2, 2, 2, 2, NOT_DRAWN, 2, 2, 2, 2, NOT_DRAWN]);
    expect([...xy.subarray(8, 10)]).toEqual([...xy.subarray(0, 2)]);
    expect([...xy.subarray(18, 20)]).toEqual([...xy.subarray(10, 12)]);
    expect([...vertexStart]).toEqual([0, 10]);
  });
});

describe("picking", () => {
  const facts = factsOf(
    packed([
      { geometry: rectangle([0, 0, 100, 100]) },
      { geometry: rectangle([40, 40, 60, 60]) },
      { geometry: ellipse([200, 200, 240, 240]) },
    ]),
  );
  const picker = new OutlinePicker(facts);

  it("finds the smallest under a point, and what lies beneath when that is hidden", () => {
    expect(picker.at([50, 50], 1, NEVER)).toBe(1);
    expect(picker.at([50, 50], 1, (i) => i === 1)).toBe(0);
    // Within the box of the ellipse, and yet outside of it.
    expect(picker.at([202, 202], 1, NEVER)).toBeNull();
    expect(picker.at([220, 220], 1, NEVER)).toBe(2);
  });

  it("finds what meets a region", () => {
    expect(picker.within(90, 90, 210, 210, NEVER).sort()).toEqual([0, 2]);
  });

  it("finds nothing in nothing", () => {
    expect(new OutlinePicker(factsOf(packed([]))).at([0, 0], 10, NEVER)).toBeNull();
  });
});

describe("rows", () => {
  const facts = factsOf(
    packed([
      { geometry: rectangle([0, 0, 10, 10]) },
      { geometry: rectangle([0, 0, 30, 20]), classIndex: 4, mean: 51 },
      { geometry: rectangle([0, 0, 5, 2]) },
    ]),
  );

  it("have the largest first, with what the list says of each", () => {
    const rows = rowsOf(facts, new Set());
    expect([0, 1, 2].map((place) => rows.at(place)?.index)).toEqual([1, 0, 2]);
    expect(rows.at(0)).toEqual({ index: 1, classIndex: 4, meanProbability: 0.2, areaPx: 600, bounds: [0, 0, 30, 20] });
    expect([rows.placeOf(2), rows.placeOf(9), rows.at(3)]).toEqual([2, -1, undefined]);
  });

  it("leave out what is hidden", () => {
    const rows = rowsOf(facts, new Set([1]));
    expect([rows.length, rows.at(0)?.index, rows.placeOf(1)]).toEqual([2, 0, -1]);
  });
});
