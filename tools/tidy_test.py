#!/usr/bin/env python3
"""Each rule of tools/tidy against a sample that must pass and samples that must not.

A sample is a small tree {path: text}. The last tests are the canary: every rule in RULES has a
sample that trips exactly it, so a rule that went blind fails here.
"""
import sys
import tempfile
import time
import unittest
import unittest.mock
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
import tidy_rules  # noqa: E402

FLOORS = "# lowest first\ncore: base sys net log\ndata: rows plan\nserve: face\nadapter: peer\napp: maestro\n"
GOOD = {
    "CHANGELOG.md": "# Changelog\n\n## [Unreleased]\n",
    "src/FLOORS": FLOORS,
    "src/core/base/CMakeLists.txt": "mc_module(base)\n",
    "src/core/base/base.h": "#pragma once\nint one();\n",
    "src/core/base/base.cc": '#include "base/base.h"\n\nint one() { return 1; }\n',
    "src/data/rows/CMakeLists.txt": "mc_module(rows\n  DEPS base LIBS sqlite)\n",
    "src/data/rows/rows.h": '#pragma once\n#include "base/base.h"\n',
    "src/data/plan/CMakeLists.txt": "mc_module(plan DEPS base rows)\n",
    "src/data/plan/plan.h": '#pragma once\n#include "rows/rows.h"\n',
    "src/data/plan/plan.cc": '#include "plan/plan.h"\n#include <string>\n',
    "src/adapter/peer/CMakeLists.txt": "mc_module(peer DEPS base)\n",
    "src/adapter/peer/peer.h": '#pragma once\n#include "base/base.h"\n',
    "src/app/maestro/CMakeLists.txt": "mc_module(maestro DEPS peer)\nadd_executable(maestro main.cc)\n",
    "src/app/maestro/main.cc": '#include "peer/peer.h"\nint main() { return 0; }\n',
}
PLAN = "src/data/plan/plan.cc"
HEAD = '#include "plan/plan.h"\n'
NAMED = "co_await send(socket, bytes);"


def rules(changes):
    """The rules that the good tree breaks after these changes; None removes a file."""
    files = {path: text for path, text in {**GOOD, **changes}.items() if text is not None}
    return sorted({finding.rule for finding in tidy_rules.check(tidy_rules.House(files))})


def code(text):
    return {PLAN: HEAD + text + "\n"}


def function(lines):
    return code("int f() {\n" + "  g();\n" * (lines - 2) + "}")


