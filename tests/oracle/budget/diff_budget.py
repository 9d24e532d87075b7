#!/usr/bin/env python3
"""Compares budget_oracle, the C++ book of budgets, with the evaluator of evaluator.py.

usage: diff_budget.py [--events N] [--seed S] [--program FILE] [--self]

Half of the N events (requests that want to be admitted; 1000000 by default) are in streams in
which at least what was taken is used: every answer must be equal. Half are in streams with
refunds: nothing may be admitted, nor be left, that was not had the true amounts been taken from
the start; and nothing be denied that is not denied by a bucket that gives back the least it may.
Prints the first differences in full, the first of each kind as the smallest stream that shows it;
closes with "N passed, M failed" streams and exits 1 when there are any.

--self compares with an evaluator whose rates are one credit larger, and fails if nobody notices.
"""
import argparse
import json
import resource
import subprocess
import sys
from collections import Counter
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
from evaluator import LET_GO, NEVER, SETTLED, TICKS_PER_NANO, Evaluator  # noqa: E402
from streams import PATHS, Stream, line_of  # noqa: E402

ROOT = Path(__file__).resolve().parents[3]
STREAM_EVENTS = 1_500
BATCH_LINES = 100_000
SHOWN = 3
TRIES = 600  # to make a stream smaller
HOLD_NS = 4 * 10**9  # requests that end before give back what they did not use (ADR 0024)


def ask(program, requests):
    text = "".join(line_of(request) + "\n" for request in requests)
    done = subprocess.run([program], input=text, capture_output=True, text=True, check=False)
    answers = done.stdout.splitlines()
    if done.returncode != 0 or len(answers) != len(requests):
        sys.exit(f"{program}: {len(answers)} answers to {len(requests)} lines: {done.stderr}")
    return answers


def wait_text(wait):
    return "never" if wait == NEVER else "let-go" if wait == LET_GO else wait


def wait_number(text):
    return NEVER if text == "never" else LET_GO if text == "let-go" else text


class Comparison:
    """Of one stream, answer by answer. `differs` gives why, or None."""

    def __init__(self, refunds, larger, counts):
        self.refunds, self.larger, self.counts = refunds, larger, counts
        self.evaluator = None
        self.last = {}       # the "left" before the last settling: request, answer, due
        self.settled = None  # the settling since then: its parts, the request

    def differs(self, request, text):
        if "book" in request:
            self.evaluator = Evaluator(request["book"], PATHS, self.larger)
            return None if text == '{"ok":true}' else 'expected {"ok":true}'
        if "reserve" in request:
            self.last, self.settled = {}, None
            return self.reserve(request, text)
        if "settle" in request:
            if self.settled is not None:
                self.last = {}
            self.settled = self.evaluator.open.get(request["settle"]), request
            self.evaluator.settle(request)
            return None if text == '{"ok":true}' else 'expected {"ok":true}'
        return self.left(request, text)

    def reserve(self, request, text):
        now = request["at_ns"] * TICKS_PER_NANO
        parts = self.evaluator.weigh(request, now)
        self.counts["reserves"] += 1
        return (self.between if self.refunds else self.equal)(request, parts, now, text)

    def equal(self, request, parts, now, text):
        against = [part for part in parts if part.least > 0 and not part.limit.warns]
        answer = {"admitted": not against,
                  "against": [part.limit.name for part in against],
                  "warned": [part.limit.name for part in parts
                             if part.least > 0 and part.limit.warns]}
        if against:
            self.counts["denied"] += 1
            answer["eligible_in"] = wait_text(max(part.least for part in against))
        else:
            self.evaluator.take(request, [part for part in parts if part.least == 0], now)
        expected = line_of(answer)
        return None if text == expected else f"expected {expected}"

    def between(self, request, parts, now, text):
        answer = json.loads(text)
        told = set(answer["against"]) | set(answer["warned"])
        for part in parts:
            name = part.limit.name
            if part.least > 0 and name not in told:
                return f"{name} must deny for {wait_text(part.least)} ticks: too much is given"
            if part.most == 0 and name in told:
                return f"{name} must let it through, whatever came back"
        for key, warns in (("against", False), ("warned", True)):
            expected = [part.limit.name for part in parts
                        if part.limit.name in told and part.limit.warns == warns]
            if answer[key] != expected:
                return f"{key}: expected {expected}"
        against = [part for part in parts if part.limit.name in told and not part.limit.warns]
        if answer["admitted"] == bool(against):
            return f"expected admitted to be {not against}"
        if not against:
            kept = [part for part in parts if part.limit.name not in told]
            self.evaluator.take(request, kept, now)
            return None
        self.counts["denied"] += 1
        if all(part.least == 0 for part in parts if not part.limit.warns):
            self.counts["denied, due"] += 1
        least, most = (max(getattr(part, side) for part in against) for side in ("least", "most"))
        if not least <= wait_number(answer["eligible_in"]) <= most:
            return f"eligible_in: expected {wait_text(least)} to {wait_text(most)}"
        return None

    def left(self, request, text):
        answer = json.loads(text)
        due = self.evaluator.left(request)
        if answer.keys() != due.keys():
            return f"expected counts of {list(due)}"
        for name, (low, high) in due.items():
            if not low <= answer[name] <= high:
                return f"{name}: expected {low} to {high}"
        self.measure(request, answer, due)
        return None

    def measure(self, request, answer, due):
        """What a settling gave back to the tenant, when it was looked at before and after."""
        settled, before = self.settled, self.last
        self.last, self.settled = (request, answer, due), None
        if not self.refunds or not before or settled is None or not settled[0]:
            return
        if before[0] != request:
            return
        for part in settled[0]:
            back = part.amount - settled[1]["used"].get(part.limit.by, 0)
            name = part.limit.dimension
            if part.limit.kind == SETTLED and part.limit.name == f"tenant-{name}" and back > 0 \
                    and name in due and min(answer[name], before[1][name]) > 0:
                short = settled[1]["at_ns"] * TICKS_PER_NANO - part.since < HOLD_NS * TICKS_PER_NANO
                group = "short" if short else "long"
                self.counts[group] += 1
                # In bursts, so that large limits do not outweigh the others.
                burst = part.limit.depth // part.limit.each
                self.counts[group + " asked"] += back / burst
                self.counts[group + " due"] += (due[name][1] - before[2][name][1]) / burst
                self.counts[group + " came"] += (answer[name] - before[1][name]) / burst


