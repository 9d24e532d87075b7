// Prints what a browser loads, gzipped, and ends with 1 when a budget is passed.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const folder = process.argv[2] ?? "dist";
const BUDGETS = {
  "first load, JS": 35_000, "first load, CSS": 8_000, "largest page": 12_000, "verifier": 47_000,
  "program of a receipt": 26_000, "all": 180_000,
};

const size = (file) => gzipSync(readFileSync(join(folder, file)), { level: 9 }).length;
const page = readFileSync(join(folder, "index.html"), "utf8");
const files = readdirSync(folder, { recursive: true }).filter((file) => /\.(js|css|html)$/.test(file));
const first = files.filter((file) => page.includes(file));
// What the entry imports at once is loaded at once.
for (const file of first) {
  const text = readFileSync(join(folder, file), "utf8");
  for (const [, name] of text.matchAll(/from\s*"\.\/([^"]+)"/g)) first.push(`assets/${name}`);
}
const sum = (list) => list.reduce((all, file) => all + size(file), 0);
const isVerifier = (file) => /^assets\/(worker|pure)-/.test(file);  // of a worker, which no page waits for
const isReceipt = (file) => file === "receipt.js";  // of files that are kept, not of the portal
const pages = files.filter((file) =>
  file.endsWith(".js") && !first.includes(file) && !isVerifier(file) && !isReceipt(file));
const figures = {
  "first load, JS": sum([...new Set(first)].filter((file) => file.endsWith(".js"))),
  "first load, CSS": sum([...new Set(first)].filter((file) => file.endsWith(".css"))),
  "largest page": Math.max(...pages.map(size)),
  "verifier": sum(files.filter(isVerifier)),
  "program of a receipt": sum(files.filter(isReceipt)),
  "all": sum(files.filter((file) => !isReceipt(file))),
};
let over = 0;
for (const [name, limit] of Object.entries(BUDGETS)) {
  const good = figures[name] <= limit;
  if (!good) over++;
  console.log(`${good ? "ok  " : "OVER"} ${name}: ${figures[name]} of ${limit} bytes`);
}
console.log(`${Object.keys(BUDGETS).length - over} passed, ${over} failed`);
process.exit(over === 0 ? 0 : 1);
