// Who signs and who checks here without any code of ours: node's cryptography, sigstore-js, openssl.
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from "node:crypto";

import { bundleFromJSON, bundleToJSON } from "@sigstore/bundle";
import { TrustedRoot } from "@sigstore/protobuf-specs";
import { DSSEBundleBuilder, MessageSignatureBundleBuilder } from "@sigstore/sign";
import { Verifier, toSignedEntity, toTrustMaterial } from "@sigstore/verify";

import { runToEnd } from "../lib/children.mjs";
import { sha256 } from "./log_reader.mjs";

export const STATEMENT_TYPE = "application/vnd.in-toto+json";
export const base64 = (bytes) => Buffer.from(bytes).toString("base64");
export const bytesOf = (text) => Buffer.from(text, "base64");

// What a signature in an envelope is over (DSSE v1.0.2).
export function signedBytes(type, payload) {
  const length = (bytes) => `${Buffer.byteLength(bytes)}`;
  return Buffer.concat([Buffer.from(`DSSEv1 ${length(type)} ${type} ${length(payload)} `), Buffer.from(payload)]);
}

const spkiOf = (key) => createPublicKey(key).export({ format: "der", type: "spki" });
// How bundles name a key.
export const hintOf = (key) => base64(sha256(spkiOf(key)));

const KINDS = {
  p256: ["ec", { namedCurve: "P-256" }, "PKIX_ECDSA_P256_SHA_256", "sha256"],
  p384: ["ec", { namedCurve: "P-384" }, "PKIX_ECDSA_P384_SHA_384", "sha384"],
  rsa: ["rsa", { modulusLength: 2048 }, "PKIX_RSA_PKCS1V15_2048_SHA256", "sha256"],
  ed25519: ["ed25519", {}, "PKIX_ED25519", null],
};

// A key that signs as clients of Rekor do. `certificate`: PEM of the key, for bundles that have it.
export class Signer {
  constructor(kind = "p256", { privateKey, certificate } = {}) {
    const [type, options, details, digest] = KINDS[kind];
    this.privateKey = privateKey ?? generateKeyPairSync(type, options).privateKey;
    this.details = details;
    this.digest = digest;
    this.certificate = certificate;
    this.spki = spkiOf(this.privateKey);
    this.pem = createPublicKey(this.privateKey).export({ format: "pem", type: "spki" });
    this.hint = hintOf(this.privateKey);
  }

  static fromPem(pem, certificate) {
    return new Signer("p256", { privateKey: createPrivateKey(pem), certificate });
  }

  signature(message) {
    return sign(this.digest, message, this.privateKey);
  }

  // As the builders of sigstore-js want it.
  async sign(message) {
    const key = this.certificate
      ? { $case: "x509Certificate", certificate: this.certificate }
      : { $case: "publicKey", hint: this.hint, publicKey: this.pem };
    return { signature: this.signature(message), key };
  }

  verifier() {
    return { publicKey: { rawBytes: base64(this.spki) }, keyDetails: this.details };
  }

  blobRequest(message) {
    return { hashedRekordRequestV002: {
      digest: base64(sha256(message)),
      signature: { content: base64(this.signature(message)), verifier: this.verifier() },
    } };
  }

  envelopeRequest(payload) {
    const sig = base64(this.signature(signedBytes(STATEMENT_TYPE, payload)));
    return { dsseRequestV002: {
      envelope: { payload: base64(payload), payloadType: STATEMENT_TYPE, signatures: [{ sig }] },
      verifiers: [this.verifier()],
    } };
  }
}

// What a log keeps of a signature by a key (RFC 8785 is JSON.stringify here: members are sorted).
// `material`: {publicKey} or {x509Certificate} with rawBytes in base64.
const loggedSignature = (signature, material) =>
  ({ content: base64(signature), verifier: { keyDetails: "PKIX_ECDSA_P256_SHA_256", ...material } });
const digestOf = (bytes) => ({ algorithm: "SHA2_256", digest: base64(sha256(bytes)) });
const entry = (kind, spec) => Buffer.from(JSON.stringify({ apiVersion: "0.0.2", kind, spec }));

export const keyMaterial = (key) => ({ publicKey: { rawBytes: base64(spkiOf(key)) } });
export const blobEntry = (message, signature, material) => entry("hashedrekord",
  { hashedRekordV002: { data: digestOf(message), signature: loggedSignature(signature, material) } });
// What a log answers to dsseRequestV002: an entry over the signed bytes, as newer verifiers want it.
export const envelopeEntry = (payload, signature, material) =>
  blobEntry(signedBytes(STATEMENT_TYPE, Buffer.from(payload)), signature, material);

// Signs with sigstore-js; gives the bundle as JSON. A statement is text, a blob is bytes.
export async function signWithSigstore(signer, witnesses, content) {
  const builder = typeof content === "string"
    ? new DSSEBundleBuilder({ signer, witnesses })
    : new MessageSignatureBundleBuilder({ signer, witnesses });
  return bundleToJSON(await builder.create({ data: Buffer.from(content), type: STATEMENT_TYPE }));
}

// Verifies with sigstore-js, which throws. `key`: of the signer; `policy`: for certificates.
export function verifyWithSigstore(bundle, { root, key, artifact, policy }) {
  const keys = (hint) => {
    if (hint !== hintOf(key)) throw new Error(`no key has the hint ${hint}`);
    return { publicKey: createPublicKey(key), validFor: () => true };
  };
  const trust = toTrustMaterial(TrustedRoot.fromJSON(root), keys);
  // No log of certificates is at hand; each of the other two is needed.
  const verifier = new Verifier(trust, { tlogThreshold: 1, timestampThreshold: 1, ctlogThreshold: 0 });
  verifier.verify(toSignedEntity(bundleFromJSON(bundle), artifact && Buffer.from(artifact)), policy);
}

// The signature of a bundle, whatever it is of.
export const signatureOf = ({ messageSignature, dsseEnvelope }) =>
  bytesOf(messageSignature?.signature ?? dsseEnvelope.signatures[0].sig);
export const timestampOf = (bundle) =>
  bytesOf(bundle.verificationMaterial.timestampVerificationData.rfc3161Timestamps[0].signedTimestamp);

export function openssl(...args) {
  return runToEnd("openssl", args);
}

// Whether openssl finds this signature good. Files are written into `site`.
export function opensslHolds(site, pem, message, signature) {
  return openssl("dgst", "-sha256", "-verify", site.write("signer.pem", pem),
    "-signature", site.write("signature", signature), site.write("message", message)).status === 0;
}

export const certificatesIn = (chain) =>
  chain.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n/g) ?? [];

// Whether openssl finds this a timestamp of `data`, by the authority whose chain ends at its root.
export function opensslStamped(site, response, data, chain) {
  const root = certificatesIn(chain).at(-1);
  return openssl("ts", "-verify", "-in", site.write("response.tsr", response),
    "-data", site.write("stamped", data), "-CAfile", site.write("tsa_root.pem", root),
    "-untrusted", site.write("tsa_chain.pem", chain)).status === 0;
}

// What openssl reads in a timestamp.
export function opensslShows(site, response) {
  const done = openssl("ts", "-reply", "-in", site.write("response.tsr", response), "-text");
  const field = (name) => new RegExp(`^${name}: *(.+)$`, "m").exec(done.out)?.[1];
  return { text: done.out, status: field("Status"), time: field("Time stamp"), serial: field("Serial number"),
    nonce: field("Nonce") };
}
