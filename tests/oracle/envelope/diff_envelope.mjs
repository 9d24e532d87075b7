// Compares src/trust/envelope with envelope.mjs: the golden file is opened and made again, then each
// side opens what the other one made, and refuses it where a bit or a name was changed. Exit 1 at a
// difference.
//   node diff_envelope.mjs --golden true         the golden file alone, without envelope_oracle
//   node diff_envelope.mjs --count 500 --seed 1  rounds
//   node diff_envelope.mjs --self true           wrong readings of the page: each must be noticed
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { options, Oracle, Random } from '../graphql/oracle.mjs';
import { Envelope, KINDS, RULES } from './envelope.mjs';

const SHOWN_MAX = 5;
const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');
const hex = (bytes) => Buffer.from(bytes).toString('hex');
const raw = (text) => Buffer.from(text, 'hex');
const rowOf = ({ wrapped, commitment, ...rest }) => {
  return { ...rest, wrapped: raw(wrapped), commitment: raw(commitment) };
};
const shownRow = (row) => {
  const { tenant, kind, name, epoch, id, branch, wrapped, commitment } = row;
  const bytes = { wrapped: hex(wrapped), commitment: hex(commitment) };
  return { tenant, kind, name, epoch, id: String(id), branch, ...bytes };
};

class Comparison {
  constructor(envelope, isQuiet = false) {
    this.envelope = envelope;
    this.isQuiet = isQuiet;
    this.passed = 0;
    this.failed = 0;
  }

  // `work` gives what is so, or throws.
  check(what, work) {
    let why = 'is not so';
    let isSo = false;
    try {
      isSo = work();
    } catch (error) {
      why = error.message;
    }
    if (isSo) {
      this.passed++;
      return;
    }
    this.failed++;
    if (!this.isQuiet && this.failed <= SHOWN_MAX) console.log(`${what}: ${why}`);
  }

  refuses(what, work) {
    this.check(what, () => {
      try {
        work();
      } catch {
        return true;
      }
      return false;
    });
  }
}

const GOLDEN = {
  data_key(envelope, line) {
    const branch = envelope.branch(raw(line.branch_key));
    const row = rowOf(line.data_key);
    const { secret } = envelope.openDataKey(branch, row);
    const again = envelope.wrapDataKey(branch, secret, row, row.wrapped.subarray(0, 12));
    return again.wrapped.equals(row.wrapped) && hex(branch.commitment) === line.branch_commitment;
  },
  field(envelope, line) {
    const key = envelope.openDataKey(envelope.branch(raw(line.branch_key)), rowOf(line.data_key));
    const sealed = raw(line.sealed);
    const value = envelope.openField(key, line.place, sealed);
    const nonce = sealed.subarray(12, sealed[1] === 1 ? 36 : 24);
    const again = envelope.sealField(key, sealed[1], line.place, value, nonce);
    return hex(value) === line.value && again.equals(sealed);
  },
  object(envelope, line) {
    const key = envelope.openDataKey(envelope.branch(raw(line.branch_key)), rowOf(line.data_key));
    const header = raw(line.header);
    const plaintext = Buffer.alloc(line.plaintext_bytes).map((_, i) => i % 251);
    const random = header.subarray(32, 64);
    const sealed = envelope.sealObject(key, line.object, plaintext, header[6], random);
    const digest = createHash('sha256').update(sealed).digest();
    const opened = envelope.openObject(key, line.object, sealed);
    return hex(digest) === line.sealed_sha256 && opened.equals(plaintext);
  },
  index(envelope, line) {
    const key = envelope.openDataKey(envelope.branch(raw(line.branch_key)), rowOf(line.data_key));
    return hex(envelope.blindIndex(key, line.column, raw(line.value))) === line.index;
  },
};

function compareGolden(comparison) {
  const text = readFileSync(join(root, 'vectors/envelope/v1.jsonl'), 'utf8');
  const lines = text.trimEnd().split('\n');
  for (const [i, each] of lines.entries()) {
    const line = JSON.parse(each);
    const what = `golden line ${i + 1}, ${line.what}`;
    comparison.check(what, () => GOLDEN[line.what](comparison.envelope, line));
  }
  for (const what of Object.keys(GOLDEN)) {
    comparison.check(`golden ${what}`, () => lines.some((line) => line.includes(`"${what}"`)));
  }
}

