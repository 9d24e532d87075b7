#!/usr/bin/env python3
"""Runs the project's checks as named steps, one timed line each, and sums what they counted.

usage: tools/run_checks.py PLAN | STEP ...     PLAN: full, quick, lint, portability (see PLANS)

A step is one or more commands; their output goes to build/logs/STEP.log and is shown (its end)
when the step fails. Counts come from ctest, doctest, or a closing line "N passed, N failed[,
N skipped]"; a step that prints none of them counts as one. The last line printed is always
"N passed, N failed, N skipped" over all steps; exit 1 when anything failed.

Environment: MC_JOBS (parallel jobs, default: all cores), MC_VECTORS (folder of public
conformance vectors, default ../shared/vectors), MC_BASE (git commit that `lint` compares with).
"""
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOGS = ROOT / "build" / "logs"
JOBS = os.environ.get("MC_JOBS") or str(os.cpu_count() or 2)
VECTORS = Path(os.environ.get("MC_VECTORS") or ROOT.parent / "shared" / "vectors").absolute()
TAIL_LINES = 80
FAILURE_LINES = 8  # of one failure, repeated at the end
FAILURES_SHOWN = 12
CLOSING = re.compile(r"^(?:\w+: )?(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$")
DOCTEST = re.compile(r"test cases:\s*\d+\s*\|\s*(\d+) passed\s*\|\s*(\d+) failed\s*\|\s*(\d+) skipped")
FAILURE = re.compile(r"^\s*(?:FAIL  |not ok |== .* failed with exit status )|: (?:FATAL )?ERROR: |"
                     r"\*\*\*(?:Failed|Exception)|^FAILED: ")
STARTS = re.compile(r"\bstd::j?thread\b")
SHARES = re.compile(r"\bstd::(j?thread|mutex|shared_mutex|atomic|condition_variable\w*|once_flag)\b|"
                    r"\bGuarded<")
SKIP = re.compile(r"^(?:SKIP(?:PED)?|skip(?:ped)?)[: ] *(?!regular)")


class Count:
    """passed, failed, skipped"""

    def __init__(self, passed=0, failed=0, skipped=0):
        self.values = [passed, failed, skipped]

    def add(self, other):
        self.values = [a + b for a, b in zip(self.values, other.values)]

    def __str__(self):
        return "{} passed, {} failed, {} skipped".format(*self.values)


def count_text(text, good):
    """What one program's output says it counted; one test when it says nothing."""
    total, found = Count(), False
    for line in text.splitlines():
        match = DOCTEST.search(line) or CLOSING.match(line.strip())
        if match:
            total.add(Count(*[int(n or 0) for n in match.groups()]))
            found = True
    if not found:
        total = Count(passed=1) if good else Count(failed=1)
    elif not good and total.values[1] == 0:
        total.add(Count(failed=1))  # counted its tests, then crashed or leaked
    return total


def count_ctest(log):
    """Sums over the tests of ctest's LastTest.log, each judged by its own output."""
    total = Count()
    for part in re.split(r"^\d+/\d+ Testing: ", log, flags=re.M)[1:]:
        good = re.search(r"^Test Passed\.", part, re.M) is not None
        skipped = re.search(r"^Skip (regular expression|return code)", part, re.M) is not None
        body = part.split("-" * 58, 1)[-1]
        total.add(Count(skipped=1) if skipped else count_text(body, good))
    return total


def failures(text):
    """What a log says failed: each place with the lines after it."""
    lines, out, at = text.splitlines(), [], 0
    while at < len(lines):
        if FAILURE.search(lines[at]):
            out.append(lines[at:at + FAILURE_LINES])
            at += FAILURE_LINES
        else:
            at += 1
    return out


