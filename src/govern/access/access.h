// Who may do what with which data, for which purpose: the gate of every request.
//
// A Request and what is known of its resource become the input of the policies (trust/policy),
// whose answer becomes a Verdict. No policy, an undefined answer, an error, an answer of another
// shape: all deny. What may be said of a denial is in the verdict's reasons; obligations bind
// whoever serves.
//
// The policies are asked at data.mc.access.decision (see policies/default/README.md):
//   {"allow": bool, "rules": [string], "reasons": [string],
//    "obligations": {"mask": {column: "hash"}, "redact": [column], "filter": [column],
//                    "step_up": bool, "alert": bool}}
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/decision_log.h"  // IWYU pragma: export
#include "base/base.h"
#include "identity/identity.h"
#include "mask/mask.h"
#include "policy/policy.h"

namespace mc::access {

enum class Action : std::uint8_t { read, aggregate, write, introspect, forward, export_, admin };
std::string_view action_name(Action action);

struct ColumnFacts {
  std::string name;
  std::string sensitivity;  // public, internal, personal, sensitive, secret
  std::string licence_class;
  bool quasi_identifier = false;
};

// What does not change between requests: a dataset or a route, made once.
struct Resource {
  std::string kind;  // "dataset", "route"
  std::string name;
  std::vector<std::string> purposes;  // it may be used for; empty = any
  std::string licence_class;
  std::string region;  // where it lies; "" = anywhere
  std::vector<ColumnFacts> columns;
};

// A warrant, as far as policies look at it.
struct WarrantFacts {
  std::string id, kind, reference, status;
  std::vector<std::string> actions;
  std::string bound_to;  // the principal or the resource; "" = anybody
  WallTime expires;
};

struct Request {
  const identity::Caller& caller;
  std::string_view purpose;  // stated by the request; "" = the token's default
  Action action = Action::read;
  const Resource& resource;
  TenantId tenant;  // whose data
  std::string_view tenant_region;
  std::string_view node_region;           // where this server stands
  const WarrantFacts* warrant = nullptr;  // that was found for it
  bool stepped_up = false;                // the person has just proven who it is
};

struct Obligations {
  std::map<std::string, mask::Mask, std::less<>> masks;  // by column
  std::vector<std::string> redact;                       // columns that are not answered at all
  std::vector<std::string> filterable;  // masked columns that may be filtered by all the same
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
  std::string revision;  // of the policies
};

// Decides; one for each thread.
class Gate {
 public:
  struct World {
    const policy::Engine& engine;
    sys::Clock& clock;
    sys::Random& random;
    DecisionLog* log = nullptr;  // null = decisions are not kept
  };
  explicit Gate(const World& world);
  ~Gate();
  // Never fails: what goes wrong is a verdict that denies, with the reason "policy-error".
  Verdict decide(const Request& request);

 private:
  struct State;  // access.cc
  std::unique_ptr<State> state_;
};

}  // namespace mc::access
