import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { defineConfig } from "vite";

// Every file also in its brotli form; the server makes the gzip form itself.
function brotli() {
  let folder = "";
  return {
    name: "brotli",
    configResolved(config) {
      folder = config.build.outDir;
    },
    closeBundle() {
      for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || entry.name.endsWith(".br")) continue;
        const file = join(entry.parentPath, entry.name);
        const params = { [constants.BROTLI_PARAM_QUALITY]: 11 };
        const small = brotliCompressSync(readFileSync(file), { params });
        writeFileSync(`${file}.br`, small);
      }
    },
  };
}

export default defineConfig({
  plugins: [brotli()],
  worker: { format: "es" },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2023",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    emptyOutDir: true,
    reportCompressedSize: false,
  },
});
