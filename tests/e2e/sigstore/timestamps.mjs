// The timestamp authority, with openssl as its client (RFC 3161), and in the JSON form of Sigstore's.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { scenario } from "../lib/scenario.mjs";
import { sha256 } from "./log_reader.mjs";
import { base64, certificatesIn, openssl, opensslShows, opensslStamped } from "./peers.mjs";

const DATA = "what is stamped";
const PATH = "/api/v1/timestamp";
const QUERY = { "Content-Type": "application/timestamp-query" };
const WHOLE_SECONDS = /^\w{3} [ \d]\d \d\d:\d\d:\d\d \d{4} GMT$/;

function query(site, ...more) {
  const file = site.path("request.tsq");
  const done = openssl("ts", "-query", "-data", site.write("asked", DATA), "-out", file, ...more);
  assert.equal(done.status, 0, done.err);
  return readFileSync(file);
}

async function stamp(notary, body, headers) {
  const reply = await notary.post(PATH, body, headers);
  assert.equal(reply.status, 201, reply.text);
  assert.equal(reply.headers["content-type"], "application/timestamp-reply");
  return reply.bytes;
}

scenario("openssl asks for a timestamp, and verifies it against its own question", async ({ open, closed }) => {
  const { site, chain } = open;
  const root = site.write("tsa_root.pem", certificatesIn(chain).at(-1));
  const verifies = (response, ...more) => openssl("ts", "-verify", "-in", site.write("response.tsr", response),
    "-queryfile", site.path("request.tsq"), ...more).status === 0;
  for (const digest of ["-sha256", "-sha384", "-sha512"]) {
    const response = await stamp(open, query(site, digest, "-cert"), QUERY);
    assert.ok(verifies(response, "-CAfile", root), `${digest}: the certificates are in the answer`);
    query(site, digest, "-cert");
    assert.ok(!verifies(response, "-CAfile", root), "another nonce");
  }
  const bare = await stamp(open, query(site, "-sha256"), QUERY);
  assert.ok(!verifies(bare, "-CAfile", root), "no certificates were asked for");
  assert.ok(verifies(bare, "-CAfile", root, "-untrusted", site.write("tsa_chain.pem", chain)));
  assert.ok(!opensslStamped(site, bare, DATA, closed.chain));
  assert.ok(!opensslStamped(site, bare, `${DATA} `, chain));
});

scenario("the JSON form gives the same; its nonce comes back; times are whole seconds, serials differ",
  async ({ open }) => {
    const asked = { artifactHash: base64(sha256(DATA)), hashAlgorithm: "sha256" };
    const begin = Math.floor(Date.now() / 1000) * 1000;
    const serials = new Set();
    for (const more of [{}, { certificates: true, nonce: 4711 }, { certificates: false, nonce: 2 ** 53 - 1 }]) {
      const response = await stamp(open, { ...asked, ...more });
      assert.ok(opensslStamped(open.site, response, DATA, open.chain), JSON.stringify(more));
      const shown = opensslShows(open.site, response);
      assert.match(shown.status, /^Granted/);
      assert.match(shown.time, WHOLE_SECONDS);
      const time = Date.parse(shown.time);
      assert.ok(begin <= time && time <= Date.now(), shown.time);
      assert.equal(shown.nonce === "unspecified" ? undefined : Number(shown.nonce), more.nonce);
      serials.add(shown.serial);
    }
    assert.equal(serials.size, 3);
  });

scenario("a hash that is none, or too weak, is refused by name", async ({ open }) => {
  const good = { artifactHash: base64(sha256(DATA)), hashAlgorithm: "sha256" };
  const rows = [
    [{ ...good, hashAlgorithm: "sha1" }, /hashAlgorithm/],
    [{ ...good, hashAlgorithm: "md5", artifactHash: base64(Buffer.alloc(16)) }, /hashAlgorithm/],
    [{ artifactHash: good.artifactHash }, /hashAlgorithm/],
    [{ hashAlgorithm: "sha256" }, /artifactHash/],
    [{ ...good, artifactHash: base64(Buffer.alloc(20)) }, /artifactHash/],
    [{ ...good, artifactHash: "no base64!" }, /artifactHash/],
    [{ ...good, nonce: -1 }, /nonce/],
    [{ ...good, nonce: "x" }, /nonce/],
    [{ ...good, certificates: "yes" }, /certificates/],
    [{ ...good, extra: 1 }, /extra/],
    ['{"hashAlgorithm":"sha256","hashAlgorithm":"sha256"}', /duplicate key "hashAlgorithm"/],
    ["", /JSON/],
  ];
  for (const [body, why] of rows) {
    const reply = await open.post(PATH, body);
    assert.equal(reply.status, 400, `${JSON.stringify(body)}: ${reply.text}`);
    assert.equal(reply.headers["content-type"], "application/problem+json");
    assert.match(reply.json.detail, why);
  }
  const foreign = await open.post(PATH, good, { "Content-Type": "text/plain" });
  assert.ok(foreign.status === 400 || foreign.status === 415, foreign.text);
  assert.match(foreign.json.detail, /content-type/i);
});

scenario("a query that openssl makes with SHA-1, or bytes that are no query, get no token", async ({ open }) => {
  const cut = query(open.site, "-sha256").subarray(0, -1);
  for (const body of [query(open.site, "-sha1"), Buffer.from("no query"), Buffer.alloc(0), cut]) {
    const reply = await open.post(PATH, body, QUERY);
    // A refusal is an answer of the protocol, or one of HTTP.
    if (reply.headers["content-type"] === "application/timestamp-reply") {
      const shown = opensslShows(open.site, reply.bytes);
      assert.match(shown.status, /^Rejected/, shown.text);
      assert.match(shown.text, /^TST info:\nNot included/m);
    } else {
      assert.equal(reply.status, 400, reply.text);
    }
  }
});
