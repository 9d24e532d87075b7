// Compares the building of schemas with graphql-js on random and spoilt definitions: acceptance,
// what is said about a refused one (as a multiset), and the printed form of an accepted one.
// Exit 1 at a difference.
//   node diff_schema.mjs --count 20000 --seed 1
import { buildASTSchema, parse, printSchema, validateSchema } from 'graphql';
import { specifiedSDLRules } from 'graphql/validation/specifiedRules.js';
import { validateSDL } from 'graphql/validation/validate.js';

import { randomSchema } from './executable.mjs';
import { options, Oracle, Random } from './oracle.mjs';

const BATCH = 200;
const SHOWN_MAX = 8;
const EXTRAS = ['extend type Query { more: Int }', 'extend type Query { field0: Int }', 'extend type Nobody { a: Int }',
  'extend enum Enum0 { RED }', 'extend enum Enum0 { MAUVE }', 'extend union Either = Object1', 'extend union Either = Object0 | Named',
  'extend input Input0 { a: [Int!]! = [1] }', 'extend input Input1 { self: Input1! }', 'extend input Input2 { other: Input1! } extend input Input1 { back: Input2! }',
  'schema { query: Query }', 'schema { query: Object0 mutation: Enum0 }', 'schema { query: Query query: Query }',
  '"The schema." schema { query: Query mutation: Mutation }', 'extend schema { subscription: Object0 }', 'extend schema @mark',
  'directive @own(a: Int!, b: String = "x") on OBJECT | FIELD_DEFINITION', 'directive @own on ENUM', 'directive @own(a: Int, a: Int) on ENUM',
  'extend type Object1 @own(a: 1)', 'extend type Object1 @own', 'extend type Object1 @own(a: 1, c: 2)', 'extend type Object1 @own(a: 1) @own(a: 2)',
  'extend type Object2 @deprecated', 'extend type Object2 implements Named', 'extend type Object2 implements Named & Named',
  'interface Wide implements Named { named0: Int }', 'interface Self implements Self { a: Int }',
  'interface A implements B { x: Int } interface B implements A { x: Int }', 'type Thing implements Query { field0: Int }',
  'type Thing { old(a: Int! @deprecated): Int @deprecated(reason: "why not") }', 'input Bad { a: Int! @deprecated b: Object0 c: Either }',
  'type Bad { a(x: Object0): Input0 }', 'type __Hidden { __a(__b: Int): Int }', 'enum E { __V }', 'scalar Url @specifiedBy(url: "https://x/y")',
  'input One @oneOf { a: Int b: String = "x" c: Int! }', 'type Empty', 'union None', 'input Nothing', 'enum Void', 'directive @__x(__y: Int) on FIELD',
  '"""\n  A block\n    of text.\n"""\ntype Told { "Of a field." a("Of an arg." x: Int, "Another." y: String = "q\\"q"): Int\n "B" b: Int c: Int }',
  '"Ends with quote\\"" scalar Quoted', 'type Wrap { a: [[[Int!]!]!]! b(x: [[Enum0!]] = [[RED], null]): ID }', 'type Query { a: Int }', 'scalar Int',
  'directive @skip(if: Boolean!, why: String) on FIELD', 'type Fl { a(x: Float = 1e21, y: Float = 0.000001, z: Float = -0.0, w: ID = 12, v: ID = "012"): Int }',
  'type An { a(x: Anything = ENUM, y: Anything = 5, z: [Anything] = [true]): Int }', 'extend interface Named { extra: Int }', 'extend scalar Anything @mark', 'type Misc { a: Strin b: Objekt0 c: Boolena }',
  'union Twice = Object0 | Object0', 'extend scalar Query @own(a: 1)', 'input Deep { a: Input0 = {} b: [Input1!] = [{}] }', 'type In { a(x: Input0 = {in0: null, in0: null}): Int }'];

function spoilt(random, sdl) {
  let parts = [sdl];
  for (let i = random.below(4); i > 0; i--) parts.push(random.pick(EXTRAS));
  let text = parts.join('\n');
  for (let i = random.chance(0.4) ? 1 + random.below(3) : 0; i > 0; i--) {
    const words = [...text.matchAll(/[A-Za-z_]\w*|[!\[\]]/g)];
    const at = random.pick(words);
    const other = random.pick(words)[0];
    const word = random.chance(0.3) ? '' : random.chance(0.5) ? other : at[0] + 'x';
    text = text.slice(0, at.index) + word + text.slice(at.index + at[0].length);
  }
  return text;
}

function expected(text) {
  let document;
  try {
    document = parse(text);
  } catch (error) {
    return { syntax: true };
  }
  const early = validateSDL(document);
  if (early.length > 0) return { problems: early.map((e) => e.message) };
  try {
    const schema = buildASTSchema(document, { assumeValidSDL: true });
    const late = validateSchema(schema);
    if (late.length > 0) return { problems: late.map((e) => e.message) };
    return { printed: printSchema(schema) };
  } catch (error) {
    return error instanceof RangeError ? { endless: true } : { thrown: error.message };
  }
}

function difference(want, got) {
  if (want.syntax) return got.problems?.includes('Syntax Error') ? null : 'syntax';
  if (want.printed !== undefined) return want.printed === got.printed ? null : got.problems ? 'acceptance' : 'printed';
  if (got.problems === undefined) return 'acceptance';
  if (want.thrown !== undefined) return null;
  const lines = (list) => JSON.stringify([...list].sort());
  return lines(want.problems) === lines(got.problems.split('\n')) ? null : 'problems';
}

const { count, seed } = options({ count: 20_000, seed: 1 });
const oracle = new Oracle();
const totals = { accepted: 0, problems: 0, syntax: 0, thrown: 0, endless: 0 };
let differences = 0;
for (let done = 0; done < count; done += BATCH) {
  const texts = [];
  for (let i = 0; i < BATCH; i++) {
    const random = new Random(seed * 1_000_003 + done + i);
    texts.push(spoilt(random, randomSchema(random)));
  }
  const answers = await oracle.ask(texts.map((schema) => ({ op: 'build', schema })));
  for (const [i, text] of texts.entries()) {
    const want = expected(text);
    if (want.printed !== undefined) totals.accepted++;
    else totals[Object.keys(want)[0]]++;
    if (want.endless) continue;
    const what = difference(want, answers[i]);
    if (what === null) continue;
    differences++;
    if (differences > SHOWN_MAX) continue;
    const before = want.problems ?? want.printed?.split('\n') ?? [];
    const after = answers[i].problems?.split('\n') ?? answers[i].printed?.split('\n') ?? [];
    console.log(JSON.stringify({ what, missing: before.filter((l) => !after.includes(l)), extra: after.filter((l) => !before.includes(l)), thrown: want.thrown }, null, 1));
    if (process.env.MC_SHOW_SCHEMA) console.log(text);
  }
}
oracle.close();
console.log(JSON.stringify({ check: 'graphql schemas against graphql-js', seed, schemas: count, ...totals, differences }));
process.exit(differences === 0 ? 0 : 1);
