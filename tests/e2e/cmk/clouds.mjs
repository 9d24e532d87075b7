// Our providers of Google Cloud KMS and Azure Key Vault against fake_clouds.mjs, which the official
// clients (@google-cloud/kms, @azure/keyvault-keys) are held against first: what they seal ours
// opens, and the reverse. Nothing here ever spoke to the live services.
import crypto from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import {execFile} from "node:child_process";
import {KeyManagementServiceClient} from "@google-cloud/kms";
import {CryptographyClient, KeyClient} from "@azure/keyvault-keys";
import {createDefaultHttpClient} from "@azure/core-rest-pipeline";
import {OAuth2Client} from "google-auth-library";
import {Azure, Google, KEY, TENANT, VAULT, crc32c, serve} from "./fake_clouds.mjs";

const TRY = process.env.MC_KMS_TRY ?? "build/release/bin/mc-kms-try";
const SECRET = "00112233445566778899aabbccddeeff".repeat(2);
let passed = 0, failed = 0;
function check(what, good, seen) {
  if (good) { passed++; return; }
  failed++;
  console.log(`FAILED: ${what}: ${JSON.stringify(seen)}`);
}

const google = new Google(), azure = new Azure();
const pair = crypto.generateKeyPairSync("rsa", {modulusLength: 2048});
function assertion(where, form) {
  if (where !== "/token") {
    return form.get("grant_type") === "client_credentials" && form.get("client_secret") === "s+cret" &&
      form.get("scope") === "https://vault.azure.net/.default";
  }
  const [header, claims, signature] = (form.get("assertion") ?? "").split(".");
  const said = JSON.parse(Buffer.from(claims, "base64url"));
  return said.aud === "https://oauth2.googleapis.com/token" &&
    crypto.verify("sha256", Buffer.from(`${header}.${claims}`), pair.publicKey,
                  Buffer.from(signature, "base64url"));
}
const server = await serve(google, azure, assertion);
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "mc_clouds_"));
const account = path.join(folder, "account"), secret = path.join(folder, "secret");
fs.writeFileSync(account, JSON.stringify({
  type: "service_account", client_email: "mc@p-1.iam.gserviceaccount.com", private_key_id: "1",
  token_uri: "https://oauth2.googleapis.com/token",
  private_key: pair.privateKey.export({type: "pkcs8", format: "pem"})}), {mode: 0o600});
fs.writeFileSync(secret, "s+cret\n", {mode: 0o600});
const base = `http://127.0.0.1:${server.port}`;
const CLOUDS = {
  google: [`gcp-kms:${KEY}`, `file.service_account=${account}`, `option.token_endpoint=${base}`],
  azure: [`azure-kv:${VAULT}/keys/tenant-1`, `file.client_secret=${secret}`,
          `option.login_endpoint=${base}`, `option.tenant=${TENANT}`, "option.client_id=app"]};
function ours(cloud, operation, given = "", ...more) {
  const [uri, ...rest] = CLOUDS[cloud];
  const line = [uri, operation, `option.endpoint=${base}`, "context.tenant=ten_1", ...rest, ...more];
  return new Promise((done) => {
    const child = execFile(TRY, line, {timeout: 60_000}, (error, out, err) => {
      try { done(JSON.parse(out)); } catch { done({error: "no JSON", what: `${error} ${err}`}); }
    });
    child.stdin.on("error", () => {});
    child.stdin.end(given);
  });
}

async function ofGoogle() {
  const auth = new OAuth2Client();
  auth.setCredentials({access_token: google.token});
  const sdk = new KeyManagementServiceClient({fallback: true, protocol: "http", port: server.port,
                                              apiEndpoint: "127.0.0.1", authClient: auth});
  const sealed = await ours("google", "wrap", SECRET);
  check("google: wraps", sealed.version === "1", sealed);
  const request = google.seen.at(-1);
  const aad = Buffer.from(request.body.additionalAuthenticatedData, "base64");
  const [opened] = await sdk.decrypt({name: KEY, ciphertext: Buffer.from(sealed.wrapped, "base64"),
                                      additionalAuthenticatedData: aad});
  check("google: its client opens what ours sealed",
        Buffer.from(opened.plaintext).toString("hex") === SECRET, opened);
  const plaintext = Buffer.from(SECRET, "hex");
  const [theirs] = await sdk.encrypt({
    name: KEY, plaintext, plaintextCrc32c: {value: crc32c(plaintext)},
    additionalAuthenticatedData: aad, additionalAuthenticatedDataCrc32c: {value: crc32c(aad)}});
  check("google: its client says the sums were verified", theirs.verifiedPlaintextCrc32c === true, theirs);
  const asked = google.seen.at(-1);
  check("google: ours asks as its client does", asked.method === request.method &&
        asked.rest === request.rest && asked.body.plaintext === request.body.plaintext &&
        asked.body.additionalAuthenticatedData === request.body.additionalAuthenticatedData,
        [asked, request]);
  const again = await ours("google", "unwrap", JSON.stringify(
    {wrapped: Buffer.from(theirs.ciphertext).toString("base64"), version: "1"}));
  check("google: ours opens what its client sealed", again.secret === SECRET, again);
  const other = await ours("google", "unwrap", JSON.stringify(sealed), "context.tenant=ten_2");
  check("google: another context does not open", other.error === "corrupt", other);
  const [seen] = await sdk.getCryptoKey({name: KEY});
  check("google: its client reads the key", seen.primary.name.endsWith("/1"), seen);

  check("google: rotates", (await ours("google", "rotate")).version === "2");
  const described = await ours("google", "describe");
  check("google: describes", described.version === "2" && described.versions.length === 2, described);
  check("google: the old version still opens",
        (await ours("google", "unwrap", JSON.stringify(sealed))).secret === SECRET);
  google.versions[0].state = "DISABLED";
  const refused = await ours("google", "unwrap", JSON.stringify(sealed));
  check("google: a disabled version is denied", refused.error === "denied", refused);
  google.versions[0].state = "ENABLED";
  await faults("google", google, sealed, [["sum", "wrap"], ["sum", "unwrap"], ["key", "wrap"]]);
  const gone = await ours("google", "destroy");
  check("google: destroys", gone.destroyed_at === "2030-01-01T00:00:00.000Z", gone);
  check("google: is about to be destroyed",
        (await ours("google", "describe")).state === "pending_destruction");
  const late = await ours("google", "unwrap", JSON.stringify(sealed));
  check("google: what is about to be destroyed is denied", late.error === "denied", late);
  await sdk.close();
}

