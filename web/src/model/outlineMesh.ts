/** Outlines of one chunk made ready for a graphics card: triangles inside, segments around. Pure. */
import earcut from "earcut";
import type { OutlineChunks } from "./outlineChunks";
import { forEachRing, NO_CLASS, type PackedObjects } from "./wire";

/** Class slots; the last stands for "none". A vertex of `NOT_DRAWN` belongs to nothing that is drawn. */
export const CLASS_SLOTS = 16;
export const NOT_DRAWN = 255;

export interface OutlineMesh {
  /** Level-0 pixels; `xy` is relative to it, so that single precision is enough. */
  readonly originX: number;
  readonly originY: number;
  /** Every ring with its first point once more at its end: from each vertex to the next runs a segment, but from a ring's last. */
  readonly xy: Float32Array<ArrayBuffer>;
  /** For filling: the class slot of each vertex. */
  readonly fills: Uint8Array<ArrayBuffer>;
  /** For stroking: the class slot of the segment that begins here, `NOT_DRAWN` at the end of a ring. */
  readonly strokes: Uint8Array<ArrayBuffer>;
  /** Vertices, three a triangle. */
  readonly triangles: Uint32Array<ArrayBuffer>;
  /** Vertices of the chunk's `k`th object: `vertexStart[k] … vertexStart[k + 1]`. */
  readonly vertexStart: Uint32Array<ArrayBuffer>;
}

export function slotOf(classIndex: number): number {
  return classIndex === NO_CLASS ? CLASS_SLOTS - 1 : Math.min(classIndex, CLASS_SLOTS - 1);
}

export function meshOfChunk(objects: PackedObjects, chunks: OutlineChunks, chunk: number): OutlineMesh {
  const [from, to] = [chunks.starts[chunk] ?? 0, chunks.starts[chunk + 1] ?? 0];
  const [originX, originY] = [chunks.bounds[chunk * 4] ?? 0, chunks.bounds[chunk * 4 + 1] ?? 0];
  const [xy, fills, strokes, triangles]: [number[], number[], number[], number[]] = [[], [], [], []];
  const vertexStart = new Uint32Array(to - from + 1);
  for (let place = from; place < to; place++) {
    const object = chunks.members[place] ?? 0;
    const slot = slotOf(objects.classes[object] ?? NO_CLASS);
    let polygon: PolygonVertices = { xy: [], holes: [], vertices: [] };
    const fill = () => {
      for (const corner of earcut(polygon.xy, polygon.holes)) triangles.push(polygon.vertices[corner] ?? 0);
    };
    forEachRing(objects, object, (ring, number) => {
      if (number === 0) {
        fill();
        polygon = { xy: [], holes: [], vertices: [] };
      } else polygon.holes.push(polygon.vertices.length);
      for (let k = 0; k < ring.length; k += 2) {
        const [x, y] = [(ring[k] ?? 0) - originX, (ring[k + 1] ?? 0) - originY];
        polygon.xy.push(x, y);
        polygon.vertices.push(fills.length);
        xy.push(x, y);
        fills.push(slot);
        strokes.push(slot);
      }
      xy.push((ring[0] ?? 0) - originX, (ring[1] ?? 0) - originY);
      fills.push(slot);
      strokes.push(NOT_DRAWN);
    });
    fill();
    vertexStart[place - from + 1] = fills.length;
  }
  return {
    originX,
    originY,
    xy: Float32Array.from(xy),
    fills: Uint8Array.from(fills),
    strokes: Uint8Array.from(strokes),
    triangles: Uint32Array.from(triangles),
    vertexStart,
  };
}

interface PolygonVertices {
  readonly xy: number[];
  readonly holes: number[];
  readonly vertices: number[];
}
