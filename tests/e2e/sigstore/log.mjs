// The log of signatures as a monitor sees it: every entry, every tile, every checkpoint it ever gave.
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";

import { TrustedRoot } from "@sigstore/protobuf-specs";

import { scenario } from "../lib/scenario.mjs";
import {
  leafHash, logOf, noteKeyId, openCheckpoint, readLog, rootOf, sha256, tilePath, treeHash,
} from "./log_reader.mjs";
import { Signer, blobEntry, bytesOf, certificatesIn, keyMaterial, openssl } from "./peers.mjs";
import { ORIGIN } from "./world.mjs";

const ENTRIES = 300;  // more than a tile has
const WRITERS = 10;
const TIME_STAMPING = "1.3.6.1.5.5.7.3.8";

scenario("the trusted root is all that a verifier needs, for anybody", async ({ open, closed }) => {
  for (const { root, chain, site } of [open, closed]) {
    assert.match(root.mediaType, /^application\/vnd\.dev\.sigstore\.trustedroot(\+json;version=0\.1|\.v0\.\d\+json)$/);
    assert.equal(root.tlogs[0].baseUrl, `https://${ORIGIN}`);
    const log = logOf(root);
    assert.deepEqual(log.id, noteKeyId(ORIGIN, log.key), "the id is that of the key under its name");
    assert.equal(root.timestampAuthorities.length, 1);
    const certificates = root.timestampAuthorities[0].certChain.certificates
      .map(({ rawBytes }) => new X509Certificate(bytesOf(rawBytes)));
    assert.deepEqual(certificatesIn(chain).map((pem) => new X509Certificate(pem).raw),
      certificates.map(({ raw }) => raw));
    assert.ok(certificates.length >= 2, "a root and what it vouches for");
    certificates.forEach((certificate, i) => {
      const issuer = certificates[i + 1] ?? certificate;
      assert.ok(certificate.verify(issuer.publicKey) && certificate.checkIssued(issuer));
      assert.equal(certificate.ca, i > 0);
    });
    assert.deepEqual(certificates[0].keyUsage, [TIME_STAMPING]);
    const { out } = openssl("x509", "-noout", "-text", "-in", site.write("tsa.pem", certificatesIn(chain)[0]));
    assert.match(out, /Extended Key Usage: critical/);
    const parsed = TrustedRoot.fromJSON(root);
    const starts = [parsed.tlogs[0].publicKey.validFor.start, parsed.timestampAuthorities[0].validFor.start];
    for (const start of starts) assert.ok(start <= new Date() && start.getMilliseconds() === 0, `${start}`);
  }
  assert.notDeepEqual(open.root, closed.root);
});

// Logs signatures over `count` messages, many at a time: [{message, signature, entry}].
async function fill(notary, signer, count) {
  const logged = [];
  const messages = Array.from({ length: count }, (_, i) => `message ${i}`);
  await Promise.all(Array.from({ length: WRITERS }, async () => {
    for (let message = messages.pop(); message !== undefined; message = messages.pop()) {
      const request = signer.blobRequest(message);
      const signature = bytesOf(request.hashedRekordRequestV002.signature.content);
      logged.push({ message, signature, entry: await notary.mustAdd(request) });
    }
  }));
  return logged;
}

scenario(`${ENTRIES} signatures by ${WRITERS} writers: each has its place, and each checkpoint is of one history`,
  { limitMs: 120_000 }, async ({ open }) => {
    const signer = new Signer();
    const before = await open.head();
    const logged = await fill(open, signer, ENTRIES);
    const head = await open.head();
    assert.equal(head.size, before.size + ENTRIES);
    const { entries, hashes } = await readLog(open.fetch, head);
    const log = logOf(open.root);
    const places = new Set();
    for (const { message, signature, entry } of logged) {
      const index = Number(entry.logIndex);
      places.add(index);
      const body = blobEntry(message, signature, keyMaterial(signer.pem));
      assert.deepEqual(bytesOf(entry.canonicalizedBody), body);
      assert.deepEqual(entries[index], body);
      const { size, root } = openCheckpoint(entry.inclusionProof.checkpoint.envelope, log);
      assert.deepEqual(treeHash(hashes.slice(0, size)), root, `the first ${size} leaves`);
      assert.deepEqual(rootOf(leafHash(body), index, size, entry.inclusionProof.hashes.map(bytesOf)), root);
    }
    assert.equal(places.size, ENTRIES);
    assert.deepEqual(treeHash(hashes.slice(0, before.size)), before.root, "what was there is there");
  });

scenario("another history is found out: a leaf altered, left out, or in another place", async ({ open }) => {
  const head = await open.head();
  const { hashes } = await readLog(open.fetch, head);
  const others = [
    hashes.with(1, sha256("another leaf")),
    hashes.toSpliced(1, 1),
    hashes.with(0, hashes[1]).with(1, hashes[0]),
  ];
  for (const other of others) assert.notDeepEqual(treeHash(other), head.root);
  for (const file of ["tile/entries/000", "tile/0/000"]) {
    const spoilt = async (path) => {
      const bytes = await open.fetch(path);
      if (path.startsWith(file)) bytes[bytes.length - 1] ^= 1;
      return bytes;
    };
    await assert.rejects(readLog(spoilt, head), /tile\/0\/000/, file);
  }
});

scenario("a file of the log never changes, and there is none past its end", async ({ open }) => {
  const { size } = await open.head();
  for (const path of [tilePath(0, 0), tilePath("entries", 0), tilePath(1, 0, Math.floor(size / 256))]) {
    const { headers } = await open.get(`/api/v2/${path}`);
    assert.equal(headers["content-type"], "application/octet-stream", path);
    assert.match(headers["cache-control"], /immutable/, path);
  }
  const { headers } = await open.get("/api/v2/checkpoint");
  assert.match(headers["content-type"], /^text\/plain/);
  assert.match(headers["cache-control"], /no-cache|no-store/);
  const last = Math.floor(size / 256);
  const none = [tilePath(0, last), tilePath(0, last, (size % 256) + 1), tilePath(0, last + 1, 1), tilePath(2, 0, 1),
    tilePath("entries", last), tilePath("entries", last + 1, 1), "tile/0/0", "tile/0/000.p/0", "tile/0/000.p/256",
    "tile/0/x000/000", "tile/-1/000", "tile/8/000", "tile/entries/", "tile/0/000/", "tile"];
  for (const path of none) {
    const reply = await open.ask("GET", `/api/v2/${path}`);
    assert.ok(reply.status === 400 || reply.status === 404, `${path}: ${reply.status}`);
  }
});

scenario("the same entry twice has one place", async ({ open }) => {
  const request = new Signer().blobRequest("once");
  const first = await open.mustAdd(request);
  const { size } = await open.head();
  const second = await open.mustAdd(request);
  assert.equal(second.logIndex, first.logIndex);
  assert.equal(second.canonicalizedBody, first.canonicalizedBody);
  assert.equal((await open.head()).size, size);
});

scenario("a server that comes back goes on with its log, its keys and its authority", async (world) => {
  const { open } = world;
  const [root, chain, before] = [open.root, open.chain, await open.head()];
  await open.server.stop();
  await open.begin();
  assert.deepEqual(open.root, root);
  assert.equal(open.chain, chain);
  assert.deepEqual(await open.head(), before);
  const entry = await open.mustAdd(new Signer().blobRequest("after the stop"));
  assert.equal(Number(entry.logIndex), before.size);
  const { hashes } = await readLog(open.fetch, await open.head());
  assert.deepEqual(treeHash(hashes.slice(0, before.size)), before.root);
});
