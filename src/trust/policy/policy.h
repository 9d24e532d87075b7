// Policies in use: what bundles say, compiled once, evaluated by any number of threads.
//
//   Policies   immutable: the program, the base data and the revisions of the active bundles
//   Engine     the policies of now; activate() swaps them without a lock for those who evaluate
//   Evaluator  one thread's: evaluates a path of data against an input
//
// A decision is made by one Policies from its first to its last instruction, whatever is activated
// meanwhile. Undefined is never turned into allow: who asks gets `undefined` and must deny.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "policy/bundle.h"
#include "policy/rule_notes.h"  // IWYU pragma: export
#include "policy/run_tests.h"   // IWYU pragma: export
#include "policy/store.h"       // IWYU pragma: export
#include "vm/vm.h"

namespace mc::policy {

struct BundleInfo {
  std::string name;
  std::string revision;
  std::string digest;
  std::string signed_by;
  std::vector<std::string> roots;
  bool operator==(const BundleInfo&) const = default;
};

// Names, one after the other: {"a", "b", "c"} of "a/b/c". Any text may be a name.
using Path = std::span<const std::string_view>;

// A file of Rego that is in use.
struct Source {
  std::string id;       // the bundle's name and the path in it: "main/authz/allow.rego"
  std::string package;  // "a/b"
  std::string text;
};

class Policies {
 public:
  struct NamedBundle {
    std::string name;
    Bundle bundle;
  };
  // Compiles the modules of all bundles together, with a plan for each rule and each package.
  // Errors: the compiler's findings, a line each ("file:row:col: code: message"), at most 10; roots
  // of two bundles overlap; data under a rule.
  static Result<std::shared_ptr<const Policies>> make(std::vector<NamedBundle> bundles,
                                                      const vm::Capabilities& capabilities = {});
  // No rules and no data: everything is undefined.
  static std::shared_ptr<const Policies> none();

  const std::vector<BundleInfo>& bundles() const { return bundles_; }
  const std::vector<std::string>& rule_paths() const { return rule_paths_; }  // "data.a.allow"
  const vm::Program& program() const { return *program_; }
  term::Value data() const { return data_.root(); }
  // "name@revision" of all, comma separated: what a decision is attributed to.
  const std::string& revision() const { return revision_; }
  const std::vector<Source>& sources() const { return sources_; }  // by bundle and path
  const std::vector<RuleNote>& rules() const { return rules_; }    // that decisions name; no plans'
  // The longest rule or package that `path` begins with.
  struct Found {
    int plan = -1;         // -1 = base data only
    std::size_t used = 0;  // names of the path; what is left is looked up in the plan's answer
    bool is_rule = false;
  };
  Found find(Path path) const;

 private:
  Policies() = default;
  class Entries;  // policy.cc
  void note(const NamedBundle& named);
  // What a path stands for: a rule, or what packages lie in.
  struct Entry {
    bool is_rule = false;
    bool hides = false;  // there are rules below it under a name that cannot stand in a path
  };
  void index_plans(const std::map<std::string, Entry>& entries);

  struct Plan {
    int number = -1;
    Entry entry;
  };
  struct Hash {
    using is_transparent = void;  // NOLINT(readability-identifier-naming): the library's
    std::size_t operator()(std::string_view name) const {
      return std::hash<std::string_view>()(name);
    }
  };
  std::unordered_map<std::string, Plan, Hash, std::equal_to<>> plans_;  // by "a/b/c"
  std::size_t deepest_ = 0;                                             // names of the longest one
  std::vector<Source> sources_;
  std::vector<RuleNote> rules_;
  std::vector<BundleInfo> bundles_;
  std::vector<std::string> rule_paths_;
  std::shared_ptr<const vm::Program> program_;
  term::Document data_;
  std::string revision_;
};

class Engine {
 public:
  Engine() : current_(Policies::none()) {}
  // From then on new decisions are made by these.
  void activate(std::shared_ptr<const Policies> policies);
  std::shared_ptr<const Policies> current() const;
  std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }
  bool is_active() const { return generation() > 1; }  // something has been activated

 private:
  mutable std::mutex mutex_;  // of current_; taken by an evaluator only after a swap
  std::shared_ptr<const Policies> current_;
  std::atomic<std::uint64_t> generation_ = 1;
};

struct Evaluation {
  term::Value value;  // undefined when the policies say nothing; valid until the next evaluate()
  const Policies* policies = nullptr;  // who decided; valid until the next evaluate()
  term::Value fixed_answers;
  std::int64_t instructions = 0;
};
struct EvaluateOptions {
  bool strict_errors = false;
  vm::Limits limits;
  std::vector<std::string>* printed = nullptr;
  vm::Profile* profile = nullptr;
  std::vector<vm::TraceEvent>* trace = nullptr;
};

// Of one thread.
class Evaluator {
 public:
  Evaluator(const Engine& engine, sys::Clock& clock, sys::Random& random);
  ~Evaluator();
  // The value at `path` ("a/b/c" or "" for all of data). The input is read or built in arena().
  tl::expected<Evaluation, vm::EvalError> evaluate(std::string_view path, term::Value input,
                                                   const EvaluateOptions& options = {});
  // The same for names that may have a slash in them.
  tl::expected<Evaluation, vm::EvalError> evaluate(Path path, term::Value input,
                                                   const EvaluateOptions& options = {});
  // Who made the last decision, also one that failed; valid until the next.
  const Policies& policies() const { return *policies_; }
  std::uint64_t generation() const { return generation_; }  // of them, in the engine
  // Whether that decision may have looked at this member of the input; base data have not.
  bool may_have_read(std::string_view member) const {
    return ran_ && machine_.may_have_read(member);
  }
  term::Arena& arena();
  void reset();  // forgets the last input and answer

 private:
  const Engine& engine_;
  sys::Clock& clock_;
  vm::Machine machine_;
  std::shared_ptr<const Policies> policies_;  // kept alive while this thread evaluates by them
  std::uint64_t generation_ = 0;
  bool ran_ = false;  // the machine, for the last decision: its program is that of policies_
  std::vector<std::string_view> names_;  // of the path under way
};

}  // namespace mc::policy
