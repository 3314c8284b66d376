/** The shaders of the outlines: filling, stroking, points and the density picture. */
import { CLASS_SLOTS, NOT_DRAWN } from "../../model/outlineMesh";

/** From level-0 pixels, relative to an origin, to the screen and on to the clip space. */
const PLACE = `
uniform vec4 matrix;
uniform vec2 offset;
uniform vec2 screen;
vec2 onScreen(vec2 p) { return vec2(matrix.x * p.x + matrix.z * p.y, matrix.y * p.x + matrix.w * p.y) + offset; }
vec4 clip(vec2 p) { return vec4(p.x / screen.x * 2.0 - 1.0, 1.0 - p.y / screen.y * 2.0, 0.0, 1.0); }
`;
const LOOK = `
uniform vec4 palette[${CLASS_SLOTS}];
uniform float alpha;
flat out vec4 look;
`;
const NOWHERE = "gl_Position = vec4(2.0, 2.0, 2.0, 1.0);";
const HEAD = "#version 300 es\nprecision highp float;\nprecision highp int;\n";

/** The fourth component of a palette entry says that it is hatched: what the model is unsure of. */
const PAINT = `
uniform bool striped;
uniform float density;
flat in vec4 look;
out vec4 color;
void main() {
  if (striped && look.w > 0.5 && mod((gl_FragCoord.x + gl_FragCoord.y) / density, 9.0) > 5.0) discard;
  color = vec4(look.rgb * ALPHA, ALPHA);
}`;

const FILL_VERTEX = `${HEAD}
layout(location = 0) in vec2 position;
layout(location = 1) in uint slot;
${PLACE}${LOOK}
void main() {
  look = palette[min(slot, ${CLASS_SLOTS - 1}u)];
  gl_Position = clip(onScreen(position));
  if (slot == ${NOT_DRAWN}u) ${NOWHERE}
}`;

/** Four corners an instance: a rectangle around the segment from one vertex to the next. */
const STROKE_VERTEX = `${HEAD}
layout(location = 0) in vec2 from;
layout(location = 1) in uint slot;
layout(location = 2) in vec2 to;
${PLACE}${LOOK}
uniform float width;
uniform vec3 casing;
uniform bool cased;
void main() {
  look = cased ? vec4(casing, 0.0) : palette[min(slot, ${CLASS_SLOTS - 1}u)];
  vec2 a = onScreen(from);
  vec2 b = onScreen(to);
  vec2 along = b - a;
  float span = length(along);
  along = span > 0.0 ? along / span : vec2(1.0, 0.0);
  vec2 across = vec2(-along.y, along.x);
  float end = float(gl_VertexID & 1);
  float side = float(gl_VertexID >> 1) * 2.0 - 1.0;
  vec2 corner = mix(a, b, end) + along * (end * 2.0 - 1.0) * width * 0.35 + across * side * width * 0.5;
  gl_Position = clip(corner);
  if (slot == ${NOT_DRAWN}u) ${NOWHERE}
}`;

const POINT_VERTEX = `${HEAD}
layout(location = 0) in vec3 place;
layout(location = 1) in uint slot;
${PLACE}${LOOK}
uniform float downsample;
uniform float density;
void main() {
  look = palette[min(slot, ${CLASS_SLOTS - 1}u)];
  gl_Position = clip(onScreen(place.xy));
  gl_PointSize = max(1.5, place.z / downsample) * density;
  if (slot == ${NOT_DRAWN}u) ${NOWHERE}
}`;

const PICTURE_VERTEX = `${HEAD}
${PLACE}
uniform vec2 extent;
out vec2 at;
void main() {
  at = vec2(float(gl_VertexID & 1), float(gl_VertexID >> 1));
  gl_Position = clip(onScreen(at * extent));
}`;

const PICTURE_PAINT = `${HEAD}
uniform sampler2D picture;
in vec2 at;
out vec4 color;
void main() { color = texture(picture, at); }`;

const paintWith = (alpha: string) => `${HEAD}uniform float alpha;\n${PAINT.replaceAll("ALPHA", alpha)}`;

export const SOURCES = {
  fill: [FILL_VERTEX, paintWith("alpha")],
  stroke: [STROKE_VERTEX, paintWith("alpha")],
  points: [POINT_VERTEX, paintWith("alpha")],
  picture: [PICTURE_VERTEX, PICTURE_PAINT],
} as const;

export type ProgramName = keyof typeof SOURCES;

/** A program with its uniforms by name. It is compiled beside the page: nothing waits for it. */
export class Program {
  private readonly places = new Map<string, WebGLUniformLocation | null>();
  private readonly program: WebGLProgram;
  private readonly shaders: readonly WebGLShader[];
  private checked = false;

  constructor(
    private readonly gl: WebGL2RenderingContext,
    private readonly name: ProgramName,
  ) {
    const [vertex, fragment] = SOURCES[name];
    this.program = gl.createProgram();
    this.shaders = [this.begin(gl.VERTEX_SHADER, vertex), this.begin(gl.FRAGMENT_SHADER, fragment)];
    gl.linkProgram(this.program);
  }

  /**
   * Whether it can be used; asking for anything else before would hold the page up until the compiler is done.
   *
   * @throws Error with the compiler's own words
   */
  isReady(): boolean {
    if (this.checked) return true;
    const { gl } = this;
    const parallel = gl.getExtension("KHR_parallel_shader_compile");
    if (parallel !== null && gl.getProgramParameter(this.program, parallel.COMPLETION_STATUS_KHR) !== true)
      return false;
    if (gl.getProgramParameter(this.program, gl.LINK_STATUS) !== true && !gl.isContextLost()) {
      const words = this.shaders.map((shader) => gl.getShaderInfoLog(shader)).join(" ");
      throw new Error(`The ${this.name} program does not link: ${gl.getProgramInfoLog(this.program)} ${words}`);
    }
    this.checked = true;
    return true;
  }

  /** Draws by this one from now on. */
  take(): void {
    // biome-ignore lint/correctness/useHookAtTopLevel: a call of WebGL, no hook of React
    this.gl.useProgram(this.program);
  }

  at(uniform: string): WebGLUniformLocation | null {
    if (!this.places.has(uniform)) this.places.set(uniform, this.gl.getUniformLocation(this.program, uniform));
    return this.places.get(uniform) ?? null;
  }

  private begin(type: number, source: string): WebGLShader {
    const { gl } = this;
    const shader = gl.createShader(type);
    if (shader === null) throw new Error("WebGL gave no shader; the context is lost.");
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(this.program, shader);
    return shader;
  }
}

/** All programs of the outlines in one context. */
export class OutlinePrograms {
  readonly fill: Program;
  readonly stroke: Program;
  readonly points: Program;
  readonly picture: Program;

  constructor(readonly gl: WebGL2RenderingContext) {
    this.fill = new Program(gl, "fill");
    this.stroke = new Program(gl, "stroke");
    this.points = new Program(gl, "points");
    this.picture = new Program(gl, "picture");
  }

  areReady(): boolean {
    return [this.fill, this.stroke, this.points, this.picture].every((program) => program.isReady());
  }
}
