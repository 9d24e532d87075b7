// The files that signing keys are kept in are those of cosign: each side reads what the other wrote,
// and what was tampered with is refused before it costs anything.
import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { readFileSync, statSync } from "node:fs";

import { scenario } from "../lib/scenario.mjs";
import { COST, LABEL, OLDER_COST, OLDER_LABEL, openKeyFile, parseKeyFile, printKeyFile, sealKey } from "./key_file.mjs";
import { bytesOf, openssl, opensslHolds, signatureOf } from "./peers.mjs";
import { PHRASE } from "./world.mjs";

const ARTIFACT = "an artifact";

const pemOf = (privateKey) => createPublicKey(privateKey).export({ format: "pem", type: "spki" });
const makeKey = (curve = "P-256") => generateKeyPairSync("ec", { namedCurve: curve }).privateKey;

scenario("a key that maestro makes is a key file of cosign", ({ open, key }) => {
  const text = readFileSync(key.file, "utf8");
  const { label, json } = parseKeyFile(text);
  assert.equal(label, LABEL);
  assert.deepEqual(json.kdf.params, { N: COST, r: 8, p: 1 });
  assert.deepEqual(Object.keys(json), ["kdf", "cipher", "ciphertext"]);
  assert.equal(bytesOf(json.kdf.salt).length, 32);
  assert.equal(bytesOf(json.cipher.nonce).length, 24);
  const opened = openKeyFile(text, PHRASE);
  assert.equal(opened.asymmetricKeyDetails.namedCurve, "prime256v1");
  assert.equal(pemOf(opened), key.pem);
  assert.equal(openKeyFile(text, `${PHRASE} `), null);
  const shown = open.signer({}, "public", key.file);
  assert.equal(shown.out, key.pem, shown.err);
  const again = parseKeyFile(readFileSync(open.createKey("second.key").file, "utf8")).json;
  assert.notEqual(again.kdf.salt, json.kdf.salt);
  assert.notEqual(again.cipher.nonce, json.cipher.nonce);
});

scenario("only its owner reads a key file, nothing in it is in the clear, and none is overwritten", ({ open, key }) => {
  assert.equal(statSync(key.file).mode & 0o777, 0o600);
  const text = readFileSync(key.file, "utf8");
  const secret = openKeyFile(text, PHRASE);
  const scalar = Buffer.from(secret.export({ format: "jwk" }).d, "base64url");
  const der = secret.export({ format: "der", type: "pkcs8" });
  const { json } = parseKeyFile(text);
  const places = [Buffer.from(text), Buffer.from(JSON.stringify(json)), bytesOf(json.ciphertext)];
  for (const place of places) {
    for (const bytes of [scalar, der, Buffer.from(PHRASE)]) {
      for (const form of [bytes, ...["hex", "base64", "base64url"].map((name) => bytes.toString(name))]) {
        assert.ok(!place.includes(form));
      }
    }
  }
  for (const phrase of [PHRASE, ""]) {
    const read = openssl("pkey", "-in", key.file, "-passin", `pass:${phrase}`, "-text");
    assert.notEqual(read.status, 0);
    assert.equal(read.out, "");
  }
  const second = open.signer({}, "create", "--out", key.file);
  assert.notEqual(second.status, 0);
  assert.match(second.err, /cosign\.key/);
  assert.equal(second.out, "");
  assert.equal(readFileSync(key.file, "utf8"), text);
});

scenario("maestro reads and signs with key files that others made, of either name and cost", ({ open }) => {
  const artifact = open.site.write("artifact", ARTIFACT);
  for (const [label, cost] of [[LABEL, COST], [OLDER_LABEL, OLDER_COST]]) {
    const secret = makeKey();
    const pem = pemOf(secret);
    const file = open.site.write("foreign.key", printKeyFile(sealKey(secret, PHRASE, cost), label));
    const shown = open.signer({}, "public", file);
    assert.equal(shown.status, 0, `${label}: ${shown.err}`);
    assert.equal(shown.out, pem);
    const bundle = open.mustSign(artifact, file);
    assert.ok(opensslHolds(open.site, pem, ARTIFACT, signatureOf(bundle)), label);
    assert.equal(open.verdict(bundle, { key: open.site.write("foreign.pub", pem), artifact }), "verified");
  }
});

scenario("a wrong passphrase, an empty one and none are refused, and nothing is logged", async ({ open, key }) => {
  const artifact = open.site.write("artifact", ARTIFACT);
  const { size } = await open.head();
  for (const [phrase, status] of [[`${PHRASE}!`, 4], [PHRASE.slice(1), 4], ["", 2], [null, 2]]) {
    const done = open.sign(artifact, key.file, { phrase });
    assert.equal(done.status, status, `${phrase}: ${done.err}`);
    assert.match(done.err, /passphrase/);
    assert.equal(done.text, null);
    assert.ok(!phrase || !done.err.includes(phrase), "it is not told");
    const shown = open.signer({ phrase }, "public", key.file);
    assert.equal(shown.status, status, shown.err);
    assert.equal(shown.out, "");
  }
  assert.equal((await open.head()).size, size);
  for (const phrase of ["", null]) {
    const made = open.signer({ phrase }, "create", "--out", open.site.path("unsealed.key"));
    assert.equal(made.status, 2, made.err);
    assert.throws(() => statSync(open.site.path("unsealed.key")), { code: "ENOENT" });
  }
});