def first_difference(requests, answers, refunds, larger, counts):
    comparison = Comparison(refunds, larger, counts)
    for index, (request, text) in enumerate(zip(requests, answers)):
        why = comparison.differs(request, text)
        if why is not None:
            return index, why
    return None


def without(settings):
    """The settings, each time without another one."""
    for name, value in settings.items():
        yield {other: kept for other, kept in settings.items() if other != name}
        if isinstance(value, dict):
            for less in without(value):
                yield settings | {name: less}


class Shrinking:
    """Leaves out what a difference does not need: events first, settings then."""

    def __init__(self, program, refunds, larger):
        self.program, self.refunds, self.larger = program, refunds, larger
        self.tries = 0

    def still(self, requests):
        """As far as the difference, if there is one."""
        self.tries += 1
        answers = ask(self.program, requests)
        if answers[0] != '{"ok":true}':
            return None
        found = first_difference(requests, answers, self.refunds, self.larger, Counter())
        return None if found is None else requests[:found[0] + 1]

    def events(self, requests):
        step = max(1, len(requests) // 2)
        while step >= 1:
            start = 1
            while start < len(requests) and self.tries < TRIES:
                found = self.still(requests[:start] + requests[start + step:])
                start, requests = (start + step, requests) if found is None else (start, found)
            step //= 2
        return requests

    def settings(self, requests):
        smaller = True
        while smaller and self.tries < 2 * TRIES:
            smaller = False
            for less in without(requests[0]["book"]):
                found = self.still([requests[0] | {"book": less}] + requests[1:])
                if found is not None:
                    requests, smaller = found, True
                    break
        return requests


def smallest(program, requests, refunds, larger):
    shrinking = Shrinking(program, refunds, larger)
    return shrinking.settings(shrinking.events(requests))


def show(title, requests, answers, why):
    print(f"--- {title}: {why}")
    for request, answer in zip(requests, answers):
        print(f"    {line_of(request)}\n      -> {answer}")


class Run:
    def __init__(self, program, larger=0, quiet=False):
        self.program, self.larger, self.quiet = program, larger, quiet
        self.passed, self.failed = 0, 0
        self.kinds = Counter()
        self.shown = Counter()
        self.counts = {False: Counter(), True: Counter()}

    def batch(self, streams):
        answers = ask(self.program, [r for stream in streams for r in stream.requests])
        begin = 0
        for stream in streams:
            self.stream(stream, answers[begin:begin + len(stream.requests)])
            begin += len(stream.requests)

    def stream(self, stream, answers):
        kind = ("refunds" if stream.refunds else "no refunds") + ", " + stream.kind
        found = first_difference(stream.requests, answers, stream.refunds, self.larger,
                                 self.counts[stream.refunds])
        self.kinds[kind, found is None] += 1
        if found is None:
            self.passed += 1
            return
        self.failed += 1
        self.shown[kind] += 1
        if self.quiet or self.shown[kind] > SHOWN:
            return
        index, why = found
        title = f"{kind}, stream {stream.seed}, line {index + 1}"
        if self.shown[kind] > 1:
            show(title, stream.requests[index:index + 1], answers[index:index + 1], why)
            return
        requests = smallest(self.program, stream.requests[:index + 1], stream.refunds, self.larger)
        answers = ask(self.program, requests)
        show(title, requests, answers,
             first_difference(requests, answers, stream.refunds, self.larger, Counter())[1])

    def all(self, events, seed):
        for refunds in (False, True):
            streams, lines, done, number = [], 0, 0, 0
            while done < events // 2 or number == 0:
                size = min(STREAM_EVENTS, max(1, events // 2 - done))
                streams.append(Stream(f"{seed}.{number}", size, refunds))
                number, done = number + 1, done + size
                lines += len(streams[-1].requests)
                if lines >= BATCH_LINES or done >= events // 2:
                    self.batch(streams)
                    streams, lines = [], 0

    def report(self):
        for kind in sorted({kind for kind, _ in self.kinds}):
            print(f"{kind}: {self.kinds[kind, True]} streams passed, "
                  f"{self.kinds[kind, False]} failed")
        plain, counts = self.counts[False], self.counts[True]
        print(f"no refunds: {plain['reserves']} events, {plain['denied']} denied, answers equal")
        print(f"refunds: {counts['reserves']} events, {counts['denied']} denied, of which "
              f"{counts['denied, due']} were due ({share(counts, 'denied, due', 'denied')})")
        for group, what in (("short", "less than 4 s"), ("long", "4 s or more")):
            print(f"refunds of requests of {what}: {counts[group]} seen; came back "
                  f"{share(counts, group + ' came', group + ' asked')} of what was not used, "
                  f"{share(counts, group + ' came', group + ' due')} of what was due")
        print(f"{cpu_seconds():.0f} s of CPU")


def share(counts, part, whole):
    return f"{100 * counts[part] / counts[whole]:.2f} %" if counts[whole] > 0 else "-"


def cpu_seconds():
    return sum(usage.ru_utime + usage.ru_stime for usage in map(
        resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


def notices(program, seed):
    """Whether both comparisons see a wrong evaluator."""
    missed = []
    for refunds in (False, True):
        steady = [s for s in (Stream(f"{seed}.{n}", 500, refunds) for n in range(40))
                  if s.kind == "steady"]
        right, wrong = Run(program, quiet=True), Run(program, larger=1, quiet=True)
        for run in (right, wrong):
            run.batch(steady)
        name = "refunds" if refunds else "no refunds"
        print(f"{name}: the right evaluator differs in {right.failed} of {len(steady)} streams, "
              f"the wrong one in {wrong.failed}")
        if right.failed > 0 or wrong.failed == 0:
            missed.append(name)
    return missed


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--program", default=str(ROOT / "build/release/bin/budget_oracle"))
    parser.add_argument("--self", action="store_true", dest="check_itself")
    arguments = parser.parse_args()
    if arguments.check_itself:
        missed = notices(arguments.program, arguments.seed)
        print(f"{2 - len(missed)} passed, {len(missed)} failed")
        return 1 if missed else 0
    run = Run(arguments.program)
    run.all(arguments.events, arguments.seed)
    run.report()
    print(f"{run.passed} passed, {run.failed} failed")
    return 1 if run.failed else 0


if __name__ == "__main__":
    sys.exit(main())
