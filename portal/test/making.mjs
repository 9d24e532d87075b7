// Makes what the verifier reads: a small ledger with its signed head, log proofs, envelopes and bundles.
import { createHash, generateKeyPairSync, sign } from "node:crypto";

export function hash(...parts) {
  const out = createHash("sha256");
  for (const part of parts) out.update(part);
  return out.digest();
}
export const leafHash = (leaf) => hash("\0", leaf);
const node = (left, right) => hash("\x01", left, right);

// Where a tree of n > 1 leaves divides.
const splitOf = (n) => 2 ** (Math.ceil(Math.log2(n)) - 1);

export function treeRoot(leaves) {
  if (leaves.length === 0) return hash("");
  if (leaves.length === 1) return leaves[0];
  const k = splitOf(leaves.length);
  return node(treeRoot(leaves.slice(0, k)), treeRoot(leaves.slice(k)));
}

// RFC 6962 section 2.1.1.
export function inclusion(leaves, index) {
  if (leaves.length === 1) return [];
  const k = splitOf(leaves.length);
  return index < k
    ? [...inclusion(leaves.slice(0, k), index), treeRoot(leaves.slice(k))]
    : [...inclusion(leaves.slice(k), index - k), treeRoot(leaves.slice(0, k))];
}

// RFC 6962 section 2.1.2.
export function consistency(leaves, older, whole = true) {
  if (older === leaves.length) return whole ? [] : [treeRoot(leaves)];
  const k = splitOf(leaves.length);
  return older <= k
    ? [...consistency(leaves.slice(0, k), older, whole), treeRoot(leaves.slice(k))]
    : [...consistency(leaves.slice(k), older - k, false), treeRoot(leaves.slice(0, k))];
}

// A key of a log (type 1) or of a witness (type 4).
export class Signer {
  #type;
  #id;
  #key;

