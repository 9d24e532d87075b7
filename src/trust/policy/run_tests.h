// The tests of policies, as `opa test` runs them: every rule whose name starts with test_
// (todo_test_ is skipped), each alone, with what it printed, how long it took and which lines it
// reached.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "rego/rego.h"
#include "sys/sys.h"
#include "term/term.h"
#include "vm/vm.h"

namespace mc::policy {

struct TestResult {
  std::string package;  // "data.example"
  std::string name;     // "test_allow"
  rego::Location at;
  std::string file;
  enum class Outcome : std::uint8_t { passed, failed, skipped, error } outcome = Outcome::failed;
  std::string message;  // of an error
  std::vector<std::string> printed;
  Nanos took;
};

// Of one file: lines with statements, and those that no test reached.
struct FileCoverage {
  std::vector<std::int32_t> covered, missed;
};
struct Coverage {
  std::map<std::string, FileCoverage> files;
  double percent() const;  // of all lines with statements; 100 without any
};

struct TestOptions {
  std::string only;  // a regular expression (RE2) on "data.example.test_allow"; "" = all
  bool coverage = false;
  vm::Limits limits;
  vm::Capabilities capabilities;
  std::function<void(const TestResult&)> told;  // after each, for progress; may be empty
};
struct TestReport {
  std::vector<TestResult> results;  // by file, then as written
  Coverage coverage;
  bool passed() const;  // no failure and no error
};

struct TestWorld {
  sys::Clock& clock;
  sys::Random& random;
};

// Errors: the compiler's findings.
rego::Checked<TestReport> run_tests(std::vector<rego::Module> modules, term::Value data,
                                    const TestWorld& world, const TestOptions& options = {});

}  // namespace mc::policy
