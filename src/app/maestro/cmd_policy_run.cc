// maestro policy eval, test and bench: running policies on the command line.
#include <algorithm>
#include <cinttypes>
#include <cstdio>

#include "maestro/command.h"
#include "maestro/policy_files.h"
#include "policy/run_tests.h"
#include "vm/vm.h"

namespace mc::app {
namespace {

using term::Value;

struct Flags {
  std::string query;
  std::vector<std::string> data;
  std::vector<std::string> paths;
  std::string input_file;
  std::string only;
  bool strict_errors = false;
  bool coverage = false;
  bool verbose = false;
  bool profile = false;
  std::int64_t coverage_min = 0;
  std::int64_t count = 10'000;
};

// A query whose answer is one value, and no variables: `data.a.allow`, `1 + 2`, `x > 3`.
bool is_value_query(const rego::Body& body) {
  if (body.size() != 1 || body.front().negated || !body.front().with.empty()) return false;
  const rego::Expr& expr = body.front();
  return expr.kind == rego::Expr::Kind::term ||
         (expr.kind == rego::Expr::Kind::call && !expr.is_call("eq") && !expr.is_call("assign"));
}

struct Prepared {
  std::shared_ptr<const vm::Program> program;
  vm::plan::Policy plan;
  term::Document data;
  term::Document input;
  bool has_input = false;
  bool one_value = false;
};

constexpr const char* kResult = "result";

// Of the name that we have given the answer, which nobody wrote.
bool is_of_result(const rego::Diagnostic& found) {
  return found.message == "var " + std::string(kResult) + " is unsafe";
}

Result<Prepared> prepare(Context& context, const Flags& flags) {
  MC_TRY(policy::Loaded loaded, load_policies(context, flags.data, {}));
  Prepared out;
  out.data = loaded.data;
  auto body = rego::parse_query(flags.query);
  if (!body) return tl::unexpected<Error>(tell_findings(context, body.error()).error());
  out.one_value = is_value_query(*body);
  if (out.one_value) body = rego::parse_query(std::string(kResult) + " := " + flags.query);
  if (!body) return tl::unexpected<Error>(tell_findings(context, body.error()).error());
  rego::CompileOptions options;
  options.capabilities = policy_capabilities(*context.machine.files);
  options.queries.push_back({"eval", std::move(*body)});
  options.data = out.data.root();
  auto compiled = rego::compile(std::move(loaded.modules), options);
  if (!compiled) {
    std::vector<rego::Diagnostic> found = compiled.error();
    if (out.one_value) std::erase_if(found, is_of_result);
    return tl::unexpected<Error>(tell_findings(context, found).error());
  }
  out.plan = std::move(compiled->policy);
  MC_TRY(out.program, vm::Program::make(out.plan, options.capabilities));
  if (!flags.input_file.empty()) {
    const std::string path = flags.input_file == "-" ? "/dev/stdin" : flags.input_file;
    MC_TRY(const std::string text, context.machine.files->read_all(path));
    const auto input = term::Document::parse(text);
    if (!input) return fail(Code::invalid, flags.input_file + ": " + input.error().what);
    out.input = *input;
    out.has_input = true;
  }
  return out;
}

vm::Query query_of(Context& context, const Flags& flags, const Prepared& prepared) {
  vm::Query query;
  query.plan = prepared.program->find_plan("eval");
  if (prepared.has_input) query.input = prepared.input.root();
  query.data = prepared.data.root();
  query.now = context.machine.clock->wall();
  query.strict_errors = flags.strict_errors;
  return query;
}

Status eval_failed(const vm::EvalError& error) {
  std::string where;
  if (error.at.row > 0) {
    where = error.file + ":" + std::to_string(error.at.row) + ":" +
            std::to_string(error.at.column) + ": ";
  }
  return fail(Code::unavailable, where + error.code + ": " + error.message);
}

void print_profile(const vm::Profile& profile) {
  std::vector<std::pair<Nanos, std::string>> slowest;
  for (const auto& [name, spent] : profile.functions) slowest.emplace_back(spent.second, name);
  std::sort(slowest.rbegin(), slowest.rend());
  for (std::size_t i = 0; i < slowest.size() && i < 20; ++i) {
    const auto& spent = profile.functions.at(slowest[i].second);
    std::fprintf(stderr, "%10.1f us  %8" PRId64 " calls  %s\n",
                 static_cast<double>(spent.second.count) / 1e3, spent.first,
                 slowest[i].second.c_str());
  }
}

Status eval(Context& context, const Flags& flags) {
  MC_TRY(const Prepared prepared, prepare(context, flags));
  vm::Machine machine(*context.machine.clock, *context.machine.random);
  std::vector<std::string> printed;
  vm::Profile profile;
  vm::Query query = query_of(context, flags, prepared);
  query.printed = &printed;
  if (flags.profile) query.profile = &profile;
  const auto answer = machine.run(*prepared.program, query);
  for (const std::string& line : printed) std::fprintf(stderr, "%s\n", line.c_str());
  if (flags.profile) print_profile(profile);
  if (!answer) return eval_failed(answer.error());
  const auto rows = answer->results.items();
  if (context.json) {
    print_out("{\"results\":" + term::to_json(answer->results) + "}\n");
    return ok();
  }
  if (rows.empty()) {
    print_out("undefined\n");
    return ok();
  }
  for (const Value row : rows) {
    print_out(term::to_json_pretty(prepared.one_value ? row.find(kResult) : row) + "\n");
  }
  return ok();
}

Status bench(Context& context, const Flags& flags) {
  MC_TRY(const Prepared prepared, prepare(context, flags));
  vm::Machine machine(*context.machine.clock, *context.machine.random);
  const vm::Query query = query_of(context, flags, prepared);
  std::vector<std::int64_t> took;
  took.reserve(static_cast<std::size_t>(flags.count));
  std::int64_t instructions = 0;
  for (std::int64_t i = 0; i < flags.count + flags.count / 10; ++i) {
    const MonoTime start = context.machine.clock->mono();
    machine.reset();
    const auto answer = machine.run(*prepared.program, query);
    const Nanos one = context.machine.clock->mono() - start;
    if (!answer) return eval_failed(answer.error());
    instructions = answer->instructions;
    if (i >= flags.count / 10) took.push_back(one.count);  // the first tenth warms up
  }
  std::sort(took.begin(), took.end());
  const auto at = [&](double part) {
    return took[std::min(took.size() - 1,
                         static_cast<std::size_t>(part * static_cast<double>(took.size())))];
  };
  if (context.json) {
    std::string out;
    json::Writer writer(out);
    writer.begin_object().member("count", flags.count).member("min_ns", took.front());
    writer.member("p50_ns", at(0.5)).member("p99_ns", at(0.99)).member("max_ns", took.back());
    writer.member("instructions", instructions).end_object();
    print_out(out + "\n");
  } else {
    std::printf("%" PRId64 " evaluations: median %.2f us, p99 %.2f us, fastest %.2f us, %" PRId64
                " instructions each\n",
                flags.count, static_cast<double>(at(0.5)) / 1e3,
                static_cast<double>(at(0.99)) / 1e3, static_cast<double>(took.front()) / 1e3,
                instructions);
  }
  return ok();
}

const char* outcome_name(policy::TestResult::Outcome outcome) {
  using Outcome = policy::TestResult::Outcome;
  switch (outcome) {
    case Outcome::passed:
      return "passed";
    case Outcome::failed:
      return "FAILED";
    case Outcome::skipped:
      return "skipped";
    case Outcome::error:
      return "ERROR";
  }
  return "";
}

void print_test(const policy::TestResult& result, bool verbose) {
  using Outcome = policy::TestResult::Outcome;
  const bool fine = result.outcome == Outcome::passed || result.outcome == Outcome::skipped;
  if (fine && !verbose) return;
  std::printf("%s  %s.%s  (%.1f us)\n", outcome_name(result.outcome), result.package.c_str(),
              result.name.c_str(), static_cast<double>(result.took.count) / 1e3);
  if (!fine) {
    std::printf("  %s:%u\n", result.file.c_str(), result.at.row);
    if (!result.message.empty()) std::printf("  %s\n", result.message.c_str());
  }
  for (const std::string& line : result.printed) std::printf("  | %s\n", line.c_str());
}

void write_json(const policy::TestReport& report, bool with_coverage) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("tests").begin_array();
  for (const policy::TestResult& result : report.results) {
    writer.begin_object().member("package", result.package).member("name", result.name);
    writer.member("file", result.file).member("row", static_cast<std::int64_t>(result.at.row));
    writer.member("outcome", to_lower(outcome_name(result.outcome)));
    writer.member("message", result.message).member("took_ns", result.took.count);
    writer.key("printed").begin_array();
    for (const std::string& line : result.printed) writer.value(line);
    writer.end_array().end_object();
  }
  writer.end_array();
  if (with_coverage) {
    writer.key("coverage").begin_object().member("percent", report.coverage.percent());
    writer.key("files").begin_object();
    for (const auto& [file, lines] : report.coverage.files) {
      writer.key(file).begin_object().key("missed").begin_array();
      for (const std::int32_t row : lines.missed) writer.value(static_cast<std::int64_t>(row));
      writer.end_array();
      writer.member("covered", static_cast<std::int64_t>(lines.covered.size())).end_object();
    }
    writer.end_object().end_object();
  }
  writer.end_object();
  print_out(out + "\n");
}

void print_coverage(const policy::Coverage& coverage) {
  for (const auto& [file, lines] : coverage.files) {
    if (lines.missed.empty()) continue;
    std::string rows;
    for (const std::int32_t row : lines.missed) rows += " " + std::to_string(row);
    std::printf("not reached: %s:%s\n", file.c_str(), rows.c_str());
  }
  std::printf("coverage: %.1f %%\n", coverage.percent());
}

Status test(Context& context, const Flags& flags) {
  MC_TRY(policy::Loaded loaded, load_policies(context, flags.paths, {.with_tests = true}));
  policy::TestOptions options;
  options.only = flags.only;
  options.coverage = flags.coverage || flags.coverage_min > 0;
  if (!context.json) {
    options.told = [&](const policy::TestResult& result) { print_test(result, flags.verbose); };
  }
  options.capabilities = policy_capabilities(*context.machine.files);
  const policy::TestWorld world{*context.machine.clock, *context.machine.random};
  const auto report =
      policy::run_tests(std::move(loaded.modules), loaded.data.root(), world, options);
  if (!report) return tell_findings(context, report.error());
  std::size_t bad = 0, skipped = 0;
  for (const policy::TestResult& result : report->results) {
    using Outcome = policy::TestResult::Outcome;
    bad += result.outcome == Outcome::failed || result.outcome == Outcome::error ? 1 : 0;
    skipped += result.outcome == Outcome::skipped ? 1 : 0;
  }
  if (context.json) {
    write_json(*report, options.coverage);
  } else {
    if (options.coverage) print_coverage(report->coverage);
    std::printf("%zu passed, %zu failed, %zu skipped\n", report->results.size() - bad - skipped,
                bad, skipped);
  }
  if (bad > 0) return fail(Code::unavailable, std::to_string(bad) + " tests failed");
  if (report->results.empty()) return fail(Code::not_found, "no tests were found");
  if (report->coverage.percent() < static_cast<double>(flags.coverage_min)) {
    return fail(Code::unavailable,
                "coverage is below " + std::to_string(flags.coverage_min) + " %");
  }
  return ok();
}

}  // namespace

