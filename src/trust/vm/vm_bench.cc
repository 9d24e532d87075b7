// A decision of an access policy of 60 rules (attributes of user, resource and request, a table in
// data), then one of 1, 100 and 1000 indexed rules, then the first by two threads. CPU time, best
// of 7 rounds; data is small, and then 15 MB. One JSON line.
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "sys/sys.h"
#include "vm/test_plans.h"
#include "vm/vm.h"

namespace {

using namespace mc;

double seconds_of(clockid_t which) {
  timespec now{};
  clock_gettime(which, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

// Microseconds each.
double measure(int times, const std::function<void()>& work) {
  double best = 1e9;
  for (int round = 0; round < 7; ++round) {
    const double start = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    for (int i = 0; i < times; ++i) work();
    best = std::min(best, (seconds_of(CLOCK_PROCESS_CPUTIME_ID) - start) / times);
  }
  return best * 1e6;
}

// Locals are "L4" in a body: each body has its own, as OPA numbers them.
std::string body(int number, const std::string& statements) {
  const std::string text = "  block\n    reset L3\n" + statements +
                           "    once L3 = true\n  block\n    defined L3\n    once 2 = L3\n";
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != 'L') {
      out += text[i];
      continue;
    }
    int local = 0;
    while (text[i + 1] >= '0' && text[i + 1] <= '9') local = local * 10 + (text[++i] - '0');
    out += std::to_string(number * 20 + local);
  }
  return out;
}

std::string n(int i) {
  return std::to_string(i);
}

// What OPA plans for
//   allow if { input.action == "a7"; input.resource.kind == "k7"; input.user.level >= 2;
//              input.user.team == input.resource.team; data.grants[input.user.name].kinds.k7 }
// and its like.
std::string access_policy(int rules) {
  std::string text = "function g0.data.t.is_owner 0 1 : 2\n" +
                     body(0,
                          "    dot L4 = 0 \"user\"\n    dot L5 = L4 \"name\"\n"
                          "    dot L6 = 0 \"resource\"\n    dot L7 = L6 \"owner\"\n"
                          "    equal L5 L7\n") +
                     "  block\n    return 2\nfunction g0.data.t.allow 0 1 : 2\n";
  for (int i = 0; i < rules; ++i) {
    const std::string a = "\"a" + n(i % 6) + "\"", k = "\"k" + n(i % 10) + "\"";
    std::string s = "    dot L4 = 0 \"action\"\n    equal L4 " + a +
                    "\n    dot L5 = 0 \"resource\"\n    dot L6 = L5 \"kind\"\n";
    switch (i % 4) {
      case 0:
        s += "    equal L6 " + k +
             "\n    dot L7 = 0 \"user\"\n    dot L8 = L7 \"level\"\n    num L9 = \"" + n(i % 5) +
             "\"" + "\n    call L10 = gte L8 L9\n    not_equal L10 false\n";
        break;
      case 1:
        s += "    equal L6 " + k +
             "\n    dot L7 = 0 \"user\"\n    dot L8 = L7 \"team\"\n    dot L9 = L5 \"team\"\n"
             "    equal L8 L9\n";
        break;
      case 2:
        s += "    set L11\n    add L11 " + k +
             "\n    add L11 \"k9\"\n"
             "    call L12 = internal.member_2 L6 L11\n    not_equal L12 false\n"
             "    call L13 = g0.data.t.is_owner 0 1\n    not_equal L13 false\n";
        break;
      default:
        s += "    dot L7 = 0 \"user\"\n    dot L8 = L7 \"name\"\n    dot L9 = 1 \"grants\"\n"
             "    dot L10 = L9 L8\n    dot L11 = L10 \"kinds\"\n    dot L12 = L11 " +
             k + "\n    not_equal L12 false\n";
    }
    text += body(i, s);
  }
  return text + "  block\n    undefined 2\n    once 2 = false\n  block\n    return 2\n";
}

// allow if { input.role == "r7"; input.level >= 3 }
std::string indexed_policy(int rules) {
  std::string text = "function g0.data.t.allow 0 1 : 2\n";
  for (int i = 0; i < rules; ++i) {
    text +=
        body(i, "    dot L4 = 0 \"role\"\n    equal L4 \"r" + n(i) +
                    "\"\n    dot L5 = 0 \"level\"\n    num L6 = \"3\"\n    call L7 = gte L5 L6\n"
                    "    not_equal L7 false\n");
  }
  return text + "  block\n    undefined 2\n    once 2 = false\n  block\n    return 2\n";
}

constexpr const char* kEntry =
    "plan t/allow\n  block\n    call 2 = g0.data.t.allow 0 1\n    object 3\n"
    "    insert 3 \"result\" 2\n    result 3\n";

std::shared_ptr<const vm::Program> program_of(const std::string& text) {
  return *vm::Program::make(vm::PlanText::parse(text + kEntry));
}

std::string data_of(int grants) {
  std::string text = "{\"grants\":{";
  for (int i = 0; i < grants; ++i) {
    text += (i > 0 ? ",\"user" : "\"user") + n(i) + "\":{\"kinds\":{\"k1\":true,\"k5\":true}," +
            "\"note\":\"" + std::string(60, 'x') + "\"}";
  }
  return text + "}}";
}

struct Bench {
  std::unique_ptr<sys::Clock> clock = sys::real_clock();
  std::unique_ptr<sys::Random> random = sys::real_random();
  std::vector<term::Document> inputs;

