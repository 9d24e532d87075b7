// A logged decision, read back and made again: for explanations (explain.h) and for what other
// policies would decide (what_if.h).
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "access/access.h"

namespace mc::access {

// What came of a decision, as far as one differs from another for whoever asked.
struct Outcome {
  bool allow = false;
  std::vector<std::string> reasons;           // sorted
  std::map<std::string, std::string> masked;  // the mask by column
  bool operator==(const Outcome&) const = default;
};
Outcome outcome_of(const Verdict& verdict, const Resource& resource);

// A line of the log. A decision of the Data API (docs/guides/opa-api.md) is logged without its
// input: its action is "eval", its resource of kind "data" the path that was asked.
struct DecisionFacts {
  std::string id;
  WallTime at;
  std::string tenant, principal, action, purpose;
  std::string resource_kind, resource_name;
  std::vector<std::string> rules;
  Outcome outcome;
  std::string revision, request_id;
  std::string warrant;  // the id of the one that was named; "" = none
  double rate = 1;      // the share of decisions like it that the log keeps
  bool has_input = false;
};
// Adds up what decisions of a sampled log stand for: each for 1 / rate.
class Estimate {
 public:
  void add(double rate) { sum_ += 1 / rate; }
  std::int64_t rounded() const { return static_cast<std::int64_t>(sum_ + 0.5); }

 private:
  double sum_ = 0;
};
// `corrupt` when it is no line of ours.
Result<DecisionFacts> read_decision(const LoggedDecision& decision);

// Makes decisions by policies that need not be those in use, at the time of one's choice. Of one
// thread.
class Retrial {
 public:
  Retrial(std::shared_ptr<const policy::Policies> policies, sys::Clock& clock, sys::Random& random);
  ~Retrial();
  // As the gate: what goes wrong denies, with the reason "policy-error". The input has its resource
  // in it, and may be built in arena().
  Outcome decide(term::Value input, const Resource& resource, WallTime at);
  term::Arena& arena();
  void reset();  // forgets the last input

 private:
  struct State;  // outcome.cc
  std::unique_ptr<State> state_;
};

}  // namespace mc::access