  constructor(name, type = 1) {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    const bytes = Buffer.concat([Buffer.of(type), publicKey.export({ type: "spki", format: "der" }).subarray(12)]);
    this.name = name;
    this.#type = type;
    this.#key = privateKey;
    this.#id = hash(`${name}\n`, bytes).subarray(0, 4);
    this.vkey = `${name}+${this.#id.toString("hex")}+${bytes.toString("base64")}`;
  }
  line(text, seconds = 1_800_000_000) {
    const time = Buffer.alloc(8);
    time.writeBigUInt64BE(BigInt(seconds));
    const signature = this.#type === 1
      ? sign(null, Buffer.from(text), this.#key)
      : Buffer.concat([time, sign(null, Buffer.from(`cosignature/v1\ntime ${seconds}\n${text}`), this.#key)]);
    return `— ${this.name} ${Buffer.concat([this.#id, signature]).toString("base64")}\n`;
  }
}

export const headText = (origin, leaves) => `${origin}\n${leaves.length}\n${treeRoot(leaves).toString("base64")}\n`;
export const note = (text, ...signers) => `${text}\n${signers.map((signer) => signer.line(text)).join("")}`;

const BEGIN = Date.parse("2026-11-28T10:00:00.000Z");
export const timeAt = (index) => new Date(BEGIN + 10 * index).toISOString();
const base64 = (path) => path.map((one) => one.toString("base64"));

// The form of RFC 8785, of values without numbers that are not whole.
export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).filter(([, one]) => one !== undefined).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, one]) => `${JSON.stringify(name)}:${canonical(one)}`).join(",")}}`;
}

// The log "audit/alpha" with `size` records, 10 ms apart, each a batch of its own; and a log "root" with
// the head leaf of the last of them and `more` others.
export class Ledger {
  leaves = [];
  opened = [];

  constructor(size, signer = new Signer("ledger.example"), actor = "ben@alpha") {
    this.signer = signer;
    let prev = Buffer.alloc(32);
    for (let seq = 0; seq < size; seq += 1) {
      const payload = Buffer.from(canonical({ object: "/v1/tenants/alpha/tokens", request_id: `req_${seq}` }));
      const salt = hash(`salt ${seq}`);
      this.opened.push({ payload: payload.toString("base64"), salt: salt.toString("base64") });
      const leaf = canonical({
        action: "GET /v1/tenants/{tenant}/tokens", actor, log: "audit/alpha",
        pc: hash("\x02", salt, payload).toString("hex"), prev: prev.toString("hex"), purpose: "administration", seq,
        tenant: "alpha", ts: timeAt(seq), type: "access", v: 1, warrant: "",
      });
      prev = leafHash(leaf);
      this.leaves.push(leaf);
    }
  }
  // Of the log "root" when "audit/alpha" has `size` records.
  root(size, more = 4) {
    const own = canonical({
      head: { log: "audit/alpha", root: treeRoot(this.leaves.slice(0, size).map(leafHash)).toString("hex"), size },
      log: "root", prev: "0".repeat(64), seq: 2, ts: timeAt(size - 1), type: "head", v: 1,
    });
    const others = Array.from({ length: more }, (_, i) => `leaf ${i}`);
    return { own, leaves: [...others.slice(0, 2), own, ...others.slice(2)].map(leafHash) };
  }
  #anchor(size, more, cosigners) {
    const { own, leaves } = this.root(size, more);
    return {
      path: base64(inclusion(this.leaves.slice(0, size).map(leafHash), size - 1)),
      head: { leaf: own, path: base64(inclusion(leaves, 2)) },
      checkpoint: note(headText(this.signer.name, leaves), this.signer, ...cosigners),
    };
  }
  receipt(seq, { more = 4, cosigners = [] } = {}) {
    const { path, head, checkpoint } = this.#anchor(seq + 1, more, cosigners);
    const record = { leaf: this.leaves[seq], path };
    return { kind: "mc.receipt/v1", record, opened: this.opened[seq], head, checkpoint };
  }
  // Of the records from `from` on, without `to`: with the one before and the one behind them.
  range(from, to) {
    const begin = Math.max(0, from - 1);
    const records = this.leaves.slice(begin, to + 1).map((leaf, i) => {
      const seq = begin + i;
      return seq >= from && seq < to ? { leaf, opened: this.opened[seq] } : { leaf };
    });
    return { kind: "mc.range/v1", from: timeAt(from), to: timeAt(to), records, ...this.#anchor(to + 1, 4, []) };
  }
}

const MADE = {
  "P-256": ["ec", { namedCurve: "P-256" }, "sha256"], "P-384": ["ec", { namedCurve: "P-384" }, "sha384"],
  "P-521": ["ec", { namedCurve: "P-521" }, "sha512"], rsa: ["rsa", { modulusLength: 2048 }, "sha256"],
  ed25519: ["ed25519", {}, null],
};

export function keyPair(kind) {
  const [type, options] = MADE[kind];
  const { publicKey, privateKey } = generateKeyPairSync(type, options);
  const [spki, pem] = ["der", "pem"].map((format) => publicKey.export({ type: "spki", format }));
  return { key: privateKey, spki, pem };
}
// ECDSA in DER.
export const signed = (kind, { key }, message) => sign(MADE[kind][2], message, key);

export const pae = (type, payload) =>
  Buffer.concat([Buffer.from(`DSSEv1 ${Buffer.byteLength(type)} ${type} ${payload.length} `), payload]);

export const statementOf = (artifact) => Buffer.from(canonical({
  _type: "https://in-toto.io/Statement/v1", predicate: {}, predicateType: "https://example.org/p",
  subject: [{ digest: { sha256: hash(artifact).toString("hex") }, name: "artifact" }],
}));

const STATEMENT = "application/vnd.in-toto+json";

export function envelopeOf(pair, payload) {
  const sig = signed("P-256", pair, pae(STATEMENT, payload)).toString("base64");
  return { payload: payload.toString("base64"), payloadType: STATEMENT, signatures: [{ sig }] };
}

// A log of signatures, of the second version of Rekor, with a key on P-256.
export class SignatureLog {
  pair = keyPair("P-256");
  id = hash(this.pair.spki);
  leaves = ["a", "b", "c"].map(leafHash);

  get root() {
    return {
      mediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
      tlogs: [{
        baseUrl: "https://log.example", hashAlgorithm: "SHA2_256",
        publicKey: {
          rawBytes: this.pair.spki.toString("base64"), keyDetails: "PKIX_ECDSA_P256_SHA_256",
          validFor: { start: "2026-01-01T00:00:00Z" },
        },
        logId: { keyId: this.id.toString("base64") },
      }],
    };
  }
  note() {
    const text = headText("log.example", this.leaves);
    const bytes = Buffer.concat([this.id.subarray(0, 4), signed("P-256", this.pair, Buffer.from(text))]);
    return `${text}\n— log.example ${bytes.toString("base64")}\n`;
  }
  // `digest` is of what `signature` signs.
  add(signer, digest, signature) {
    const body = canonical({
      apiVersion: "0.0.2", kind: "hashedrekord", spec: { hashedRekordV002: {
        data: { algorithm: "SHA2_256", digest: digest.toString("base64") },
        signature: {
          content: signature.toString("base64"),
          verifier: { keyDetails: "PKIX_ECDSA_P256_SHA_256", publicKey: { rawBytes: signer.spki.toString("base64") } },
        },
      } },
    });
    const index = this.leaves.push(leafHash(body)) - 1;
    return {
      logIndex: String(index), logId: { keyId: this.id.toString("base64") },
      kindVersion: { kind: "hashedrekord", version: "0.0.2" },
      inclusionProof: {
        logIndex: String(index), rootHash: treeRoot(this.leaves).toString("base64"),
        treeSize: String(this.leaves.length), hashes: base64(inclusion(this.leaves, index)),
        checkpoint: { envelope: this.note() },
      },
      canonicalizedBody: Buffer.from(body).toString("base64"),
    };
  }
}

const bundle = (signer, entries, content) => ({
  mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
  verificationMaterial: { publicKey: { hint: hash(signer.spki).toString("base64") }, tlogEntries: entries },
  ...content,
});

export function bundleOfBlob(log, signer, artifact) {
  const signature = signed("P-256", signer, artifact);
  const messageDigest = { algorithm: "SHA2_256", digest: hash(artifact).toString("base64") };
  return bundle(signer, [log.add(signer, hash(artifact), signature)], {
    messageSignature: { messageDigest, signature: signature.toString("base64") },
  });
}

export function bundleOfStatement(log, signer, artifact) {
  const envelope = envelopeOf(signer, statementOf(artifact));
  const signature = Buffer.from(envelope.signatures[0].sig, "base64");
  const digest = hash(pae(STATEMENT, Buffer.from(envelope.payload, "base64")));
  return bundle(signer, [log.add(signer, digest, signature)], { dsseEnvelope: envelope });
}
