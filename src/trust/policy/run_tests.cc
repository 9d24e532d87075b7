#include "policy/run_tests.h"

#include <re2/re2.h>

#include <algorithm>
#include <set>

namespace mc::policy {
namespace {

struct Test {
  std::string package, name, plan;
  rego::Location at;
  std::string file;
  bool skipped = false;
};

std::string joined(const rego::Term& ref, std::size_t from, char separator) {
  std::string out;
  for (std::size_t i = from; i < ref.items.size(); ++i) {
    if (!out.empty()) out += separator;
    out += ref.items[i].text;
  }
  return out;
}

// Several bodies of one name are one test.
std::vector<Test> find_tests(const std::vector<rego::Module>& modules, const RE2* only) {
  std::vector<Test> tests;
  std::set<std::string> seen;
  for (const rego::Module& module : modules) {
    const std::string package = "data." + joined(module.package, 1, '.');
    for (const rego::Rule& rule : module.rules) {
      const rego::Term& ref = rule.head.ref;
      const std::string& name =
          ref.kind == rego::Term::Kind::ref ? ref.items.front().text : ref.text;
      const bool skipped = name.starts_with("todo_test_");
      if (!name.starts_with("test_") && !skipped) continue;
      const std::string full = package + "." + name;
      if (only != nullptr && !RE2::PartialMatch(full, *only)) continue;
      if (!seen.insert(full).second) continue;
      tests.push_back({package, name, joined(module.package, 1, '/') + "/" + name, rule.at,
                       module.file, skipped});
    }
  }
  return tests;
}

// Every line that holds a statement of the plan.
void note_lines(const std::vector<vm::plan::Block>& blocks,
                std::set<std::pair<std::int32_t, std::int32_t>>& lines) {
  std::vector<const vm::plan::Block*> open;
  for (const vm::plan::Block& block : blocks) open.push_back(&block);
  while (!open.empty()) {
    const vm::plan::Block& block = *open.back();
    open.pop_back();
    for (const vm::plan::Statement& statement : block.statements) {
      if (statement.at.row > 0) lines.emplace(statement.at.file, statement.at.row);
      for (const vm::plan::Block& inner : statement.blocks) open.push_back(&inner);
    }
  }
}

Coverage coverage_of(const vm::plan::Policy& policy, const vm::Profile& profile) {
  std::set<std::pair<std::int32_t, std::int32_t>> lines;
  for (const vm::plan::Function& function : policy.functions) note_lines(function.blocks, lines);
  Coverage out;
  for (const auto& [file, row] : lines) {
    if (file < 0 || static_cast<std::size_t>(file) >= policy.files.size()) continue;
    FileCoverage& one = out.files[policy.files[static_cast<std::size_t>(file)]];
    const bool reached = profile.lines.contains({file, row});
    (reached ? one.covered : one.missed).push_back(row);
  }
  return out;
}

// A rule as it was written.
struct Written {
  std::string file;
  std::string path;           // "data.a.allow", as far as its names are constant
  std::size_t package_names;  // of the path
  std::set<std::int32_t> rows;
};

std::vector<Written> written_rules(const std::vector<rego::Module>& modules) {
  std::vector<Written> out;
  for (const rego::Module& module : modules) {
    for (const rego::Rule& rule : module.rules) {
      Written one{module.file, "data." + joined(module.package, 1, '.'), 0, {}};
      one.package_names = one.path.size();
      const rego::Term& ref = rule.head.ref;
      const bool is_ref = ref.kind == rego::Term::Kind::ref;
      one.path += "." + (is_ref ? ref.items.front().text : ref.text);
      for (std::size_t i = 1; is_ref && i < ref.items.size(); ++i) {
        if (ref.items[i].kind != rego::Term::Kind::string) break;
        one.path += "." + ref.items[i].text;
      }
      for (const rego::Rule* part = &rule; part != nullptr;
           part = part->otherwise.empty() ? nullptr : &part->otherwise.front()) {
        if (part->body.empty()) one.rows.insert(static_cast<std::int32_t>(part->at.row));
        for (const rego::Expr& expr : part->body) {
          one.rows.insert(static_cast<std::int32_t>(expr.at.row));
        }
      }
      out.push_back(std::move(one));
    }
  }
  return out;
}

// The plan holds what the tests call, however far. Rules that none of them calls are not in it, and
// no line of theirs was reached.
void add_uncalled(const std::vector<Written>& rules, const vm::plan::Policy& policy,
                  Coverage& coverage) {
  std::set<std::string, std::less<>> called;
  for (const vm::plan::Function& function : policy.functions) {
    called.insert(function.name.substr(function.name.find('.') + 1));  // behind "g0."
  }
  for (const Written& rule : rules) {
    std::string_view path = rule.path;
    bool is_called = false;
    while (path.size() > rule.package_names && !is_called) {
      is_called = called.contains(path);
      path = path.substr(0, path.rfind('.'));
    }
    if (is_called) continue;
    FileCoverage& file = coverage.files[rule.file];
    std::set<std::int32_t> missed(file.missed.begin(), file.missed.end());
    for (const std::int32_t row : rule.rows) {
      const bool reached =
          std::find(file.covered.begin(), file.covered.end(), row) != file.covered.end();
      if (!reached) missed.insert(row);
    }
    file.missed.assign(missed.begin(), missed.end());
  }
}

class Runner {
 public:
  Runner(const vm::Program& program, const TestWorld& world, const TestOptions& options)
      : program_(program), world_(world), options_(options), machine_(world.clock, world.random) {}

