import react from "@vitejs/plugin-react";
import mantine from "postcss-preset-mantine";
import { defineConfig } from "vitest/config";

const api = `http://127.0.0.1:${process.env.COSLIDE_PORT ?? "8000"}`;
// What the API answers itself; every other address is the client's.
const proxied = ["/graphql", "/auth", "/uploads", "/slides/", "/predictions/", "/healthz", "/readyz"];

export default defineConfig({
  plugins: [react()],
  css: { postcss: { plugins: [mantine()] } },
  server: {
    proxy: Object.fromEntries(proxied.map((path) => [path, { target: api, ws: path === "/graphql" }])),
  },
  build: {
    target: "es2023",
    // Fonts stay files of their own: a language's glyphs load only where they are shown.
    assetsInlineLimit: (path) => (path.endsWith(".woff2") ? false : undefined),
  },
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["src/app/testing/setup.ts"],
    css: { modules: { classNameStrategy: "non-scoped" } },
    restoreMocks: true,
    // Pages with menus and dialogs take seconds on a busy machine.
    testTimeout: 30_000,
  },
});
