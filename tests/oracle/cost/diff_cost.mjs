// Compares cost_oracle with cost.mjs on random schemas, operations and variables. Exit 1 at a
// difference.
//   node diff_cost.mjs --count 100000 --seed 1
//   node diff_cost.mjs --self      wrong evaluators in the program's place: each must be noticed
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { options, Oracle, Random } from '../graphql/oracle.mjs';
import { cost, Evaluation, PricedSchema } from './cost.mjs';
import { randomCase, randomSchema } from './generate.mjs';
import { refusedSchemas } from './generate_schema.mjs';
import { MUTANTS } from './mutants.mjs';

const DOCUMENTS_A_SCHEMA = 100;
const REFUSED_EVERY = 200; // schemas
const SHOWN_MAX = 5;
const CREDIT = 1000n;
const COST_MAX = 10n ** 15n;
const SELF_DOCUMENTS = 6000;

function findProgram() {
  const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');
  const places = [process.env.MC_COST_ORACLE, join(root, 'build/release/bin/cost_oracle')];
  const found = places.find((place) => place && existsSync(place));
  if (found) return found;
  console.error('cost_oracle is not built: ninja -C build/release cost_oracle');
  return process.exit(2);
}

// The numbers of the variables are written as they are, so the line is put together by hand.
class CostOracle extends Oracle {
  askCosts(requests) {
    const answers = requests.map(
      () => new Promise((resolve, reject) => this.waiting.push({ resolve, reject })),
    );
    const lines = requests.map(({ schema, query, operation, variables, listSize }) => {
      const rest = JSON.stringify({ schema, query, operation, list_size: listSize }).slice(0, -1);
      return `${rest},"variables":${variables}}\n`;
    });
    this.child.stdin.write(lines.join(''));
    return Promise.all(answers);
  }
}

const shown = (answer) => answer.error ?? `type ${answer.type}, field ${answer.field}`;

// Where a "program" answers; counts what the answers were.
class Comparison {
  constructor() {
    this.tally = { schemas: 0, refused: 0, documents: 0, invalid: 0, dropped: 0 };
    Object.assign(this.tally, { priced: 0, above_one_credit: 0, saturated: 0, errors: {} });
    this.passed = 0;
    this.failed = 0;
  }

  count({ error, type, field }) {
    const { tally } = this;
    if (error !== undefined) {
      tally.errors[error] = (tally.errors[error] ?? 0) + 1;
      return;
    }
    tally.priced++;
    if (type > CREDIT || field > CREDIT) tally.above_one_credit++;
    if (type === COST_MAX || field === COST_MAX) tally.saturated++;
  }

  // false at a difference
  compare(request, want, got, isShown = true) {
    if (shown(want) === shown(got)) {
      this.passed++;
      return true;
    }
    this.failed++;
    if (!isShown || this.failed > SHOWN_MAX) return false;
    const whats = { want: shown(want), got: shown(got), want_what: want.what, got_what: got.what };
    console.log(JSON.stringify({ ...request, ...whats }, null, 1));
    return false;
  }
}

function* rounds(count, seed, tally) {
  for (let round = 0; tally.documents < count; round++) {
    const random = new Random(seed * 1_000_003 + round);
    const built = randomSchema(random);
    const cases = [];
    while (cases.length < DOCUMENTS_A_SCHEMA && tally.documents < count) {
      cases.push(randomCase(random, built, tally));
      tally.documents++;
    }
    tally.schemas++;
    yield { round, random, built, cases };
  }
}

async function compareRefused(comparison, oracle, random) {
  for (const schema of refusedSchemas(random)) {
    const request = { schema, query: '{ __typename }', operation: 0, variables: '{}', listSize: 3 };
    const want = cost(schema, request.query, 0, {}, 3);
    const [got] = await oracle.askCosts([request]);
    comparison.tally.refused += want.error === undefined ? 0 : 1;
    comparison.compare({ ...request, schema: schema.split('\n').at(-1) }, want, got);
  }
}

async function compareAll(count, seed) {
  const oracle = new CostOracle(findProgram());
  const comparison = new Comparison();
  for (const { round, random, built, cases } of rounds(count, seed, comparison.tally)) {
    const requests = cases.map(({ query, operation, variables, listSize }, i) => {
      return { schema: i === 0 ? built.sdl : null, query, operation, variables, listSize };
    });
    const answers = await oracle.askCosts(requests);
    for (const [i, { want }] of cases.entries()) {
      comparison.count(want);
      const request = { round, ...requests[i], schema: built.sdl.split('\n') };
      comparison.compare(request, want, answers[i]);
    }
    if (round % REFUSED_EVERY === 0) await compareRefused(comparison, oracle, random);
  }
  oracle.close();
  console.log(JSON.stringify({ check: 'cost of operations', seed, ...comparison.tally }));
  return comparison;
}

// The right evaluator agrees with itself everywhere, a wrong one somewhere.
function compareMutants(seed) {
  const evaluators = [Evaluation, ...MUTANTS];
  const comparisons = evaluators.map(() => new Comparison());
  const { tally } = comparisons[0];
  for (const { built, cases } of rounds(SELF_DOCUMENTS, seed, tally)) {
    const priced = new PricedSchema(built.sdl);
    for (const { query, tree, operation, variables, listSize, want } of cases) {
      for (const [i, evaluator] of evaluators.entries()) {
        if (i > 0 && comparisons[i].failed > 0) continue;
        const got = cost(priced, tree, operation, JSON.parse(variables), listSize, evaluator);
        comparisons[i].compare({ query }, want, got, i === 0);
      }
    }
  }
  const result = new Comparison();
  for (const [i, { passed, failed }] of comparisons.entries()) {
    const isRight = i === 0 ? failed === 0 : failed > 0;
    result[isRight ? 'passed' : 'failed']++;
    const what = isRight ? `noticed after ${passed}` : 'NOT noticed';
    if (i > 0) console.log(`${evaluators[i].name}: ${what}`);
  }
  return result;
}

const isSelf = process.argv.includes('--self');
process.argv = process.argv.filter((text) => text !== '--self');
const { count, seed } = options({ count: 100_000, seed: 1 });
const { passed, failed } = isSelf ? compareMutants(seed) : await compareAll(count, seed);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
