#include "rego/planner.h"

#include "rego/walk.h"

namespace mc::rego {

Planner::Planner(const Compilation& compilation, const RuleTree& tree)
    : compilation_(compilation), tree_(tree), overlays_(tree_) {}

Checked<vm::plan::Policy> Planner::run() {
  policy_.files = compilation_.files;
  for (const NamedQuery& query : compilation_.queries) plan_query(query);
  for (const Entrypoint& entrypoint : compilation_.options.entrypoints) {
    plan_entrypoint(entrypoint);
  }
  while (!waiting_.empty() && errors_.empty()) {
    const auto [group, overlay] = waiting_.front();
    waiting_.pop_front();
    plan_function(group, *overlay);
  }
  if (!errors_.empty()) return tl::unexpected(std::move(errors_));
  return std::move(policy_);
}

void Planner::fail(const std::string& message, const Location& at) {
  std::string file;
  if (at.row > 0 && at.file < compilation_.files.size()) file = compilation_.files[at.file];
  errors_.push_back({"rego_compile_error", message, std::move(file), at});
}

// order_bodies() lets pass what OPA lets pass: f({x}, x) with x as the result.
void Planner::fail_unsafe(const std::string& name, const Location& at) {
  const auto written = compilation_.written_names.find(name);
  fail("var " + (written == compilation_.written_names.end() ? name : written->second) +
           " is unsafe",
       at);
  errors_.back().code = "rego_unsafe_var_error";
}

std::string Planner::function_name(int group, const Overlay& overlay) {
  const auto [at, added] = functions_.try_emplace({group, overlay.id});
  if (added) {
    at->second = "g" + std::to_string(overlay.id) + "." + path_text(tree_.group(group).path);
    waiting_.emplace_back(group, &overlay);
  }
  return at->second;
}

// A result is an object of the variables people wrote.
void Planner::plan_query(const NamedQuery& query) {
  frame_ = {};
  frame_.overlay = &overlays_.none();
  vm::plan::Plan made;
  made.name = query.name;
  made.blocks.push_back(in_block([&] {
    plan_body(query.body);
    std::map<std::string, Operand> shown;
    for (const std::string& name : frame_.bound) {
      const auto written = compilation_.written_names.find(name);
      const bool is_renamed = written != compilation_.written_names.end();
      const std::string& text = is_renamed ? written->second : name;
      if (is_wildcard(text) || text.starts_with("__local")) continue;
      shown.emplace(text, frame_.vars.at(name));
    }
    const Local result = make(Op::make_object);
    for (const auto& [name, value] : shown) insert(result, string(name), value);
    add(Op::result_set_add).a = Operand::local(result);
  }));
  policy_.plans.push_back(std::move(made));
}

void Planner::plan_entrypoint(const Entrypoint& entrypoint) {
  frame_ = {};
  frame_.overlay = &overlays_.none();
  Term ref = make_ref({make_var("data", {})}, {});
  std::string_view left = entrypoint.path;
  while (!left.empty()) {
    const std::size_t end = left.find('/');
    ref.items.push_back(make_string(std::string(left.substr(0, end)), {}));
    left = end == std::string_view::npos ? std::string_view() : left.substr(end + 1);
  }
  set_location({});
  vm::plan::Plan made;
  made.name = entrypoint.path;
  made.blocks.push_back(in_block([&] {
    const Operand value = plan_term(ref);
    const Local result = make(Op::make_object);
    insert(result, string("result"), value);
    add(Op::result_set_add).a = Operand::local(result);
  }));
  policy_.plans.push_back(std::move(made));
}

Checked<vm::plan::Policy> plan_policy(const Compilation& c, const RuleTree& tree) {
  return Planner(c, tree).run();
}

}  // namespace mc::rego
