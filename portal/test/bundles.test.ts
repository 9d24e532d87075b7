// What the verifier refuses of keys, envelopes, bundles and time-stamp tokens.
import assert from "node:assert/strict";
import { PublicKey } from "../src/verify/crypto.ts";
import { Invalid } from "../src/verify/report.ts";
import { type Question, verify } from "../src/verify/verify.ts";
import { asked, both, bytes, outcome } from "./asking.ts";
import {
  bundleOfBlob, bundleOfStatement, envelopeOf, keyPair, SignatureLog, signed, statementOf,
} from "./making.mjs";
import {
  AUTHORITY, authority, certificate, compressed, ENCRYPTING, issuedBy, issuedByOne, keyId, NAMES, NOT_CRITICAL, PARTS,
  powerOfOne, SIGNING_TOO, STAMPING, token, UNKNOWN,
} from "./making_times.mjs";

const FORMAT = "format: format_invalid";
const SIGNATURE = "signature: signature_invalid";
const ARTIFACT = "artifact: artifact_mismatch";
const INCLUSION = "inclusion: inclusion_invalid";
const CHECKPOINT = "checkpoint: checkpoint_invalid";
const ENTRY = "entry: entry_mismatch";
const TIMESTAMP = "timestamp: timestamp_invalid";

const artifact = Buffer.from("artifact");

both("keys of each kind verify what they signed, and nothing else", async () => {
  const message = bytes("message");
  for (const kind of ["P-256", "P-384", "P-521", "rsa", "ed25519"] as const) {
    const pair = keyPair(kind);
    const key = await PublicKey.fromPem(pair.pem);
    const signature = bytes(signed(kind, pair, message));
    assert.equal(await key.verify(message, signature), true, kind);
    assert.equal(await key.verify(bytes("massage"), signature), false, kind);
    const others = [signature.with(9, signature[9]! ^ 1), signature.subarray(1), new Uint8Array(64), new Uint8Array(0)];
    for (const other of others) assert.equal(await key.verify(message, bytes(other)), false, kind);
    const spki = bytes(pair.spki);
    await assert.rejects(PublicKey.fromSpki(spki.subarray(0, -1)), Invalid, kind);
    await assert.rejects(PublicKey.fromSpki(bytes([...spki, 0] as never)), Invalid, kind);
    if (kind.startsWith("P-")) await assert.rejects(PublicKey.fromSpki(spki.with(40, spki[40]! ^ 1)), Invalid, kind);
  }
});

both("an envelope is of its key, and its statement names the artifact", async () => {
  const pair = keyPair("P-256");
  const good = envelopeOf(pair, statementOf(artifact));
  const twice = envelopeOf(pair, Buffer.from('{"a":1,"a":2}'));
  const der = Buffer.from(good.signatures[0]!.sig, "base64");
  const sig = (...parts: Uint8Array[]) => ({ ...good, signatures: [{ sig: Buffer.concat(parts).toString("base64") }] });
  const given = { artifact: bytes(artifact) };
  const rows: [string, object, Partial<Question>?][] = [
    ["verified", good],
    ["verified", good, given],
    ["verified", { ...good, signatures: [{ sig: "AA==" }, ...good.signatures] }],
    ["verified", twice],
    [ARTIFACT, twice, given],
    [ARTIFACT, good, { artifact: bytes("other") }],
    ["wants key", good, { publicKey: null }],
    ["refused", good, { publicKey: "no key" }],
    [SIGNATURE, good, { publicKey: keyPair("P-256").pem }],
    [SIGNATURE, { ...good, payloadType: "text/plain" }],
    [SIGNATURE, { ...good, payload: Buffer.from("{}").toString("base64") }],
    [SIGNATURE, sig(Buffer.of(0x30, 0x81, der[1]!), der.subarray(2))],  // BER, not DER
    [SIGNATURE, sig(der, Buffer.of(0))],
    [FORMAT, { ...good, more: 1 }],
    [FORMAT, { ...good, signatures: [] }],
    [FORMAT, { ...good, signatures: [null] }],
  ];
  for (const [wanted, value, more] of rows) {
    const question = asked(JSON.stringify(value), { publicKey: pair.pem, ...more });
    assert.equal(await outcome(question), wanted, JSON.stringify(value));
  }
});