class Step:
    """commands: argv lists run in order until one fails; or a function giving them, or giving a
    string: the reason why the step is skipped."""

    def __init__(self, commands, what, limit_s=900, ctest="", environment=None, beside=()):
        self.commands, self.what, self.limit_s = commands, what, limit_s
        self.ctest = ctest  # build folder whose ctest log holds the counts
        self.environment = environment or {}
        self.beside = beside  # later steps that are built from here on, if they are wanted


class Builder(threading.Thread):
    """Builds later steps with what the step before leaves of the processors. What fails here fails
    in its own step again, which waits for this."""

    def __init__(self, names):
        super().__init__(daemon=True)
        self.over = {name: threading.Event() for name in names}

    def run(self):
        for name, over in self.over.items():
            with open(LOGS / f"{name}.build.log", "w", errors="replace") as log:
                for command in STEPS[name].commands()[:-1]:  # all but to run it
                    if subprocess.run(["chrt", "--idle", "0", *command], cwd=ROOT, stdout=log,
                                      stderr=log, stdin=subprocess.DEVNULL, check=False).returncode:
                        break
            over.set()

    def wait(self, name):
        begin = time.monotonic()
        if name in self.over:
            self.over[name].wait()
            print(f"-- {name:<13} waited {time.monotonic() - begin:7.1f} s  for what is built beside",
                  flush=True)


def configure_and_build(preset, targets=()):
    return [["cmake", "--preset", preset], ["ninja", "-C", f"build/{preset}", "-j", JOBS, *targets]]


def ctest(preset, *arguments):
    return ["ctest", "--test-dir", f"build/{preset}", "-j", JOBS, "--output-on-failure",
            "--no-tests=error", *arguments]


def modules_that(pattern, root=ROOT):
    """Modules with tests whose code or tests name the pattern; folders src/STOREY/MODULE."""
    folders = {file.parent for file in (root / "src").rglob("*.*")
               if file.suffix in (".h", ".cc") and pattern.search(file.read_text())}
    return sorted(folder for folder in folders if any(folder.glob("*_test.cc")))


def starts_threads(root=ROOT):
    """Below the app, whose tests run its parts on one thread."""
    return sorted(folder.name for folder in modules_that(STARTS, root)
                  if folder.parent.name != "app")


def shares_state(root=ROOT):
    return sorted(folder.name for folder in modules_that(SHARES, root))


def unit_under(preset, modules=lambda: ()):
    """Builds the unit tests (of these modules, else all; not the products) and runs them."""
    def plan():
        names = modules()
        wanted = ["-R", f"^unit[.]({'|'.join(names)})$"] if names else ["-L", "unit"]
        programs = [f"mc_{name}_test" for name in names] or ["unit_tests"]
        return [*configure_and_build(preset, programs), ctest(preset, *wanted)]
    return plan


def script(path, *arguments):
    def plan():
        if not (ROOT / path).exists():
            return f"there is no {path}"
        return [[f"./{path}", *arguments]]
    return plan


def canary():
    """A fuzzer that must find its planted bug within seconds, or fuzzing proves nothing."""
    build = ["clang++-19", "-std=c++20", "-O1", "-g1", "-fsanitize=fuzzer,address,undefined",
             "tests/house/canary_fuzz.cc", "-o", "build/canary_fuzz"]
    run = "cd build && ! ./canary_fuzz -seed=1 -max_total_time=60 -artifact_prefix=/dev/null/"
    return [build, ["bash", "-c", run]]


SANITIZER = {"ASAN_OPTIONS": "detect_stack_use_after_return=1:strict_string_checks=1",
             "UBSAN_OPTIONS": "print_stacktrace=1", "TSAN_OPTIONS": "second_deadlock_stack=1"}
