// Compares execution with graphql-js: random schemas, valid operations, variables of all sorts and
// the random resolver of both sides. Whole responses must be equal, errors and their order too.
// Exit 1 at a difference.
//   node diff_execute.mjs --count 100000 --seed 1
import { isDeepStrictEqual } from 'node:util';

import { buildSchema, execute, parse, validate } from 'graphql';

import { randomOperation, randomSchema } from './executable.mjs';
import { options, Oracle, Random } from './oracle.mjs';
import { fieldResolver, typeResolver } from './random_resolver.mjs';

const OPERATIONS_A_SCHEMA = 100;
const TRIES_MAX = 1000;
const SHOWN_MAX = 5;

function expected(schema, { document, variables, seed }) {
  const result = execute({
    schema,
    document: parse(document),
    rootValue: { hash: seed },
    variableValues: variables,
    fieldResolver,
    typeResolver,
    hideSuggestions: true,
  });
  return JSON.parse(JSON.stringify(result));
}

// graphql-js has no codes.
function withoutCodes(result) {
  for (const error of result?.errors ?? []) delete error.extensions;
  return result;
}

const { count, seed } = options({ count: 100_000, seed: 1 });
const oracle = new Oracle();
const totals = {
  documents: 0,
  with_errors: 0,
  errors: 0,
  request_errors: 0,
  with_data: 0,
  invalid: 0,
  schemas: 0,
};
let differences = 0;
for (let round = 0; totals.documents < count; round++) {
  const random = new Random(seed * 1_000_003 + round);
  const sdl = randomSchema(random);
  let schema;
  try {
    schema = buildSchema(sdl);
  } catch {
    continue; // a default that is not of its type; the schema builder has its own comparison
  }
  const cases = [];
  for (let tries = 0; cases.length < OPERATIONS_A_SCHEMA && tries < TRIES_MAX; tries++) {
    const operation = randomOperation(random, schema);
    const errors = validate(schema, parse(operation.document));
    if (errors.length > 0) totals.invalid++;
    else cases.push(operation);
    if (process.env.MC_WHY_INVALID && errors.length > 0)
      console.log(errors[0].message, operation.document);
  }
  totals.schemas++;
  const [reply] = await oracle.ask([{ op: 'execute', schema: sdl, cases }]);
  if (reply.refused !== undefined) {
    differences++;
    console.log(JSON.stringify({ refused: reply.refused, schema: sdl }));
    continue;
  }
  for (const [i, operation] of cases.entries()) {
    const want = expected(schema, operation);
    const got = withoutCodes(reply.answers[i].result);
    totals.documents++;
    totals.with_errors += want.errors ? 1 : 0;
    totals.errors += want.errors?.length ?? 0;
    totals.request_errors += want.data === undefined ? 1 : 0;
    totals.with_data += want.data ? 1 : 0;
    // isDeepStrictEqual does not see the order of members, which the text shows.
    if (isDeepStrictEqual(want, got) && JSON.stringify(want.data) === JSON.stringify(got.data))
      continue;
    differences++;
    if (differences > SHOWN_MAX) continue;
    console.log(
      JSON.stringify({ schema: sdl, ...operation, want, got: got ?? reply.answers[i] }, null, 1),
    );
  }
}
oracle.close();
console.log(
  JSON.stringify({ check: 'graphql execute against graphql-js', seed, ...totals, differences }),
);
process.exit(differences === 0 ? 0 : 1);
