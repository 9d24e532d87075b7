// Data keys, fields, objects and blind indexes, written from docs/formats/envelope.md alone, over the
// primitives of Node. Whatever does not open throws.
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  hkdfSync,
  timingSafeEqual,
} from 'node:crypto';

const TAG = 16;
const FIELD_MAX = 1 << 20;
const PARTS_MAX = 1 << 16;
export const KINDS = { dataset: 1, subject: 2, object: 3, record: 4, index: 5 };

// What the page fixes; the comparison is run against wrong ones too.
export const RULES = {
  wrapping: 'mc/branch-key/1/wrapping',
  branchCommitment: 'mc/branch-key/1/commitment',
  fields: 'mc/data-key/1/fields',
  objects: 'mc/data-key/1/objects',
  indexes: 'mc/data-key/1/indexes',
  commitment: 'mc/data-key/1/commitment',
  dataKeyDomain: 'mc/data-key/1',
  fieldDomain: 'mc/field/1',
  objectDomain: 'mc/object/1',
  indexDomain: 'mc/index/1',
  lengthBytes: 4,
  lastMark: 1,
  counterAt: 7,
  fieldOrder: ['tenant', 'dataset', 'table', 'column', 'row', 'type'],
};

const must = (condition) => {
  if (!condition) throw new Error('corrupt');
};
const bytesOf = (part) => (typeof part === 'string' ? Buffer.from(part, 'utf8') : part);
const u64 = (number) => {
  const out = Buffer.alloc(8);
  out.writeBigUInt64BE(BigInt(number));
  return out;
};

function gcmSeal(key, nonce, aad, plaintext) {
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG });
  cipher.setAAD(aad);
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

function gcmOpen(key, nonce, aad, sealed) {
  must(sealed.length >= TAG);
  const cipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG });
  cipher.setAAD(aad);
  cipher.setAuthTag(sealed.subarray(sealed.length - TAG));
  return Buffer.concat([cipher.update(sealed.subarray(0, sealed.length - TAG)), cipher.final()]);
}

// The key of one message (c2sp.org/XAES-256-GCM): CMAC of two blocks, the counter mode of NIST SP
// 800-108.
function xaesKey(key, nonce) {
  const block = (input) => {
    const cipher = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false);
    return Buffer.concat([cipher.update(input), cipher.final()]);
  };
  const first = block(Buffer.alloc(16));
  const subkey = Buffer.alloc(16);
  for (let i = 0; i < 16; i++) subkey[i] = (first[i] << 1) | ((first[i + 1] ?? 0) >> 7);
  if (first[0] & 0x80) subkey[15] ^= 0x87;
  const half = (counter) => {
    const input = Buffer.concat([Buffer.from([0, counter, 0x58, 0]), nonce.subarray(0, 12)]);
    return block(input.map((byte, i) => byte ^ subkey[i]));
  };
  return Buffer.concat([half(1), half(2)]);
}

const SUITES = {
  1: {
    nonceBytes: 24,
    seal: (key, nonce, aad, text) =>
      gcmSeal(xaesKey(key, nonce), nonce.subarray(12), aad, text),
    open: (key, nonce, aad, text) =>
      gcmOpen(xaesKey(key, nonce), nonce.subarray(12), aad, text),
  },
  2: { nonceBytes: 12, seal: gcmSeal, open: gcmOpen },
};

export class Envelope {
  constructor(rules = RULES) {
    this.rules = rules;
  }