both("a bundle of a key: signature, artifact, the log's entry and its proof", async () => {
  const [log, signer] = [new SignatureLog(), keyPair("P-256")];
  const root = bytes(JSON.stringify(log.root));
  const questionOf = (value: object, given: Partial<Question>) =>
    asked(JSON.stringify(value), { root, publicKey: signer.pem, artifact: bytes(artifact), ...given });
  const ask = (value: object, given: Partial<Question> = {}) => outcome(questionOf(value, given));
  const blob = bundleOfBlob(log, signer, artifact);
  for (const good of [blob, bundleOfStatement(log, signer, artifact)]) {
    const report = await verify(questionOf(good, {}));
    assert.ok(report.verified);
    assert.deepEqual(report.steps.map(({ name }) => name), [
      "signer", "timestamp", "promise", "inclusion", "checkpoint", "time", "certificate", "transparency", "identity",
      "signature", "artifact", "entry",
    ]);
    assert.equal(await ask(good, { artifact: bytes("other") }), good === blob ? SIGNATURE : ARTIFACT);
    assert.equal(await ask(good, { publicKey: keyPair("P-256").pem }), "signer: signer_unexpected");
    assert.equal(await ask(good, { root: bytes(JSON.stringify(new SignatureLog().root)) }), CHECKPOINT);
    assert.equal(await ask(good, { root: null }), "wants root");
    assert.equal(await ask(good, { artifact: null }), "wants artifact");
    assert.equal(await ask(good, { publicKey: null }), "wants key");
    assert.equal(await ask(good, { root: bytes("{}") }), "refused");
  }
  type Bundle = typeof blob;
  const ofEntry = (change: (entry: ReturnType<SignatureLog["add"]>) => unknown) => (one: Bundle) =>
    change(one.verificationMaterial.tlogEntries[0] as never);
  const ofMaterial = (change: object) => (one: Bundle) => Object.assign(one.verificationMaterial, change);
  const another = signed("P-256", signer, artifact).toString("base64");
  const rows: [string, (bundle: Bundle) => unknown][] = [
    [INCLUSION, ofEntry((entry) => (entry.logIndex = "4"))],
    [INCLUSION, ofEntry((entry) => Object.assign(entry, { integratedTime: "1" }))],
    [INCLUSION, ofEntry((entry) => entry.inclusionProof.hashes.pop())],
    [INCLUSION, ofMaterial({ tlogEntries: [] })],
    [CHECKPOINT, ofEntry(({ inclusionProof: { checkpoint } }) => {
      checkpoint.envelope = checkpoint.envelope.replace("log.example", "log.other");
    })],
    [CHECKPOINT, ofEntry((entry) => (entry.logId.keyId = "AAAA"))],
    [ARTIFACT, (one) => (one.messageSignature.messageDigest.digest = "AAAA")],
    [ARTIFACT, (one) => (one.messageSignature.messageDigest.algorithm = "SHA2_384")],
    [ENTRY, (one) => (one.messageSignature.signature = another)],
    [ENTRY, ofEntry((entry) => (entry.kindVersion.version = "0.0.1"))],
    [FORMAT, (one) => (one.mediaType = "application/vnd.dev.sigstore.bundle.v0.4+json")],
    [FORMAT, (one) => Object.assign(one, { more: 1 })],
    [FORMAT, ofMaterial({ publicKey: undefined })],
    [FORMAT, (one) => Object.assign(one, { dsseEnvelope: envelopeOf(signer, artifact) })],
    [TIMESTAMP, ofMaterial({ timestampVerificationData: { rfc3161Timestamps: [{ signedTimestamp: "AAAA" }] } })],
    ["unsupported", ofMaterial({ publicKey: undefined, certificate: { rawBytes: "AAAA" } })],
  ];
  for (const [wanted, change] of rows) {
    const copy = structuredClone(blob);
    change(copy);
    assert.equal(await ask(copy), wanted, String(change));
  }
});