async function faults(name, cloud, sealed, damages) {
  for (const [damage, operation] of damages) {
    cloud.fault = damage;
    const seen = await ours(name, operation, operation === "wrap" ? SECRET : JSON.stringify(sealed));
    check(`${name}: ${operation} with fault ${damage} is corrupt`, seen.error === "corrupt", seen);
  }
  cloud.fault = "storm";
  const storm = await ours(name, "unwrap", JSON.stringify(sealed));
  check(`${name}: a quota is exhausted`, storm.error === "exhausted", storm);
  cloud.fault = "half";
  const half = await ours(name, "unwrap", JSON.stringify(sealed), "deadline_ms=1000");
  check(`${name}: half a reply is unavailable`, half.error === "unavailable", half);
  cloud.fault = "";
}

async function ofAzure() {
  // Its client speaks to the vault's name; what it sends is led to the fake.
  const inner = createDefaultHttpClient();
  const httpClient = {async sendRequest(request) {
    const {url} = request;  // against which it checks the challenge afterwards
    request.url = url.replace(VAULT, base);
    request.allowInsecureConnection = true;
    try { return await inner.sendRequest(request); } finally { request.url = url; }
  }};
  const credential = {getToken: async () => ({token: azure.token, expiresOnTimestamp: Date.now() + 3.6e6})};
  const options = {httpClient, serviceVersion: "2025-07-01", disableChallengeResourceVerification: false};
  const keys = new KeyClient(VAULT, credential, options);
  const key = await keys.getKey("tenant-1");
  check("azure: its client reads the key", key.properties.version === azure.versions[0].version, key.id);
  const remote = new CryptographyClient(key.id, credential, options);

  const sealed = await ours("azure", "wrap", SECRET);
  check("azure: wraps", sealed.version === azure.versions[0].version, sealed);
  const opened = await remote.unwrapKey("RSA-OAEP-256", Buffer.from(sealed.wrapped, "base64"));
  check("azure: its client opens what ours sealed",
        Buffer.from(opened.result).toString("hex") === SECRET, opened);
  const asked = azure.seen.at(-1);
  const again = await ours("azure", "unwrap", JSON.stringify(sealed));
  check("azure: ours opens it", again.secret === SECRET, again);
  check("azure: ours asks as its client does",
        JSON.stringify(asked) === JSON.stringify(azure.seen.at(-1)), [asked, azure.seen.at(-1)]);
  const theirs = await remote.wrapKey("RSA-OAEP-256", Buffer.from(SECRET, "hex"));
  const back = await ours("azure", "unwrap", JSON.stringify(
    {wrapped: Buffer.from(theirs.result).toString("base64"), version: key.properties.version}));
  check("azure: ours opens what its client sealed", back.secret === SECRET, back);

  const rotated = await ours("azure", "rotate");
  check("azure: rotates", rotated.version === azure.versions[1].version, rotated);
  const described = await ours("azure", "describe");
  check("azure: describes", described.state === "enabled" && described.versions.length === 2, described);
  check("azure: the old version still opens",
        (await ours("azure", "unwrap", JSON.stringify(sealed))).secret === SECRET);
  azure.enabled = false;
  const refused = await ours("azure", "unwrap", JSON.stringify(sealed));
  check("azure: a disabled key is denied", refused.error === "denied", refused);
  check("azure: and is described so", (await ours("azure", "describe")).state === "disabled");
  azure.enabled = true;
  await faults("azure", azure, sealed, [["key", "wrap"], ["key", "unwrap"], ["version", "unwrap"]]);
  const gone = await ours("azure", "destroy");
  check("azure: destroys", gone.destroyed_at === "2030-01-01T00:00:00.000Z", gone);
  check("azure: waits for its end", (await ours("azure", "describe")).state === "pending_destruction");
  const late = await ours("azure", "unwrap", JSON.stringify(sealed));
  check("azure: a deleted key is denied", late.error === "denied", late);
}

for (const part of [ofGoogle, ofAzure]) {
  try { await part(); } catch (error) { check(part.name, false, String(error.stack ?? error)); }
}
server.stop();
fs.rmSync(folder, {recursive: true});
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
