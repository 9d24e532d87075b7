// Trusted roots (dev.sigstore.trustroot.v1, JSON), as src/trust/proof/trusted_root.h reads them: whose keys
// count, and when. Members that are not known are passed over.
import { type Bytes, textOf } from "./bytes.ts";
import { PublicKey } from "./crypto.ts";
import { rsaSpki } from "./der.ts";
import { Fields } from "./fields.ts";
import { type Json, parseJson } from "./json.ts";
import { bad, Invalid } from "./report.ts";

const TYPE = "application/vnd.dev.sigstore.trustedroot";
const BYTES_MAX = 4 << 20;
const CHAIN_MAX = 8;

// By the names of dev.sigstore.common.v1.PublicKeyDetails.
const ALGORITHMS: Record<string, string> = {
  PKIX_ECDSA_P256_SHA_256: "ES256", PKIX_ECDSA_P384_SHA_384: "ES384", PKIX_ECDSA_P521_SHA_512: "ES512",
  PKIX_ED25519: "EdDSA", PKIX_RSA_PKCS1V15_2048_SHA256: "RS256", PKIX_RSA_PKCS1V15_3072_SHA256: "RS256",
  PKIX_RSA_PKCS1V15_4096_SHA256: "RS256", PKIX_RSA_PKCS1V5: "RS256", PKCS1_RSA_PKCS1V5: "RS256",
};

// When a key was trusted, in nanoseconds since 1970; both ends are inside.
export interface Period {
  from: bigint;
  until: bigint | null;
}
export const contains = ({ from, until }: Period, at: bigint): boolean => from <= at && (until === null || at <= until);

export interface TimestampAuthority {
  chain: Bytes[]; // certificates in DER, the root last
  period: Period;
}

export interface TransparencyLog {
  host: string; // its name in checkpoints
  key: PublicKey;
  id: Bytes; // as entries name it
  period: Period;
}

function hostOf(url: string): string {
  const scheme = url.indexOf("://");
  return (scheme < 0 ? url : url.slice(scheme + 3)).split("/")[0]!;
}

function readPeriod(fields: Fields): Period {
  const period = fields.fields("validFor");
  return {
    from: period.has("start") ? period.time("start") : 0n, until: period.has("end") ? period.time("end") : null,
  };
}

// Null for a key of a kind that is not known.
async function readLog(value: Json): Promise<TransparencyLog | null> {
  const fields = new Fields(value, "tlogs");
  const key = fields.fields("publicKey");
  const der = key.requiredBytes("rawBytes");
  const details = key.text("keyDetails");
  if (!Object.hasOwn(ALGORITHMS, details)) return null;
  const read = await PublicKey.fromSpki(details.startsWith("PKCS1_") ? rsaSpki(der) : der);
  if (read.algorithm !== ALGORITHMS[details]) key.refuse("keyDetails", "the key is of another kind");
  const host = hostOf(fields.text("baseUrl"));
  return { host, key: read, id: fields.fields("logId").requiredBytes("keyId"), period: readPeriod(key) };
}

function readAuthority(value: Json): TimestampAuthority {
  const fields = new Fields(value, "timestampAuthorities");
  const certificates = fields.fields("certChain").list("certificates", CHAIN_MAX);
  if (certificates.length === 0) fields.refuse("certChain", "there is none");
  const path = fields.path("certChain.certificates");
  const chain = certificates.map((one) => new Fields(one, path).requiredBytes("rawBytes"));
  return { chain, period: readPeriod(fields) };
}

export interface TrustedRoot {
  logs: TransparencyLog[];
  timestampAuthorities: TimestampAuthority[];
}

// Of its authorities of certificates, and its logs of them, nothing is looked at.
export async function parseTrustedRoot(json: Bytes): Promise<TrustedRoot> {
  try {
    if (json.length > BYTES_MAX) bad(`it is longer than ${BYTES_MAX} bytes`);
    const fields = new Fields(parseJson(textOf(json)), "");
    const type = fields.requiredText("mediaType");
    if (!type.startsWith(TYPE)) fields.refuse("mediaType", "it is not that of a trusted root");
    const logs: TransparencyLog[] = [];
    for (const entry of fields.list("tlogs")) {
      const log = await readLog(entry);
      if (log) logs.push(log);
    }
    return { logs, timestampAuthorities: fields.list("timestampAuthorities").map(readAuthority) };
  } catch (error) {
    if (error instanceof Invalid) bad(`trusted root: ${error.message}`);
    throw error;
  }
}
