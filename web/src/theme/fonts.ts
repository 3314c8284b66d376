/**
 * The bundled type: Inter first, then Noto Sans KR, whose hundred small files the browser asks for glyph by glyph.
 * Loaded beside the page, never before it.
 */
export async function loadFonts(): Promise<void> {
  await Promise.all([
    import("@fontsource-variable/inter/index.css"),
    import("@fontsource-variable/noto-sans-kr/index.css"),
  ]);
}