void add_policy_run(cli::Command& noun, Context& context) {
  const auto flags = std::make_shared<Flags>();

  cli::Command& evaluated =
      noun.add("eval", "Evaluate a query against policies, data and an input");
  evaluated.option("QUERY", flags->query, "data.example.allow, or any body of Rego").required();
  evaluated.option("-d,--data", flags->data, "Files, folders or bundles; several may be given");
  evaluated.option("-i,--input", flags->input_file,
                   "JSON file with the input; - for standard input");
  evaluated.flag("--strict-errors", flags->strict_errors, "An error of a function ends the query");
  evaluated.flag("--profile", flags->profile, "Where the time goes, by rule");
  evaluated.runs([&context, flags] { return eval(context, *flags); });

  cli::Command& timed = noun.add("bench", "Time a query");
  timed.option("QUERY", flags->query, "data.example.allow, or any body of Rego").required();
  timed.option("-d,--data", flags->data, "Files, folders or bundles; several may be given");
  timed.option("-i,--input", flags->input_file, "JSON file with the input; - for standard input");
  timed.option("--count", flags->count, "Evaluations").between(10, 100'000'000);
  timed.runs([&context, flags] { return bench(context, *flags); });

  cli::Command& tested = noun.add("test", "Run the rules that start with test_");
  tested.option("PATH", flags->paths, "Files, folders or bundles").required();
  tested.option("--run", flags->only, "Only tests whose name matches this regular expression");
  tested.flag("--coverage", flags->coverage, "Which lines no test reached");
  tested.option("--coverage-min", flags->coverage_min, "Fail below this percentage")
      .between(0, 100);
  tested.flag("-v,--verbose", flags->verbose, "Name the tests that passed too");
  tested.runs([&context, flags] { return test(context, *flags); });
}

}  // namespace mc::app
