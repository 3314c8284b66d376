// Puts a brotli and a gzip twin beside every text asset of the build, so that the server sends packed bytes and packs nothing itself.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const assets = join(dirname(fileURLToPath(import.meta.url)), "../dist/assets");
const TEXT = /\.(js|css|svg)$/;
const SMALLEST_BYTES = 1000;

for (const name of readdirSync(assets).filter((each) => TEXT.test(each))) {
  const bytes = readFileSync(join(assets, name));
  if (bytes.length < SMALLEST_BYTES) continue;
  const params = { [constants.BROTLI_PARAM_QUALITY]: 10, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  writeFileSync(join(assets, `${name}.br`), brotliCompressSync(bytes, { params }));
  writeFileSync(join(assets, `${name}.gz`), gzipSync(bytes, { level: 9 }));
}
