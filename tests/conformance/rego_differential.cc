// mc-rego-differential [--runs N] [--seed N] [--case ID] [DIR]: two plans of each case of OPA's
// compliance suite, ours and the one that OPA made, run in our machine on the same documents: those
// of the case, then documents that are made up or changed. They must say the same, or fail with the
// same code. Prints a difference a case, then "N passed, N failed". Exit as mc-vectors.
#include <algorithm>
#include <cstdio>
#include <optional>

#include "rego_cases.h"
#include "rego_mutate.h"

namespace {

using namespace mc;
using namespace mc::conformance;
using term::Value;

// About 10 s in the release build.
constexpr std::int64_t kRunsDefault = 1'000'000;
constexpr vm::Limits kLimits = {.instructions_max = 100'000,
                                .memory_bytes_max = 64 << 20,
                                .call_depth_max = 200,
                                .time_max = {}};
constexpr std::size_t kShownBytesMax = 2'000;

// Where OPA's plan is not to be followed. Such a case still runs, and shows how it differs, when it
// is the only one (--case).
struct AtFault {
  std::string_view prefix, why;
};
constexpr AtFault kAtFault[] = {
    {"negation/test-negation-data-ref-with-var.json#3",
     "under `not`, OPA's plan takes base data that is false for true: its comparison with false "
     "stands in a block of its own, whose end is the same either way"},
};
// With strict errors only; else the same holds of them as of all.
constexpr AtFault kAtFaultWhenStrict[] = {
    {"every/",
     "OPA's plan goes on after an item has failed, and meets the errors of those behind "
     "it; OPA's evaluator stops there, and so do we"},
};

template <std::size_t N>
bool is_in(const AtFault (&faults)[N], const std::string& id) {
  return std::any_of(std::begin(faults), std::end(faults),
                     [&](const AtFault& fault) { return id.starts_with(fault.prefix); });
}

struct Options {
  std::int64_t runs = kRunsDefault;
  std::uint64_t seed = 1;
  std::string only;
  std::string folder;
};

// A case with its two programs.
struct Pair {
  const RegoCase* held = nullptr;
  std::shared_ptr<const vm::Program> ours, theirs;
  Vocabulary vocabulary;
  std::vector<Way> rules, packages;
  Value input, data;
  bool has_input = false, has_data = false;
  bool is_strict = false, may_be_strict = true;
};

// The names of a reference, as far as they are constant.
Way names_of(const rego::Term& ref, std::size_t from) {
  Way way;
  for (std::size_t i = from; i < ref.items.size(); ++i) {
    if (i > 0 && ref.items[i].kind != rego::Term::Kind::string) break;
    way.push_back(ref.items[i].text);
  }
  return way;
}

void note_paths(const std::vector<rego::Module>& modules, Pair& pair) {
  for (const rego::Module& module : modules) {
    const Way package = names_of(module.package, 1);
    pair.packages.push_back(package);
    for (const rego::Rule& rule : module.rules) {
      Way path = package;
      for (std::string& name : names_of(rule.head.ref, 0)) path.push_back(std::move(name));
      pair.rules.push_back(std::move(path));
    }
  }
}

// Does it call what answers otherwise each time, or asks the clock or the network?
bool is_repeatable(const vm::plan::Policy& plan) {
  return std::all_of(plan.builtins.begin(), plan.builtins.end(), [](const auto& used) {
    const builtin::Builtin* const found = builtin::find_builtin(used.name);
    return found != nullptr && found->deterministic && !found->reaches_out;
  });
}

class Cases {
 public:
  Cases(const Vectors& vectors, Report& report)
      : cases_(read_rego_cases(vectors, "cases", arena_, report)),
        plans_(read_rego_cases(vectors, "plans", arena_, report)) {}

  // Those that both sides have a plan of; `passed_by` counts the others.
  std::vector<Pair> pairs(const Options& options, Report& report) {
    std::vector<Pair> out;
    for (const auto& [id, c] : cases_) {
      const auto plan = plans_.find(id);
      if (!options.only.empty() && id != options.only) continue;
      const bool is_passed_by = is_exempt(id) || (options.only.empty() && is_in(kAtFault, id));
      if (plan == plans_.end() || is_passed_by) {
        ++passed_by_;
        continue;
      }
      auto made = pair(c, plan->second);
      if (!made) {
        report.fail(id, made.error().what);
      } else if (*made) {
        out.push_back(std::move(**made));
      } else {
        ++passed_by_;
      }
    }
    return out;
  }
  int passed_by() const { return passed_by_; }