  // One decision for each input.
  void decide(vm::Machine& machine, const vm::Program& program, const term::Document& data) const {
    for (const term::Document& input : inputs) {
      machine.reset();
      vm::Query query;
      query.input = input.root();
      query.data = data.root();
      if (!machine.run(program, query)) std::abort();
    }
  }

  double decisions_us(const vm::Program& program, const term::Document& data) const {
    vm::Machine machine(*clock, *random);
    return measure(20'000, [&] { decide(machine, program, data); }) /
           static_cast<double>(inputs.size());
  }

  // Decisions a microsecond by this many threads that share the program.
  double rate(const vm::Program& program, const term::Document& data, int threads) const {
    double best = 0;
    for (int round = 0; round < 5; ++round) {
      constexpr int kTimes = 100'000;
      const double start = seconds_of(CLOCK_MONOTONIC);
      std::vector<std::thread> running;
      running.reserve(static_cast<std::size_t>(threads));
      for (int t = 0; t < threads; ++t) {
        running.emplace_back([&] {
          vm::Machine machine(*clock, *random);
          for (int i = 0; i < kTimes; ++i) decide(machine, program, data);
        });
      }
      for (std::thread& thread : running) thread.join();
      const double us = (seconds_of(CLOCK_MONOTONIC) - start) * 1e6;
      best = std::max(best, kTimes * threads * static_cast<double>(inputs.size()) / us);
    }
    return best;
  }
};

}  // namespace

int main() {
  Bench bench;
  for (const char* input :
       {R"({"action":"a1","resource":{"kind":"k1","team":"red","owner":"user2"},)"
        R"("user":{"name":"user1","level":3,"team":"red"}})",
        R"({"action":"a3","resource":{"kind":"k9","team":"red","owner":"user2"},)"
        R"("user":{"name":"user1","level":1,"team":"blue"}})",
        R"({"action":"a4","resource":{"kind":"k2","team":"red","owner":"user1"},)"
        R"("user":{"name":"user1","level":9,"team":"red"}})"}) {
    bench.inputs.push_back(*term::Document::parse(input));
  }
  const term::Document data = *term::Document::parse(data_of(100));
  const auto access = program_of(access_policy(60));
  const double access_us = bench.decisions_us(*access, data);
  const double large_us = bench.decisions_us(*access, *term::Document::parse(data_of(120'000)));
  const double one = bench.rate(*access, data, 1), two = bench.rate(*access, data, 2);

  bench.inputs = {*term::Document::parse(R"({"role":"r0","level":5})"),
                  *term::Document::parse(R"({"role":"r0","level":1})"),
                  *term::Document::parse(R"({"role":"none","level":5})")};
  double indexed_us[3];
  int sizes[3] = {1, 100, 1'000};
  for (int i = 0; i < 3; ++i) {
    indexed_us[i] = bench.decisions_us(*program_of(indexed_policy(sizes[i])), data);
  }
  std::printf(
      "{\"bench\":\"vm\",\"rules_60_us\":%.3f,\"rules_60_large_data_us\":%.3f,"
      "\"indexed_1_us\":%.3f,\"indexed_100_us\":%.3f,\"indexed_1000_us\":%.3f,"
      "\"threads_1_per_s\":%.0f,\"threads_2_per_s\":%.0f}\n",
      access_us, large_us, indexed_us[0], indexed_us[1], indexed_us[2], one * 1e6, two * 1e6);
  return 0;
}