  TestResult run(const Test& test, term::Value data) {
    TestResult result;
    result.package = test.package;
    result.name = test.name;
    result.at = test.at;
    result.file = test.file;
    if (test.skipped) {
      result.outcome = TestResult::Outcome::skipped;
      return result;
    }
    vm::Query query;
    query.plan = program_.find_plan(test.plan);
    query.data = data;
    query.now = world_.clock.wall();
    query.limits = options_.limits;
    query.printed = &result.printed;
    query.profile = options_.coverage ? &profile : nullptr;
    const MonoTime start = world_.clock.mono();
    const auto answer = machine_.run(program_, query);
    result.took = world_.clock.mono() - start;
    if (!answer) {
      result.outcome = TestResult::Outcome::error;
      result.message = answer.error().code + ": " + answer.error().message;
      return result;
    }
    const bool held = answer->results.size() == 1 &&
                      !answer->results.items().front().find("result").is_undefined() &&
                      !answer->results.items().front().find("result").is_false();
    result.outcome = held ? TestResult::Outcome::passed : TestResult::Outcome::failed;
    return result;
  }

  vm::Profile profile;

 private:
  const vm::Program& program_;
  const TestWorld& world_;
  const TestOptions& options_;
  vm::Machine machine_;
};

rego::Diagnostic finding(std::string message) {
  return {.code = "rego_compile_error", .message = std::move(message), .file = "", .at = {}};
}

}  // namespace

double Coverage::percent() const {
  std::size_t covered = 0, all = 0;
  for (const auto& [file, lines] : files) {
    covered += lines.covered.size();
    all += lines.covered.size() + lines.missed.size();
  }
  return all == 0 ? 100.0 : 100.0 * static_cast<double>(covered) / static_cast<double>(all);
}

bool TestReport::passed() const {
  return std::all_of(results.begin(), results.end(), [](const TestResult& result) {
    return result.outcome == TestResult::Outcome::passed ||
           result.outcome == TestResult::Outcome::skipped;
  });
}

rego::Checked<TestReport> run_tests(std::vector<rego::Module> modules, term::Value data,
                                    const TestWorld& world, const TestOptions& options) {
  std::unique_ptr<RE2> only;
  if (!options.only.empty()) {
    only = std::make_unique<RE2>(options.only, RE2::Quiet);
    if (!only->ok()) {
      return tl::unexpected(std::vector{finding("--run: " + only->error())});
    }
  }
  std::sort(modules.begin(), modules.end(),
            [](const rego::Module& a, const rego::Module& b) { return a.file < b.file; });
  const std::vector<Test> tests = find_tests(modules, only.get());
  rego::CompileOptions compile;
  compile.capabilities = options.capabilities;
  compile.data = data;
  for (const Test& test : tests) {
    if (!test.skipped) compile.entrypoints.push_back({test.plan});
  }
  const std::vector<Written> written =
      options.coverage ? written_rules(modules) : std::vector<Written>();
  auto compiled = rego::compile(std::move(modules), compile);
  if (!compiled) return tl::unexpected(std::move(compiled.error()));
  const auto program = vm::Program::make(compiled->policy, options.capabilities);
  if (!program) return tl::unexpected(std::vector{finding(program.error().what)});
  Runner runner(**program, world, options);
  TestReport report;
  for (const Test& test : tests) {
    report.results.push_back(runner.run(test, data));
    if (options.told) options.told(report.results.back());
  }
  if (!options.coverage) return report;
  report.coverage = coverage_of(compiled->policy, runner.profile);
  add_uncalled(written, compiled->policy, report.coverage);
  return report;
}

}  // namespace mc::policy