STEPS = {
    "build": Step(configure_and_build("release"), "release build, clang 19", 2700),
    "unit": Step([["ninja", "-C", "build/release", "-j", JOBS, "unit_tests"],
                  ctest("release", "-L", "unit")], "unit tests", 2700, "release"),
    "integration": Step([ctest("release", "-E", "^house\\.tidy$", "-LE", "unit|conformance")],
                        "integration, isolation, oracles, house", ctest="release"),
    # What follows it uses one processor, or waits.
    "tidy": Step([["tools/tidy"]], "house rules (style.md)", 60, beside=("asan", "tsan")),
    "format": Step([["tools/lint.sh", "format"]], "clang-format 19 changes nothing", 120),
    "conformance": Step([ctest("release", "-L", "conformance")], "public vectors (MC_VECTORS)",
                        ctest="release"),
    "headers": Step([["ninja", "-C", "build/release", "-j", JOBS, "-k", "0", "house_headers"]],
                    "each header that no file begins with compiles alone"),
    "headers-all": Step([["ninja", "-C", "build/release", "-j", JOBS, "-k", "0",
                          "house_headers_all"]],
                        "each header compiles alone, none precompiled"),
    "gate": Step([["tools/coroutine_gate.sh"]], "coroutine patterns that g++ 12 breaks", 600),
    "canary": Step(canary, "the canary fuzzer fails", 120),
    "portal": Step([["tools/node/run", "npm", "test", "--silent", "--prefix", "portal"],
                    ["tools/node/run", "node", "portal/tools/sizes.mjs", "build/release/portal"]],
                   "portal: logic and sizes", 120),
    "catalogue": Step([["tools/node/run", "node", "ops/catalogue.mjs", "check"],
                       ["promtool", "check", "rules", "ops/prometheus/maestro.rules.yml"],
                       ["promtool", "test", "rules", "ops/prometheus/maestro.rules_test.yml"],
                       ["bash", "-c", "promtool check rules"
                        " <(tools/node/run node ops/catalogue.mjs exprs)"]],
                      "metrics, alerts, dashboards, runbooks", 120),
    "e2e": Step(script("tests/e2e/run.sh"), "end to end, real processes", 3000),
    "asan": Step(unit_under("asan"), "unit tests, ASan + UBSan", 2700, "asan", SANITIZER),
    "tsan": Step(unit_under("tsan", starts_threads), "unit tests of what starts threads, TSan",
                 2700, "tsan", SANITIZER),
    "tsan-all": Step(unit_under("tsan", shares_state), "unit tests of what threads may share, TSan",
                     5400, "tsan", SANITIZER),
    "portability": Step(unit_under("portability"), "unit tests, g++ 12", 1500, "portability"),
    "clang-tidy": Step([["tools/lint.sh", "clang-tidy"]], "clang-tidy on changed files", 1500),
    "oracle": Step(script("tests/oracle/graphql/run.sh", "3000"), "graphql-js as the oracle"),
    "oracle-budget": Step(script("tests/oracle/budget/run.sh", "100000"),
                          "another evaluator of budgets"),
    "oracle-cost": Step(script("tests/oracle/cost/run.sh", "2000"), "another evaluator of costs"),
    "oracle-envelope": Step(script("tests/oracle/envelope/run.sh"),
                            "another reader and writer of sealed bytes"),
    "audit-graphql": Step(script("tests/audit/graphql/run.sh"), "GraphQL over HTTP audit"),
}
PLANS = {
    "full": ["build", "integration", "tidy", "format", "headers", "conformance", "oracle",
             "oracle-budget", "oracle-cost", "oracle-envelope", "audit-graphql", "gate", "canary",
             "portal", "catalogue", "e2e", "asan", "tsan"],
    "quick": ["build", "unit", "integration", "tidy", "portal", "catalogue"],
    "lint": ["format", "tidy", "headers-all", "clang-tidy", "gate"],
}
NEEDS_BUILD = {"unit", "integration", "conformance", "oracle", "oracle-budget", "oracle-cost",
               "oracle-envelope", "portal", "e2e", "audit-graphql"}


