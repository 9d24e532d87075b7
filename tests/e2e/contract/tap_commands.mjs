// The commands on taps that ask no server over HTTP: what they print and how they end.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";

import { Site } from "../lib/maestro.mjs";

export const WORDS = ["tap sign"];

const TEXT = { type: "string", minLength: 1 };
const SIGNED = { type: "object", required: ["order", "tap", "serial", "key_id", "expires_at"], additionalProperties: false,
  properties: { order: TEXT, tap: { type: "string", pattern: "^tap_[0-9a-z]{26}$" }, serial: { type: "integer", minimum: 1 },
    key_id: { type: "string", pattern: "^[0-9a-f]{16}$" }, expires_at: { type: "string", format: "date-time" } } };
const TERMS = ["--tenant", "alpha", "--action", "block", "--reason", "a test"];

// `check(world, what, schema, out)` holds an output against a schema.
export function tapCommands(world, check) {
  const site = new Site("tap-commands");
  site.configure("");
  const { privateKey } = generateKeyPairSync("ed25519", {
    publicKeyEncoding: { type: "spki", format: "pem" }, privateKeyEncoding: { type: "pkcs8", format: "pem" } });
  site.write("k.pem", privateKey);
  const key = ["--key", "k.pem", "--out", "o.tap"];
  const run = (...words) => site.runWith({ cwd: site.folder }, "--json", "tap", ...words);
  const good = [...key, ...TERMS, "--for", "1h"];
  const tried = run("sign", ...good, "--dry-run");
  assert.equal(tried.status, 0, tried.err);
  check(world, "tap sign --dry-run", SIGNED, tried.out);
  assert.equal(existsSync(site.path("o.tap")), false);
  const { tap } = check(world, "tap sign", SIGNED, run("sign", ...good).out);
  const { payloadType, payload, signatures } = JSON.parse(readFileSync(site.path("o.tap"), "utf8"));
  assert.equal(payloadType, "application/vnd.maestro.tap-order+json");
  assert.equal(JSON.parse(Buffer.from(payload, "base64")).tap, tap);
  assert.equal(signatures.length, 1);
  check(world, "tap sign --lift", SIGNED, run("sign", ...key, "--lift", tap, "--serial", "7").out);
  for (const [status, said, ...words] of [
    [2, /--lift/, "sign", ...key],
    [2, /--lift/, "sign", ...good, "--lift", tap],
    [2, /tap:/, "sign", ...key, "--lift", "x"],
    [2, /until/, "sign", ...key, ...TERMS],
    [2, /lifetime/, "sign", ...key, ...TERMS, "--for", "25h"],
    [2, /expires/, "sign", ...good, "--expires", "25h"],
    [2, /expires/, "sign", ...good, "--expires", "soon"],
    [3, /no\.pem/, "sign", "--key", "no.pem", "--out", "o.tap", ...TERMS, "--for", "1h"],
    [2, /--key/, "sign", "--out", "o.tap", ...TERMS, "--for", "1h"],
    [1, /no server listens/, "list", "--config", site.config],
    [1, /no server listens/, "lift", tap, "--config", site.config],
    [1, /no server listens/, "set", ...TERMS, "--for", "1h", "--config", site.config],
  ]) {
    const done = run(...words);
    assert.equal(done.status, status, `${words.join(" ")}: ${done.out}${done.err}`);
    assert.match(done.err, said, words.join(" "));
    assert.equal(done.out, "");
  }
}
