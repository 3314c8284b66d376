/**
 * The picture beside the sign-in form: a piece of tissue with glands, two outlines, two cursors.
 * Drawn from sums of sines, so that it is irregular and the same at every visit.
 */
interface Blob {
  readonly x: number;
  readonly y: number;
  readonly rx: number;
  readonly ry: number;
  /** Shifts the irregularity, so that no two blobs look alike. */
  readonly seed: number;
  /** 0..1: how far the edge departs from an ellipse. */
  readonly rough: number;
}

const TISSUE: Blob = { x: 306, y: 350, rx: 256, ry: 268, seed: 1.7, rough: 0.05 };
const FRAGMENT: Blob = { x: 572, y: 120, rx: 46, ry: 34, seed: 4.2, rough: 0.08 };
const TUMOUR: Blob = { x: 262, y: 368, rx: 136, ry: 140, seed: 2.6, rough: 0.06 };
const UNSURE: Blob = { x: 440, y: 250, rx: 64, ry: 76, seed: 0.4, rough: 0.05 };

const EDGE_POINTS = 96;
const GLAND_STEP = 74;

/** The edge's distance from the middle at an angle, as a share of the radius. */
function reach({ seed, rough }: Blob, angle: number): number {
  return (
    1 +
    rough *
      (Math.sin(3 * angle + seed) + 0.6 * Math.sin(5 * angle + 2.3 * seed) + 0.4 * Math.sin(9 * angle + 3.1 * seed))
  );
}

function outline(blob: Blob, scale = 1): string {
  const points = Array.from({ length: EDGE_POINTS }, (_, index) => {
    const angle = (index / EDGE_POINTS) * 2 * Math.PI;
    const far = reach(blob, angle) * scale;
    return `${(blob.x + blob.rx * far * Math.cos(angle)).toFixed(1)} ${(blob.y + blob.ry * far * Math.sin(angle)).toFixed(1)}`;
  });
  return `M${points.join("L")}Z`;
}

function contains(blob: Blob, x: number, y: number, scale: number): boolean {
  const [dx, dy] = [(x - blob.x) / blob.rx, (y - blob.y) / blob.ry];
  return Math.hypot(dx, dy) < reach(blob, Math.atan2(dy, dx)) * scale;
}

/** Glands on a shaken hexagonal grid, small and crowded within the tumour. */
const GLANDS: readonly Blob[] = Array.from({ length: 90 }, (_, index) => {
  const [column, row] = [index % 9, Math.floor(index / 9)];
  const x = 30 + (column + (row % 2) / 2) * GLAND_STEP + 11 * Math.sin(index * 12.9);
  const y = 50 + row * GLAND_STEP * 0.87 + 11 * Math.sin(index * 78.2);
  const radius = 28 + 5 * Math.sin(index * 3.7);
  return { x, y, rx: radius, ry: radius * (0.74 + 0.16 * Math.sin(index * 5.1)), seed: index, rough: 0.045 };
}).filter(({ x, y }) => contains(TISSUE, x, y, 0.87));