class Made {
  constructor(seed) {
    this.random = new Random(seed);
  }
  bytes(length) {
    return Buffer.from(Array.from({ length }, () => this.random.below(256)));
  }
  name() {
    const long = this.random.chance(0.05) ? 'x'.repeat(600) : '';
    return this.random.pick(['', 'a', 'alpha', 'über', '1|2', 'a b', '\u0000', '𝒳']) + long;
  }
  names(...all) {
    return Object.fromEntries(all.map((name) => [name, this.name()]));
  }
  row() {
    const kind = this.random.pick(Object.keys(KINDS));
    const numbers = { epoch: this.random.below(1000), branch: this.random.below(2 ** 31) };
    return { ...this.names('tenant', 'name'), kind, ...numbers };
  }
  id() {
    return (this.bytes(8).readBigUInt64BE() | 1n).toString();
  }
  objectSize(shift) {
    const size = 1 << shift;
    const edges = [0, 1, size - 1, size, size + 1, 2 * size, this.random.below(3 * size)];
    return this.random.pick(edges);
  }
  changed(bytes) {
    const out = Buffer.from(bytes);
    const at = this.random.below(out.length);
    out[at] ^= 1 << this.random.below(8);
    return out;
  }
  renamed(names) {
    const name = this.random.pick(Object.keys(names));
    return { ...names, [name]: `${names[name]}x` };
  }
}

async function compareDataKeys(comparison, ask, made) {
  const { envelope } = comparison;
  const rootKey = made.bytes(32);
  const branch = envelope.branch(rootKey);
  const branchKey = hex(rootKey);
  const theirs = (await ask({ op: 'make_data_key', branch_key: branchKey, data_key: made.row() }))
    .data_key;
  comparison.check('their data key', () => envelope.openDataKey(branch, rowOf(theirs)).id > 0n);
  const nonce = made.bytes(12);
  const row = { ...made.row(), id: made.id() };
  const ours = shownRow(envelope.wrapDataKey(branch, made.bytes(32), row, nonce));
  const opened = await ask({ op: 'open_data_key', branch_key: branchKey, data_key: ours });
  comparison.check('our data key', () => opened.commitment === hex(branch.commitment));
  const toKey = made.bytes(32);
  const to = { to_key: hex(toKey), to_branch: 5 };
  const moved = await ask({ op: 'rewrap', branch_key: branchKey, data_key: ours, ...to });
  comparison.check('our data key, wrapped again', () => {
    const again = envelope.openDataKey(envelope.branch(toKey), rowOf(moved.data_key));
    return again.secret.equals(envelope.openDataKey(branch, rowOf(ours)).secret);
  });
  for (const name of ['wrapped', 'commitment']) {
    const changed = { ...ours, [name]: hex(made.changed(raw(ours[name]))) };
    const refused = await ask({ op: 'open_data_key', branch_key: branchKey, data_key: changed });
    comparison.check(`our data key, ${name} changed`, () => refused.error === 'corrupt');
  }
  const next = { nextKey: hex(toKey), moved: moved.data_key };
  return { branchKey, ours, key: envelope.openDataKey(branch, rowOf(ours)), ...next };
}

async function compareFields(comparison, ask, made, keys) {
  const { envelope } = comparison;
  const base = { branch_key: keys.branchKey, data_key: keys.ours };
  const place = made.names('tenant', 'dataset', 'table', 'column', 'row', 'type');
  const value = made.bytes(made.random.below(200));
  for (const suite of [1, 2]) {
    const asked = { op: 'seal_field', ...base, suite, place, value: hex(value) };
    const theirs = raw((await ask(asked)).sealed);
    comparison.check('their field', () => envelope.openField(keys.key, place, theirs).equals(value));
    const nonce = made.bytes(suite === 1 ? 24 : 12);
    const ours = envelope.sealField(keys.key, suite, place, value, nonce);
    const open = (sealed, at) => ask({ op: 'open_field', ...base, place: at, sealed: hex(sealed) });
    const opened = await open(ours, place);
    comparison.check('our field', () => opened.value === hex(value));
    const refusals = [await open(made.changed(ours), place), await open(ours, made.renamed(place))];
    for (const refused of refusals) {
      comparison.check('our field, changed', () => refused.error === 'corrupt');
    }
    comparison.refuses('their field, changed', () => {
      return envelope.openField(keys.key, place, made.changed(theirs));
    });
  }
}

