#include "policy/policy.h"

#include <algorithm>
#include <map>

#include "policy/roots.h"

namespace mc::policy {
namespace {

using term::Value;

Status check_roots(const std::vector<Policies::NamedBundle>& bundles) {
  for (std::size_t i = 0; i < bundles.size(); ++i) {
    for (std::size_t j = i + 1; j < bundles.size(); ++j) {
      for (const std::string& a : bundles[i].bundle.manifest.roots) {
        for (const std::string& b : bundles[j].bundle.manifest.roots) {
          if (lies_under(a, b) || lies_under(b, a)) {
            std::string what = "the bundles '" + bundles[i].name + "' and '";
            what.append(bundles[j].name).append("' have overlapping roots: '");
            what.append(a).append("' and '").append(b).append("'");
            return fail(Code::conflict, std::move(what));
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

// Keys and members are names; where there is none, the name may be a number.
Value step_into(Value value, std::string_view name) {
  if (const Value found = value.find(name); !found.is_undefined()) return found;
  if (value.is_set()) {
    for (const Value item : value.items()) {
      if (item.is_string() && item.text() == name) return item;
    }
  }
  const auto number = parse_int(name);
  return number ? value.find(Value::integer(*number)) : Value();
}

Value walk(Value value, Path path) {
  for (const std::string_view name : path) {
    if (value.is_undefined()) return value;
    value = step_into(value, name);
  }
  return value;
}

std::string package_path(const rego::Module& module) {
  std::string path;
  for (std::size_t i = 1; i < module.package.items.size(); ++i) {
    path += (i > 1 ? "/" : "") + module.package.items[i].text;
  }
  return path;
}

}  // namespace

std::shared_ptr<const Policies> Policies::none() {
  std::shared_ptr<Policies> made(new Policies);
  auto program = vm::Program::make({});
  MC_CHECK(program);
  made->program_ = std::move(*program);
  return made;
}

// The entry points of modules: all rules, and all packages and what they lie in.
class Policies::Entries {
 public:
  void add(const rego::Module& module) {
    std::string path;
    all_.try_emplace(path);
    if (!extend(path, module.package, 1)) return;
    for (const rego::Rule& rule : module.rules) {
      if (rule.head.kind == rego::Head::Kind::function) continue;
      std::string own = path;
      if (extend(own, rule.head.ref, 0)) all_[own].is_rule = true;
    }
  }
  const std::map<std::string, Entry>& all() const { return all_; }

 private:
  // By the constant names that `ref` begins with, from item `i` on.
  bool extend(std::string& path, const rego::Term& ref, std::size_t i) {
    for (; i < ref.items.size(); ++i) {
      const rego::Term& item = ref.items[i];
      if (i > 0 && item.kind != rego::Term::Kind::string) break;
      if (!can_stand_in_path(item.text)) {
        all_[path].hides = true;
        return false;
      }
      path += (path.empty() ? "" : "/") + item.text;
      all_.try_emplace(path);
    }
    return true;
  }

  std::map<std::string, Entry> all_;
};

Result<std::shared_ptr<const Policies>> Policies::make(std::vector<NamedBundle> bundles,
                                                       const vm::Capabilities& capabilities) {
  MC_TRY_OK(check_roots(bundles));
  std::shared_ptr<Policies> made(new Policies);
  std::vector<rego::Module> modules;
  vm::plan::Policy plan;
  std::size_t plans = 0;
  for (NamedBundle& named : bundles) {
    made->note(named);
    for (rego::Module& module : named.bundle.modules) {
      module.file = named.name + "/" + module.file;
      made->sources_.push_back({module.file, package_path(module), module.source});
      modules.push_back(std::move(module));
    }
    if (named.bundle.plan) {
      plan = std::move(*named.bundle.plan);
      ++plans;
    }
  }
  if (plans > 1 || (plans == 1 && !modules.empty())) {
    return fail(Code::conflict, "a plan bundle is complete: no other bundle may have policies");
  }
  term::Arena arena;
  made->data_ = term::Document::of(joined(arena, bundles));
  Entries entries;
  for (const rego::Module& module : modules) entries.add(module);
  made->rules_ = notes_of(modules);
  if (plans == 0) {
    rego::CompileOptions options;
    for (const auto& [path, entry] : entries.all()) options.entrypoints.push_back({path});
    options.capabilities = capabilities;
    options.data = made->data_.root();
    options.allow_print = false;
    auto compiled = rego::compile(std::move(modules), options);
    if (!compiled) return fail(Code::invalid, lines(compiled.error()));
    plan = std::move(compiled->policy);
    made->rule_paths_ = std::move(compiled->rule_paths);
  }
  MC_TRY(made->program_, vm::Program::make(plan, capabilities));
  made->index_plans(entries.all());
  return made;
}

void Policies::note(const NamedBundle& named) {
  const Bundle& bundle = named.bundle;
  const std::string& revision = bundle.manifest.revision;
  bundles_.push_back(
      {named.name, revision, bundle.digest, bundle.signed_by, bundle.manifest.roots});
  if (!revision_.empty()) revision_ += ',';
  revision_ += named.name + "@";
  if (!revision.empty()) {
    revision_ += revision;
  } else if (bundle.digest.size() > 7) {
    revision_ += bundle.digest.substr(7, 12);  // behind "sha256:"
  }
}

void Policies::index_plans(const std::map<std::string, Entry>& entries) {
  int number = 0;
  for (const std::string& name : program_->plan_names()) {
    // The plans of a plan bundle may be of rules or packages, so all are taken for rules.
    const auto entry = entries.find(name);
    plans_[name] = {number++, entry == entries.end() ? Entry{.is_rule = true} : entry->second};
    const auto slashes = static_cast<std::size_t>(std::count(name.begin(), name.end(), '/'));
    deepest_ = std::max(deepest_, name.empty() ? 0 : slashes + 1);
  }
}

Policies::Found Policies::find(Path path) const {
  std::string name;
  std::size_t depth = 0;
  for (; depth < std::min(path.size(), deepest_); ++depth) {
    if (!can_stand_in_path(path[depth])) break;
    if (depth > 0) name += '/';
    name += path[depth];
  }
  while (true) {
    if (const auto at = plans_.find(std::string_view(name)); at != plans_.end()) {
      const Entry& entry = at->second.entry;
      // Below a package that has no such rule there is base data alone.
      const bool may_hold =
          entry.is_rule || depth == path.size() || (entry.hides && !can_stand_in_path(path[depth]));
      if (!may_hold) return {};
      return {at->second.number, depth, entry.is_rule};
    }
    if (depth == 0) return {};
    --depth;
    name.resize(depth == 0 ? 0 : name.size() - path[depth].size() - 1);
  }
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
  names_.clear();
  while (!path.empty()) {
    const std::string_view name = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(path.size(), name.size() + 1));
    if (!name.empty()) names_.push_back(name);
  }
  return evaluate(Path(names_), input, options);
}

tl::expected<Evaluation, vm::EvalError> Evaluator::evaluate(Path path, Value input,
                                                            const EvaluateOptions& options) {
  // The number is read before the policies: at worst they are fetched once more next time.
  const std::uint64_t generation = engine_.generation();
  ran_ = false;
  if (generation != generation_) {
    policies_ = engine_.current();
    generation_ = generation;
  }
  Evaluation out;
  out.policies = policies_.get();
  const Policies::Found found = policies_->find(path);
  if (found.plan < 0) {
    out.value = walk(policies_->data(), path);
    return out;
  }
  vm::Query query;
  query.plan = found.plan;
  query.input = input;
  query.data = policies_->data();
  query.now = clock_.wall();
  query.strict_errors = options.strict_errors;
  query.limits = options.limits;
  query.printed = options.printed;
  query.profile = options.profile;
  query.trace = options.trace;
  ran_ = true;
  auto answer = machine_.run(policies_->program(), query);
  if (!answer) return tl::unexpected(std::move(answer.error()));
  out.fixed_answers = answer->fixed_answers;
  out.instructions = answer->instructions;
  if (answer->results.size() > 0) {
    const Value result = answer->results.items().front().find("result");
    out.value = walk(result, path.subspan(found.used));
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
