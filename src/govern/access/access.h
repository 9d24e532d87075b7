// Who may do what with which data, for which purpose: the gate of every request.
//
// A Request and what is known of its resource become the input of the policies (trust/policy),
// whose answer becomes a Verdict. No policy, an undefined answer, an error, an answer of another
// shape: all deny. What may be said of a denial is in the verdict's reasons; obligations bind
// whoever serves.
//
// The policies are asked at data.mc.access.decision (docs/formats/decision.md):
//   {"allow": bool, "rules": [string], "reasons": [string],
//    "obligations": {"mask_class": {sensitivity: mask}, "mask": {column: mask}, "redact": [column],
//                    "filter": [column], "step_up": bool, "alert": bool}}
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/decision_log.h"  // IWYU pragma: export
#include "access/decisions.h"     // IWYU pragma: export
#include "archive/archive.h"
#include "base/base.h"
#include "identity/identity.h"
#include "mask/mask.h"
#include "policy/policy.h"

namespace mc::access {

inline constexpr std::string_view kDecisionPath = "mc/access/decision";
inline constexpr std::string_view kPolicyError = "policy-error";

enum class Action : std::uint8_t {
  read,
  aggregate,
  write,
  introspect,
  forward,
  export_,
  admin,
  noised,  // differentially private answers
  admit,   // of budgets alone (terms.h)
  hold,    // rows that leave for a legal hold, without a technology that protects
};
std::string_view action_name(Action action);

struct ColumnFacts {
  std::string name;
  std::string sensitivity;  // public, internal, personal, sensitive, secret
  std::string licence_class;
  bool quasi_identifier = false;
};

// What does not change between requests: a dataset or a route. Made once, read by all threads.
class Resource {
 public:
  struct Facts {
    std::string kind;  // "dataset", "route"
    std::string name;
    std::vector<std::string> purposes;  // it may be used for; empty = any
    std::string licence_class;
    std::string region;  // where it lies; "" = anywhere
    std::vector<ColumnFacts> columns;
  };
  explicit Resource(Facts facts);
  std::uint64_t id() const { return id_; }  // of these facts, in this process
  const Facts& facts() const { return facts_; }
  term::Value input() const { return document_.root(); }  // as policies see it
  int column(std::string_view name) const;                // -1 = none

 private:
  Facts facts_;
  std::uint64_t id_;
  term::Document document_;
};

// A warrant, as far as policies look at it.
struct WarrantFacts {
  std::string id, kind, reference, status;
  std::vector<std::string> actions;  // "*" = all
  // "ada@system" (a principal), "dataset:people" (a resource); "" = anybody of the operator's
  std::string bound_to;
  WallTime expires;
  std::string tenant;    // whose data it opens
  WallTime effective{};  // it opens nothing before
};

struct Request {
  const identity::Caller& caller;
  std::string_view purpose;  // stated by the request, or the token's default; "" = none
  Action action = Action::read;
  const Resource& resource;
  std::string_view tenant;                // whose data
  std::string_view tenant_region;         // "local" = anywhere
  std::string_view node_region;           // where this server stands; "" = anywhere
  const WarrantFacts* warrant = nullptr;  // that was named, or found for it
  bool stepped_up = false;                // the person has just proven who it is
  std::string_view request_id;
};

struct Obligations {
  // One for each column of the resource; empty = none is masked.
  std::vector<mask::Mask> masks;
  std::vector<int>
      filterable;  // masked columns that may be filtered, ordered and grouped by anyhow
  bool step_up = false;
  bool alert = false;
  bool operator==(const Obligations&) const = default;
};

struct Verdict {
  bool allow = false;
  std::string decision_id;  // "dec_..."
  std::vector<std::string> rule_ids;
  std::vector<std::string> reasons;  // codes: "purpose-missing", "cross-region", ...
  Obligations obligations;
  std::string revision;         // of the policies
  std::string opa_decision_id;  // of the OPA server that decided; "" = it was this process
};
// What denies with the reason "policy-error".
Verdict denied_by_error();

class Remote;  // remote.h

// Decides. One for each thread; with a Remote it blocks.
class Gate {
 public:
  struct World {
    const policy::Engine& engine;
    sys::Clock& clock;
    sys::Random& random;
    DecisionLog* log = nullptr;  // null = decisions are not kept
    Remote* remote = nullptr;    // null = the engine decides
  };
  explicit Gate(const World& world);
  ~Gate();
  // Never fails: what goes wrong is a verdict that denies, with the reason "policy-error".
  Verdict decide(const Request& request);

 private:
  struct State;  // access.cc
  std::unique_ptr<State> state_;
};

// The policies that a new installation runs (policies/default), as files of a bundle.
std::vector<archive::Entry> default_policies();

// What an answer of the policies means for a resource. `invalid` names the member that is not as it
// should be, or an obligation that nobody knows: such an answer denies.
Result<Verdict> read_verdict(term::Value answer, const Resource& resource);

// The input of a logged decision, with the resource as it is now; undefined when it has gone.
using FindResource = std::function<const Resource*(std::string_view kind, std::string_view name)>;
term::Value input_of(term::Arena& arena, const LoggedDecision& decision, const FindResource& find);

}  // namespace mc::access
