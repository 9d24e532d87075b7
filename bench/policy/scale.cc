// What grows once: 15 MB of data, and the compilation of a long policy.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "figures.h"
#include "measure.h"

namespace mc::bench {
namespace {

constexpr std::size_t kFileMax = 256 << 20;

// The table is looked up in, and handed to functions.
constexpr const char* kLookUps = R"(package d

default allow := false

allow if {
	user := user_of(data.users, input.user)
	user.active
	user.level >= 2
	may(data.teams, user)
	not input.user in data.blocked
}

user_of(users, name) := users[name]

may(teams, user) if input.action in teams[user.team].actions

may(teams, user) if teams[user.team].open
)";

constexpr std::size_t kUsers = 64;  // who ask, spread over the table

struct Held {
  double load_ms = 0;
  double parse_ms = 0;
  double document_bytes = 0;
  double grown_mb = 0;
  double decision_us = 0;
  std::size_t keys = 0;
};

// Of a table of tables.
std::size_t keys_of(term::Value value) {  // NOLINT(misc-no-recursion): three deep
  std::size_t count = value.size();
  for (const term::Entry& one : value.members()) {
    if (one.value.is_object()) count += keys_of(one.value);
  }
  return count;
}

Held hold(const Machine& machine, const std::string& text,
          const std::vector<term::Document>& inputs) {
  Held out;
  const MonoTime parse = machine.clock->mono();
  {
    const term::Document document = must(term::Document::parse(text));
    out.parse_ms = micros_of(machine.clock->mono() - parse) / 1e3;
    out.document_bytes = static_cast<double>(document.bytes());
    out.keys = keys_of(document.root());
  }
  policy::Engine engine;
  const auto before = sys::usage().resident_bytes;
  std::vector<archive::Entry> files = {{"data.json", text}, {"d/allow.rego", kLookUps}};
  const MonoTime begin = machine.clock->mono();
  activate(engine, std::move(files));
  out.load_ms = micros_of(machine.clock->mono() - begin) / 1e3;
  out.grown_mb = static_cast<double>(sys::usage().resident_bytes - before) / 1e6;
  policy::Evaluator evaluator(engine, *machine.clock, *machine.random);
  std::size_t allowed = 0;
  const auto decide = [&](std::size_t i) {
    evaluator.reset();
    const auto answer = evaluator.evaluate("d/allow", inputs[i].root());
    if (!answer) stop(answer.error().message);
    allowed += answer->value.is_true() ? 1 : 0;
  };
  for (std::size_t i = 0; i < inputs.size(); ++i) decide(i);
  if (allowed == 0 || allowed == inputs.size()) stop("data: all users have the same answer");
  out.decision_us = cpu_us_of([&] {
                      for (std::size_t i = 0; i < inputs.size(); ++i) decide(i);
                    }) /
                    static_cast<double>(inputs.size());
  return out;
}

// The same users in a table of their own.
std::string small_table(term::Value all, const std::vector<std::string>& names) {
  term::Arena arena;
  term::Value users = term::object(arena, names.size());
  for (const std::string& name : names)
    term::insert(arena, users, name, all.find("users").find(name));
  term::Value out = term::object(arena, 4);
  for (const term::Entry& one : all.members()) term::insert(arena, out, one.key, one.value);
  term::insert(arena, out, "users", users);
  return term::to_json(out);
}

struct Compilation {
  double read_cpu_us = 0;  // parsing the text
  double make_cpu_us = 0;  // compiling, planning each rule and each package, and the bytecode
  double wall_us = 0;
  std::int64_t rules = 0;
  std::int64_t program_bytes = 0;
};

Compilation compile(const std::string& text) {
  const Machine machine;
  Compilation out;
  const MonoTime begin = machine.clock->mono();
  const double cpu = cpu_us();
  std::vector<policy::Policies::NamedBundle> bundles(1);
  bundles[0].name = "bench";
  bundles[0].bundle = must(policy::read_files({{"policy.rego", text}}, {}));
  const double read = cpu_us();
  const auto policies = must(policy::Policies::make(std::move(bundles)));
  out.read_cpu_us = read - cpu;
  out.make_cpu_us = cpu_us() - read;
  out.wall_us = micros_of(machine.clock->mono() - begin);
  out.rules = std::ssize(policies->rule_paths());
  out.program_bytes = static_cast<std::int64_t>(policies->program().bytes());
  return out;
}

// In a process that has compiled nothing before.
Compilation compile_in_child(const std::string& text) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) stop("pipe");
  const pid_t child = fork();
  if (child == 0) {
    const Compilation made = compile(text);
    _exit(write(ends[1], &made, sizeof made) == sizeof made ? 0 : 1);
  }
  close(ends[1]);
  Compilation out;
  if (read(ends[0], &out, sizeof out) != sizeof out) stop("the policy does not compile");
  close(ends[0]);
  waitpid(child, nullptr, 0);
  return out;
}

}  // namespace

void measure_data(const std::string& data) {
  const Machine machine;
  const std::string large = must(machine.files->read_all(data, kFileMax));
  std::vector<std::string> names;
  std::vector<term::Document> inputs;
  std::string small;
  {
    const term::Document all = must(term::Document::parse(large));
    const auto users = all.root().find("users").members();
    for (std::size_t i = 0; i < kUsers; ++i) {
      const std::string name(users[i * (users.size() / kUsers)].key.text());
      names.push_back(name);
      inputs.push_back(
          must(term::Document::parse(R"({"action":"read","user":")" + name + R"("})")));
    }
    small = small_table(all.root(), names);
  }
  const Held few = hold(machine, small, inputs);
  const Held many = hold(machine, large, inputs);
  json::Object out;
  out.set("bench", "policy.data");
  out.set("mb", rounded(static_cast<double>(large.size()) / 1e6));
  out.set("keys", static_cast<std::int64_t>(many.keys));
  out.set("parse_ms", rounded(many.parse_ms));
  out.set("load_ms", rounded(many.load_ms));
  out.set("document_to_json", rounded(many.document_bytes / static_cast<double>(large.size())));
  out.set("resident_to_json", rounded(many.grown_mb * 1e6 / static_cast<double>(large.size())));
  out.set("small_bytes", static_cast<std::int64_t>(small.size()));
  out.set("small_decision_us", rounded(few.decision_us));
  out.set("large_decision_us", rounded(many.decision_us));
  out.set("large_to_small", rounded(many.decision_us / few.decision_us));
  print_line(std::move(out));
}

void measure_compile(const std::string& module) {
  constexpr int kRounds = 15;
  const Machine machine;
  const std::string text = must(machine.files->read_all(module));
  std::vector<double> read, make, cpu, wall;
  Compilation one;
  for (int round = 0; round < kRounds; ++round) {
    one = compile_in_child(text);
    read.push_back(one.read_cpu_us / 1e3);
    make.push_back(one.make_cpu_us / 1e3);
    cpu.push_back((one.read_cpu_us + one.make_cpu_us) / 1e3);
    wall.push_back(one.wall_us / 1e3);
  }
  json::Object out;
  out.set("bench", "policy.compile");
  out.set("lines", std::count(text.begin(), text.end(), '\n'));
  out.set("rules", one.rules);
  out.set("program_bytes", one.program_bytes);
  out.set("read_cpu_ms", rounded(median(read)));
  out.set("make_cpu_ms", rounded(median(make)));
  out.set("cold_cpu_ms", rounded(median(cpu)));
  out.set("cold_ms", rounded(median(wall)));
  out.set("cold_ms_least", rounded(percentile(wall, 0)));
  print_line(std::move(out));
}

}  // namespace mc::bench