 private:
  // Nothing: the compiler is meant to refuse it, or its answer is not repeatable.
  Result<std::optional<Pair>> pair(const RegoCase& c, const RegoCase& plan) {
    Pair made;
    made.held = &c;
    MC_TRY(const vm::plan::Policy theirs, vm::plan::parse(term::to_json(plan.node.find("plan"))));
    MC_TRY(std::vector<rego::Module> modules, parse_modules(c));
    auto query = rego::parse_query(c.text("query"));
    if (!query) return fail(Code::invalid, rego::to_line(query.error().front()));
    note_paths(modules, made);
    rego::CompileOptions options;
    options.queries.push_back({.name = "eval", .body = std::move(*query)});
    options.capabilities = suite_capabilities();
    const auto ours = rego::compile(std::move(modules), options);
    if (!ours && !c.text("want_error_code").empty()) return std::optional<Pair>();
    if (!ours) return fail(Code::invalid, rego::to_line(ours.error().front()));
    if (!is_repeatable(theirs) || !is_repeatable(ours->policy)) return std::optional<Pair>();
    MC_TRY(made.theirs, vm::Program::make(theirs, suite_capabilities()));
    MC_TRY(made.ours, vm::Program::make(ours->policy, suite_capabilities()));
    MC_TRY(made.input, read_input(c, arena_));
    made.data = c.node.find("data");
    made.has_input = !made.input.is_undefined();
    made.has_data = made.data.size() > 0;
    made.is_strict = c.node.find("strict_error").is_true();
    made.may_be_strict = !is_in(kAtFaultWhenStrict, c.id);
    made.vocabulary = Vocabulary::of(theirs);
    made.vocabulary.add(made.input);
    made.vocabulary.add(made.data);
    return std::optional<Pair>(std::move(made));
  }

  term::Arena arena_;
  std::map<std::string, RegoCase> cases_, plans_;
  int passed_by_ = 0;
};

struct Documents {
  Value input, data;
  bool strict = false;
};

std::string shown(Value value) {
  std::string text = value.is_undefined() ? "undefined" : term::to_rego(value);
  if (text.size() > kShownBytesMax) text = text.substr(0, kShownBytesMax) + "...";
  return text;
}

class Comparer {
 public:
  Comparer() : ours_(clock_, random_), theirs_(clock_, random_) {}

  // Empty, or how they differ.
  std::string compare(const Pair& pair, const Documents& documents) {
    const auto a = run(ours_, *pair.ours, documents);
    const auto b = run(theirs_, *pair.theirs, documents);
    constexpr std::string_view kLimit = "eval_cancel_error";
    if ((!a && a.error().code == kLimit) || (!b && b.error().code == kLimit)) {
      ++undecided_;
      return "";
    }
    const bool same =
        a && b ? term::equal(a->results, b->results) : !a && !b && a.error().code == b.error().code;
    if (same) {
      ++(!a ? failed_ : a->results.size() == 0 ? undefined_ : answered_);
      return "";
    }
    return "ours " + answer_text(a) + ", OPA's plan " + answer_text(b) + "\n  input " +
           shown(documents.input) + "\n  data " + shown(documents.data) +
           (documents.strict ? "\n  errors are strict" : "");
  }
  // Runs that said the same; those that ended at a limit say nothing.
  std::int64_t passed() const { return answered_ + undefined_ + failed_; }
  std::string summary() const {
    return "both: " + std::to_string(answered_) + " answers, " + std::to_string(undefined_) +
           " undefined, " + std::to_string(failed_) + " errors, " + std::to_string(undecided_) +
           " ended at a limit";
  }

 private:
  using Ran = tl::expected<vm::Answer, vm::EvalError>;

  Ran run(vm::Machine& machine, const vm::Program& program, const Documents& documents) {
    vm::Query query;
    query.plan = program.find_plan("eval");
    query.input = documents.input;
    query.data = documents.data;
    query.now = clock_.wall();
    query.strict_errors = documents.strict;
    query.limits = kLimits;
    machine.reset();
    return machine.run(program, query);
  }

  static std::string answer_text(const Ran& ran) {
    return ran ? shown(ran->results) : ran.error().code + ": " + ran.error().message;
  }