type Certificate = ReturnType<typeof certificate>;
const { seq, set, int, oid, octets, tlv } = PARTS;
const flipped = (of: Buffer) => Buffer.concat([of.subarray(0, -1), Buffer.of(of.at(-1)! ^ 1)]);
const YEAR = { start: "2026-01-01T00:00:00Z" };

// A bundle with time stamps of a clock, its authority and the root above.
class Stamped {
  readonly log = new SignatureLog();
  readonly signer = keyPair("P-256");
  readonly root = certificate({ subject: "Root", extensions: AUTHORITY });
  readonly middle = certificate({ subject: "Middle", extensions: AUTHORITY, issuer: this.root });
  readonly clock = certificate({ subject: "Clock", extensions: STAMPING, issuer: this.middle });
  readonly chain = [this.clock, this.middle, this.root];
  readonly blob = bundleOfBlob(this.log, this.signer, artifact);
  readonly signature = Buffer.from(this.blob.messageSignature.signature, "base64");

  by(change: object = {}, clock: Certificate = this.clock): Buffer {
    return token(clock, this.signature, change);
  }
  ask(tokens: Buffer[], chains: Certificate[][] = [this.chain], validFor: object = YEAR): Promise<string> {
    const rfc3161Timestamps = tokens.map((each) => ({ signedTimestamp: each.toString("base64") }));
    const timestampVerificationData = { rfc3161Timestamps };
    const verificationMaterial = { ...this.blob.verificationMaterial, timestampVerificationData };
    const timestampAuthorities = chains.map((chain) => authority(chain, validFor));
    return outcome(asked(JSON.stringify({ ...this.blob, verificationMaterial }), {
      root: bytes(JSON.stringify({ ...this.log.root, timestampAuthorities })), publicKey: this.signer.pem,
      artifact: bytes(artifact), now: BigInt(Date.parse("2026-11-28T00:00:00Z")) * 1_000_000n,
    }));
  }
}

