#include "policy/policy.h"

#include <algorithm>

namespace mc::policy {
namespace {

using term::Value;

bool overlap(const std::string& a, const std::string& b) {
  const std::string& shorter = a.size() <= b.size() ? a : b;
  const std::string& longer = a.size() <= b.size() ? b : a;
  return shorter.empty() || longer == shorter ||
         (longer.starts_with(shorter) && longer[shorter.size()] == '/');
}

Status check_roots(const std::vector<Policies::NamedBundle>& bundles) {
  for (std::size_t i = 0; i < bundles.size(); ++i) {
    for (std::size_t j = i + 1; j < bundles.size(); ++j) {
      for (const std::string& a : bundles[i].bundle.manifest.roots) {
        for (const std::string& b : bundles[j].bundle.manifest.roots) {
          if (overlap(a, b)) {
            return fail(Code::conflict, "the bundles '" + bundles[i].name + "' and '" +
                                            bundles[j].name + "' have overlapping roots: '" + a +
                                            "' and '" + b + "'");
          }
        }
      }
    }
  }
  return ok();
}

// The roots of two bundles do not overlap, so their data meet in objects only.
Value joined(term::Arena& arena, const std::vector<Policies::NamedBundle>& bundles) {
  Value all = term::object(arena);
  for (const auto& [name, bundle] : bundles) all = term::merge(arena, all, bundle.data.root());
  return all;
}

std::string lines(const std::vector<rego::Diagnostic>& findings) {
  std::string out;
  for (const rego::Diagnostic& found : findings) out += rego::to_line(found) + "\n";
  if (!out.empty()) out.pop_back();
  return out;
}

// "a/b/c" as names; a leading slash does not count.
std::vector<std::string> parts_of(std::string_view path) {
  while (path.starts_with('/')) path.remove_prefix(1);
  std::vector<std::string> parts;
  if (path.empty()) return parts;
  for (const std::string_view part : split(path, '/')) parts.emplace_back(part);
  return parts;
}

// An array is entered by a number, everything else by the name.
Value step_into(Value value, const std::string& part) {
  if (!value.is_array()) return value.find(part);
  const auto index = parse_int(part);
  return index ? value.find(Value::integer(*index)) : Value();
}

Value walk(Value value, const std::vector<std::string>& parts) {
  for (const std::string& part : parts) {
    if (value.is_undefined()) return value;
    value = step_into(value, part);
  }
  return value;
}

}  // namespace

std::shared_ptr<const Policies> Policies::none() {
  const std::shared_ptr<Policies> made(new Policies);
  auto program = vm::Program::make({});
  MC_CHECK(program);
  made->program_ = std::move(*program);
  return made;
}

Result<std::shared_ptr<const Policies>> Policies::make(std::vector<NamedBundle> bundles,
                                                       const vm::Capabilities& capabilities) {
  MC_TRY_OK(check_roots(bundles));
  const std::shared_ptr<Policies> made(new Policies);
  std::vector<rego::Module> modules;
  vm::plan::Policy plan;
  std::size_t plans = 0;
  for (NamedBundle& named : bundles) {
    Bundle& bundle = named.bundle;
    made->bundles_.push_back({named.name, bundle.manifest.revision, bundle.digest, bundle.signed_by,
                              bundle.manifest.roots});
    made->revision_ +=
        (made->revision_.empty() ? "" : ",") + named.name + "@" +
        (bundle.manifest.revision.empty() ? bundle.digest.substr(7, 12) : bundle.manifest.revision);
    for (rego::Module& module : bundle.modules) {
      module.file = named.name + "/" + module.file;
      modules.push_back(std::move(module));
    }
    if (bundle.plan) {
      plan = std::move(*bundle.plan);
      ++plans;
    }
  }
  if (plans > 1 || (plans == 1 && !modules.empty())) {
    return fail(Code::conflict, "a plan bundle is complete: no other bundle may have policies");
  }
  term::Arena arena;
  made->data_ = term::Document::of(joined(arena, bundles));
  if (plans == 0) {
    rego::CompileOptions options;
    options.plan_everything = true;
    options.capabilities = capabilities;
    options.data = made->data_.root();
    options.allow_print = false;
    auto compiled = rego::compile(std::move(modules), options);
    if (!compiled) return fail(Code::invalid, lines(compiled.error()));
    plan = std::move(compiled->policy);
    made->rule_paths_ = std::move(compiled->rule_paths);
  }
  MC_TRY(made->program_, vm::Program::make(plan, capabilities));
  return made;
}

Policies::Found Policies::find(std::string_view path) const {
  Found found;
  found.rest = parts_of(path);
  std::string name;
  for (const std::string& part : found.rest) name += (name.empty() ? "" : "/") + part;
  std::vector<std::string> behind;
  while (true) {
    found.plan = program_->find_plan(name);
    if (found.plan >= 0 || found.rest.empty()) break;
    behind.push_back(std::move(found.rest.back()));
    found.rest.pop_back();
    const std::size_t slash = name.rfind('/');
    name = slash == std::string::npos ? "" : name.substr(0, slash);
  }
  found.rest.assign(behind.rbegin(), behind.rend());
  return found;
}

void Engine::activate(std::shared_ptr<const Policies> policies) {
  const std::lock_guard lock(mutex_);
  current_ = std::move(policies);
  generation_.fetch_add(1, std::memory_order_release);
}

std::shared_ptr<const Policies> Engine::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

Evaluator::Evaluator(const Engine& engine, sys::Clock& clock, sys::Random& random)
    : engine_(engine), clock_(clock), machine_(clock, random) {}

Evaluator::~Evaluator() = default;

tl::expected<Evaluation, vm::EvalError> Evaluator::evaluate(std::string_view path, Value input,
                                                            const EvaluateOptions& options) {
  // The number is read before the policies: at worst they are fetched once more next time.
  const std::uint64_t generation = engine_.generation();
  if (generation != generation_) {
    policies_ = engine_.current();
    generation_ = generation;
  }
  Evaluation out;
  out.policies = policies_.get();
  const Policies::Found found = policies_->find(path);
  if (found.plan < 0) {
    out.value = walk(policies_->data(), found.rest);
    return out;
  }
  vm::Query query;
  query.plan = found.plan;
  query.input = input;
  query.data = policies_->data();
  query.now = clock_.wall();
  query.strict_errors = options.strict_errors;
  query.limits = options.limits;
  query.zones = options.zones;
  query.printed = options.printed;
  query.profile = options.profile;
  query.trace = options.trace;
  auto answer = machine_.run(policies_->program(), query);
  if (!answer) return tl::unexpected(std::move(answer.error()));
  out.fixed_answers = answer->fixed_answers;
  out.instructions = answer->instructions;
  if (answer->results.size() > 0) {
    out.value = walk(answer->results.items().front().find("result"), found.rest);
  }
  return out;
}

term::Arena& Evaluator::arena() {
  return machine_.arena();
}

void Evaluator::reset() {
  machine_.reset();
}

}  // namespace mc::policy