export function TissueArt() {
  const edge = outline(TISSUE);
  const tumour = outline(TUMOUR);
  const unsure = outline(UNSURE);
  return (
    <svg viewBox="0 0 640 700" preserveAspectRatio="xMidYMid slice" aria-hidden focusable="false">
      <defs>
        <radialGradient id="tissue" cx="40%" cy="36%" r="75%">
          <stop offset="0" stopColor="#f9c6dc" />
          <stop offset="0.55" stopColor="#ec93bb" />
          <stop offset="1" stopColor="#cd6ea4" />
        </radialGradient>
        <linearGradient id="growth" x1="0" y1="0" x2="1" y2="1">
          <stop stopColor="#6a55e8" stopOpacity="0.6" />
          <stop offset="1" stopColor="#ff3d83" stopOpacity="0.5" />
        </linearGradient>
        <radialGradient id="glow" cx="50%" cy="46%" r="60%">
          <stop stopColor="#43358a" stopOpacity="0.75" />
          <stop offset="1" stopColor="#14131b" stopOpacity="0" />
        </radialGradient>
        <pattern id="hatch" width="9" height="9" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)">
          <path d="M0 0h9" stroke="#f0a64c" strokeWidth="4" strokeOpacity="0.55" />
        </pattern>
        <pattern id="fibres" width="46" height="30" patternUnits="userSpaceOnUse" patternTransform="rotate(28)">
          <path
            d="M0 8q12-7 23 0t23 0M0 23q12 7 23 0t23 0"
            fill="none"
            stroke="#c4609a"
            strokeWidth="1.4"
            strokeOpacity="0.5"
          />
        </pattern>
        <clipPath id="inside">
          <path d={edge} />
        </clipPath>
      </defs>
      <rect width="640" height="700" fill="url(#glow)" />
      <path d={outline(FRAGMENT)} fill="url(#tissue)" />
      <path d={edge} fill="url(#tissue)" />
      <g clipPath="url(#inside)">
        <rect width="640" height="700" fill="url(#fibres)" />
        {GLANDS.map((gland) => (
          <Gland key={gland.seed} gland={gland} />
        ))}
      </g>
      <path d={tumour} fill="url(#growth)" />
      <path d={unsure} fill="url(#hatch)" />
      <path d={tumour} fill="none" stroke="#fff" strokeOpacity="0.9" strokeWidth="6" />
      <path d={tumour} fill="none" stroke="#d7263d" strokeWidth="2.6" />
      <path d={unsure} fill="none" stroke="#fff" strokeOpacity="0.9" strokeWidth="6" />
      <path d={unsure} fill="none" stroke="#e8912a" strokeWidth="2.6" strokeDasharray="8 6" />
      <Cursor x={388} y={430} color="#85e0c4" name="서연" width={48} />
      <Cursor x={500} y={278} color="#ffc46b" name="Ben" width={44} />
    </svg>
  );
}

/** A ring of nuclei around a pale lumen. */
function Gland({ gland }: { readonly gland: Blob }) {
  const { x, y, rx, ry, seed } = gland;
  const nuclei = Math.round(rx * 0.75);
  return (
    <>
      <path d={outline(gland)} fill="#d873ab" opacity="0.85" />
      <path d={outline({ ...gland, seed: seed + 1 }, 0.5)} fill="#fdeef5" />
      {Array.from({ length: nuclei }, (_, index) => {
        const angle = (index / nuclei) * 2 * Math.PI;
        const far = reach(gland, angle) * (0.76 + 0.04 * Math.sin(index * 9 + seed));
        const [cx, cy] = [x + rx * far * Math.cos(angle), y + ry * far * Math.sin(angle)];
        return (
          <ellipse
            key={angle}
            cx={cx}
            cy={cy}
            rx={3.9}
            ry={2.4}
            fill="#54348f"
            opacity={0.72 + 0.2 * Math.sin(index * 7 + seed)}
            transform={`rotate(${(angle * 180) / Math.PI} ${cx} ${cy})`}
          />
        );
      })}
    </>
  );
}

interface CursorProps {
  readonly x: number;
  readonly y: number;
  readonly color: string;
  readonly name: string;
  readonly width: number;
}

function Cursor({ x, y, color, name, width }: CursorProps) {
  return (
    <g transform={`translate(${x} ${y})`}>
      <path d="M0 0 5 20l4.6-6.4L17 12Z" fill={color} stroke="#1d1b27" strokeWidth="1.6" strokeLinejoin="round" />
      <rect x="14" y="19" width={width} height="24" rx="8" fill={color} />
      <text x={14 + width / 2} y="35.5" textAnchor="middle" fontSize="13" fontWeight="650" fill="#1d1b27">
        {name}
      </text>
    </g>
  );
}
