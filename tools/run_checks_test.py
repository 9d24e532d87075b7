#!/usr/bin/env python3
"""tools/run_checks.py must never count wrong, hide a failure or wait for ever."""
import contextlib
import io
import sys
import tempfile
import time
import unittest
import unittest.mock
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
import run_checks  # noqa: E402

CTEST_LOG = """Start testing: Nov 01 10:00 UTC
----------------------------------------------------------
1/4 Testing: unit.base
1/4 Test: unit.base
Command: "/x/mc_base_test" "--no-intro"
Output:
----------------------------------------------------------
[doctest] test cases:  7 |  7 passed | 0 failed | 1 skipped
[doctest] assertions: 50 | 50 passed | 0 failed |
<end of output>
----------------------------------------------------------
Test Passed.
2/4 Testing: house.tidy
Output:
----------------------------------------------------------
<end of output>
----------------------------------------------------------
Test Passed.
3/4 Testing: unit.leaks
Output:
----------------------------------------------------------
[doctest] test cases:  3 |  3 passed | 0 failed | 0 skipped
ERROR: LeakSanitizer
<end of output>
----------------------------------------------------------
Test Failed.
4/4 Testing: unit.crash
Output:
----------------------------------------------------------
<end of output>
----------------------------------------------------------
Test Failed.
5/5 Testing: conformance.jcs
Output:
----------------------------------------------------------
SKIPPED jcs: no vectors
<end of output>
----------------------------------------------------------
Test Pass Reason:
Skip regular expression found in output. Regex=[SKIPPED]
End testing
"""


