// Why a logged decision was as it was, for people: the rules that spoke, what they read, what the
// policies of now say to the same input, and what the request would have had to be to be allowed.
//
// The last is found by trying: the decision is made again with one input changed, and with two when
// no single one does. Bounded: kTriesMax evaluations.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "access/outcome.h"

namespace mc::access {

inline constexpr std::size_t kTriesMax = 1'000;

struct Explanation {
  std::string summary;  // one sentence

  struct Rule {
    std::string id;
    bool denies = false;  // it is one of the reasons
    // What the policies of now say of it; null when they have no such rule, or say nothing.
    const policy::RuleNote* note = nullptr;
  };
  std::vector<Rule> rules;

  struct Input {
    std::string name;                 // "principal.roles"
    std::optional<std::string> json;  // none when the input has none
    std::vector<std::string> rules;   // that read it
  };
  std::vector<Input> inputs;

  struct MaskedColumn {
    std::string column, mask;
    std::optional<std::string> sensitivity;  // none when the column has gone
  };
  std::vector<MaskedColumn> masks;

  struct Now {
    std::string revision;
    bool policies_changed = false;
    std::optional<Outcome> outcome;  // none when the resource has gone
  };
  std::optional<Now> now;  // none when the policies of now are not known here
  bool same = false;       // as it was decided

  struct Change {
    std::string
        what;  // purpose, granted-purpose, role, warrant, no-warrant, tenant, region, step-up
    std::string from, to;
    std::string text;  // "with the purpose 'support'"
  };
  using Changes = std::vector<Change>;  // all of one together
  std::vector<Changes> would_allow;     // of a denial; by the policies of now
  std::size_t tried = 0;

  std::shared_ptr<const policy::Policies> policies;  // what the notes lie in
};

struct ExplainWorld {
  std::shared_ptr<const policy::Policies> policies;  // of now; null = they are elsewhere (remote.h)
  sys::Clock& clock;
  sys::Random& random;
  FindResource find;
};
// `corrupt` when the decision is no line of the log.
Result<Explanation> explain(const ExplainWorld& world, const LoggedDecision& decision);

// The id that decisions name a rule by, and its METADATA; null without. Of several that share an id
// the first with a title.
const policy::RuleNote* note_of(const policy::Policies& policies, std::string_view rule);

}  // namespace mc::access
