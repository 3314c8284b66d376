import react from "@vitejs/plugin-react";
import mantine from "postcss-preset-mantine";
import { defineConfig } from "vitest/config";

const api = `http://127.0.0.1:${process.env.COSLIDE_PORT ?? "8000"}`;
// What the API answers itself; every other address is the client's.
const proxied = ["/graphql", "/auth", "/uploads", "/slides/", "/predictions/", "/healthz", "/readyz"];

// Few files of some size: a browser asks for six at a time, so dozens of shared crumbs take longer than their bytes.
const CHUNKS = [
  {
    name: "viewer",
    test: /node_modules\/(ol|rbush|quickselect|clipper2-ts|earcut|flatbush|flatqueue)\/|src\/(viewer|tools)\//,
    priority: 1,
    minShareCount: 1,
  },
  { name: "base", test: /node_modules\/(?!@fontsource).*\.m?js$/, priority: 9, minShareCount: 8 },
  {
    name: "controls",
    test: /node_modules\/(@mantine|@tabler|@floating-ui|@tanstack)\/.*\.m?js$/,
    priority: 7,
    minShareCount: 2,
  },
  { name: "app", test: /src\/(app|gql|i18n|theme)\/(?!.*\/ko\.ts).*\.tsx?$/, priority: 8, minShareCount: 4 },
  { name: "pages", test: /src\/pages\/.*\.tsx?$/, priority: 2, minShareCount: 2 },
];

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
    rolldownOptions: { output: { codeSplitting: { groups: CHUNKS } } },
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