def run(commands, limit_s=20):
    """(counts, printed text) of one step run for real."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        count, _ = run_checks.run_step("sample", run_checks.Step(commands, "a sample", limit_s))
    return count.values, printed.getvalue()


class Counting(unittest.TestCase):
    def test_texts(self):
        cases = [
            ("", True, [1, 0, 0]),
            ("", False, [0, 1, 0]),
            ("5 passed, 0 failed\n", True, [5, 0, 0]),
            ("e2e: 5 passed, 1 failed, 2 skipped\n", False, [5, 1, 2]),
            ("2 passed, 0 failed\n3 passed, 0 failed, 1 skipped\n", True, [5, 0, 1]),
            ("4 passed, 0 failed\nSegmentation fault\n", False, [4, 1, 0]),
            ("we saw 5 passed, 0 failed today\n", True, [1, 0, 0]),
            ("[doctest] test cases: 9 | 8 passed | 1 failed | 0 skipped\n", False, [8, 1, 0]),
        ]
        for text, good, values in cases:
            with self.subTest(text):
                self.assertEqual(run_checks.count_text(text, good).values, values)

    def test_a_ctest_log_sums_each_program_by_its_own_output(self):
        self.assertEqual(run_checks.count_ctest(CTEST_LOG).values, [7 + 1 + 3, 2, 1 + 1])

    def test_failures_are_found_with_what_follows(self):
        log = "  ok    a\n  FAIL  b\n        why\n  ok    c\nx_test.cc:5: ERROR: CHECK( a ) is NOT\n"
        places = run_checks.failures(log + "".join(f"{i}\n" for i in range(20)))
        self.assertEqual([place[0].strip() for place in places], ["FAIL  b"])  # the next is near it
        self.assertIn("x_test.cc:5: ERROR: CHECK( a ) is NOT", places[0])
        self.assertEqual(run_checks.failures("  ok    a\n2 passed, 0 failed\n"), [])


class Running(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="mc-checks-")
        self.logs, run_checks.LOGS = run_checks.LOGS, Path(self.folder.name)

    def tearDown(self):
        run_checks.LOGS = self.logs
        self.folder.cleanup()

    def test_a_good_step_prints_one_line(self):
        values, printed = run([["echo", "3 passed, 0 failed"]])
        self.assertEqual(values, [3, 0, 0])
        self.assertEqual(printed.count("\n"), 1)

    def test_a_failing_step_shows_its_log_and_stops_there(self):
        values, printed = run([["sh", "-c", "echo why; exit 3"], ["echo", "never"]])
        self.assertEqual(values, [0, 1, 0])
        self.assertIn("FAILED", printed)
        self.assertIn("\nwhy\n", printed)
        self.assertNotIn("never", printed)

    def test_what_failed_stands_at_the_end_again(self):
        step = run_checks.Step([["sh", "-c", "echo 'FAIL  b'; seq 200; exit 1"]], "a sample")
        run_checks.STEPS["sample"] = step
        printed = io.StringIO()
        try:
            with contextlib.redirect_stdout(printed), tempfile.TemporaryDirectory() as folder:
                run_checks.LOGS = Path(folder) / "logs"
                self.assertEqual(run_checks.main(["sample"]), 1)
        finally:
            del run_checks.STEPS["sample"]
        self.assertIn("-- failed in sample:\nFAIL  b", printed.getvalue())

    def test_skips_are_visible(self):
        self.assertEqual(run(lambda: "no peer here")[0], [0, 0, 1])
        self.assertIn("no peer here", run(lambda: "no peer here")[1])
        self.assertIn("SKIP: no vectors", run([["echo", "SKIP: no vectors"]])[1])

    def test_a_hanging_step_is_stopped_with_all_it_started(self):
        begin = time.monotonic()
        values, printed = run([["sh", "-c", "sleep 60 & sleep 60"]], limit_s=1)
        self.assertEqual(values, [0, 1, 0])
        self.assertIn("limit of 1 s", printed)
        self.assertLess(time.monotonic() - begin, 15)

    def test_an_unknown_program_fails_the_step(self):
        values, _ = run([["./no-such-program"]])
        self.assertEqual(values, [0, 1, 0])

    def test_an_unknown_plan_is_a_usage_error(self):
        with contextlib.redirect_stderr(io.StringIO()):
            self.assertEqual(run_checks.main(["no-such-step"]), 2)


class Beside(unittest.TestCase):
    def test_later_steps_are_built_in_turn_but_not_run(self):
        with tempfile.TemporaryDirectory() as folder:
            marks = Path(folder) / "marks"
            mark = lambda word, status=0: ["sh", "-c", f"echo {word} >> {marks}; exit {status}"]  # noqa: E731
            steps = {"one": run_checks.Step(lambda: [mark("a"), mark("b", 1), mark("c"), mark("run")], ""),
                     "two": run_checks.Step(lambda: [mark("d"), mark("run")], "")}
            with unittest.mock.patch.dict(run_checks.STEPS, steps), \
                 unittest.mock.patch.object(run_checks, "LOGS", Path(folder)), \
                 contextlib.redirect_stdout(io.StringIO()) as printed:
                builder = run_checks.Builder(["one", "two"])
                builder.start()
                for name in ("one", "two", "not built beside"):
                    builder.wait(name)
            self.assertEqual(marks.read_text().split(), ["a", "b", "d"])
            self.assertEqual(printed.getvalue().count("waited"), 2)

    def test_the_sanitizers_are_built_beside_what_stands_before_them(self):
        names = run_checks.PLANS["full"]
        begins = [name for name in names if run_checks.STEPS[name].beside]
        self.assertEqual(len(begins), 1)
        for later in run_checks.STEPS[begins[0]].beside:
            self.assertIn(later, names[names.index(begins[0]) + 1:])


class Plans(unittest.TestCase):
    def test_plans_name_known_steps(self):
        for name, steps in run_checks.PLANS.items():
            with self.subTest(name):
                self.assertEqual([s for s in steps if s not in run_checks.STEPS], [])

    def test_modules_with_threads_are_found_by_their_words(self):
        with tempfile.TemporaryDirectory() as folder:
            files = {"core/locked/a.h": "Guarded<int> n_;", "core/locked/a_test.cc": "",
                     "core/plain/b.cc": "int n;", "core/plain/b_test.cc": "",
                     "core/untested/c.cc": "std::thread t;",
                     "app/main/e.cc": "std::thread t;", "app/main/e_test.cc": "",
                     "serve/busy/d.cc": "", "serve/busy/d_test.cc": "std::jthread t;"}
            for name, text in files.items():
                path = Path(folder) / "src" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            self.assertEqual(run_checks.starts_threads(Path(folder)), ["busy"])
            self.assertEqual(run_checks.shares_state(Path(folder)), ["busy", "locked", "main"])


if __name__ == "__main__":
    unittest.main()
