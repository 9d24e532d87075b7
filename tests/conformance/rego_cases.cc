#include "rego_cases.h"

#include <algorithm>

#include "graphrego/graphrego.h"

namespace mc::conformance {
namespace {

using term::Value;

// Each with its reason.
struct Exempt {
  std::string_view prefix, why;
};
constexpr Exempt kExempt[] = {
    {"netlookupipaddr/", "asks a name server"},
};

Value test_sleep(builtin::Context&, std::span<const Value>) {
  return Value::null();
}

}  // namespace

bool is_exempt(const std::string& id) {
  return std::any_of(std::begin(kExempt), std::end(kExempt),
                     [&](const Exempt& exempt) { return id.starts_with(exempt.prefix); });
}

vm::Capabilities suite_capabilities() {
  vm::Capabilities made;
  made.more = graphrego::graphql_builtins();
  made.more.push_back(rego::parse_module_builtin());
  made.more.push_back({.name = "test.sleep",
                       .signature = "(duration: string) => null",
                       .function = test_sleep,
                       .deterministic = false});
  static const std::unique_ptr<sys::Files> files = sys::real_files();
  static const std::shared_ptr<builtin::ZoneSource> zones = builtin::make_zone_source(*files);
  made.zones = zones;
  return made;
}

std::map<std::string, RegoCase> read_rego_cases(const Vectors& vectors, const std::string& folder,
                                                term::Arena& arena, Report& report) {
  std::map<std::string, RegoCase> cases;
  for (const std::string& path : vectors.find(folder, ".jsonl")) {
    const auto text = vectors.read(path);
    if (!text) {
      report.fail(path, text.error().what);
      continue;
    }
    for (const std::string_view line : split(*text, '\n')) {
      if (line.empty()) continue;
      auto node = term::parse_json(arena, line);
      if (!node) {
        report.fail(path, node.error().what);
        continue;
      }
      term::freeze(*node);
      RegoCase c{.id = std::string(node->find("id").text()), .node = *node};
      std::string id = c.id;
      cases.emplace(std::move(id), std::move(c));
    }
  }
  return cases;
}

Result<std::vector<rego::Module>> parse_modules(const RegoCase& c) {
  std::vector<rego::Module> modules;
  for (const Value text : c.node.find("modules").items()) {
    auto module =
        rego::parse_module(text.text(), "test-" + std::to_string(modules.size()) + ".rego");
    if (!module) {
      return fail(Code::invalid, "does not parse: " + rego::to_line(module.error().front()));
    }
    modules.push_back(std::move(*module));
  }
  return modules;
}

Result<Value> read_input(const RegoCase& c, term::Arena& arena) {
  const std::string text = c.text("input_term");
  if (text.empty()) return c.node.find("input");
  const auto parsed = rego::parse_term(text);
  if (!parsed) {
    return fail(Code::invalid,
                "input_term does not parse: " + rego::to_line(parsed.error().front()));
  }
  auto value = rego::to_value(arena, *parsed);
  if (!value) return fail(Code::invalid, "input_term: " + value.error().what);
  term::freeze(*value);
  return *value;
}

}  // namespace mc::conformance