scenario("a key file cannot make maestro work or hold more than its own would", ({ open }) => {
  const sealed = sealKey(makeKey(), PHRASE, OLDER_COST);
  const rows = [
    [{ N: 2 ** 30, r: 8, p: 1 }, /kdf\.params\.N/],
    [{ N: 2 ** 40, r: 8, p: 1 }, /kdf\.params\.N/],
    [{ N: 2 ** 52, r: 8, p: 1 }, /kdf\.params\.N/],
    [{ N: 65_535, r: 8, p: 1 }, /kdf\.params\.N/],
    [{ N: 1, r: 8, p: 1 }, /kdf\.params\.N/],
    [{ N: 0, r: 8, p: 1 }, /kdf\.params\.N/],
    [{ N: -65_536, r: 8, p: 1 }, /kdf\.params\.N/],
    [{ N: "65536", r: 8, p: 1 }, /kdf\.params\.N/],
    [{ r: 8, p: 1 }, /kdf\.params\.N/],
    [{ N: OLDER_COST, r: 2 ** 20, p: 1 }, /kdf\.params/],
    [{ N: OLDER_COST, r: 8, p: 2 ** 20 }, /kdf\.params/],
    [{ N: OLDER_COST, r: 0, p: 0 }, /kdf\.params/],
  ];
  for (const [params, why] of rows) {
    const file = open.site.write("greedy.key", printKeyFile({ ...sealed, kdf: { ...sealed.kdf, params } }));
    const done = open.signer({}, "public", file);
    assert.equal(done.status, 2, `${JSON.stringify(params)}: ${done.err}`);
    assert.match(done.err, why);
  }
});

// The same base64 with its first bit turned.
const turned = (text) => {
  const bytes = bytesOf(text);
  bytes[0] ^= 128;
  return bytes.toString("base64");
};

scenario("a key file that was altered, or holds another kind of key, is refused by name", ({ open }) => {
  const sealed = sealKey(makeKey(), PHRASE, OLDER_COST);
  const { kdf, cipher, ciphertext } = sealed;
  const good = printKeyFile(sealed);
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
  const rows = [
    [printKeyFile({ ...sealed, kdf: { ...kdf, salt: turned(kdf.salt) } }), 4, /passphrase/],
    [printKeyFile({ ...sealed, cipher: { ...cipher, nonce: turned(cipher.nonce) } }), 4, /passphrase/],
    [printKeyFile({ ...sealed, ciphertext: turned(ciphertext) }), 4, /passphrase/],
    [printKeyFile({ ...sealed, kdf: { ...kdf, params: { ...kdf.params, N: COST } } }), 4, /passphrase/],
    [printKeyFile({ ...sealed, kdf: { ...kdf, name: "pbkdf2" } }), 2, /kdf\.name/],
    [printKeyFile({ ...sealed, kdf: { ...kdf, salt: "AAAA" } }), 2, /kdf\.salt/],
    [printKeyFile({ ...sealed, cipher: { ...cipher, name: "none" } }), 2, /cipher\.name/],
    [printKeyFile({ ...sealed, cipher: { ...cipher, nonce: "AAAA" } }), 2, /cipher\.nonce/],
    [printKeyFile({ ...sealed, ciphertext: "" }), 2, /ciphertext/],
    [good.replaceAll(LABEL, "PRIVATE KEY"), 2, /no private key in DER/],
    [good.slice(0, -20), 2, /ENCRYPTED SIGSTORE PRIVATE KEY/],
    ["", 2, /ENCRYPTED SIGSTORE PRIVATE KEY/],
    [printKeyFile(sealKey(makeKey("P-384"), PHRASE, OLDER_COST)), 2, /P-256/],
    [printKeyFile(sealKey(rsa, PHRASE, OLDER_COST)), 2, /P-256/],
    [printKeyFile(sealKey(generateKeyPairSync("ed25519").privateKey, PHRASE, OLDER_COST)), 2, /P-256/],
  ];
  for (const [text, status, why] of rows) {
    const done = open.signer({}, "public", open.site.write("altered.key", text));
    assert.equal(done.status, status, `${why}: ${done.err}`);
    assert.match(done.err, why);
    assert.equal(done.out, "");
  }
  // One without a passphrase, as openssl makes it, is a key too.
  const plain = open.signer({}, "public", open.site.write("plain.key",
    makeKey().export({ format: "pem", type: "pkcs8" })));
  assert.equal(plain.status, 0, plain.err);
});
