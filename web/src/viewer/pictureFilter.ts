/** Shows a canvas of tiles through a look: in one pass of WebGL2, or pixel by pixel where there is none. */
import { adjustPixels, isPlain, type PictureLook, PLAIN_LOOK, separationOf, slopeOf } from "../model/pictureLook";

const VERTEX = `#version 300 es
out vec2 place;
void main() {
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 2.0;
  place = vec2(corner.x, 1.0 - corner.y);
  gl_Position = vec4(corner * 2.0 - 1.0, 0.0, 1.0);
}`;

const FRAGMENT = `#version 300 es
precision highp float;
uniform sampler2D tiles;
uniform bool separated;
uniform vec3 amount, density;
uniform float slope, brightness, exponent;
in vec2 place;
out vec4 color;
const float LOG2_OF_10 = 3.321928094887362;
void main() {
  vec4 pixel = texture(tiles, place);
  vec3 value = pixel.rgb;
  if (separated) {
    vec3 densities = -log2(max(value, 1.0 / 255.0)) / LOG2_OF_10;
    value = exp2(-LOG2_OF_10 * max(0.0, dot(amount, densities)) * density);
  }
  value = clamp((value - 0.5) * slope + 0.5 + brightness, 0.0, 1.0);
  color = vec4(pow(value, vec3(exponent)), pixel.a);
}`;

export class PictureFilter {
  private look: PictureLook = PLAIN_LOOK;
  /** Made when it is first needed; `null` where the browser has no WebGL2. */
  private pass: FilterPass | null | undefined;

  setLook(look: PictureLook): void {
    this.look = look;
  }

  /** Replaces what the context's canvas shows by how it looks. */
  apply(context: CanvasRenderingContext2D): void {
    const { canvas } = context;
    if (isPlain(this.look) || canvas.width === 0 || canvas.height === 0) return;
    if (this.pass === undefined) this.pass = FilterPass.open();
    if (this.pass?.isLost()) this.pass = FilterPass.open();
    context.save();
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.globalAlpha = 1;
    if (this.pass !== null) {
      context.globalCompositeOperation = "copy";
      context.drawImage(this.pass.run(canvas, this.look), 0, 0);
    } else {
      const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
      adjustPixels(pixels.data, this.look);
      context.putImageData(pixels, 0, 0);
    }
    context.restore();
  }

  close(): void {
    this.pass?.close();
    this.pass = null;
  }
}

class FilterPass {
  private readonly uniforms = new Map<string, WebGLUniformLocation | null>();

  private constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly gl: WebGL2RenderingContext,
    private readonly program: WebGLProgram,
  ) {
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
    for (const [name, value] of [
      [gl.TEXTURE_MIN_FILTER, gl.NEAREST],
      [gl.TEXTURE_MAG_FILTER, gl.NEAREST],
      [gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE],
      [gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE],
    ] as const)
      gl.texParameteri(gl.TEXTURE_2D, name, value);
  }

  static open(): FilterPass | null {
    const canvas = document.createElement("canvas");
    const gl = canvas.getContext("webgl2", { premultipliedAlpha: false, antialias: false, depth: false });
    const program = gl && programOf(gl);
    return gl && program ? new FilterPass(canvas, gl, program) : null;
  }

  isLost(): boolean {
    return this.gl.isContextLost();
  }

  run(source: HTMLCanvasElement, look: PictureLook): HTMLCanvasElement {
    const { canvas, gl } = this;
    if (canvas.width !== source.width || canvas.height !== source.height) {
      canvas.width = source.width;
      canvas.height = source.height;
      gl.viewport(0, 0, source.width, source.height);
    }
    // biome-ignore lint/correctness/useHookAtTopLevel: WebGL's own name, no hook
    gl.useProgram(this.program);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, source);
    const separation = separationOf(look.stain);
    gl.uniform1i(this.uniform("separated"), separation === null ? 0 : 1);
    gl.uniform3fv(this.uniform("amount"), separation?.amount ?? [0, 0, 0]);
    gl.uniform3fv(this.uniform("density"), separation?.density ?? [0, 0, 0]);
    gl.uniform1f(this.uniform("slope"), slopeOf(look.contrast));
    gl.uniform1f(this.uniform("brightness"), look.brightness);
    gl.uniform1f(this.uniform("exponent"), 1 / look.gamma);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    return canvas;
  }

  close(): void {
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }

  private uniform(name: string): WebGLUniformLocation | null {
    const known = this.uniforms.get(name);
    if (known !== undefined) return known;
    const location = this.gl.getUniformLocation(this.program, name);
    this.uniforms.set(name, location);
    return location;
  }
}

function programOf(gl: WebGL2RenderingContext): WebGLProgram | null {
  const program = gl.createProgram();
  for (const [kind, text] of [
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, FRAGMENT],
  ] as const) {
    const shader = gl.createShader(kind);
    if (shader === null) return null;
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  return gl.getProgramParameter(program, gl.LINK_STATUS) ? program : null;
}
