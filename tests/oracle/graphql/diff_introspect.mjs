// Compares introspection with graphql-js: the answer to the full introspection query for random
// schemas and for SDL files given with --file. Order counts too. Exit 1 at a difference.
//   node diff_introspect.mjs --count 500 --seed 1
import { readFileSync } from 'node:fs';

import { buildSchema, getIntrospectionQuery, graphqlSync } from 'graphql';

import { randomSchema } from './executable.mjs';
import { options, Oracle, Random } from './oracle.mjs';

const SHOWN_MAX = 3;
const document = getIntrospectionQuery({
  specifiedByUrl: true,
  directiveIsRepeatable: true,
  schemaDescription: true,
  inputValueDeprecation: true,
  oneOf: true,
});

// The first place where two JSON trees differ.
function place(want, got, path = '$') {
  if (typeof want !== 'object' || want === null || got === null || typeof got !== 'object') {
    return Object.is(want, got)
      ? null
      : `${path}: ${JSON.stringify(want)} / ${JSON.stringify(got)}`;
  }
  for (const key of new Set([...Object.keys(want), ...Object.keys(got)])) {
    const found = place(want[key], got[key], `${path}.${key}`);
    if (found !== null) return found;
  }
  return null;
}

const { count, seed, file } = options({ count: 500, seed: 1, file: '' });
const oracle = new Oracle();
let schemas = 0;
let differences = 0;
for (let round = 0; schemas < count; round++) {
  const sdl =
    file !== '' ? readFileSync(file, 'utf8') : randomSchema(new Random(seed * 1_000_003 + round));
  let schema;
  try {
    schema = buildSchema(sdl);
  } catch (error) {
    if (file === '') continue;
    throw error;
  }
  schemas++;
  const want = JSON.parse(JSON.stringify(graphqlSync({ schema, source: document })));
  const [got] = await oracle.ask([{ op: 'introspect', schema: sdl, document }]);
  if (JSON.stringify(want) === JSON.stringify(got.result)) {
    if (file !== '') break;
    continue;
  }
  differences++;
  if (differences <= SHOWN_MAX)
    console.log(place(want, got.result ?? got) ?? 'order of members', sdl.slice(0, 300));
  if (file !== '') break;
}
oracle.close();
console.log(
  JSON.stringify({ check: 'graphql introspection against graphql-js', seed, schemas, differences }),
);
process.exit(differences === 0 ? 0 : 1);