AWAIT = "task<void> f(int x) {\n  %s\n}"
# rule: samples that break exactly this rule
BAD = {
    "storey": [
        {"src/core/base/base.cc": '#include "base/base.h"\n#include "rows/rows.h"\n'},
        {"src/data/rows/rows.cc": '#include "rows/rows.h"\n#include "plan/plan.h"\n'},
    ],
    "private-header": [{**code('#include "rows/secret.h"'), "src/data/rows/secret.h": "#pragma once\n"}],
    "adapter": [{
        "src/FLOORS": "core: base\ndata: rows plan\nadapter: peer\nserve: face\napp: maestro\n",
        "src/serve/face/face.h": "#pragma once\n",
        "src/serve/face/face.cc": '#include "face/face.h"\n#include "peer/peer.h"\n',
        "src/serve/face/CMakeLists.txt": "mc_module(face DEPS base)\n"}],
    "sim": [code('#include "sim/sim.h"')],
    "public-header": [{"src/core/log/CMakeLists.txt": "mc_module(log)\n"}],
    "floors": [
        {"src/core/new/new.h": "#pragma once\n"},
        {"src/data/rows/CMakeLists.txt": "mc_module(row)\n"},
    ],
    "own-header": [{PLAN: '#include <string>\n#include "plan/plan.h"\n'}, {PLAN: "int x;\n"}],
    "pragma-once": [{"src/core/base/base.h": "int one();\n"},
                    {"src/core/base/base.h": "// #pragma once\nint one();\n"}],
    "regex": [code("#include <regex>")],
    "heavy-header": [{"src/data/rows/rows.h": f"#pragma once\n#include <{name}>\n"} for name in (
        "openssl/evp.h", "sqlite3.h", "libpq-fe.h", "boost/asio.hpp", "boost/asio/ip/tcp.hpp",
        "yaml-cpp/yaml.h", "simdjson.h", "curl/curl.h", "CLI/CLI.hpp")] + [
        {"src/adapter/peer/peer.h": '#pragma once\n#include "peer/wire.h"\n',
         "src/adapter/peer/wire.h": "#pragma once\n#include <libpq-fe.h>\n"}],
    "header-lines": [{"src/data/rows/rows.h": "#pragma once\n" + "\n" * 200}],
    "file-lines": [code("int x;\n" * 600)],
    "function-lines": [
        function(71),
        code("struct S {\n  S() : a_{1}, b_(2) {\n" + "    g();\n" * 70 + "  }\n};"),
        code("namespace a {\ntemplate <class T>\nT f(T x) {\n" + "  g();\n" * 70 + "}\n}"),
        {"tests/x_test.cc": 'TEST_CASE("x") {\n' + "  g();\n" * 70 + "}\n",
         "tests/CMakeLists.txt": "add_executable(x x_test.cc)\n"},
    ],
    "columns": [code("// " + "x" * 98), code('const char* x = "' + "é" * 100 + '";')],
    "parameters": [
        code("int f(int a, int b, int c, int d, int e, int g);"),
        code("int f(int a, int b,\n      int c, int d, int e, int g) {\n  return 0;\n}"),
        code("class C {\n public:\n  explicit C(int a, int b, int c, int d, int e, int g);\n};"),
        code("template <class A, class B>\nint f(A a, B b, int c, int d, int e, int g);"),
        code("struct S { bool operator()(int a, int b, int c, int d, int e, int g) const; };"),
        code("int f(map<int, int> a = {1, 2}, int b = g(1, 2), int c, int d, int e, int h);"),
    ],
    "throw": [code("int f() { throw 1; }")],
    "world": [code(f"int f() {{ {use}; }}") for use in (
        "std::chrono::system_clock::now()", "std::random_device seed", "std::rand()", "time(nullptr)",
        "std::chrono::steady_clock::now()", 'fopen("x", "r")', "std::ifstream file(path)",
        'std::getenv("X")', 'getenv("X")', "::socket(1, 2, 3)", "std::filesystem::exists(p)",
        "std::this_thread::sleep_for(x)")]
             + [code("#include <fstream>")]
             + [{"src/data/plan/plan_test.cc": "void f() { std::this_thread::sleep_for(x); }\n"},
                {"src/data/plan/plan_test.cc": "int x = rand();\n"}],
    "to-do": [code("// TO" "DO: later"), code("// FIX" "ME now"), code("// TO" "DO(somebody) x")],
    "unbuilt": [
        {"tests/lost_test.cc": "int x;\n"},
        {"src/data/plan/part/deep.cc": "int x;\n"},
        {"src/app/maestro/CMakeLists.txt": "mc_module(maestro DEPS peer)\n"},
        {"bench/a/a.cc": "int x;\n", "bench/CMakeLists.txt": "file(GLOB x *.cc)\n# a/a.cc\n"},
    ],
    "await-line": [code(AWAIT % text) for text in (
        "co_await f(Opts{1});", "co_await f({a, b});", "co_await f([x] { return x; });",
        "co_await f(\n      a,\n      Opts{.x = 1});", "Opts o{.t = co_await g()};",
        "co_await spawn(ex, [v]() -> task<void> { co_await g(v); }, use);",
        "auto v = flag ? co_await a() : Agg{};", "vector<string> v{co_await x(), b};")],
    "await-twice": [code(AWAIT % "auto v = co_await a() + co_await b();"),
                    code(AWAIT % "co_await f(co_await a());")],
    "machine-path": [{"docs/x.md": "see /ro" "ot/x\n"}, {"Makefile": "D=" "/wo" "rk/main\n"},
                     {"tools/x.sh": "cat /tmp/bash" "_jobs.0\n"}],
    "changelog": [{"CHANGELOG.md": None}, {"CHANGELOG.md": "# Changelog\n"}],
}
# Samples that look like a finding and are none.
FINE = {
    "as it is": {},
    "the word in a comment or literal": code(
        '// throw, rand(), system_clock\nconst char* x = "throw getenv(";\nconst auto y = R"(throw)";'),
    "a separator is no literal": code("int x = 1'000'000;  // it's\nint f() { return 2'0; }"),
    "a member named like a call": code("int f(C& c) { return c.time(0) + c.rand() + x::time(0); }"),
    "a function of 70 lines": function(70),
    "a long table": code("const int kTable[] = {\n" + "  1,\n" * 100 + "};"),
    "a class is no function": code("class C {\n" + "  int f();\n" * 100 + "};"),
    "five parameters": code("int f(int a, int b, map<int, int> c, int d, function<int(int, int)> e);"),
    "a callback of a C library": code("int f(int a, int b, int c, int d, int e, void* self);"),
    "an initialiser with commas": code("const auto x = make(1, 2, 3, 4, 5, 6, 7);"),
    "many enumerators": code("enum class E { a, b, c, d, e, f, g };"),
    "100 columns": code("// " + "é" * 97),
    "a to-do with an issue": code("// TO" "DO(#12): later"),
    "sys may touch the machine": {
        "src/core/sys/CMakeLists.txt": "mc_module(sys DEPS base)\n",
        "src/core/sys/sys.h": "#pragma once\n",
        "src/core/sys/sys.cc": '#include "sys/sys.h"\n#include <fstream>\nint f() { return ::open(1); }\n'},
    "a test may read vectors": {
        "src/data/plan/plan_test.cc": '#include "sim/sim.h"\nint f() { return getenv("V"); }\n'},
    "a bench may take the time": {
        "src/data/plan/plan_bench.cc": "auto t = std::chrono::steady_clock::now();\n"},
    "a glob builds it": {"tests/e2e/a_test.cc": "int x;\n",
                         "tests/e2e/CMakeLists.txt": "file(GLOB all ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)\n"},
    "named from above": {"tests/e2e/a.cc": "int x;\n",
                         "cmake/x.cmake": "add_library(x ${CMAKE_SOURCE_DIR}/tests/e2e/a.cc)\n"},
    "a private header of an adapter may be heavy": {
        "src/adapter/peer/wire.h": "#pragma once\n#include <libpq-fe.h>\n"},
    "a second public header": {
        **code('#include "rows/more.h"'), "src/data/rows/more.h": "#pragma once\n",
        "src/data/rows/CMakeLists.txt": "# public: more.h\nmc_module(rows DEPS base)\n"},
    "a header of the system": {"src/adapter/peer/peer.cc":
                               '#include "peer/peer.h"\n#include <sys/uio.h>\n'},
    "an oracle is a part of its module's tests": {
        "tests/oracle/rows/twin.cc": '#include "rows/secret.h"\n',
        "tests/oracle/rows/CMakeLists.txt": "add_executable(twin twin.cc)\n"},
    "a block after co_await": code(AWAIT % ("if (co_await ready()) {\n    %s\n  }\n"
                                            "  while (auto x = co_await next()) {\n  }" % NAMED)),
    "a named lambda": code(AWAIT % ("auto work = [x]() -> task<void> { co_await g(x); };\n"
                                    "  co_await spawn(ex, std::move(work), use);\n  Opts o{1};\n"
                                    "  co_await f(o);")),
    "a spawned lambda without co_await outside": code(
        "void f() {\n  spawn(ex, [x]() -> task<void> { co_await g(x); }, detached);\n}"),
    "an index is no lambda": code(AWAIT % "co_await f(a[i], (b[j])(k));"),
    "two statements": code(AWAIT % "co_await a(); co_await b();"),
    "a path below another": {"docs/x.md": "shared/wo" "rk/x and $HOME/ro" "ot/y\n"},
}


