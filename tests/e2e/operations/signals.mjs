// What ends a command: Ctrl-C and SIGTERM at any time, a pipe that nobody reads; and what a server does with them.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import http from "node:http";
import { basename } from "node:path";

import { Child, eventually, runToEnd } from "../lib/children.mjs";
import { MAESTRO, Site } from "../lib/maestro.mjs";
import { deferred, scenario } from "../lib/scenario.mjs";
import { emptySite } from "./command_line.mjs";

const SIGNALS = ["SIGHUP", "SIGINT", "SIGTERM"];
const MASK = [1, 2, 15].reduce((mask, number) => mask | (1n << BigInt(number - 1)), 0n);

// That it is the program itself, which waits for something.
const waits = (child) => eventually("it waits", () => {
  const [, name, state] = /\((.*)\) (\S)/.exec(readFileSync(`/proc/${child.pid}/stat`, "utf8"));
  return name === basename(MAESTRO).slice(0, 15) && state === "S";
});

scenario("a command that reads what nobody writes is ended by each signal", async () => {
  const site = new Site("fifo");
  execFileSync("mkfifo", [site.path("proof")]);
  for (const signal of SIGNALS) {
    const child = new Child(MAESTRO, ["verify", site.path("proof"), "--log-key", "k"]);
    await waits(child);
    assert.equal(await child.stop(signal), signal);
  }
});

scenario("a command whose server never answers is ended by each signal, and follow ends well", async () => {
  let asked = deferred();
  const server = http.createServer(() => asked.resolve());
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const env = { MC_TOKEN: "mct_any", MC_URL: `http://127.0.0.1:${server.address().port}` };
  for (const [words, ends] of [[["tenant", "list"], (signal) => signal],
    [["ledger", "follow", "--tenant", "alpha"], () => 0]]) {
    for (const signal of SIGNALS) {
      asked = deferred();
      const child = new Child(MAESTRO, words, { env });
      await asked.promise;
      assert.equal(await child.stop(signal), ends(signal), `${words.join(" ")}: ${child.err}`);
    }
  }
  server.closeAllConnections();
  server.close();
});

scenario("a demo that still writes its rows ends when it is asked to, and leaves no folder", async () => {
  const site = new Site("demo");
  for (const signal of ["SIGINT", "SIGTERM"]) {
    const child = new Child(MAESTRO, ["demo", "--port", "0", "--scale", "3000"],
      { env: { TMPDIR: site.folder } });
    const ours = () => readdirSync(site.folder).filter((name) => name.startsWith("maestro-demo-"));
    await eventually("rows are written", () =>
      ours().some((name) => readdirSync(`${site.folder}/${name}`).some((file) => file.endsWith(".partial"))));
    assert.equal(await child.stop(signal), 1, child.out);
    assert.match(child.err, /^maestro: the demo was ended before its data was written$/m);
    assert.deepEqual(ours(), []);
  }
});

scenario("no thread of a server takes a signal but the first, which waits for it", async () => {
  const server = await emptySite("masks").serve();
  const others = readdirSync(`/proc/${server.pid}/task`).filter((task) => task !== String(server.pid));
  assert.notEqual(others.length, 0);
  for (const task of others) {
    const status = readFileSync(`/proc/${server.pid}/task/${task}/status`, "utf8");
    const blocked = BigInt(`0x${/^SigBlk:\s*(\S+)/m.exec(status)[1]}`);
    assert.equal(blocked & MASK, MASK, status);
  }
  assert.equal(await server.stop("SIGINT"), 0, server.err);
});

// In a shell, with the program as $0.
const shell = (site, script) => runToEnd("bash", ["-c", `cd '${site.folder}'; ${script}`, MAESTRO]);

scenario("output that does not arrive is no success; a closed pipe is one without words", async () => {
  const site = new Site("output");
  execFileSync("mkfifo", [site.path("pipe")]);
  // Both ends, then a writer, then no reader.
  const closed = shell(site, `exec 4<>pipe 3>pipe 4<&-; "$0" man >&3; echo "$?"`);
  assert.deepEqual([closed.out, closed.err], ["141\n", ""]);
  for (const [words, target] of [["man", "/dev/full"], ["--json config schema", "/dev/full"], ["man", "&-"]]) {
    const full = shell(site, `"$0" ${words} >${target}`);
    assert.deepEqual([full.status, full.err], [1, "maestro: standard output takes nothing more\n"], `${words} ${target}`);
  }
  const limited = shell(site, `ulimit -f 0; "$0" man >out`);
  assert.deepEqual([limited.status, limited.err], [1, "maestro: standard output takes nothing more\n"]);
  assert.equal(shell(site, `"$0" config check >&-; exit 0`).status, 0);
  assert.equal(shell(site, `"$0" --version | cat`).status, 0);
});

scenario("verify checks all that it is told to, or says what it cannot check", async () => {
  const site = emptySite("verify");
  site.must("tenant", "create", "alpha");
  const { key } = site.json("ledger", "status");
  const receipt = site.write("receipt.json", site.must("ledger", "receipt", "0", "--tenant", "alpha"));
  const trust = ["--log-key", key];
  const run = (file, ...args) => site.runWith({}, "verify", file, ...args);
  assert.equal(run(receipt, ...trust).status, 0);
  for (const [flag, ...args] of [["--artifact", receipt], ["--digest", `sha256:${"0".repeat(64)}`], ["--key", receipt],
    ["--identity", "a@b.example", "--issuer", "https://b.example"]]) {
    const done = run(receipt, ...trust, flag, ...args);
    assert.deepEqual([done.status, done.out], [2, ""], flag);
    assert.match(done.err, new RegExp(`a receipt has no .*\\(${flag}`));
  }
  for (const flag of ["--artifact", "--digest", "--key", "--trust", "--identity", "--issuer"]) {
    const done = run(receipt, ...trust, flag, "");
    assert.deepEqual([done.status, done.err], [2, `maestro: ${flag}: it is empty\n`]);
  }
  const program = site.write("program", "\x7FELF\x02\0\0\n\n\u2014 log AAAA\n");
  for (const file of [program, site.write("page.html", "\n<!doctype html>\n\n\u2014 log AAAA\n")]) {
    const done = run(file, ...trust);
    assert.deepEqual([done.status, done.out], [2, ""]);
    assert.match(done.err, /the file is not a receipt, /);
  }
});