  parts(...all) {
    const out = all.flatMap((part) => {
      const bytes = bytesOf(part);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length.subarray(4 - this.rules.lengthBytes), bytes];
    });
    const joined = Buffer.concat(out);
    must(joined.length <= PARTS_MAX);
    return joined;
  }

  derive(secret, label, salt = Buffer.alloc(0), bytes = 32) {
    return Buffer.from(hkdfSync('sha256', secret, salt, label, bytes));
  }

  branch(root) {
    const { wrapping, branchCommitment } = this.rules;
    return {
      wrapping: this.derive(root, wrapping),
      commitment: this.derive(root, branchCommitment),
    };
  }

  dataKeyAad({ tenant, kind, name, epoch, id, branch, commitment }) {
    const { dataKeyDomain } = this.rules;
    const kindByte = Buffer.from([KINDS[kind]]);
    const numbers = [u64(epoch), u64(id), u64(branch)];
    return this.parts(dataKeyDomain, tenant, kindByte, name, ...numbers, commitment);
  }

  // `row`: all that is stored but `wrapped` and `commitment`
  wrapDataKey(branch, secret, row, nonce) {
    const made = { ...row, commitment: this.derive(secret, this.rules.commitment) };
    const sealed = gcmSeal(branch.wrapping, nonce, this.dataKeyAad(made), secret);
    return { ...made, wrapped: Buffer.concat([nonce, sealed]) };
  }

  openDataKey(branch, row) {
    must(row.wrapped.length === 60 && BigInt(row.id) !== 0n);
    const nonce = row.wrapped.subarray(0, 12);
    const secret = gcmOpen(branch.wrapping, nonce, this.dataKeyAad(row), row.wrapped.subarray(12));
    must(timingSafeEqual(this.derive(secret, this.rules.commitment), row.commitment));
    const derived = ['fields', 'objects', 'indexes'].map((name) => {
      return [name, this.derive(secret, this.rules[name])];
    });
    return { id: BigInt(row.id), secret, ...Object.fromEntries(derived) };
  }

  fieldAad(place, header) {
    const names = this.rules.fieldOrder.map((name) => place[name]);
    return this.parts(this.rules.fieldDomain, ...names, header);
  }

  sealField(key, suite, place, value, nonce) {
    const header = Buffer.concat([Buffer.from([1, suite, 0, 0]), u64(key.id)]);
    const sealed = SUITES[suite].seal(key.fields, nonce, this.fieldAad(place, header), value);
    return Buffer.concat([header, nonce, sealed]);
  }

  openField(key, place, sealed) {
    must(sealed.length >= 12 && sealed[0] === 1 && sealed[2] === 0 && sealed[3] === 0);
    const suite = SUITES[sealed[1]];
    must(suite && sealed.readBigUInt64BE(4) === key.id);
    const start = 12 + suite.nonceBytes;
    must(sealed.length >= start + TAG && sealed.length <= start + FIELD_MAX + TAG);
    const aad = this.fieldAad(place, sealed.subarray(0, 12));
    return suite.open(key.fields, sealed.subarray(12, start), aad, sealed.subarray(start));
  }

  objectKeys(key, random) {
    const { objectDomain } = this.rules;
    const all = this.derive(key.objects, objectDomain, random, 96);
    return [all.subarray(0, 32), all.subarray(32, 64), all.subarray(64)];
  }

  headerTag(headerKey, { tenant, kind, id }, before) {
    const text = this.parts(this.rules.objectDomain, tenant, kind, id, before);
    return createHmac('sha256', headerKey).update(text).digest();
  }

  chunkNonce(index, isLast) {
    const out = Buffer.alloc(12);
    out.writeUInt32BE(index, this.rules.counterAt);
    if (isLast) out[11] = this.rules.lastMark;
    return out;
  }

  sealObject(key, name, plaintext, shift, random) {
    const [objectKey, commitment, headerKey] = this.objectKeys(key, random);
    const first = Buffer.concat([Buffer.from('MCO1'), Buffer.from([1, 2, shift, 0]), u64(key.id)]);
    const before = Buffer.concat([first, Buffer.alloc(16), random, commitment]);
    const tag = this.headerTag(headerKey, name, before);
    const size = 1 << shift;
    const count = Math.max(1, Math.ceil(plaintext.length / size));
    const chunks = Array.from({ length: count }, (_, i) => {
      const nonce = this.chunkNonce(i, i + 1 === count);
      return gcmSeal(objectKey, nonce, tag, plaintext.subarray(i * size, (i + 1) * size));
    });
    return Buffer.concat([before, tag, ...chunks]);
  }

  openObject(key, name, sealed) {
    must(sealed.length >= 128 + TAG && sealed.subarray(0, 4).equals(Buffer.from('MCO1')));
    must(sealed[4] === 1 && sealed[5] === 2 && sealed[6] >= 16 && sealed[6] <= 20);
    must(sealed[7] === 0 && sealed.readBigUInt64BE(8) === key.id);
    must(sealed.subarray(16, 32).every((byte) => byte === 0));
    const [objectKey, commitment, headerKey] = this.objectKeys(key, sealed.subarray(32, 64));
    must(timingSafeEqual(commitment, sealed.subarray(64, 96)));
    const tag = this.headerTag(headerKey, name, sealed.subarray(0, 96));
    must(timingSafeEqual(tag, sealed.subarray(96, 128)));
    const whole = (1 << sealed[6]) + TAG;
    const body = sealed.subarray(128);
    const count = Math.ceil(body.length / whole);
    must(count === 1 || body.length - (count - 1) * whole > TAG);
    const chunks = Array.from({ length: count }, (_, i) => {
      const nonce = this.chunkNonce(i, i + 1 === count);
      return gcmOpen(objectKey, nonce, tag, body.subarray(i * whole, (i + 1) * whole));
    });
    return Buffer.concat(chunks);
  }

  blindIndex(key, { tenant, dataset, column, form, bytes }, value) {
    let normal = Buffer.from(value);
    if (form === 'lower') normal = normal.map((b) => (b >= 0x41 && b <= 0x5a ? b + 0x20 : b));
    if (form === 'digits') normal = normal.filter((b) => b >= 0x30 && b <= 0x39);
    const digest = createHash('sha256').update(normal).digest();
    const text = this.parts(this.rules.indexDomain, tenant, dataset, column, form, digest);
    return createHmac('sha256', key.indexes).update(text).digest().subarray(0, bytes);
  }
}
