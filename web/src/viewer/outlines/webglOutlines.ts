/** Outlines on a canvas of WebGL2: meshes of the chunks in view, a point for each, or the density picture. */
import { pictureOf } from "../../model/outlineDensity";
import { CLASS_SLOTS, NOT_DRAWN, type OutlineMesh, slotOf } from "../../model/outlineMesh";
import type { OutlineFacts } from "../../model/outlines";
import { type ScreenView, screenFromLevel0 } from "../coordinates";
import { type Detail, detailAt, runsOf, WEBGL_BUDGET } from "./detail";
import type { OutlinePrograms, Program } from "./programs";

/** How an outline's class looks; colours 0..1. */
export interface SlotLook {
  readonly rgb: readonly [number, number, number];
  readonly hatched: boolean;
}

/** Outlines smaller than this have no white casing, which would hide them. */
const CASED_FROM_PX = 18;
const CASING: readonly [number, number, number] = [1, 1, 1];
/** Meshes kept on the card beyond those in view. */
const MOST_MESHES = 600;

interface Mesh {
  readonly mesh: OutlineMesh;
  readonly filling: WebGLVertexArrayObject;
  readonly stroking: WebGLVertexArrayObject;
  readonly fills: WebGLBuffer;
  readonly strokes: WebGLBuffer;
  readonly buffers: readonly WebGLBuffer[];
  lastUsed: number;
}

export class WebglOutlines {
  private readonly gl: WebGL2RenderingContext;
  private readonly meshes = new Map<number, Mesh>();
  private readonly pictures = new Map<number, WebGLTexture>();
  private readonly pointArray: WebGLVertexArrayObject;
  private readonly pointPlaces: WebGLBuffer;
  private readonly pointSlots: WebGLBuffer;
  private readonly palette = new Float32Array(CLASS_SLOTS * 4);
  private looks: readonly SlotLook[] = [];
  private hidden: ReadonlySet<number> = new Set();
  private frame = 0;

  constructor(
    private readonly programs: OutlinePrograms,
    private readonly facts: OutlineFacts,
  ) {
    const { gl } = programs;
    this.gl = gl;
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    this.pointArray = gl.createVertexArray();
    gl.bindVertexArray(this.pointArray);
    this.pointPlaces = this.floats(0, 3, facts.places.points);
    this.pointSlots = this.bytes(1, facts.places.slots);
    gl.bindVertexArray(null);
  }

  setLooks(looks: readonly SlotLook[]): void {
    this.looks = looks;
    for (const [slot, { rgb, hatched }] of looks.entries()) this.palette.set([...rgb, hatched ? 1 : 0], slot * 4);
    this.forgetPictures();
  }