  sim::SimClock clock_;
  sim::SimRandom random_;
  vm::Machine ours_, theirs_;
  std::int64_t answered_ = 0, undefined_ = 0, failed_ = 0, undecided_ = 0;
};

// What run number `number` of a case reads.
Documents make_documents(const Pair& pair, term::Arena& arena, std::uint64_t seed) {
  Mutator mutator(pair.vocabulary, arena, seed);
  Documents made;
  made.strict = pair.is_strict || (pair.may_be_strict && mutator.chance(4));
  if (pair.has_input && mutator.chance(2)) {
    made.input = mutator.changed(pair.input);
  } else if (!mutator.chance(12)) {
    made.input = mutator.made(pair.vocabulary.input_ways);
  }
  made.data = pair.has_data && mutator.chance(2) ? mutator.changed(pair.data)
                                                 : mutator.made(pair.vocabulary.data_ways);
  made.data = without_conflicts(arena, made.data, pair.rules, pair.packages);
  term::freeze(made.input);
  term::freeze(made.data);
  return made;
}

// The documents of the case itself.
Documents own_documents(const Pair& pair, term::Arena& arena) {
  Documents made{.input = pair.input, .data = pair.data, .strict = pair.is_strict};
  if (made.data.is_undefined()) {
    made.data = term::object(arena);
    term::freeze(made.data);
  }
  return made;
}

int run_all(const Options& options) {
  const auto files = sys::real_files();
  Report report;
  Cases cases(Vectors(*files, options.folder), report);
  const std::vector<Pair> pairs = cases.pairs(options, report);
  Comparer comparer;
  std::map<std::string, std::string> differences;  // the first of a case
  std::int64_t failed = static_cast<std::int64_t>(report.failures().size());
  const auto note = [&](const Pair& pair, const std::string& why) {
    if (why.empty()) return;
    ++failed;
    differences.emplace(pair.held->id, why);
  };
  std::vector<const Pair*> readers;
  for (const Pair& pair : pairs) {
    term::Arena arena;
    note(pair, comparer.compare(pair, own_documents(pair, arena)));
    if (pair.vocabulary.reads_anything) readers.push_back(&pair);
  }
  for (std::int64_t run = 0; run < options.runs && !readers.empty(); ++run) {
    const auto number = static_cast<std::uint64_t>(run);
    const Pair& pair = *readers[number % readers.size()];
    // The same documents for a case whichever others run, as --case has it.
    const std::uint64_t seed = options.seed * 1'000'003 + number / readers.size();
    term::Arena arena;
    note(pair, comparer.compare(pair, make_documents(pair, arena, seed)));
  }
  for (const auto& [id, why] : report.failures())
    std::printf("FAILED %s: %s\n", id.c_str(), why.c_str());
  for (const auto& [id, why] : differences) std::printf("FAILED %s: %s\n", id.c_str(), why.c_str());
  std::printf("%zu cases, %zu of them read input or data; %d passed by; %s\n", pairs.size(),
              readers.size(), cases.passed_by(), comparer.summary().c_str());
  std::printf("%lld passed, %lld failed\n", static_cast<long long>(comparer.passed()),
              static_cast<long long>(failed));
  return failed == 0 && comparer.passed() > 0 ? 0 : 1;
}

std::optional<Options> read_options(int count, char** arguments) {
  Options out;
  for (int i = 1; i < count; ++i) {
    const std::string_view name = arguments[i];
    if (!name.starts_with("--")) {
      out.folder = name;
      continue;
    }
    if (++i == count) return std::nullopt;
    const auto number = parse_int(arguments[i]);
    if (name == "--case") {
      out.only = arguments[i];
    } else if (name == "--runs" && number && *number >= 0) {
      out.runs = *number;
    } else if (name == "--seed" && number) {
      out.seed = static_cast<std::uint64_t>(*number);
    } else {
      return std::nullopt;
    }
  }
  return out;
}

}  // namespace

int main(int count, char** arguments) {
  auto options = read_options(count, arguments);
  if (!options) {
    std::fprintf(stderr, "usage: mc-rego-differential [--runs N] [--seed N] [--case ID] [DIR]\n");
    return 2;
  }
  if (options->folder.empty()) {
    options->folder = sys::environment("MC_VECTORS", "../shared/vectors") + "/rego";
    if (const auto there = sys::real_files()->exists(options->folder); !there || !*there) {
      std::printf("SKIPPED rego-differential: no vectors in %s\n", options->folder.c_str());
      return 0;
    }
  }
  return run_all(*options);
}
