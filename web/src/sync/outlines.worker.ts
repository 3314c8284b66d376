/** ENTRY of a worker: fetches packed outlines, works out what must be known of all of them, and triangulates the chunks that are looked at. */
import { meshOfChunk } from "../model/outlineMesh";
import { factsOf, type OutlineFacts } from "../model/outlines";
import { fetchPacked, type OutlineAnswer, type OutlineRequest } from "./outlines";

const here = globalThis as unknown as {
  onmessage: ((event: MessageEvent<OutlineRequest>) => void) | null;
  postMessage(answer: OutlineAnswer, transfer: Transferable[]): void;
};
let kept: OutlineFacts | null = null;

here.onmessage = ({ data }) => {
  if (data.kind === "load") void load(data.url);
  else mesh(data.chunk);
};

async function load(url: string): Promise<void> {
  try {
    const facts = factsOf(await fetchPacked(url));
    // The page gets all of it without a copy; what meshes are made from stays here as well.
    const { bytes, offsets, scales, classes, ...rest } = facts.objects;
    const own = { bytes: bytes.slice(), offsets: offsets.slice(), scales: scales.slice(), classes: classes.slice() };
    const { members, starts, bounds } = facts.chunks;
    kept = {
      ...facts,
      objects: { ...facts.objects, ...own },
      chunks: { ...facts.chunks, members: members.slice(), starts: starts.slice(), bounds: bounds.slice() },
    };
    const buffers = [bytes, offsets, scales, classes, rest.indexes, rest.kinds, rest.means, rest.points, rest.bounds];
    const further = [
      rest.areas,
      members,
      starts,
      bounds,
      facts.chunks.points,
      facts.bySize,
      ...Object.values(facts.places),
    ];
    const counts = facts.density.grids.map((grid) => grid.counts);
    const transfer = [...buffers, ...further, ...counts].map((array) => array.buffer);
    here.postMessage({ kind: "loaded", facts }, facts.tree === null ? transfer : [...transfer, facts.tree]);
  } catch (error) {
    here.postMessage({ kind: "failed", message: error instanceof Error ? error.message : String(error) }, []);
  }
}

function mesh(chunk: number): void {
  if (kept === null) return;
  const made = meshOfChunk(kept.objects, kept.chunks, chunk);
  const { xy, fills, strokes, triangles, vertexStart } = made;
  const transfer = [xy, fills, strokes, triangles, vertexStart].map((array) => array.buffer);
  here.postMessage({ kind: "mesh", chunk, mesh: made }, transfer);
}
