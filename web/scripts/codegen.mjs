// Makes src/gql (git-ignored): a typed document for every operation in src, checked against the schema.
// Operations live in `.graphql` files or in `graphql(`…`)` tags; import the generated `…Document` where the bundle should carry only that one.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { preset } from "@graphql-codegen/client-preset";
import { codegen } from "@graphql-codegen/core";
import { buildASTSchema, parse } from "graphql";

const web = join(dirname(fileURLToPath(import.meta.url)), "..");
const output = "src/gql/";
const TAG = /\bgraphql\(\s*(?:\/\*\s*GraphQL\s*\*\/\s*)?`([^`$]*)`\s*,?\s*\)/g;

const schema = parse(readFileSync(join(web, "../schema.graphql"), "utf8"));

const documents = sourceFiles("src").flatMap((file) => {
  const text = readFileSync(join(web, file), "utf8");
  const found = file.endsWith(".graphql") ? [text] : [...text.matchAll(TAG)].map((match) => match[1]);
  return found.map((rawSDL) => ({ location: file, rawSDL, document: parse(rawSDL) }));
});

const sections = await preset.buildGeneratesSection({
  baseOutputDir: output,
  schema,
  schemaAst: buildASTSchema(schema),
  documents,
  plugins: [],
  pluginMap: {},
  presetConfig: { fragmentMasking: false },
  config: {
    scalars: { DateTime: "string", GeoJSON: "import('../model/annotation').Geometry", JSON: "unknown" },
    strictScalars: true,
    useTypeImports: true,
    immutableTypes: true,
    enumType: "string-literal",
    defaultScalarType: "unknown",
    dedupeFragments: true,
  },
});

mkdirSync(join(web, output), { recursive: true });
for (const section of sections) {
  const text = await codegen(section);
  const path = join(web, section.filename);
  // An untouched file keeps its time, so watchers and build caches stay quiet.
  if (!existsSync(path) || readFileSync(path, "utf8") !== text) writeFileSync(path, text);
}

function sourceFiles(folder) {
  return [...walk(folder)].filter((file) => !file.startsWith(output)).sort();
}

function* walk(folder) {
  for (const entry of readdirSync(join(web, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) yield* walk(path);
    else if (/\.(graphql|tsx?)$/.test(entry.name)) yield path;
  }
}
