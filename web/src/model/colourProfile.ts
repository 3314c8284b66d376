/**
 * A slide's colour profile (ICC), put into the bytes of its tiles: the browser then shows the scanner's colours as it does those of any
 * photograph, and nobody computes pixels. JPEG keeps a profile in numbered APP2 segments of at most 64 kB.
 */

const SIGNATURE = new TextEncoder().encode("ICC_PROFILE\0");
const SEGMENT_BYTES = 0xffff - 2 - SIGNATURE.length - 2;
const MOST_SEGMENTS = 255;

/** The profile as JPEG segments. Throws when it is too large for any JPEG. */
export function profileSegments(profile: Uint8Array): Uint8Array<ArrayBuffer> {
  const count = Math.ceil(profile.length / SEGMENT_BYTES);
  if (count > MOST_SEGMENTS)
    throw new RangeError(`A colour profile of ${profile.length} bytes does not fit into a JPEG.`);
  const head = 4 + SIGNATURE.length + 2;
  const out = new Uint8Array(profile.length + count * head);
  let at = 0;
  for (let number = 0; number < count; number++) {
    const part = profile.subarray(number * SEGMENT_BYTES, (number + 1) * SEGMENT_BYTES);
    const length = head - 2 + part.length;
    out.set([0xff, 0xe2, length >> 8, length & 0xff], at);
    out.set(SIGNATURE, at + 4);
    out.set([number + 1, count], at + 4 + SIGNATURE.length);
    out.set(part, at + head);
    at += head + part.length;
  }
  return out;
}

/** The JPEG with these segments behind its JFIF header, where it has one; anything that is no JPEG is left alone. */
export function withSegments(
  jpeg: Uint8Array<ArrayBuffer>,
  segments: Uint8Array<ArrayBuffer>,
): readonly Uint8Array<ArrayBuffer>[] {
  if (jpeg[0] !== 0xff || jpeg[1] !== 0xd8) return [jpeg];
  const header = jpeg[2] === 0xff && jpeg[3] === 0xe0 ? 4 + (((jpeg[4] ?? 0) << 8) | (jpeg[5] ?? 0)) : 2;
  return [jpeg.subarray(0, header), segments, jpeg.subarray(header)];
}