class Rules(unittest.TestCase):
    def test_good_samples_pass(self):
        for name, changes in FINE.items():
            with self.subTest(name):
                self.assertEqual(rules(changes), [])

    def test_bad_samples_break_exactly_their_rule(self):
        for rule, samples in BAD.items():
            for number, changes in enumerate(samples):
                with self.subTest(rule, sample=number):
                    self.assertEqual(rules(changes), [rule])

    def test_every_rule_has_a_sample_that_trips_it(self):
        self.assertEqual(sorted(BAD), sorted(tidy_rules.RULES))

    def test_a_blind_rule_is_noticed(self):
        for rule in tidy_rules.RULES:
            function = rule.replace("-", "_")
            name = next(p + function for p in ("rule_", "house_") if hasattr(tidy_rules, p + function))
            true_rule = getattr(tidy_rules, name)
            setattr(tidy_rules, name, lambda *_: [])
            try:
                self.assertNotIn(rule, rules(BAD[rule][0]))
            finally:
                setattr(tidy_rules, name, true_rule)
            self.assertIn(rule, rules(BAD[rule][0]))

    def test_a_finding_names_the_line(self):
        files = {**GOOD, PLAN: HEAD + "\n// it's fine\nint f() {\n  throw 1;\n}\n"}
        found = tidy_rules.check(tidy_rules.House(files))
        self.assertEqual([(f.path, f.line) for f in found], [(PLAN, 5)])

    def test_a_tree_is_read_without_git_and_without_what_was_built(self):
        with tempfile.TemporaryDirectory(prefix="mc-tidy-") as folder:
            for path, text in {"src/a.cc": "int x;\n", "build/b.cc": "int y;\n"}.items():
                target = Path(folder) / path
                target.parent.mkdir()
                target.write_text(text)
            (Path(folder) / "picture.png").write_bytes(b"\x89PNG\0\0")
            with unittest.mock.patch.dict("os.environ", {"PATH": "/nowhere"}):
                self.assertEqual(tidy_rules.read_tree(folder), {"src/a.cc": "int x;\n"})

    def test_a_hundred_thousand_lines_take_less_than_three_seconds(self):
        part = ("// A comment that says why.\nint f%d(const std::string& a, int b) {\n"
                "  if (a.empty()) {\n    return b + 1'000;\n  }\n"
                '  const char* text = "quoted { text";\n  return g(a, b);\n}\n\n')
        text = HEAD + "".join(part % number for number in range(55))
        files = {**GOOD, **{f"src/data/plan/p{n}.cc": text for n in range(200)}}
        begin = time.process_time()
        self.assertEqual(tidy_rules.check(tidy_rules.House(files)), [])
        self.assertLess(time.process_time() - begin, 3.0)


if __name__ == "__main__":
    unittest.main()
