/** Decoder of packed annotations (`docs/wire.md`): one pass over the bytes into flat typed arrays, ready for drawing. */
import { uuidOfBytes } from "./ids";

export class WireFormatError extends Error {
  constructor(
    what: string,
    readonly offset: number,
  ) {
    super(
      `Packed annotations: ${what} at byte ${offset}. Reload the slide; if it stays, the server and this page are of different versions.`,
    );
    this.name = "WireFormatError";
  }
}

export const WIRE_KINDS = ["POINT", "LINE", "RECTANGLE", "ELLIPSE", "POLYGON", "MULTIPOLYGON"] as const;
export const NO_CLASS = 255;

/** Objects of one file, column by column. Object `i` has polygons `polygonStart[i] .. polygonStart[i + 1]`, each polygon rings, each ring points. */
export interface PackedObjects {
  readonly count: number;
  /** Prediction layer or annotation id of each object. */
  readonly ids: readonly string[];
  /** 0: of a prediction layer, `ids` names the layer; 1: live, `ids` names the annotation. */
  readonly sources: Uint8Array;
  readonly indexes: Uint32Array;
  /** Positions in `WIRE_KINDS`. */
  readonly kinds: Uint8Array;
  /** Class number of the model; `NO_CLASS` when none. */
  readonly classes: Uint8Array;
  /** Mean probability times 255. */
  readonly means: Uint8Array;
  readonly polygonStart: Uint32Array;
  readonly ringStart: Uint32Array;
  readonly pointStart: Uint32Array;
  /** x and y in turn, level-0 pixels; rings are not closed. */
  readonly xy: Float64Array;
}

const MAGIC = [0x43, 0x53, 0x41, 0x31]; // "CSA1"

export function decodeAnnotations(bytes: Uint8Array): PackedObjects {
  const reader = new Reader(bytes);
  for (const expected of MAGIC)
    if (reader.u8() !== expected) throw new WireFormatError('does not start with "CSA1"', 0);

  const ids: string[] = [];
  const sources: number[] = [];
  const indexes: number[] = [];
  const kinds: number[] = [];
  const classes: number[] = [];
  const means: number[] = [];
  const polygonStart: number[] = [0];
  const ringStart: number[] = [0];
  const pointStart: number[] = [0];
  const xy = new GrowingFloats();

  while (!reader.atEnd) {
    const end = reader.u32() + reader.offset;
    if (end > bytes.length)
      throw new WireFormatError(`a chunk ends at ${end}, past the ${bytes.length} bytes received`, reader.offset);
    const unit = 2 ** -reader.u8();
    const source = reader.u8();
    if (source > 1) throw new WireFormatError(`unknown source ${source}`, reader.offset - 1);
    const count = reader.u32();
    const layerId = source === 0 ? reader.uuid() : null;
    for (let i = 0; i < count; i++) {
      ids.push(layerId ?? reader.uuid());
      sources.push(source);
      indexes.push(reader.varint());
      const kind = reader.u8();
      if (kind >= WIRE_KINDS.length) throw new WireFormatError(`unknown kind ${kind}`, reader.offset - 1);
      kinds.push(kind);
      classes.push(reader.u8());
      means.push(reader.u8());
      let x = 0;
      let y = 0;
      const polygons = reader.count();
      for (let p = 0; p < polygons; p++) {
        const rings = reader.count();
        for (let r = 0; r < rings; r++) {
          const points = reader.count();
          for (let k = 0; k < points; k++) {
            x += reader.zigzag();
            y += reader.zigzag();
            xy.push(x * unit, y * unit);
          }
          pointStart.push(xy.length / 2);
        }
        ringStart.push(pointStart.length - 1);
      }
      polygonStart.push(ringStart.length - 1);
    }
    if (reader.offset !== end) throw new WireFormatError(`a chunk should end at ${end}`, reader.offset);
  }

  return {
    count: ids.length,
    ids,
    sources: Uint8Array.from(sources),
    indexes: Uint32Array.from(indexes),
    kinds: Uint8Array.from(kinds),
    classes: Uint8Array.from(classes),
    means: Uint8Array.from(means),
    polygonStart: Uint32Array.from(polygonStart),
    ringStart: Uint32Array.from(ringStart),
    pointStart: Uint32Array.from(pointStart),
    xy: xy.toArray(),
  };
}

/** Little-endian reads that refuse to run over the end. */
class Reader {
  offset = 0;

  constructor(private readonly bytes: Uint8Array) {}

  get atEnd(): boolean {
    return this.offset >= this.bytes.length;
  }

  u8(): number {
    const byte = this.bytes[this.offset];
    if (byte === undefined) throw new WireFormatError("the data ends too early", this.offset);
    this.offset++;
    return byte;
  }

  u32(): number {
    return this.u8() + this.u8() * 0x100 + this.u8() * 0x1_0000 + this.u8() * 0x100_0000;
  }

  uuid(): string {
    if (this.offset + 16 > this.bytes.length) throw new WireFormatError("the data ends within an id", this.offset);
    const id = uuidOfBytes(this.bytes.subarray(this.offset, this.offset + 16));
    this.offset += 16;
    return id;
  }

  /** Unsigned LEB128 up to 2^53; multiplication, since bit operations would cut at 32 bits. */
  varint(): number {
    let value = 0;
    let factor = 1;
    for (let i = 0; i < 8; i++) {
      const byte = this.u8();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 128;
    }
    throw new WireFormatError("a number is longer than 8 bytes", this.offset);
  }

  /** A varint that counts things which take at least one byte each. */
  count(): number {
    const value = this.varint();
    if (value > this.bytes.length - this.offset)
      throw new WireFormatError(`${value} items are announced, more than bytes are left`, this.offset);
    return value;
  }

  zigzag(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}

class GrowingFloats {
  length = 0;
  private values = new Float64Array(4096);

  push(x: number, y: number): void {
    if (this.length + 2 > this.values.length) {
      const larger = new Float64Array(this.values.length * 2);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.length++] = x;
    this.values[this.length++] = y;
  }

  toArray(): Float64Array {
    return this.values.slice(0, this.length);
  }
}
