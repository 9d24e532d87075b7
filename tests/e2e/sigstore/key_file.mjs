// cosign's key files: PEM around JSON with scrypt and NaCl's secretbox around PKCS #8. Own code with
// tweetnacl, so that it shares no fault with that of the program under test.
import assert from "node:assert/strict";
import { createPrivateKey, randomBytes, scryptSync } from "node:crypto";

import nacl from "tweetnacl";

export const LABEL = "ENCRYPTED SIGSTORE PRIVATE KEY";
export const OLDER_LABEL = "ENCRYPTED COSIGN PRIVATE KEY";
export const COST = 65_536;
export const OLDER_COST = 32_768;

function derive(passphrase, salt, { N, r, p }) {
  return scryptSync(passphrase, salt, nacl.secretbox.keyLength, { N, r, p, maxmem: 256 * N * r });
}

// {label, json} of a file as Go writes it: lines of 64 characters.
export function parseKeyFile(text) {
  const match =
    /^-----BEGIN ([A-Z ]+)-----\n((?:[A-Za-z0-9+/]{64}\n)*[A-Za-z0-9+/=]{1,64}\n)-----END \1-----\n$/.exec(text);
  assert.ok(match, `no PEM: ${text}`);
  return { label: match[1], json: JSON.parse(Buffer.from(match[2], "base64").toString()) };
}

export function printKeyFile(json, label = LABEL) {
  const body = Buffer.from(JSON.stringify(json)).toString("base64").replace(/.{1,64}/g, "$&\n");
  return `-----BEGIN ${label}-----\n${body}-----END ${label}-----\n`;
}

// The private key in a file; null when the passphrase is not its.
export function openKeyFile(text, passphrase) {
  const { json: { kdf, cipher, ciphertext } } = parseKeyFile(text);
  assert.equal(kdf.name, "scrypt");
  assert.equal(cipher.name, "nacl/secretbox");
  const bytes = (base64) => Uint8Array.from(Buffer.from(base64, "base64"));
  const key = derive(passphrase, bytes(kdf.salt), kdf.params);
  const plain = nacl.secretbox.open(bytes(ciphertext), bytes(cipher.nonce), key);
  return plain && createPrivateKey({ key: Buffer.from(plain), format: "der", type: "pkcs8" });
}

// The JSON of a new file with this private key.
export function sealKey(privateKey, passphrase, cost = COST) {
  const params = { N: cost, r: 8, p: 1 };
  const salt = randomBytes(32);
  const nonce = randomBytes(nacl.secretbox.nonceLength);
  const plain = privateKey.export({ format: "der", type: "pkcs8" });
  const box = nacl.secretbox(plain, nonce, derive(passphrase, salt, params));
  return {
    kdf: { name: "scrypt", params, salt: salt.toString("base64") },
    cipher: { name: "nacl/secretbox", nonce: nonce.toString("base64") },
    ciphertext: Buffer.from(box).toString("base64"),
  };
}
