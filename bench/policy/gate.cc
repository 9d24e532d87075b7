// The gate of every request under policies/default: alone, and with its decisions logged.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <thread>

#include "access/access.h"
#include "access/terms.h"
#include "figures.h"
#include "measure.h"

namespace mc::bench {
namespace {

using access::Action;

// Who asks for what; each is allowed or denied by another rule.
struct Asked {
  std::string_view name;
  std::string_view purpose = "support";
  Action action = Action::read;
  std::string_view tenant = "acme";
  std::string_view node_region = "eu";
  bool warranted = false;
  bool allowed = false;
};
constexpr std::array kAsked = {
    Asked{.name = "reads", .allowed = true},
    Asked{.name = "introspects", .action = Action::introspect, .allowed = true},
    Asked{.name = "with a warrant", .tenant = "globex", .warranted = true, .allowed = true},
    Asked{.name = "no purpose", .purpose = ""},
    Asked{.name = "purpose not granted", .purpose = "training"},
    Asked{.name = "writes without the role", .action = Action::write},
    Asked{.name = "another tenant", .tenant = "globex"},
    Asked{.name = "another region", .node_region = "us"},
};

access::Resource::Facts dataset() {
  access::Resource::Facts facts{.kind = "dataset",
                                .name = "customers",
                                .purposes = {"support", "fraud-risk"},
                                .licence_class = "internal",
                                .region = "eu",
                                .columns = {}};
  for (const auto& [name, sensitivity] :
       {std::pair{"id", "internal"}, std::pair{"email", "personal"}, std::pair{"iban", "sensitive"},
        std::pair{"city", "internal"}, std::pair{"pin", "secret"}}) {
    facts.columns.push_back({name, sensitivity, "internal", false});
  }
  return facts;
}

class Requests {
 public:
  explicit Requests(const Machine& machine) : resource_(dataset()) {
    caller_.tenant = TenantId("acme");
    caller_.principal = PrincipalId("ana");
    caller_.region = "eu";
    caller_.purposes = {"support", "fraud-risk"};
    caller_.roles.add(identity::Role::analyst);
    warrant_.id = "wrt_1";
    warrant_.kind = "support";
    warrant_.status = "active";
    warrant_.actions = {"read"};
    warrant_.bound_to = "dataset:customers";
    warrant_.expires = machine.clock->wall() + seconds(24LL * 3600);
    warrant_.tenant = "globex";
  }
  access::Request request(std::size_t i) const {
    const Asked& asked = kAsked[i];
    return {.caller = caller_,
            .purpose = asked.purpose,
            .action = asked.action,
            .resource = resource_,
            .tenant = asked.tenant,
            .tenant_region = "eu",
            .node_region = asked.node_region,
            .warrant = asked.warranted ? &warrant_ : nullptr,
            .request_id = "req_1"};
  }
  access::Verdict ask(access::Gate& gate, std::size_t i) const { return gate.decide(request(i)); }
  // By somebody who has not asked before, so that no verdict of before can be given.
  access::Verdict ask_anew(access::Gate& gate, std::size_t i) {
    caller_.principal = PrincipalId("ana" + std::to_string(++people_));
    return ask(gate, i);
  }
  // What the policies say of its budgets, which must be a class or nothing.
  void ask_terms(access::TermsGate& gate, bool is_batch) const {
    const access::TermsPtr terms = must(gate.ask(request(0)));
    if ((terms != nullptr) != is_batch) stop("terms: decided wrongly");
  }
  void ask_terms_anew(access::TermsGate& gate) {
    caller_.principal = PrincipalId("ana" + std::to_string(++people_));
    ask_terms(gate, true);
  }
  const access::Resource& resource() const { return resource_; }

