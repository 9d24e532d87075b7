// The pack in bench/policy/abac: attributes of who asks, of what, why and from where.
#include <algorithm>

#include "figures.h"
#include "measure.h"

namespace mc::bench {
namespace {

struct Case {
  std::string name;
  std::string text;  // of the input
  term::Document input;
  term::Document wanted;  // allow, granted, denied
};

std::vector<Case> read_cases(const Machine& machine) {
  std::vector<Case> out;
  const std::string all = must(machine.files->read_all("bench/policy/abac/inputs.jsonl"));
  for (const std::string_view line : split(all, '\n')) {
    if (line.empty()) continue;
    const term::Document one = must(term::Document::parse(line));
    const term::Value input = one.root().find("input");
    out.push_back({std::string(one.root().find("name").text()), term::to_json(input),
                   term::Document::of(input), one});
  }
  return out;
}

class Pack {
 public:
  Pack() : cases(read_cases(machine)), evaluator(engine, *machine.clock, *machine.random) {
    activate(engine, folder(machine, "bench/policy/abac"));
    check();
  }

  term::Value decide(std::string_view path, const Case& one) {
    evaluator.reset();
    return answer(path, one.input.root());
  }
  term::Value decide_parsed(std::string_view path, const Case& one) {
    evaluator.reset();
    return answer(path, must(term::parse_json(evaluator.arena(), one.text)));
  }

  Machine machine;
  std::vector<Case> cases;
  policy::Engine engine;
  policy::Evaluator evaluator;
  std::int64_t instructions = 0;  // of the last decision

 private:
  term::Value answer(std::string_view path, term::Value input) {
    const auto made = evaluator.evaluate(path, input);
    if (!made) stop(made.error().message);
    instructions = made->instructions;
    return made->value;
  }
  // A wrong answer is worth no time.
  void check() {
    for (const Case& one : cases) {
      const term::Value decision = decide("abac/decision", one);
      for (const std::string_view name : {"allow", "granted", "denied"}) {
        const std::string got = term::to_json(decision.find(name));
        const std::string want = term::to_json(one.wanted.root().find(name));
        if (got != want) stop(one.name + " has " + got + ", wanted " + want);
      }
      const term::Value allow = decide_parsed("abac/allow", one);
      if (!term::equal(allow, one.wanted.root().find("allow"))) stop(one.name + ": abac/allow");
    }
  }
};

using Decide = term::Value (Pack::*)(std::string_view, const Case&);

// By input: CPU time in batches of the same input, and single calls, inputs in turn.
json::Object figures(Pack& pack, std::string_view path, Decide decide) {
  std::vector<double> cpu;
  cpu.reserve(pack.cases.size());
  for (const Case& one : pack.cases) cpu.push_back(cpu_us_of([&] { (pack.*decide)(path, one); }));
  const Singles singles = single_calls(*pack.machine.clock, pack.cases.size(),
                                       [&](std::size_t i) { (pack.*decide)(path, pack.cases[i]); });
  const auto slowest = std::max_element(cpu.begin(), cpu.end());
  json::Object out;
  out.set("cpu_us", rounded(geometric_mean(cpu)));
  out.set("cpu_us_max", rounded(*slowest));
  out.set("slowest", pack.cases[static_cast<std::size_t>(slowest - cpu.begin())].name);
  add_singles(out, singles);
  return out;
}

}  // namespace

void measure_decisions() {
  Pack pack;
  std::size_t bytes = 0;
  std::int64_t instructions = 0;
  for (const Case& one : pack.cases) {
    bytes += one.text.size();
    pack.decide("abac/decision", one);
    instructions += pack.instructions;
  }
  const std::size_t count = pack.cases.size();
  json::Object out;
  out.set("bench", "policy.decision");
  out.set("inputs", static_cast<std::int64_t>(count));
  out.set("input_bytes", static_cast<std::int64_t>(bytes / count));
  out.set("instructions", instructions / static_cast<std::int64_t>(count));
  out.set("allow", figures(pack, "abac/allow", &Pack::decide));
  out.set("allow_parsed", figures(pack, "abac/allow", &Pack::decide_parsed));
  out.set("decision", figures(pack, "abac/decision", &Pack::decide));
  out.set("decision_parsed", figures(pack, "abac/decision", &Pack::decide_parsed));
  print_line(std::move(out));
}

void measure_beside() {
  Pack pack;
  const auto all = [&](Decide decide) {
    const double us = cpu_us_of([&] {
      for (const Case& one : pack.cases) (pack.*decide)("abac/allow", one);
    });
    return rounded(us / static_cast<double>(pack.cases.size()));
  };
  json::Object out;
  out.set("cpu_us", all(&Pack::decide));
  out.set("parsed_cpu_us", all(&Pack::decide_parsed));
  print_line(std::move(out));
}

}  // namespace mc::bench