  /** Positions of outlines that are not to be seen. The counts of the density are the owner's to change. */
  setHidden(hidden: ReadonlySet<number>): void {
    const before = this.hidden;
    const changed = [...hidden, ...before].filter((object) => hidden.has(object) !== before.has(object));
    this.hidden = hidden;
    const { gl } = this;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.pointSlots);
    for (const object of changed)
      gl.bufferSubData(gl.ARRAY_BUFFER, this.facts.places.placeOf[object] ?? 0, Uint8Array.of(this.slotNow(object)));
    for (const [chunk, mesh] of this.meshes) for (const object of changed) this.rehide(chunk, mesh, object);
    this.forgetPictures();
  }

  /**
   * Draws a frame; answers the chunks that it lacks the meshes of, and draws their outlines as points meanwhile. `null` while the card is still
   * being told how to draw.
   */
  draw(view: ScreenView, pixelRatio: number, fillAlpha: number): readonly number[] | null {
    const { gl } = this;
    if (!this.programs.areReady()) return null;
    this.frame++;
    gl.viewport(0, 0, gl.drawingBufferWidth, gl.drawingBufferHeight);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    const detail = detailAt(this.facts, view, WEBGL_BUDGET);
    if (detail.kind === "density") this.drawDensity(view, detail.grid);
    else if (detail.kind === "points") this.drawPoints(view, pixelRatio, detail.chunks);
    else return this.drawOutlines(view, pixelRatio, detail, fillAlpha);
    return [];
  }

  addMesh(chunk: number, mesh: OutlineMesh): void {
    if (this.meshes.has(chunk)) return;
    const { gl } = this;
    const filling = gl.createVertexArray();
    gl.bindVertexArray(filling);
    const xy = this.floats(0, 2, mesh.xy);
    const fills = this.bytes(1, mesh.fills);
    const triangles = gl.createBuffer();
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, triangles);
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, mesh.triangles, gl.STATIC_DRAW);
    const stroking = gl.createVertexArray();
    gl.bindVertexArray(stroking);
    const strokes = this.bytes(1, mesh.strokes);
    gl.bindBuffer(gl.ARRAY_BUFFER, xy);
    for (const [place, offset] of [
      [0, 0],
      [2, 8],
    ] as const) {
      gl.enableVertexAttribArray(place);
      gl.vertexAttribPointer(place, 2, gl.FLOAT, false, 8, offset);
      gl.vertexAttribDivisor(place, 1);
    }
    gl.vertexAttribDivisor(1, 1);
    gl.bindVertexArray(null);
    const made = {
      mesh,
      filling,
      stroking,
      fills,
      strokes,
      buffers: [xy, fills, strokes, triangles],
      lastUsed: this.frame,
    };
    this.meshes.set(chunk, made);
    for (
      let place = this.facts.chunks.starts[chunk] ?? 0;
      place < (this.facts.chunks.starts[chunk + 1] ?? 0);
      place++
    ) {
      const object = this.facts.chunks.members[place] ?? 0;
      if (this.hidden.has(object)) this.rehide(chunk, made, object);
    }
    this.dropOldest();
  }

  /** Frees what the card keeps. */
  close(): void {
    for (const chunk of [...this.meshes.keys()]) this.drop(chunk);
    this.forgetPictures();
    for (const buffer of [this.pointPlaces, this.pointSlots]) this.gl.deleteBuffer(buffer);
    this.gl.deleteVertexArray(this.pointArray);
  }

  private drawOutlines(
    view: ScreenView,
    pixelRatio: number,
    { chunks, typicalPx }: Extract<Detail, { kind: "outlines" }>,
    fillAlpha: number,
  ): readonly number[] {
    const { gl } = this;
    const missing = chunks.filter((chunk) => !this.meshes.has(chunk));
    if (missing.length > 0) this.drawPoints(view, pixelRatio, missing);
    const there = chunks.flatMap((chunk) => this.meshes.get(chunk) ?? []);
    for (const mesh of there) mesh.lastUsed = this.frame;
    if (fillAlpha > 0) {
      this.begin(this.programs.fill, view, pixelRatio, fillAlpha, false);
      for (const { mesh, filling } of there) {
        this.place(this.programs.fill, view, mesh.originX, mesh.originY);
        gl.bindVertexArray(filling);
        gl.drawElements(gl.TRIANGLES, mesh.triangles.length, gl.UNSIGNED_INT, 0);
      }
    }
    const cased = typicalPx >= CASED_FROM_PX;
    if (cased) this.strokeAll(view, pixelRatio, there, 3.5, 0.85, true);
    this.strokeAll(view, pixelRatio, there, cased ? 1.5 : 1, 1, false);
    gl.bindVertexArray(null);
    return missing;
  }

  private strokeAll(
    view: ScreenView,
    pixelRatio: number,
    meshes: readonly Mesh[],
    width: number,
    alpha: number,
    cased: boolean,
  ): void {
    const { gl } = this;
    const { stroke } = this.programs;
    this.begin(stroke, view, pixelRatio, alpha, !cased);
    gl.uniform1f(stroke.at("width"), width);
    gl.uniform3f(stroke.at("casing"), ...CASING);
    gl.uniform1i(stroke.at("cased"), cased ? 1 : 0);
    for (const { mesh, stroking } of meshes) {
      this.place(stroke, view, mesh.originX, mesh.originY);
      gl.bindVertexArray(stroking);
      // The last vertex ends a ring: no segment begins there, and none is read beyond it.
      gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, mesh.strokes.length - 1);
    }
  }

  private drawPoints(view: ScreenView, pixelRatio: number, chunks: readonly number[]): void {
    const { gl } = this;
    const { points } = this.programs;
    this.begin(points, view, pixelRatio, 0.85, false);
    gl.uniform1f(points.at("downsample"), view.downsample);
    this.place(points, view, 0, 0);
    gl.bindVertexArray(this.pointArray);
    for (const [from, to] of runsOf(this.facts.chunks, chunks)) gl.drawArrays(gl.POINTS, from, to - from);
    gl.bindVertexArray(null);
  }

  private drawDensity(view: ScreenView, index: number): void {
    const { gl } = this;
    const { picture } = this.programs;
    const { density } = this.facts;
    const grid = density.grids[index];
    if (grid === undefined) return;
    picture.take();
    this.place(picture, view, density.originX, density.originY);
    gl.uniform2f(picture.at("screen"), view.width, view.height);
    gl.uniform2f(picture.at("extent"), grid.columns * grid.cell, grid.rows * grid.cell);
    gl.bindTexture(gl.TEXTURE_2D, this.pictures.get(index) ?? this.makePicture(index));
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
  }

  private makePicture(index: number): WebGLTexture {
    const { gl, looks } = this;
    const { grids, slots } = this.facts.density;
    const grid = grids[index];
    const texture = gl.createTexture();
    this.pictures.set(index, texture);
    gl.bindTexture(gl.TEXTURE_2D, texture);
    if (grid === undefined) return texture;
    const pixels = pictureOf(grid, slots, (slot) => {
      const [red, green, blue] = looks[slot]?.rgb ?? [1, 1, 1];
      return [red * 255, green * 255, blue * 255];
    });
    gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, true);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, new ImageData(pixels, grid.columns, grid.rows));
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
    return texture;
  }

  private begin(program: Program, view: ScreenView, pixelRatio: number, alpha: number, striped: boolean): void {
    const { gl } = this;
    program.take();
    gl.uniform4fv(program.at("palette"), this.palette);
    gl.uniform2f(program.at("screen"), view.width, view.height);
    gl.uniform1f(program.at("alpha"), alpha);
    gl.uniform1f(program.at("density"), pixelRatio);
    gl.uniform1i(program.at("striped"), striped ? 1 : 0);
  }

  /** The way to the screen from level-0 pixels that are counted from an origin: the large part is added here, in double precision. */
  private place(program: Program, view: ScreenView, originX: number, originY: number): void {
    const [a, b, c, d, e, f] = screenFromLevel0(view);
    this.gl.uniform4f(program.at("matrix"), a, b, c, d);
    this.gl.uniform2f(program.at("offset"), a * originX + c * originY + e, b * originX + d * originY + f);
  }

  private slotNow(object: number): number {
    return this.hidden.has(object) ? NOT_DRAWN : slotOf(this.facts.objects.classes[object] ?? 0);
  }

  private rehide(chunk: number, { mesh, fills, strokes }: Mesh, object: number): void {
    const { starts } = this.facts.chunks;
    const inChunk = (this.facts.places.placeOf[object] ?? 0) - (starts[chunk] ?? 0);
    if (inChunk < 0 || inChunk >= mesh.vertexStart.length - 1) return;
    const [from, to] = [mesh.vertexStart[inChunk] ?? 0, mesh.vertexStart[inChunk + 1] ?? 0];
    const { gl } = this;
    for (const [buffer, slots] of [
      [fills, mesh.fills],
      [strokes, mesh.strokes],
    ] as const) {
      const now = this.hidden.has(object) ? new Uint8Array(to - from).fill(NOT_DRAWN) : slots.subarray(from, to);
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.bufferSubData(gl.ARRAY_BUFFER, from, now);
    }
  }

  private dropOldest(): void {
    if (this.meshes.size <= MOST_MESHES) return;
    const oldest = [...this.meshes].sort(([, a], [, b]) => a.lastUsed - b.lastUsed).slice(0, MOST_MESHES / 4);
    for (const [chunk] of oldest) this.drop(chunk);
  }

  private drop(chunk: number): void {
    const mesh = this.meshes.get(chunk);
    if (mesh === undefined) return;
    for (const buffer of mesh.buffers) this.gl.deleteBuffer(buffer);
    this.gl.deleteVertexArray(mesh.filling);
    this.gl.deleteVertexArray(mesh.stroking);
    this.meshes.delete(chunk);
  }

  private forgetPictures(): void {
    for (const texture of this.pictures.values()) this.gl.deleteTexture(texture);
    this.pictures.clear();
  }

  private floats(place: number, size: number, values: Float32Array<ArrayBuffer>): WebGLBuffer {
    const { gl } = this;
    const buffer = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.bufferData(gl.ARRAY_BUFFER, values, gl.STATIC_DRAW);
    gl.enableVertexAttribArray(place);
    gl.vertexAttribPointer(place, size, gl.FLOAT, false, 0, 0);
    return buffer;
  }

  private bytes(place: number, values: Uint8Array<ArrayBuffer>): WebGLBuffer {
    const { gl } = this;
    const buffer = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.bufferData(gl.ARRAY_BUFFER, values, gl.DYNAMIC_DRAW);
    gl.enableVertexAttribArray(place);
    gl.vertexAttribIPointer(place, 1, gl.UNSIGNED_BYTE, 0, 0);
    return buffer;
  }
}
