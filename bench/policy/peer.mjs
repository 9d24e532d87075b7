// Cedar (npm @cedar-policy/cedar-wasm) beside the engine in process, on the same rules and requests,
// in rounds that alternate. Every answer of Cedar is checked first: the verdict, and which policies
// decided. Prints one JSON line. usage: peer.mjs PROGRAM
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { loadavg } from 'node:os';

import * as cedar from '@cedar-policy/cedar-wasm/nodejs';

const ROUNDS = 5;
const TURNS = 40; // of all requests, in a round
const PACK = 'main';

const read = (name) => readFileSync(new URL(name, import.meta.url), 'utf8');
const policies = read('cedar/policies.cedar');
const cases = read('abac/inputs.jsonl').trim().split('\n').map((line) => JSON.parse(line));

const KINDS = { dataset: 'Dataset', report: 'Report', route: 'Route', ledger: 'Ledger' };

// A request of the Rego pack as Cedar has it: who and what as entities, the rest as context.
function requestOf(input) {
  const { id, roles, ...who } = input.principal;
  const { kind, columns: _, ...what } = input.resource; // Cedar's rules have no use for the columns
  const principal = { type: 'User', id };
  const resource = { type: KINDS[kind], id: input.resource.name };
  const { action, principal: _p, resource: _r, ...context } = input;
  const role = (name) => ({ type: 'Role', id: name });
  return {
    principal,
    action: { type: 'Action', id: action },
    resource,
    context: { ...context, action, ip: { __extn: { fn: 'ip', arg: input.ip } } },
    entities: [
      { uid: principal, attrs: { id, ...who }, parents: roles.map(role) },
      { uid: resource, attrs: what, parents: [] },
      ...roles.map((name) => ({ uid: role(name), attrs: {}, parents: [] })),
    ],
  };
}

function stop(why) {
  console.error(`policy bench: ${why}`);
  process.exit(1);
}

// Policies have numbers in the order of the text.
const names = [...policies.matchAll(/^@id\("([^"]+)"\)$/gm)].map((found) => found[1]);

function check(name, wanted, answer) {
  if (answer.type !== 'success') stop(`${name}: ${JSON.stringify(answer.errors)}`);
  const { decision, diagnostics } = answer.response;
  if (diagnostics.errors.length > 0) stop(`${name}: ${JSON.stringify(diagnostics.errors)}`);
  if ((decision === 'allow') !== wanted.allow) stop(`${name}: Cedar says ${decision}`);
  const decided = diagnostics.reason.map((id) => names[Number(id.slice('policy'.length))]).sort();
  const want = wanted.denied.length > 0 ? wanted.denied : wanted.granted;
  if (decided.join() !== want.join()) stop(`${name}: decided by ${decided}, wanted ${want}`);
}

const parsed = cedar.preparsePolicySet(PACK, { staticPolicies: policies });
if (parsed.type !== 'success') stop(JSON.stringify(parsed.errors));
const stateless = cases.map(({ input }) => ({ ...requestOf(input), policies: { staticPolicies: policies } }));
const preparsed = cases.map(({ input }) => ({ ...requestOf(input), preparsedPolicySetId: PACK }));
for (const [i, wanted] of cases.entries()) {
  check(`${wanted.name}, stateless`, wanted, cedar.isAuthorized(stateless[i]));
  check(`${wanted.name}, preparsed`, wanted, cedar.statefulIsAuthorized(preparsed[i]));
}

const percentile = (values, part) =>
  values.sort((a, b) => a - b)[Math.floor((values.length - 1) * part)];
const median = (values) => percentile([...values], 0.5);
const figure = (value) => Number(value.toPrecision(4));

function round(calls, decide, into) {
  const before = process.cpuUsage();
  for (let turn = 0; turn < TURNS; turn++) {
    for (const call of calls) {
      const begin = performance.now();
      decide(call);
      into.singles.push((performance.now() - begin) * 1e3);
    }
  }
  const { user, system } = process.cpuUsage(before);
  into.cpu.push((user + system) / TURNS / calls.length);
}

const modes = {
  stateless: { calls: stateless, decide: cedar.isAuthorized },
  preparsed: { calls: preparsed, decide: cedar.statefulIsAuthorized },
};
for (const { calls, decide } of Object.values(modes)) round(calls, decide, { singles: [], cpu: [] });
for (const mode of Object.values(modes)) Object.assign(mode, { singles: [], cpu: [] });
const ours = [];
for (let i = 0; i < ROUNDS; i++) {
  ours.push(JSON.parse(execFileSync(process.argv[2], ['beside'], { encoding: 'utf8' })));
  for (const mode of Object.values(modes)) round(mode.calls, mode.decide, mode);
}
const line = { bench: 'policy.peer', cedar: cedar.getCedarSDKVersion(), policies: names.length,
  inputs: cases.length, load: figure(loadavg()[0]) };
for (const [name, { singles, cpu }] of Object.entries(modes)) {
  line[name] = { cpu_us: figure(median(cpu)), p50_us: figure(percentile(singles, 0.5)),
    p99_us: figure(percentile(singles, 0.99)) };
}
line.ours = {};
for (const key of Object.keys(ours[0])) line.ours[key] = figure(median(ours.map((one) => one[key])));
line.times_faster = {
  stateless: figure(line.stateless.cpu_us / line.ours.parsed_cpu_us),
  preparsed: figure(line.preparsed.cpu_us / line.ours.parsed_cpu_us),
};
console.log(JSON.stringify(line));
