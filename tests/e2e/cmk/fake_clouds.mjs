// Google Cloud KMS (REST v1) and Azure Key Vault (2025-07-01) in memory, as strict as their
// contracts: unknown fields, other spellings of base64, missing headers and wrong sums are refused.
// clouds.mjs shows that the official clients accept it. `fault` spoils the next reply.
import crypto from "node:crypto";
import http from "node:http";

export const KEY = "projects/p-1/locations/europe-west3/keyRings/ring/cryptoKeys/key";
export const VAULT = "https://mc.vault.azure.net";
export const TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47";

class Refused extends Error {
  constructor(status, code, inner) { super(code); Object.assign(this, {status, code, inner}); }
}

const table = Array.from({length: 256}, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1;
  return c >>> 0;
});
export function crc32c(bytes) {
  let c = ~0 >>> 0;
  for (const byte of bytes) c = (table[(c ^ byte) & 255] ^ (c >>> 8)) >>> 0;
  return (~c) >>> 0;
}

function only(body, names) {
  for (const name of Object.keys(body)) {
    if (!names.includes(name)) throw new Refused(400, "INVALID_ARGUMENT", `field ${name}`);
  }
}

export class Google {
  token = "google-token";
  versions = [];
  primary = 0;
  seen = [];
  fault = "";
  constructor() { this.create(); this.primary = 1; }
  create() {
    const number = this.versions.length + 1;
    this.versions.push({number, state: "ENABLED", secret: crypto.randomBytes(32)});
    return this.versions.at(-1);
  }
  shown(version, numeric) {
    const states = {ENABLED: 1, DISABLED: 2, DESTROYED: 3, DESTROY_SCHEDULED: 4};
    return {
      name: `${KEY}/cryptoKeyVersions/${version.number}`,
      state: numeric ? states[version.state] : version.state,
      protectionLevel: numeric ? 1 : "SOFTWARE",
      algorithm: numeric ? 1 : "GOOGLE_SYMMETRIC_ENCRYPTION",
      createTime: "2026-01-01T00:00:00Z", generateTime: "2026-01-01T00:00:00.123456Z",
      ...(version.destroyTime ? {destroyTime: version.destroyTime} : {}),
    };
  }
  shownKey(numeric) {
    const primary = this.versions[this.primary - 1];
    return {name: KEY, purpose: numeric ? 1 : "ENCRYPT_DECRYPT", createTime: "2026-01-01T00:00:00Z",
            primary: this.shown(primary, numeric), destroyScheduledDuration: "2592000s"};
  }
  bytes(body, name) {
    if (body[name] === undefined) return Buffer.alloc(0);
    const out = Buffer.from(body[name], "base64");
    if (out.toString("base64") !== body[name]) throw new Refused(400, "INVALID_ARGUMENT");
    const sum = body[name + "Crc32c"];
    if (sum !== undefined) {
      // A number of 64 bits is a text in the JSON of proto3; its wrapper may be an object.
      const given = typeof sum === "object" ? sum.value : sum;
      if (typeof given !== "string" || given !== String(crc32c(out))) {
        throw new Refused(400, "INVALID_ARGUMENT");
      }
    }
    return out;
  }
  usable(number) {
    const version = this.versions[number - 1];
    if (!version) throw new Refused(404, "NOT_FOUND");
    if (version.state !== "ENABLED") throw new Refused(400, "FAILED_PRECONDITION");
    return version;
  }
  answer(request, url, body) {
    if (request.headers.authorization !== `Bearer ${this.token}`) {
      throw new Refused(401, "UNAUTHENTICATED");
    }
    const numeric = (url.searchParams.get("$alt") ?? "").includes("enum-encoding=int");
    const at = url.pathname.replace(/^\/v1\//, "");
    if (!at.startsWith(KEY)) throw new Refused(404, "NOT_FOUND");
    const rest = at.slice(KEY.length);
    const {method} = request;
    if (method === "POST" && !/^application\/json/.test(request.headers["content-type"] ?? "")) {
      throw new Refused(400, "INVALID_ARGUMENT");
    }
    this.seen.push({method, rest, body});
    const aad = "additionalAuthenticatedData";
    if (method === "POST" && rest === ":encrypt") {
      only(body, ["name", "plaintext", "plaintextCrc32c", aad, aad + "Crc32c"]);
      const version = this.usable(this.primary);
      const nonce = crypto.randomBytes(12);
      const cipher = crypto.createCipheriv("aes-256-gcm", version.secret, nonce);
      cipher.setAAD(this.bytes(body, aad));
      const sealed = Buffer.concat([cipher.update(this.bytes(body, "plaintext")), cipher.final()]);
      const out = Buffer.concat([Buffer.from([version.number]), nonce, cipher.getAuthTag(), sealed]);
      const sum = crc32c(out) ^ (this.fault === "sum" ? 1 : 0);
      const name = this.shown(version).name;
      return {name: this.fault === "key" ? name.replace("cryptoKeys/key", "cryptoKeys/other") : name,
              ciphertext: out.toString("base64"), ciphertextCrc32c: String(sum >>> 0),
              verifiedPlaintextCrc32c: body.plaintextCrc32c !== undefined,
              verifiedAdditionalAuthenticatedDataCrc32c: body[aad + "Crc32c"] !== undefined,
              protectionLevel: numeric ? 1 : "SOFTWARE"};
    }
    if (method === "POST" && rest === ":decrypt") {
      only(body, ["name", "ciphertext", "ciphertextCrc32c", aad, aad + "Crc32c"]);
      const given = this.bytes(body, "ciphertext");
      const version = this.usable(given[0]);
      try {
        const open = crypto.createDecipheriv("aes-256-gcm", version.secret, given.subarray(1, 13));
        open.setAAD(this.bytes(body, aad));
        open.setAuthTag(given.subarray(13, 29));
        const out = Buffer.concat([open.update(given.subarray(29)), open.final()]);
        const sum = crc32c(out) ^ (this.fault === "sum" ? 1 : 0);
        return {plaintext: out.toString("base64"), plaintextCrc32c: String(sum >>> 0),
                usedPrimary: version.number === this.primary};
      } catch { throw new Refused(400, "INVALID_ARGUMENT"); }
    }
    if (method === "GET" && rest === "") return this.shownKey(numeric);
    if (method === "GET" && rest === "/cryptoKeyVersions") {
      return {cryptoKeyVersions: this.versions.map((one) => this.shown(one, numeric))};
    }
    if (method === "POST" && rest === "/cryptoKeyVersions") return this.shown(this.create(), numeric);
    if (method === "POST" && rest === ":updatePrimaryVersion") {
      only(body, ["name", "cryptoKeyVersionId"]);
      this.primary = this.usable(Number(body.cryptoKeyVersionId)).number;
      return this.shownKey(numeric);
    }
    const destroyed = /^\/cryptoKeyVersions\/(\d+):destroy$/.exec(rest);
    if (method === "POST" && destroyed) {
      const version = this.versions[Number(destroyed[1]) - 1];
      if (!version) throw new Refused(404, "NOT_FOUND");
      Object.assign(version, {state: "DESTROY_SCHEDULED", destroyTime: "2030-01-01T00:00:00Z"});
      return this.shown(version, numeric);
    }
    throw new Refused(404, "NOT_FOUND");
  }
  error({status, code}) {
    return {error: {code: status, message: "words of the service", status: code}};
  }
}

export class Azure {
  token = "azure-token";
  versions = [];
  enabled = true;
  deleted = false;
  seen = [];
  fault = "";
  constructor() { this.create(); }
  create() {
    const pair = crypto.generateKeyPairSync("rsa", {modulusLength: 2048});
    this.versions.push({version: crypto.randomBytes(16).toString("hex"), ...pair});
  }
  id(one) { return `${VAULT}/keys/tenant-1/${one.version}`; }
  bundle(one) {
    const {n, e} = one.publicKey.export({format: "jwk"});
    return {key: {kid: this.id(one), kty: "RSA", key_ops: ["wrapKey", "unwrapKey"], n, e},
            attributes: {enabled: this.enabled, created: 1767225600, updated: 1767225600,
                         recoveryLevel: "Recoverable+Purgeable", recoverableDays: 90}};
  }
  answer(request, url, body) {
    if (request.headers.authorization !== `Bearer ${this.token}`) {
      throw new Refused(401, "Unauthorized");
    }
    if (url.searchParams.get("api-version") !== "2025-07-01") throw new Refused(400, "BadParameter");
    const {method} = request;
    const [, root, name, ...rest] = url.pathname.split("/");
    this.seen.push({method, path: url.pathname, body});
    if (name !== "tenant-1") throw new Refused(404, "KeyNotFound");
    const last = this.versions.at(-1);
    const gone = {...this.bundle(last), recoveryId: `${VAULT}/deletedkeys/tenant-1`,
                  deletedDate: 1767225600, scheduledPurgeDate: 1893456000};
    if (root === "deletedkeys" && method === "GET" && this.deleted) return gone;
    if (root !== "keys" || this.deleted) throw new Refused(404, "KeyNotFound");
    const action = rest.at(-1);
    if (method === "GET" && action === "versions") {
      return {value: this.versions.map((one) => ({kid: this.id(one),
                                                  attributes: this.bundle(one).attributes})),
              nextLink: null};
    }
    if (method === "GET" && rest.join("") === "") return this.bundle(last);
    if (method === "DELETE" && rest.length === 0) { this.deleted = true; return gone; }
    if (method === "POST" && action === "rotate") { this.create(); return this.bundle(this.versions.at(-1)); }
    const one = rest.length > 1 ? this.versions.find(({version}) => version === rest[0]) : last;
    if (!one) throw new Refused(404, "KeyNotFound");
    if (method === "GET" && action === one.version) return this.bundle(one);
    if (method === "POST" && (action === "wrapkey" || action === "unwrapkey")) {
      for (const field of Object.keys(body)) {
        if (!["alg", "value"].includes(field)) throw new Refused(400, "BadParameter");
      }
      const given = Buffer.from(body.value ?? "", "base64url");
      if (body.alg !== "RSA-OAEP-256" || given.toString("base64url") !== body.value) {
        throw new Refused(400, "BadParameter");
      }
      if (!this.enabled) throw new Refused(403, "Forbidden", "KeyDisabled");
      const way = {padding: crypto.constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256"};
      try {
        const out = action === "wrapkey"
          ? crypto.publicEncrypt({key: one.publicKey, ...way}, given)
          : crypto.privateDecrypt({key: one.privateKey, ...way}, given);
        const kid = this.fault === "version" ? this.id({version: "0".repeat(32)})
          : this.id(one).replace("tenant-1", this.fault === "key" ? "tenant-2" : "tenant-1");
        return {kid, value: out.toString("base64url")};
      } catch { throw new Refused(400, "BadParameter"); }
    }
    throw new Refused(404, "KeyNotFound");
  }
  error({code, inner}) {
    return {error: {code, message: "words of the service", ...(inner ? {innererror: {code: inner}} : {})}};
  }
}

// One server of both; tokens are asked for at the same address. `tokens` counts what was given out.
export async function serve(google, azure, assertion) {
  const state = {tokens: 0};
  const server = http.createServer((request, response) => {
    const parts = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => {
      const send = (status, body, headers = {}) => {
        response.writeHead(status, {"content-type": "application/json", ...headers});
        response.end(JSON.stringify(body));
      };
      const text = Buffer.concat(parts).toString();
      const url = new URL(request.url, "http://127.0.0.1");
      if (url.pathname === "/token" || url.pathname === `/${TENANT}/oauth2/v2.0/token`) {
        state.tokens++;
        const form = new URLSearchParams(text);
        if (!assertion(url.pathname, form)) return send(400, {error: "invalid_grant"});
        const token = url.pathname === "/token" ? google.token : azure.token;
        return send(200, {access_token: token, token_type: "Bearer", expires_in: 3599});
      }
      const cloud = url.pathname.startsWith("/v1/") ? google : azure;
      if (cloud.fault === "storm") {
        return send(429, cloud.error({status: 429, code: cloud === google ? "RESOURCE_EXHAUSTED" : "Throttled"}),
                    {"retry-after": "3"});
      }
      if (cloud.fault === "half") {
        response.writeHead(200, {"content-type": "application/json", "content-length": "100"});
        response.write("{");
        return setImmediate(() => request.socket.destroy());
      }
      try {
        send(200, cloud.answer(request, url, text === "" ? {} : JSON.parse(text)));
      } catch (error) {
        if (!(error instanceof Refused)) return send(500, {error: String(error)});
        const challenge = `Bearer authorization="https://login.microsoftonline.com/${TENANT}", ` +
          'resource="https://vault.azure.net"';
        send(error.status, cloud.error(error), error.status === 401 ? {"www-authenticate": challenge} : {});
      }
    });
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return {state, port: server.address().port, stop: () => { server.closeAllConnections(); server.close(); }};
}
