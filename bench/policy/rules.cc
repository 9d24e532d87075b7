// How a decision's time grows with the number of rules, and with the number of threads.
#include <array>
#include <thread>

#include "figures.h"
#include "measure.h"

namespace mc::bench {
namespace {

// allow if { input.method == "m7"; input.path == "/v1/things/7" }: one of the rules can succeed,
// and an index finds it.
std::string indexed_rules(int count) {
  std::string out = "package t\n\ndefault allow := false\n";
  for (int i = 0; i < count; ++i) {
    const std::string number = std::to_string(i);
    out.append("\nallow if {\n\tinput.method == \"m").append(number);
    out.append("\"\n\tinput.path == \"/v1/things/").append(number).append("\"\n}\n");
  }
  return out;
}

// No test against a constant: every rule is entered.
std::string linear_rules(int count) {
  std::string out = "package t\n\ndefault allow := false\n";
  for (int i = 0; i < count; ++i) {
    out.append("\nallow if endswith(input.path, \"/things/").append(std::to_string(i));
    out.append("\")\n");
  }
  return out;
}

struct Rules {
  Rules(const Machine& machine, std::string text)
      : evaluator(engine, *machine.clock, *machine.random) {
    activate(engine, {{"t/allow.rego", std::move(text)}});
  }
  bool allows(const term::Document& input) {
    evaluator.reset();
    const auto answer = evaluator.evaluate("t/allow", input.root());
    if (!answer) stop(answer.error().message);
    return answer->value.is_true();
  }

  policy::Engine engine;
  policy::Evaluator evaluator;
};

term::Document request(int number) {
  const std::string text = std::to_string(number);
  return must(term::Document::parse(R"({"method":"m)" + text + R"(","path":"/v1/things/)" + text +
                                    R"("})"));
}

// CPU time of a decision: the first, the middle and the last rule succeeds, and none.
double rules_us(const Machine& machine, std::string text, int count) {
  Rules rules(machine, std::move(text));
  const std::array inputs = {request(0), request(count / 2), request(count - 1), request(count)};
  const std::array want = {true, true, true, false};
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (rules.allows(inputs[i]) != want[i]) stop("the rules decide wrongly");
  }
  return cpu_us_of([&] {
           for (const term::Document& input : inputs) rules.allows(input);
         }) /
         static_cast<double>(inputs.size());
}

// Work a second of `threads` that each do `work` for a while, and the CPU time of one.
struct Rate {
  double per_us = 0;
  double cpu_us = 0;
};
Rate rate_of(sys::Clock& clock, int threads, const std::function<void(int)>& work) {
  constexpr int kBatch = 64;
  constexpr Nanos kTime = millis(300);
  std::vector<std::thread> running;
  std::vector<Rate> each(static_cast<std::size_t>(threads));
  running.reserve(each.size());
  for (int t = 0; t < threads; ++t) {
    running.emplace_back([&, t] {
      for (int i = 0; i < kBatch; ++i) work(t);
      const MonoTime begin = clock.mono();
      const double cpu = thread_cpu_us();
      double done = 0;
      while (clock.mono() - begin < kTime) {
        for (int i = 0; i < kBatch; ++i) work(t);
        done += kBatch;
      }
      each[static_cast<std::size_t>(t)] = {done / micros_of(clock.mono() - begin),
                                           (thread_cpu_us() - cpu) / done};
    });
  }
  for (std::thread& thread : running) thread.join();
  Rate all;
  for (const Rate& one : each) {
    all.per_us += one.per_us;
    all.cpu_us += one.cpu_us / threads;
  }
  return all;
}

}  // namespace

void measure_rules() {
  const Machine machine;
  json::Object out;
  out.set("bench", "policy.rules");
  double one = 0;
  double most = 0;
  for (const int count : {1, 10, 100, 1'000}) {
    most = rules_us(machine, indexed_rules(count), count);
    if (count == 1) one = most;
    out.set("indexed_" + std::to_string(count) + "_us", rounded(most));
  }
  out.set("indexed_1000_to_1", rounded(most / one));
  for (const int count : {1, 10, 100, 1'000}) {
    most = rules_us(machine, linear_rules(count), count);
    if (count == 1) one = most;
    out.set("linear_" + std::to_string(count) + "_us", rounded(most));
  }
  out.set("linear_1000_to_1", rounded(most / one));
  print_line(std::move(out));
}

void measure_threads() {
  const Machine machine;
  policy::Engine engine;
  activate(engine, folder(machine, "bench/policy/abac"));
  const std::string all = must(machine.files->read_all("bench/policy/abac/inputs.jsonl"));
  std::vector<term::Document> inputs;  // shared by the threads, as is the policy
  for (const std::string_view line : split(all, '\n')) {
    if (line.empty()) continue;
    inputs.push_back(term::Document::of(must(term::Document::parse(line)).root().find("input")));
  }
  struct Own {
    Own(const policy::Engine& engine, const Machine& machine)
        : evaluator(engine, *machine.clock, *machine.random) {}
    policy::Evaluator evaluator;
    std::size_t next = 0;
  };
  std::vector<std::unique_ptr<Own>> own;
  own.reserve(2);
  for (int t = 0; t < 2; ++t) {
    own.push_back(std::make_unique<Own>(engine, machine));
  }
  const auto decide = [&](int thread) {
    Own& mine = *own[static_cast<std::size_t>(thread)];
    mine.evaluator.reset();
    const auto& input = inputs[mine.next++ % inputs.size()];
    if (!mine.evaluator.evaluate("abac/decision", input.root())) stop("a decision failed");
  };
  const auto count = [](int) { spin(2'000); };
  constexpr int kRounds = 7;
  std::vector<double> ratios, cpu_ratios, of_machine, one_s, two_s;
  for (int round = 0; round < kRounds; ++round) {  // in turns, as the machine has its moods
    const Rate spun = rate_of(*machine.clock, 1, count);
    of_machine.push_back(rate_of(*machine.clock, 2, count).per_us / spun.per_us);
    const Rate one = rate_of(*machine.clock, 1, decide);
    const Rate two = rate_of(*machine.clock, 2, decide);
    one_s.push_back(one.per_us * 1e6);
    two_s.push_back(two.per_us * 1e6);
    ratios.push_back(two.per_us / one.per_us);
    cpu_ratios.push_back(two.cpu_us / one.cpu_us);
  }
  json::Object out;
  out.set("bench", "policy.threads");
  out.set("one_per_s", rounded(median(one_s)));
  out.set("two_per_s", rounded(median(two_s)));
  out.set("two_to_one", rounded(median(ratios)));
  out.set("counting_loop_two_to_one", rounded(median(of_machine)));
  out.set("cpu_of_a_decision_two_to_one", rounded(median(cpu_ratios)));
  print_line(std::move(out));
}

}  // namespace mc::bench
