// Runs graphql_oracle and asks it in batches. Shared by all comparisons.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');

export function findOracle() {
  const places = [process.env.MC_GRAPHQL_ORACLE, join(root, 'build/release/bin/graphql_oracle')];
  const found = places.find((place) => place && existsSync(place));
  if (!found) {
    console.error('graphql_oracle is not built: ninja -C build/release graphql_oracle');
    process.exit(2);
  }
  return found;
}

export class Oracle {
  constructor(program = findOracle()) {
    this.child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.lines = createInterface({ input: this.child.stdout, crlfDelay: Infinity });
    this.waiting = [];
    this.lines.on('line', (line) => this.waiting.shift()?.resolve(JSON.parse(line)));
    this.child.on('exit', (code) => {
      for (const { reject } of this.waiting) reject(new Error(`graphql_oracle ended (${code})`));
      this.waiting = [];
    });
  }

  // Answers in the order of the requests.
  ask(requests) {
    const answers = requests.map(
      () => new Promise((resolve, reject) => this.waiting.push({ resolve, reject })),
    );
    this.child.stdin.write(requests.map((request) => JSON.stringify(request) + '\n').join(''));
    return Promise.all(answers);
  }

  close() {
    this.child.stdin.end();
  }
}

// --name value pairs; numbers where the default is one.
export function options(defaults) {
  const result = { ...defaults };
  for (let i = 2; i < process.argv.length; i += 2) {
    const name = process.argv[i].replace(/^--/, '');
    if (!(name in defaults) || process.argv[i + 1] === undefined) {
      console.error(`usage: ${Object.keys(defaults).map((key) => `[--${key} VALUE]`).join(' ')}`);
      process.exit(2);
    }
    const value = process.argv[i + 1];
    result[name] = typeof defaults[name] === 'number' ? Number(value) : value;
  }
  return result;
}

// A small seeded generator (mulberry32), so that a failure can be had again.
export class Random {
  constructor(seed) {
    this.state = seed >>> 0;
  }
  next() {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }
  below(n) {
    return Math.floor(this.next() * n);
  }
  chance(p) {
    return this.next() < p;
  }
  pick(list) {
    return list[this.below(list.length)];
  }
}
