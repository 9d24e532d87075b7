// Scenarios one after the other; a closing line "N passed, N failed, N skipped".
const scenarios = [];

// `needs`: capabilities of the world; a scenario whose needs are not met is counted as skipped.
export function scenario(name, ...rest) {
  const body = rest.pop();
  scenarios.push({ name, needs: rest[0]?.needs ?? [], limitMs: rest[0]?.limitMs ?? 30_000, body });
}

// A promise that a scenario resolves when it is time (Promise.withResolvers of newer nodes).
export function deferred() {
  const out = {};
  out.promise = new Promise((resolve) => {
    out.resolve = resolve;
  });
  return out;
}

async function within(limitMs, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

// Runs all whose name contains MC_E2E_ONLY (all when unset). Gives the exit status.
export async function runScenarios(title, world) {
  const count = { passed: 0, failed: 0, skipped: 0 };
  const only = process.env.MC_E2E_ONLY ?? "";
  for (const { name, needs, limitMs, body } of scenarios) {
    if (!name.includes(only)) continue;
    const missing = needs.filter((need) => !world.capabilities.has(need));
    if (missing.length > 0) {
      count.skipped += 1;
      console.log(`skip: ${title}: ${name} (needs ${missing.join(", ")})`);
      continue;
    }
    const begin = Date.now();
    try {
      const verdict = await within(limitMs, body(world));
      if (typeof verdict === "string") {
        count.skipped += 1;
        console.log(`skip: ${title}: ${name} (${verdict})`);
        continue;
      }
      count.passed += 1;
      console.log(`ok    ${name} (${Date.now() - begin} ms)`);
    } catch (error) {
      count.failed += 1;
      console.log(`FAIL  ${name}\n${error.stack.replace(/^/gm, "        ")}`);
    }
  }
  console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
  return count.failed === 0 && count.passed > 0 ? 0 : 1;
}