 private:
  std::int64_t people_ = 0;
  identity::Caller caller_;
  access::Resource resource_;
  access::WarrantFacts warrant_;
};

// A gate under the default policies.
struct World {
  World() : requests(machine) { activate(engine, folder(machine, "policies/default")); }
  access::Gate gate(access::DecisionLog* log = nullptr) {
    return access::Gate({engine, *machine.clock, *machine.random, log});
  }
  // A wrong verdict is worth no time.
  void check(access::Gate& gate) {
    for (std::size_t i = 0; i < kAsked.size(); ++i) {
      const access::Verdict verdict = requests.ask(gate, i);
      if (verdict.allow != kAsked[i].allowed) {
        stop(std::string(kAsked[i].name) + ": decided wrongly: " + join(verdict.reasons));
      }
    }
  }
  static std::string join(const std::vector<std::string>& texts) {
    std::string out;
    for (const std::string& text : texts) out += text + " ";
    return out;
  }

  Machine machine;
  policy::Engine engine;
  Requests requests;
};

// What the policies say of budgets: of somebody new, of somebody known, and where they say nothing.
json::Object terms_figures() {
  World without, with;
  auto files = folder(with.machine, "policies/default");
  std::erase_if(files, [](const archive::Entry& file) { return file.path == ".manifest"; });
  files.push_back({"mc/budget/decision.rego", R"(package mc.budget

decision := {"class": "batch", "rules": ["batch"]} if input.purpose in {"support", "training"}
)"});
  activate(with.engine, std::move(files));
  const auto gate_of = [](World& world) {
    return access::TermsGate({world.engine, *world.machine.clock, *world.machine.random});
  };
  access::TermsGate none = gate_of(without), asked = gate_of(with);
  json::Object out;
  out.set("cpu_us_new", rounded(cpu_us_of([&] { with.requests.ask_terms_anew(asked); })));
  out.set("cpu_us_known", rounded(cpu_us_of([&] { with.requests.ask_terms(asked, true); })));
  out.set("cpu_us_none", rounded(cpu_us_of([&] { without.requests.ask_terms(none, false); })));
  return out;
}

// What the gate asks the policies, taken from its log.
std::vector<term::Document> inputs_of(World& world, const std::string& folder) {
  access::DecisionLog log(*world.machine.files, folder + "/inputs", {});
  access::Gate gate = world.gate(&log);
  const auto find = [&](std::string_view, std::string_view) { return &world.requests.resource(); };
  std::vector<term::Document> out;
  for (std::size_t i = 0; i < kAsked.size(); ++i) {
    const auto logged = must(log.find(world.requests.ask(gate, i).decision_id));
    term::Arena arena;
    if (logged) out.push_back(term::Document::of(access::input_of(arena, *logged, find)));
  }
  return out;
}

json::Object figures(sys::Clock& clock, const std::function<void(std::size_t)>& work) {
  std::vector<double> cpu;
  cpu.reserve(kAsked.size());
  for (std::size_t i = 0; i < kAsked.size(); ++i) cpu.push_back(cpu_us_of([&] { work(i); }));
  json::Object out;
  out.set("cpu_us", rounded(geometric_mean(cpu)));
  out.set("cpu_us_max", rounded(*std::max_element(cpu.begin(), cpu.end())));
  add_singles(out, single_calls(clock, kAsked.size(), work));
  return out;
}

// Has the log written as the server does, ten times a second.
class Flushing {
 public:
  explicit Flushing(access::DecisionLog& log) : log_(log) {
    thread_ = std::thread([this] {
      while (!end_.load()) {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        const double begin = thread_cpu_us();
        must(log_.flush());
        cpu_us_ += thread_cpu_us() - begin;
      }
    });
  }
  double end() {
    end_ = true;
    thread_.join();
    return cpu_us_;
  }

 private:
  access::DecisionLog& log_;
  std::atomic<bool> end_ = false;
  double cpu_us_ = 0;
  std::thread thread_;
};

// 25,000 decisions a second, as a busy server makes them: 500 one after the other, then a pause.
void paced(World& world, access::Gate& gate, Nanos length, std::vector<double>& singles) {
  constexpr std::size_t kBurst = 500;
  sys::Clock& clock = *world.machine.clock;
  const MonoTime begin = clock.mono();
  for (std::int64_t burst = 0; clock.mono() - begin < length; ++burst) {
    while (clock.mono() - begin < millis(20) * burst) {
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
    for (std::size_t i = 0; i < kBurst; ++i) {
      const MonoTime asked = clock.mono();
      world.requests.ask(gate, i % kAsked.size());
      singles.push_back(micros_of(clock.mono() - asked));
    }
  }
}

}  // namespace

void measure_gate(const std::string& folder) {
  World world;
  access::Gate gate = world.gate();
  world.check(gate);
  const std::vector<term::Document> inputs = inputs_of(world, folder);
  if (inputs.size() != kAsked.size()) stop("the log has lost decisions");
  policy::Evaluator evaluator(world.engine, *world.machine.clock, *world.machine.random);
  const auto decide = [&](std::size_t i) {
    evaluator.reset();
    const auto answer = evaluator.evaluate("mc/access/decision", inputs[i].root());
    if (!answer || answer->value.find("allow").is_true() != kAsked[i].allowed) {
      stop(std::string(kAsked[i].name) + ": decided wrongly");
    }
  };
  json::Object out;
  out.set("bench", "policy.gate");
  out.set("inputs", static_cast<std::int64_t>(kAsked.size()));
  out.set("decision", figures(*world.machine.clock, decide));
  out.set("gate",
          figures(*world.machine.clock, [&](std::size_t i) { world.requests.ask_anew(gate, i); }));
  out.set("gate_again",
          figures(*world.machine.clock, [&](std::size_t i) { world.requests.ask(gate, i); }));
  out.set("terms", terms_figures());
  print_line(std::move(out));
}

void measure_log(const std::string& folder) {
  constexpr int kRounds = 7;
  World world;
  access::DecisionLog log(*world.machine.files, folder + "/decisions", {});
  access::Gate without = world.gate();
  access::Gate with = world.gate(&log);
  std::vector<double> off, on;
  paced(world, without, millis(300), off);
  paced(world, with, millis(300), on);
  off.clear();
  on.clear();
  std::vector<double> added_p50, added_p99, ratio;
  Flushing flushing(log);
  for (int round = 0; round < kRounds; ++round) {
    std::vector<double> off_round, on_round;
    paced(world, without, millis(700), off_round);
    paced(world, with, millis(700), on_round);
    added_p50.push_back(percentile(on_round, 0.5) - percentile(off_round, 0.5));
    added_p99.push_back(percentile(on_round, 0.99) - percentile(off_round, 0.99));
    ratio.push_back(percentile(on_round, 0.99) / percentile(off_round, 0.99));
    off.insert(off.end(), off_round.begin(), off_round.end());
    on.insert(on.end(), on_round.begin(), on_round.end());
  }
  const double flush_us = flushing.end();
  must(log.flush());
  const access::DecisionCounters counters = log.counters();
  json::Object out;
  out.set("bench", "policy.log");
  out.set("decisions", static_cast<std::int64_t>(on.size()));
  out.set("logged", static_cast<std::int64_t>(counters.logged));
  out.set("dropped", static_cast<std::int64_t>(counters.dropped));
  out.set("off_p50_us", rounded(percentile(off, 0.5)));
  out.set("off_p99_us", rounded(percentile(off, 0.99)));
  out.set("off_p999_us", rounded(percentile(off, 0.999)));
  out.set("on_p50_us", rounded(percentile(on, 0.5)));
  out.set("on_p99_us", rounded(percentile(on, 0.99)));
  out.set("on_p999_us", rounded(percentile(on, 0.999)));
  out.set("added_p50_us", rounded(median(added_p50)));
  out.set("added_p99_us", rounded(median(added_p99)));
  out.set("p99_ratio", rounded(median(ratio)));
  out.set("flush_cpu_us_each", rounded(flush_us / static_cast<double>(counters.logged)));
  print_line(std::move(out));
}

}  // namespace mc::bench