def run_commands(step, commands, log_path):
    """Runs them in order with one deadline for all; gives (good, output)."""
    environment = {**os.environ, "MC_VECTORS": str(VECTORS), "MC_JOBS": JOBS, **step.environment}
    deadline = time.monotonic() + step.limit_s
    good = True
    with open(log_path, "w+", errors="replace") as log:
        for command in commands:
            log.write(f"$ {' '.join(command)}\n")
            log.flush()
            try:
                process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log,
                                           stderr=log, stdin=subprocess.DEVNULL,
                                           start_new_session=True)
            except OSError as error:
                log.write(f"{error}\n")
                good = False
                break
            try:
                good = process.wait(max(1, deadline - time.monotonic())) == 0
            except subprocess.TimeoutExpired:
                good = False
                log.write(f"\nstopped: the step's limit of {step.limit_s} s is over\n")
            finally:  # also what the command left running in its session
                try:
                    os.killpg(process.pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
                process.wait()
            if not good:
                break
        log.seek(0)
        return good, log.read()


def run_step(name, step):
    """Runs a step, prints its line, gives its counts and what failed."""
    begin = time.monotonic()
    commands = step.commands() if callable(step.commands) else step.commands
    if isinstance(commands, str):
        print(f"-- {name:<13} skip            {step.what}: {commands}", flush=True)
        return Count(skipped=1), []
    last_test = ROOT / "build" / step.ctest / "Testing/Temporary/LastTest.log"
    if step.ctest:
        last_test.unlink(missing_ok=True)
    good, output = run_commands(step, commands, LOGS / f"{name}.log")
    if step.ctest and last_test.exists():
        details = last_test.read_text(errors="replace")
        count = count_ctest(details)
        if not good and count.values[1] == 0:
            count.add(Count(failed=1))
    else:
        details, count = output, count_text(output, good)
    word = "ok" if good else "FAILED"
    seconds = time.monotonic() - begin
    print(f"-- {name:<13} {word:<6} {seconds:7.1f} s  {step.what}: {count}", flush=True)
    if not good:
        print("\n".join(output.splitlines()[-TAIL_LINES:]))
        print(f"-- end of build/logs/{name}.log", flush=True)
    for line in details.splitlines():
        if good and SKIP.match(line):
            print(f"   {line.strip()}", flush=True)
    return count, [] if good else failures(output) or [output.splitlines()[-FAILURE_LINES:]]


def main(arguments):
    if not arguments or arguments[0] in ("-h", "--help"):
        print(__doc__)
        print("plans:", *(f"\n  {name}: {' '.join(steps)}" for name, steps in PLANS.items()))
        print("steps:", *(f"\n  {name}: {step.what}" for name, step in STEPS.items()))
        return 0
    names = [step for name in arguments for step in PLANS.get(name, [name])]
    unknown = [name for name in names if name not in STEPS]
    if unknown:
        print(f"tools/run_checks.py: unknown step or plan: {' '.join(unknown)}", file=sys.stderr)
        return 2
    if "build" not in names and NEEDS_BUILD.intersection(names):
        names.insert(0, "build")
    shutil.rmtree(LOGS, ignore_errors=True)
    LOGS.mkdir(parents=True)
    begin = time.monotonic()
    total, failed = Count(), []
    builder = Builder(())
    for at, name in enumerate(names):
        builder.wait(name)
        later = [one for one in STEPS[name].beside if one in names[at:]]
        if later:
            builder = Builder(later)
            builder.start()
        count, lines = run_step(name, STEPS[name])
        total.add(count)
        failed += [[f"-- failed in {name}:", *part] for part in lines]
        if name == "build" and total.values[1]:
            break  # nothing after it could say anything new
    # Once more, where whoever sees only the end of the output finds it.
    for part in failed[:FAILURES_SHOWN]:
        print("\n".join(part))
    if len(failed) > FAILURES_SHOWN:
        print(f"-- and {len(failed) - FAILURES_SHOWN} more, see build/logs")
    print(f"-- {len(names)} steps in {time.monotonic() - begin:.1f} s")
    print(total)
    return 1 if total.values[1] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
