/**
 * The picture beside the sign-in form: a drawn piece of tissue with outlines, cursors and a growing overlay.
 * Glands lie on fixed rings, so that it looks the same at every visit.
 */
const GLANDS: readonly { readonly x: number; readonly y: number; readonly r: number; readonly turn: number }[] = [
  { x: 196, y: 214, r: 46, turn: 20 },
  { x: 300, y: 170, r: 38, turn: -30 },
  { x: 398, y: 214, r: 44, turn: 60 },
  { x: 152, y: 318, r: 40, turn: 10 },
  { x: 258, y: 296, r: 50, turn: -15 },
  { x: 372, y: 322, r: 42, turn: 35 },
  { x: 470, y: 300, r: 34, turn: -40 },
  { x: 206, y: 416, r: 44, turn: 45 },
  { x: 318, y: 424, r: 48, turn: -10 },
  { x: 432, y: 410, r: 42, turn: 25 },
  { x: 266, y: 520, r: 38, turn: 5 },
  { x: 372, y: 524, r: 42, turn: -25 },
];
const NUCLEI_PER_GLAND = 22;

const TISSUE =
  "M118 196C150 116 246 88 330 96s176 44 210 128 24 186-10 266-96 142-196 142-186-66-214-158-32-198-2-278Z";
const OUTLINE = "M232 236c44-24 118-20 150 18s40 108 6 152-110 50-150 18-66-70-60-112 20-58 54-76Z";
const SECOND = "M404 168c36-14 82 4 100 40s18 82-12 96-70-6-88-40-30-84 0-96Z";

export function TissueArt() {
  return (
    <svg viewBox="0 0 640 720" preserveAspectRatio="xMidYMid slice" aria-hidden focusable="false">
      <defs>
        <radialGradient id="tissue" cx="42%" cy="38%" r="72%">
          <stop offset="0" stopColor="#f6b3cf" />
          <stop offset="0.6" stopColor="#e888b4" />
          <stop offset="1" stopColor="#c9679f" />
        </radialGradient>
        <linearGradient id="growth" x1="0" y1="0" x2="1" y2="1">
          <stop stopColor="#6a55e8" stopOpacity="0.62" />
          <stop offset="1" stopColor="#ff4d8d" stopOpacity="0.55" />
        </linearGradient>
        <radialGradient id="glow" cx="50%" cy="46%" r="62%">
          <stop stopColor="#3b2f73" stopOpacity="0.9" />
          <stop offset="1" stopColor="#14131b" stopOpacity="0" />
        </radialGradient>
        <pattern id="cells" width="16" height="16" patternUnits="userSpaceOnUse" patternTransform="scale(2)">
          <path d="M0 0h7v7H0z" fill="url(#growth)" />
          <path d="M8 8h7v7H8zM8 0h7v7H8zM0 8h7v7H0z" fill="url(#growth)" opacity="0.75" />
        </pattern>
        <clipPath id="inside">
          <path d={TISSUE} />
        </clipPath>
        <clipPath id="outlined">
          <path d={OUTLINE} />
        </clipPath>
      </defs>
      <rect width="640" height="720" fill="#14131b" />
      <rect width="640" height="720" fill="url(#glow)" />
      <path d={TISSUE} fill="url(#tissue)" />
      <g clipPath="url(#inside)">
        {GLANDS.map((gland) => (
          <g key={`${gland.x}-${gland.y}`} transform={`translate(${gland.x} ${gland.y}) rotate(${gland.turn})`}>
            <ellipse rx={gland.r} ry={gland.r * 0.8} fill="#d26aa6" opacity="0.75" />
            <ellipse rx={gland.r * 0.55} ry={gland.r * 0.38} fill="#fdeaf3" />
            {Array.from({ length: NUCLEI_PER_GLAND }, (_, index) => {
              const angle = (index / NUCLEI_PER_GLAND) * 360;
              return (
                <ellipse
                  key={angle}
                  cx={gland.r * 0.8}
                  rx={gland.r * 0.11}
                  ry={gland.r * 0.065}
                  fill="#5b3a9b"
                  opacity={0.82}
                  transform={`rotate(${angle}) scale(1 ${index % 2 ? 0.95 : 1.05})`}
                />
              );
            })}
          </g>
        ))}
        <g clipPath="url(#outlined)">
          <rect x="160" y="210" width="260" height="250" fill="url(#growth)" />
        </g>
      </g>
      <path d={OUTLINE} fill="none" stroke="#fff" strokeOpacity="0.85" strokeWidth="6" />
      <path d={OUTLINE} fill="none" stroke="#d7263d" strokeWidth="2.6" />
      <path d={SECOND} fill="#f0a64c" fillOpacity="0.2" stroke="#fff" strokeOpacity="0.85" strokeWidth="6" />
      <path d={SECOND} fill="none" stroke="#f0a64c" strokeWidth="2.6" strokeDasharray="8 6" />
      <Cursor x={396} y={392} color="#85e0c4" name="서연" width={50} />
      <Cursor x={498} y={226} color="#ffc46b" name="Ben" width={46} />
    </svg>
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
