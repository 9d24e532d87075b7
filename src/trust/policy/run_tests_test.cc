#include "policy/run_tests.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "sim/sim.h"

namespace mc::policy {
namespace {

using Rows = std::vector<std::int32_t>;

TestReport report_of(std::vector<std::pair<std::string, std::string>> files) {
  std::vector<rego::Module> modules;
  for (const auto& [path, text] : files) {
    auto module = rego::parse_module(text, path);
    REQUIRE(module);
    modules.push_back(std::move(*module));
  }
  sim::SimClock clock;
  sim::SimRandom random{1};
  TestOptions options;
  options.coverage = true;
  const term::Document data;
  auto report = run_tests(std::move(modules), data.root(), {clock, random}, options);
  REQUIRE(report);
  return std::move(*report);
}

TEST_CASE("coverage: a rule or function that no test calls counts as not reached") {
  const TestReport report = report_of({{"c.rego",
                                        "package c\n"
                                        "\n"
                                        "a if input.x\n"
                                        "\n"
                                        "b if {\n"
                                        "  input.y\n"
                                        "  input.z\n"
                                        "}\n"
                                        "\n"
                                        "f(x) := 1 if x > 1\n"
                                        "\n"
                                        "else := 2 if x < 0\n"
                                        "\n"
                                        "list := [1, 2]\n"
                                        "\n"
                                        "p.q[x] := x if some x in input.list\n"},
                                       {"c_test.rego",
                                        "package c_test\n"
                                        "\n"
                                        "import data.c\n"
                                        "\n"
                                        "test_a if c.a with input as {\"x\": true}\n"}});
  CHECK(report.passed());
  const FileCoverage& file = report.coverage.files.at("c.rego");
  CHECK(file.covered == Rows{3});
  CHECK(file.missed == Rows{6, 7, 10, 12, 14, 16});
  CHECK(report.coverage.percent() == doctest::Approx(100.0 * 2 / 8));
}

TEST_CASE("coverage: what is called is looked at line by line") {
  const TestReport report = report_of({{"c.rego",
                                        "package c\n"
                                        "\n"
                                        "default a := false\n"
                                        "\n"
                                        "a if {\n"
                                        "  input.x\n"
                                        "  input.y\n"
                                        "}\n"
                                        "\n"
                                        "a if input.z\n"},
                                       {"c_test.rego",
                                        "package c_test\n"
                                        "\n"
                                        "import data.c\n"
                                        "\n"
                                        "test_a if not c.a with input as {\"x\": true}\n"}});
  CHECK(report.passed());
  const FileCoverage& file = report.coverage.files.at("c.rego");
  CHECK(std::find(file.covered.begin(), file.covered.end(), 6) != file.covered.end());
  CHECK(report.coverage.files.at("c_test.rego").missed.empty());
}

}  // namespace
}  // namespace mc::policy
