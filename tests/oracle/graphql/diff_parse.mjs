// Compares parse and print with graphql-js on random documents: acceptance, the message and place
// of the first error, and the printed text. Exit 1 at a difference.
//   node diff_parse.mjs --count 100000 --seed 1
import { parse, print } from 'graphql';

import { randomDocument } from './documents.mjs';
import { options, Oracle, Random } from './oracle.mjs';

const BATCH = 500;
const SHOWN_MAX = 10;

function expected(source) {
  try {
    return { ok: true, printed: print(parse(source, { noLocation: true })) };
  } catch (error) {
    // A message may cut a surrogate pair in two; UTF-8 cannot say that.
    return { message: error.message.toWellFormed(), locations: error.locations };
  }
}

function difference(want, got) {
  if (got.refused !== undefined) return `refused: ${got.refused}`;
  if (want.ok !== (got.ok ?? undefined)) return 'acceptance';
  if (want.ok) return want.printed === got.printed ? null : 'printed text';
  if (want.message !== got.error.message) return 'message';
  return JSON.stringify(want.locations) === JSON.stringify(got.error.locations) ? null : 'location';
}

const { count, seed } = options({ count: 100_000, seed: 1 });
const oracle = new Oracle();
let accepted = 0;
let bytes = 0;
let differences = 0;
for (let done = 0; done < count; done += BATCH) {
  const sources = [];
  for (let i = done; i < Math.min(done + BATCH, count); i++) {
    sources.push(randomDocument(new Random(seed * 1_000_003 + i)));
  }
  const answers = await oracle.ask(sources.map((source) => ({ op: 'parse', source })));
  for (const [i, source] of sources.entries()) {
    const want = expected(source);
    accepted += want.ok ? 1 : 0;
    bytes += source.length;
    const what = difference(want, answers[i]);
    if (what === null) continue;
    differences++;
    if (differences > SHOWN_MAX) continue;
    console.log(JSON.stringify({ document: done + i, what, source, want, got: answers[i] }));
  }
}
oracle.close();
console.log(JSON.stringify({ check: 'graphql parse against graphql-js', seed, documents: count, accepted, characters: bytes, differences }));
process.exit(differences === 0 ? 0 : 1);
