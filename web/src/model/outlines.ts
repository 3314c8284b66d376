/** All outlines of a prediction layer, ready to be looked at: facts of every one, where they lie, and how to get what is drawn. */
import Flatbush from "flatbush";
import type { Geometry, Position } from "./annotation";
import { hits } from "./geometry";
import { chunkOutlines, type OutlineChunks } from "./outlineChunks";
import { type Density, densityOf } from "./outlineDensity";
import { meshOfChunk, type OutlineMesh } from "./outlineMesh";
import { type OutlinePlaces, placesOf } from "./outlinePlaces";
import { geometryOfPacked, indexPacked, type PackedObjects } from "./wire";

/** What is worked out once, where it does not hold up the page. All of it can be handed from one thread to another. */
export interface OutlineFacts {
  readonly objects: PackedObjects;
  readonly chunks: OutlineChunks;
  readonly density: Density;
  readonly places: OutlinePlaces;
  /** The R-tree over all boxes; `null` when there is no object. */
  readonly tree: ArrayBuffer | null;
  /** Positions by area, the largest first. */
  readonly bySize: Uint32Array<ArrayBuffer>;
}

export interface Outlines extends OutlineFacts {
  /** Triangles and segments of a chunk. Rejects when it was closed. */
  mesh(chunk: number): Promise<OutlineMesh>;
  /** Frees what is kept elsewhere. */
  close(): void;
}

/** @throws WireFormatError where the bytes are no packed annotations */
export function factsOf(bytes: Uint8Array<ArrayBuffer>): OutlineFacts {
  const objects = indexPacked(bytes);
  const chunks = chunkOutlines(objects);
  return {
    objects,
    chunks,
    places: placesOf(objects, chunks),
    density: densityOf(objects),
    tree: treeOf(objects),
    bySize: sortedBySize(objects.areas),
  };
}

/** Outlines whose meshes are made in this thread: where there are no workers. */
export function outlinesHere(facts: OutlineFacts): Outlines {
  return {
    ...facts,
    mesh: async (chunk) => meshOfChunk(facts.objects, facts.chunks, chunk),
    close: () => undefined,
  };
}

function treeOf({ count, bounds }: PackedObjects): ArrayBuffer | null {
  if (count === 0) return null;
  const tree = new Flatbush(count, 16, Float32Array);
  for (let i = 0; i < count; i++)
    tree.add(bounds[i * 4] ?? 0, bounds[i * 4 + 1] ?? 0, bounds[i * 4 + 2] ?? 0, bounds[i * 4 + 3] ?? 0);
  tree.finish();
  return tree.data as ArrayBuffer;
}

function sortedBySize(areas: Float32Array): Uint32Array<ArrayBuffer> {
  // Typed arrays sort fast only without a comparison: area and position share one exact number each.
  const count = areas.length;
  const largest = Math.floor(2 ** 52 / Math.max(1, count)) - 1;
  const keys = new Float64Array(count);
  for (let i = 0; i < count; i++) keys[i] = (largest - Math.min(largest, Math.round(areas[i] ?? 0))) * count + i;
  keys.sort();
  return Uint32Array.from(keys, (key) => key % count);
}

/** Finds outlines by place. */
export class OutlinePicker {
  private readonly tree: Flatbush | null;

  constructor(private readonly facts: Pick<OutlineFacts, "objects" | "tree">) {
    this.tree = facts.tree === null ? null : Flatbush.from(facts.tree);
  }

  /** Position of the smallest object under a point, within `tolerance` level-0 pixels; `null` for none. */
  at([x, y]: Position, tolerance: number, isHidden: (position: number) => boolean): number | null {
    const { objects } = this.facts;
    const found =
      this.tree?.search(
        x - tolerance,
        y - tolerance,
        x + tolerance,
        y + tolerance,
        (i) => !isHidden(i) && hits(geometryOfPacked(objects, i), [x, y], tolerance),
      ) ?? [];
    let smallest: number | null = null;
    for (const i of found)
      if (smallest === null || (objects.areas[i] ?? 0) < (objects.areas[smallest] ?? 0)) smallest = i;
    return smallest;
  }

  /** Positions of the objects whose boxes meet a region. */
  within(minX: number, minY: number, maxX: number, maxY: number, isHidden: (position: number) => boolean): number[] {
    return this.tree?.search(minX, minY, maxX, maxY, (i) => !isHidden(i)) ?? [];
  }

  geometry(position: number): Geometry {
    return geometryOfPacked(this.facts.objects, position);
  }
}
