import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";
import { build, defineConfig } from "vite";

// The program and the looks of a receipt's page (src/receipt), which the server writes into each file: one
// classic script, as a page that is opened from a disk loads nothing.
async function buildReceipt(folder) {
  const pure = fileURLToPath(new URL("src/receipt/pure.ts", import.meta.url));
  await build({
    configFile: false,
    logLevel: "warn",
    // Receipts have signatures of Ed25519 alone.
    resolve: { alias: [{ find: "./load_pure.ts", replacement: pure }] },
    build: {
      target: "es2023",
      outDir: folder,
      emptyOutDir: false,
      reportCompressedSize: false,
      lib: { entry: "src/receipt/main.ts", formats: ["iife"], name: "receipt", fileName: () => "receipt.js" },
    },
  });
  const script = readFileSync(join(folder, "receipt.js"), "utf8");
  if (/<\/?script|<!--|\r/i.test(script)) throw new Error("receipt.js cannot stand in a page");
  const css = readFileSync("src/receipt/receipt.css", "utf8");
  writeFileSync(join(folder, "receipt.css"), css);
}

// Every file also in its brotli form; the server makes the gzip form itself.
function packed() {
  let folder = "";
  return {
    name: "packed",
    configResolved(config) {
      folder = config.build.outDir;
    },
    async closeBundle() {
      await buildReceipt(folder);
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
  plugins: [packed()],
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
