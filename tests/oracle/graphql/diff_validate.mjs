// Compares validation with graphql-js on carelessly written documents: acceptance, and for what is
// refused every message with its places, as a multiset. Exit 1 at a difference.
//   node diff_validate.mjs --count 100000 --seed 1
import { buildSchema, parse, validate } from 'graphql';

import { CarelessWriter } from './careless.mjs';
import { randomSchema } from './executable.mjs';
import { options, Oracle, Random } from './oracle.mjs';

const DOCUMENTS_A_SCHEMA = 200;
const SHOWN_MAX = 8;

const line = ({ message, locations }) => `${message} ${JSON.stringify(locations ?? [])}`;

const { count, seed } = options({ count: 100_000, seed: 1 });
const oracle = new Oracle();
const totals = { documents: 0, valid: 0, errors: 0, schemas: 0, thrown: 0 };
const rules = {};
let differences = 0;
let acceptance = 0;
for (let round = 0; totals.documents < count; round++) {
  const random = new Random(seed * 1_000_003 + round);
  const sdl = randomSchema(random).replace('union Either', 'type Subscription { field0: Int, named0: [Object0] }\nunion Either');
  let schema;
  try {
    schema = buildSchema(sdl);
    validate(schema, parse('{ __typename }'));
  } catch {
    continue; // has a comparison of its own
  }
  const documents = [];
  const wanted = [];
  while (documents.length < DOCUMENTS_A_SCHEMA) {
    const text = new CarelessWriter(random, schema).document();
    let errors;
    try {
      errors = validate(schema, parse(text), undefined, { maxErrors: 1_000_000 });
    } catch (error) {
      if (error.message.startsWith('Syntax')) throw new Error(`${error.message}\n${text}`);
      totals.thrown++; // graphql-js gives up on @skip(if: $variable) in a subscription
      continue;
    }
    documents.push(text);
    wanted.push(errors.map(line).sort());
  }
  totals.schemas++;
  const [reply] = await oracle.ask([{ op: 'validate', schema: sdl, documents }]);
  if (reply.refused !== undefined) {
    console.log(JSON.stringify({ refused: reply.refused, sdl }));
    differences++;
    break;
  }
  for (const [i, document] of documents.entries()) {
    const got = reply.answers[i].map(({ error }) => line(error)).sort();
    for (const { rule } of reply.answers[i]) rules[rule] = (rules[rule] ?? 0) + 1;
    totals.documents++;
    totals.valid += wanted[i].length === 0 ? 1 : 0;
    totals.errors += wanted[i].length;
    if (JSON.stringify(got) === JSON.stringify(wanted[i])) continue;
    differences++;
    acceptance += (got.length === 0) === (wanted[i].length === 0) ? 0 : 1;
    if (differences > SHOWN_MAX) continue;
    const missing = wanted[i].filter((text) => !got.includes(text));
    const extra = got.filter((text) => !wanted[i].includes(text));
    console.log(JSON.stringify({ round, document, missing, extra, counts: [wanted[i].length, got.length] }, null, 1));
    if (process.env.MC_SHOW_SCHEMA) console.log(sdl);
  }
}
oracle.close();
console.log(JSON.stringify({ check: 'graphql validate against graphql-js', seed, ...totals, rules, differences, acceptance }));
process.exit(differences === 0 ? 0 : 1);