both("a time-stamp token is of this signature, and nothing in it is unsigned or said otherwise", async () => {
  const world = new Stamped();
  const { clock, middle } = world;
  const good = world.by();
  const attribute = (hex: string, value: Buffer) => seq(oid(hex), set(value));
  const odd = attribute("2a0304", int(1));
  const alien = certificate({ subject: "Root", extensions: AUTHORITY });
  for (const tokens of [
    [good], [world.by({ more: [middle.der] })], [world.by({ attributes: (all: Buffer[]) => [...all, odd] })],
    [good, world.by({ time: "20260601120001.5Z" })], [world.by({ certificates: [clock.der] })],
    [world.by({ certificates: [middle.der, clock.der] })],
  ]) {
    assert.equal(await world.ask(tokens), "verified");
  }
  const otherDigest = attribute("2a864886f70d010904", octets(Buffer.alloc(32)));
  const otherType = attribute("2a864886f70d010903", oid("2a864886f70d010701"));
  const changes: Record<string, object> = {
    "granted with changes": { status: seq(int(1)) },
    "a text": { status: seq(int(0), seq(tlv(0x0c, Buffer.from("x")))) },
    "another version": { version: 1 },
    "in the future": { time: "20261128000001Z" },
    "no time": { time: "20261301000000Z" },
    "not in UTC": { time: "20260601120000+0100" },
    "before its certificate": { time: "20251231235959Z" },
    "behind its certificate": { time: "20270101000001Z" },
    "unsigned attributes": { unsigned: [tlv(0xa1, attribute("2a0304", int(1)))] },
    "revocation lists": { lists: [tlv(0xa1, seq())] },
    "two digests": { digests: [seq(oid("608648016503040201")), seq(oid("608648016503040202"))] },
    "no signer": { signers: () => [] },
    "two signers": { signers: ([one]: Buffer[]) => [one, one] },
    "no sequence of a signer": { signers: ([one]: Buffer[]) => [Buffer.concat([Buffer.of(0x31), one!.subarray(1)])] },
    "another signature": { signature: flipped },
    "another content": { content: flipped },
    "another certificate named": { named: middle.der },
    "an attribute is missing": { attributes: (all: Buffer[]) => all.slice(0, 2) },
    "an attribute is there twice": { attributes: (all: Buffer[]) => [...all, all[1]] },
    "another digest": { attributes: (all: Buffer[]) => all.with(1, otherDigest) },
    "another type": { attributes: (all: Buffer[]) => all.with(0, otherType) },
    "two values of an attribute": {
      attributes: (all: Buffer[]) => [...all, seq(oid("2a0304"), set(int(1), int(2)))],
    },
    "no value of an attribute": { attributes: (all: Buffer[]) => [...all, seq(oid("2a0304"), set())] },
    "another attribute twice": { attributes: (all: Buffer[]) => [...all, odd, attribute("2a0304", int(2))] },
    "more behind an attribute": { attributes: (all: Buffer[]) => [...all, seq(oid("2a0304"), set(int(1)), int(2))] },
    "no sequence of an attribute": { attributes: (all: Buffer[]) => [...all, set(oid("2a0304"), set(int(1)))] },
    "itself named behind": { more: [clock.der] },
    "another named behind": { more: [alien.der] },
    "a certificate of somebody else": { certificates: [clock.der, alien.der] },
  };
  for (const [what, change] of Object.entries(changes)) {
    assert.equal(await world.ask([world.by(change)]), TIMESTAMP, what);
  }
  assert.equal(await world.ask([token(clock, Buffer.from("x"))]), TIMESTAMP);
  assert.equal(await world.ask([good, good]), TIMESTAMP);
  assert.equal(await world.ask([Buffer.concat([good, Buffer.of(0)])]), TIMESTAMP);
  assert.equal(await world.ask([Buffer.of(0x30, 0)]), TIMESTAMP);
});

both("a time-stamp token is by an authority that was trusted then", async () => {
  const world = new Stamped();
  const { root, middle, clock } = world;
  const good = [world.by()];
  const embedded = [world.by({ certificates: [clock.der] })];
  assert.equal(await world.ask(good, [[root], world.chain]), "verified");
  assert.equal(await world.ask(good, [[clock, middle]]), "verified");
  assert.equal(await world.ask(embedded, [[middle, root]]), "verified");
  const alien = certificate({ subject: "Root", extensions: AUTHORITY });
  for (const chains of [[], [[middle, root]], [[clock, middle, alien]], [[clock, root]]]) {
    assert.equal(await world.ask(good, chains), TIMESTAMP);
  }
  assert.equal(await world.ask(good, undefined, { start: "2026-07-01T00:00:00Z" }), TIMESTAMP);
  assert.equal(await world.ask(good, undefined, { ...YEAR, end: "2026-05-01T00:00:00Z" }), TIMESTAMP);
  const noAuthority = certificate({ subject: "Middle", extensions: STAMPING, issuer: root });
  const rows: [string, object, Certificate][] = [
    ["verified", {}, middle], [TIMESTAMP, {}, noAuthority], [TIMESTAMP, { extensions: NOT_CRITICAL }, middle],
    [TIMESTAMP, { extensions: SIGNING_TOO }, middle], [TIMESTAMP, { extensions: ENCRYPTING }, middle],
    [TIMESTAMP, { extensions: AUTHORITY }, middle], [TIMESTAMP, { to: "260301000000Z" }, middle],
    [TIMESTAMP, { from: "260801000000Z" }, middle], ["unsupported", { extensions: UNKNOWN }, middle],
  ];
  for (const [wanted, change, issuer] of rows) {
    const own = certificate({ subject: "Clock", extensions: STAMPING, issuer, ...change });
    assert.equal(await world.ask([world.by({}, own)], [[own, issuer, root]]), wanted, JSON.stringify(change));
  }
});

