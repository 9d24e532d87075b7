// Every case is compiled by our compiler; the plan that OPA made of it runs as well. Both run in
// our machine.
#include <algorithm>

#include "rego_cases.h"

namespace mc::conformance {
namespace {

using term::Value;

// Rows as an array of one order: sets become arrays, and with `sorted` the arrays of each binding
// are put in order too.
Value comparable(term::Arena& arena, Value results, bool sorted) {
  const auto less = [](Value a, Value b) { return term::compare(a, b) < 0; };
  const auto plain = term::parse_json(arena, term::to_json(results));
  if (!plain) return term::string(arena, "unprintable: " + plain.error().what);
  std::vector<Value> rows;
  for (const Value row : plain->items()) {
    Value out = term::object(arena);
    for (const term::Entry& binding : row.members()) {
      Value value = binding.value;
      if (sorted && value.is_array()) {
        std::vector<Value> items(value.items().begin(), value.items().end());
        std::sort(items.begin(), items.end(), less);
        value = term::array(arena, items);
      }
      term::insert(arena, out, binding.key, value);
    }
    rows.push_back(out);
  }
  std::sort(rows.begin(), rows.end(), less);
  return term::array(arena, rows);
}

class Runner {
 public:
  Runner() : clock_(sys::real_clock()), random_(sys::real_random()), machine_(*clock_, *random_) {}

  // Empty, or why the case fails.
  std::string compile_and_run(const RegoCase& c) {
    auto modules = parse_modules(c);
    if (!modules) return modules.error().what;
    auto query = rego::parse_query(c.text("query"));
    if (!query) return "query does not parse: " + rego::to_line(query.error().front());
    rego::CompileOptions options;
    options.queries.push_back({.name = "eval", .body = std::move(*query)});
    options.capabilities = suite_capabilities();
    const auto compiled = rego::compile(std::move(*modules), options);
    if (!compiled) return compile_error(c, compiled.error().front());
    return run(c, compiled->policy, c.node.find("want_result"));
  }

  std::string run_plan(const RegoCase& c, const RegoCase& plan) {
    const auto policy = vm::plan::parse(term::to_json(plan.node.find("plan")));
    if (!policy) return "plan does not parse: " + policy.error().what;
    return run(c, *policy, plan.node.find("want_plan_result"));
  }

 private:
  // Some cases expect a type error that the compiler finds.
  static std::string compile_error(const RegoCase& c, const rego::Diagnostic& found) {
    if (c.text("want_error_code") == found.code &&
        rego::to_line(found).find(c.text("want_error")) != std::string::npos) {
      return "";
    }
    return "does not compile: " + rego::to_line(found);
  }

  std::string run(const RegoCase& c, const vm::plan::Policy& policy, Value wanted) {
    const auto program = vm::Program::make(policy, suite_capabilities());
    if (!program) return "is refused: " + program.error().what;
    term::Arena arena;
    vm::Query query;
    query.plan = (*program)->find_plan("eval");
    if (query.plan < 0) return "has no plan 'eval'";
    query.now = clock_->wall();
    query.strict_errors = c.node.find("strict_error").is_true();
    Value data = c.node.find("data");
    query.data = data.is_undefined() ? term::object(arena) : data;
    const auto input = read_input(c, arena);
    if (!input) return input.error().what;
    query.input = *input;
    const auto answer = machine_.run(**program, query);
    if (!answer) return judge_error(c, answer.error());
    const bool sorted = c.node.find("sort_bindings").is_true();
    const Value got = comparable(arena, answer->results, sorted);
    if (wanted.is_undefined() && !c.text("want_error_code").empty()) {
      return "wanted " + c.text("want_error_code") + ": " + c.text("want_error") + ", got " +
             term::to_json(got);
    }
    const Value want = comparable(arena, wanted, sorted);
    if (term::equal(got, want)) return "";
    return "wanted " + term::to_json(want) + ", got " + term::to_json(got);
  }

  static std::string judge_error(const RegoCase& c, const vm::EvalError& error) {
    const std::string code = c.text("want_error_code"), text = c.text("want_error");
    // The suite's own names of modules; plans were made with others.
    std::string file = error.file;
    if (file.starts_with("module-")) file.replace(0, 6, "test");
    const std::string got =
        file + ":" + std::to_string(error.at.row) + ": " + error.code + ": " + error.message;
    if (code.empty() && text.empty()) return "error " + got;
    if (!code.empty() && code != error.code) return "wanted " + code + ", error " + got;
    if (got.find(text) == std::string::npos) return "wanted '" + text + "', error " + got;
    return "";
  }

  std::unique_ptr<sys::Clock> clock_;
  std::unique_ptr<sys::Random> random_;
  vm::Machine machine_;
};

}  // namespace

void run_rego(const Vectors& vectors, Report& report) {
  term::Arena arena;
  const auto cases = read_rego_cases(vectors, "cases", arena, report);
  const auto plans = read_rego_cases(vectors, "plans", arena, report);
  Runner runner;
  for (const auto& [id, c] : cases) {
    if (!is_exempt(id)) report.add("case " + id, runner.compile_and_run(c));
  }
  for (const auto& [id, plan] : plans) {
    const auto c = cases.find(id);
    if (c == cases.end()) {
      report.fail("plan " + id, "has no case");
    } else if (!is_exempt(id)) {
      report.add("plan " + id, runner.run_plan(c->second, plan));
    }
  }
}

}  // namespace mc::conformance