async function compareObjects(comparison, ask, made, keys) {
  const { envelope } = comparison;
  const base = { branch_key: keys.branchKey, data_key: keys.ours };
  const object = made.names('tenant', 'kind', 'id');
  const shift = made.random.chance(0.8) ? 16 : 17;
  const value = Buffer.alloc(made.objectSize(shift), made.bytes(61));
  const asked = { op: 'seal_object', ...base, object, shift, value: hex(value) };
  const theirs = raw((await ask(asked)).sealed);
  comparison.check('their object', () => {
    return envelope.openObject(keys.key, object, theirs).equals(value);
  });
  const ours = envelope.sealObject(keys.key, object, value, shift, made.bytes(32));
  const open = (sealed, name) => {
    return ask({ op: 'open_object', ...base, object: name, sealed: hex(sealed) });
  };
  const opened = await open(ours, object);
  comparison.check('our object', () => opened.value === hex(value));
  const whole = (1 << shift) + 16;
  const cut = Math.max(100, ours.length - (((ours.length - 129) % whole) + 1)); // the last chunk
  const all = [
    await open(made.changed(ours), object),
    await open(ours, made.renamed(object)),
    await open(ours.subarray(0, cut), object),
  ];
  for (const refused of all) {
    comparison.check('our object, changed', () => refused.error === 'corrupt');
  }
}

async function compareIndexes(comparison, ask, made, keys) {
  const form = made.random.pick(['exact', 'lower', 'digits']);
  const bytes = 4 + made.random.below(29);
  const column = { ...made.names('tenant', 'dataset', 'column'), form, bytes };
  const value = made.bytes(made.random.below(50));
  const asked = { op: 'index', column, value: hex(value) };
  const ours = hex(comparison.envelope.blindIndex(keys.key, column, value));
  const here = await ask({ ...asked, branch_key: keys.branchKey, data_key: keys.ours });
  comparison.check('index', () => here.index === ours);
  const moved = await ask({ ...asked, branch_key: keys.nextKey, data_key: keys.moved });
  comparison.check('index, data key wrapped again', () => moved.index === ours);
}

function findProgram() {
  const places = [process.env.MC_ENVELOPE_ORACLE, join(root, 'build/release/bin/envelope_oracle')];
  const found = places.find((place) => place && existsSync(place));
  if (found) return found;
  console.error('envelope_oracle is not built: ninja -C build/release envelope_oracle');
  return process.exit(2);
}

async function compareRounds(comparison, count, seed) {
  const oracle = new Oracle(findProgram());
  const ask = async (request) => (await oracle.ask([request]))[0];
  for (let round = 0; round < count; round++) {
    const made = new Made(seed * 1_000_003 + round);
    const keys = await compareDataKeys(comparison, ask, made);
    await compareFields(comparison, ask, made, keys);
    if (round % 5 === 0) await compareObjects(comparison, ask, made, keys);
    await compareIndexes(comparison, ask, made, keys);
  }
  oracle.close();
}

// Each rule of the page, read wrongly.
function wrongRules() {
  const texts = Object.keys(RULES).filter((name) => typeof RULES[name] === 'string');
  const swapped = ['tenant', 'dataset', 'table', 'column', 'type', 'row'];
  return [
    ...texts.map((name) => ({ [name]: `${RULES[name]}x` })),
    { lengthBytes: 2 },
    { lengthBytes: 0 },
    { lastMark: 0 },
    { counterAt: 6 },
    { fieldOrder: swapped },
  ];
}

const given = options({ golden: '', self: '', count: 500, seed: 1 });
let [passed, failed] = [0, 0];
if (given.self) {
  for (const wrong of wrongRules()) {
    const comparison = new Comparison(new Envelope({ ...RULES, ...wrong }), true);
    compareGolden(comparison);
    if (comparison.failed > 0) {
      passed++;
      continue;
    }
    failed++;
    console.log(`not noticed: ${JSON.stringify(wrong)}`);
  }
} else {
  const comparison = new Comparison(new Envelope());
  if (given.golden) compareGolden(comparison);
  else await compareRounds(comparison, given.count, given.seed);
  ({ passed, failed } = comparison);
}
console.log(JSON.stringify({ compared: passed + failed, different: failed }));
process.exit(failed === 0 && passed > 0 ? 0 : 1);
