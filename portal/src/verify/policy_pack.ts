// Packs of policies (docs/formats/policy-pack.md), as src/trust/proof/policy_pack.h reads and checks them. The
// files of a bundle are not held against one here: `maestro verify` does that.
import { byteLength, type Bytes, bytesOf, excerpt, isOneLine, textOf, toHex } from "./bytes.ts";
import { parseBundle } from "./bundle.ts";
import { digestOf } from "./crypto.ts";
import { type Envelope, readEnvelope } from "./envelope.ts";
import { Fields } from "./fields.ts";
import { type Json, parseJson } from "./json.ts";
import { bad, Invalid, type Report } from "./report.ts";
import { STATEMENT_TYPE } from "./statement.ts";
import { formatTime } from "./time.ts";

const KIND = "mc.policy-pack/v1";
const PREDICATE = "urn:maestro-conductor:policy-pack:v1";
const STATEMENT = "https://in-toto.io/Statement/v1";
const FILE_BYTES_MAX = 16 << 20;
const FILES_MAX = 20_000;
const VERSION_BYTES_MAX = 256;
const PATH_BYTES_MAX = 512;
const NANOS_PER_MS = 1_000_000n;
const EARLY_MAX = 300_000_000_000n; // nanoseconds that clocks may be apart
const NEVER_NAMED = ["policies/ig.bundle", ".signatures.json"];

interface PackFile {
  path: string;
  sha256: string;
}

interface Pack {
  version: string;
  base: string; // of a delta: the revision that it changes
  channel: string;
  issued: bigint; // nanoseconds since 1970
  expires: bigint;
  policies: PackFile[];
  data: PackFile[];
}

const isPolicy = (path: string) => path.endsWith(".rego") || path === "plan.json";
const isLine = (text: string, least: number, most: number) =>
  isOneLine(text) && byteLength(text) >= least && byteLength(text) <= most;

function readFiles(fields: Fields, name: "policies" | "data"): PackFile[] {
  let last = ""; // in hexadecimal, which sorts as the bytes do
  return fields.list(name, FILES_MAX).map((each) => {
    const file = new Fields(each, name);
    const path = file.requiredText("path");
    const sha256 = file.requiredText("sha256");
    file.done();
    const order = toHex(bytesOf(path));
    const sound = order > last && isPolicy(path) === (name === "policies") && isLine(path, 1, PATH_BYTES_MAX) &&
      !NEVER_NAMED.includes(path) && /^[0-9a-f]{64}$/.test(sha256);
    if (!sound) fields.refuse(name, `'${excerpt(path)}' cannot be there`);
    last = order;
    return { path, sha256 };
  });
}

function readPack(document: Json | undefined): Pack {
  const fields = new Fields(document, "");
  const kind = fields.requiredText("kind");
  const pack: Pack = {
    version: fields.requiredText("version"), base: fields.text("base"), channel: fields.requiredText("channel"),
    issued: fields.time("issued"), expires: fields.time("expires"),
    policies: readFiles(fields, "policies"), data: readFiles(fields, "data"),
  };
  fields.done();
  const { version, base, channel, issued, expires } = pack;
  const count = countOf(pack);
  const sound = kind === KIND && isLine(version, 1, VERSION_BYTES_MAX) && isLine(base, 0, VERSION_BYTES_MAX) &&
    /^[a-z0-9-]{1,32}$/.test(channel) && expires > issued && count > 0 && count <= FILES_MAX;
  return sound ? pack : bad("a member of it is out of its range");
}

const countOf = ({ policies, data }: Pack) => policies.length + data.length;
const timeText = (nanos: bigint) => formatTime(Number(nanos / NANOS_PER_MS));

// As RFC 8785 has it.
const printPack = ({ version, base, channel, issued, expires, policies, data }: Pack): string => JSON.stringify({
  ...(base === "" ? {} : { base }), channel, data, expires: timeText(expires), issued: timeText(issued), kind: KIND, policies,
  version,
});

const memberOf = (value: Json, name: string) => (value instanceof Map ? value.get(name) : undefined);

async function parsePack(payload: Bytes): Promise<Pack> {
  const text = textOf(payload);
  const pack = readPack(memberOf(parseJson(text), "predicate"));
  const document = printPack(pack);
  const digest = toHex(await digestOf("sha256", bytesOf(document)));
  const name = JSON.stringify(`policy-pack/${pack.channel}/${pack.version}`);
  const again = `{"_type":"${STATEMENT}","predicate":${document},"predicateType":"${PREDICATE}",` +
    `"subject":[{"digest":{"sha256":"${digest}"},"name":${name}}]}`;
  if (again !== text) bad("the statement is not written as one of a pack is");
  return pack;
}

function envelopeIn(value: Json): Envelope | null {
  return memberOf(value, "mediaType") === undefined ? readEnvelope(new Fields(value, "")) : parseBundle(value).envelope;
}

// The envelope of a pack, alone or in a bundle; null in what is no such file.
export function findPack(file: Bytes, value: Json): Envelope | null {
  if (file.length > FILE_BYTES_MAX) return null;
  try {
    const envelope = envelopeIn(value);
    if (envelope === null || envelope.payloadType !== STATEMENT_TYPE) return null;
    return memberOf(parseJson(textOf(envelope.payload)), "predicateType") === PREDICATE ? envelope : null;
  } catch (error) {
    if (error instanceof Invalid) return null;
    throw error;
  }
}

// What stands in it, which is what its bundle is about; empty when it is no pack after all.
export async function documentIn({ payload }: Envelope): Promise<Bytes> {
  try {
    return bytesOf(printPack(await parsePack(payload)));
  } catch (error) {
    if (error instanceof Invalid) return bytesOf("");
    throw error;
  }
}

// The steps pack, channel, period, files, behind those of its envelope.
export async function addPackSteps({ payload }: Envelope, now: bigint, report: Report) {
  let pack: Pack;
  await report.step("pack", "pack_invalid", async () => {
    pack = await parsePack(payload);
    const base = pack.base === "" ? "" : `, a delta to ${pack.base}`;
    return `version ${pack.version}${base} for ${pack.channel}, ${countOf(pack)} files`;
  });
  report.skip("channel", "none was asked for");
  const early = pack! !== undefined && pack!.issued > now + EARLY_MAX;
  await report.step("period", early ? "pack_early" : "pack_expired", () => {
    if (early) bad(`it is issued for later: ${timeText(pack.issued)}`);
    if (pack.expires <= now) bad(`it has expired: ${timeText(pack.expires)}`);
    return `${timeText(pack.issued)} to ${timeText(pack.expires)}`;
  });
  report.skip("files", "they are held against it by maestro verify FILE --artifact BUNDLE");
}