both("what others check of a token and this does not is neither good nor bad", async () => {
  const world = new Stamped();
  const { root, middle, clock, chain } = world;
  const of = (change: object) => certificate({ subject: "Clock", extensions: STAMPING, issuer: middle, ...change });
  const ask = (own: Certificate, change: object = {}, above: Certificate[] = [middle, root]) =>
    world.ask([world.by(change, own)], [[own, ...above]]);
  assert.equal(await ask(of({ to: "99991231235959Z" })), "verified");
  assert.equal(await ask(of({ to: "20270101000000Z" })), "verified");
  assert.equal(await ask(of({ to: "20260230000000Z" })), TIMESTAMP);
  assert.equal(await ask(of({ way: "ecdsa-sha1" })), "unsupported");
  assert.equal(await ask(of({ spki: (_: Buffer, pair: { spki: Buffer }) => compressed(pair) })), "unsupported");
  assert.equal(await ask(clock, { digest: "sha1", way: "ecdsa-sha1" }), "unsupported");
  assert.equal(await ask(clock, { digest: "sha224", way: "ecdsa-sha224" }), "unsupported");
  assert.equal(await ask(clock, { digest: "sha224", way: "ecdsa" }), "unsupported");
  assert.equal(await ask(clock, { nameDigest: "sha1" }), "unsupported");
  // One authority that is not understood leaves the others.
  const both = [[of({ way: "ecdsa-sha1" }), middle, root], chain];
  for (const chains of [both, both.toReversed()]) assert.equal(await world.ask([world.by()], chains), "verified");

  const rsa = certificate({ subject: "Middle", extensions: AUTHORITY, issuer: root, kind: "rsa" });
  const pss = certificate({ subject: "Clock", extensions: STAMPING, issuer: rsa, way: "rsa-pss" });
  assert.equal(await ask(of({ issuer: rsa, way: "rsa" }), {}, [rsa, root]), "verified");
  assert.equal(await ask(pss, {}, [rsa, root]), "unsupported");
});

both("a certificate is by the authority that it says has issued it, and no token by Ed25519", async () => {
  const world = new Stamped();
  const { root } = world;
  const middle = (more: Buffer[]) =>
    certificate({ subject: "Middle", extensions: [...AUTHORITY, ...more], issuer: root });
  const ask = (issuer: Certificate, more: Buffer[] = []) => {
    const own = certificate({ subject: "Clock", extensions: [...STAMPING, ...more], issuer });
    return world.ask([world.by({}, own)], [[own, issuer, root]]);
  };
  const known = middle([keyId("its key")]);
  const plain = middle([]);
  assert.equal(await ask(known, [issuedBy("its key")]), "verified");
  assert.equal(await ask(known, [issuedBy("another")]), TIMESTAMP);
  assert.equal(await ask(plain, [issuedBy("another")]), "verified"); // it does not say its own
  assert.equal(await ask(plain, [issuedByOne(plain)]), "verified");
  assert.equal(await ask(plain, [issuedByOne(root)]), TIMESTAMP);
  assert.equal(await ask(plain, [issuedByOne({ ...plain, issuer: known.issuer.subarray(0, 0) })]), TIMESTAMP);
  assert.equal(await ask(certificate({ subject: "Middle", extensions: NAMES, issuer: root })), "unsupported");

  const ed25519 = certificate({ subject: "Clock", extensions: STAMPING, issuer: plain, kind: "ed25519" });
  assert.equal(await world.ask([world.by({ way: "ed25519" }, ed25519)], [[ed25519, plain, root]]), TIMESTAMP);
});

both("an exponent of an RSA key is at least 3", async () => {
  const pair = keyPair("rsa");
  await assert.rejects(PublicKey.fromSpki(bytes(powerOfOne(pair))), Invalid);
});
