// What the policies say of a request's budgets: its class, and which limits of its tenant's own do
// not hold for it.
//
// They are asked at data.mc.budget.decision (docs/formats/budget-decision.md):
//   {"class": string, "exempt": [dimension], "rules": [string]}, each of them optional
// with the input of access decisions and the action "admit". One thing differs: a purpose that the
// caller's token does not hold is "" there. It is whatever a client writes, and nobody may write
// its way out of a budget.
//
// Only policies of this process are asked: what is decided before every request cannot wait for
// another server.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "access/access.h"
#include "budget/limits.h"

namespace mc::access {

inline constexpr std::string_view kTermsPath = "mc/budget/decision";

struct Terms {
  std::string class_name;  // "" = none
  budget::DimensionSet exempt;
  std::vector<std::string> rules;  // that spoke
  bool operator==(const Terms&) const = default;
};
// Shared by what is remembered and the requests that go by it. Null: no class, no exemption.
using TermsPtr = std::shared_ptr<const Terms>;

// `invalid` names the member that is not as it should be, or that nobody knows.
Result<Terms> read_terms(term::Value answer);

// Asks. Of one thread; does not block.
class TermsGate {
 public:
  struct World {
    const policy::Engine& engine;
    sys::Clock& clock;
    sys::Random& random;
  };
  explicit TermsGate(const World& world);
  ~TermsGate();
  // Whether the policies of now have anything to say: a rule or a package at kTermsPath. Found out
  // once for each generation of the engine.
  bool applies();
  // Null, too, when they do not apply, or say nothing of this request. `invalid`: they failed, or
  // gave another answer than they should. The request's action and warrant do not matter.
  Result<TermsPtr> ask(const Request& request);

 private:
  struct State;  // terms.cc
  std::unique_ptr<State> state_;
};

}  // namespace mc::access
