// Who answers at data.mc.access.decision: the policies of this process, or an OPA server elsewhere
// (remote.h). Both see the same input, and nothing but the answer differs.
#pragma once

#include <memory>

#include "policy/policy.h"

namespace mc::access {

struct Verdict;
class Resource;

// Of one thread.
class Decisions {
 public:
  virtual ~Decisions() = default;
  // Forgets the last decision. The input of the next one is built in this arena.
  virtual term::Arena& begin() = 0;
  // Never fails: no answer, an error and an answer of another shape deny, with the one reason
  // kPolicyError. The decision's id is left to the gate.
  virtual Verdict decide(term::Value input, const Resource& resource) = 0;
  // Of the policies that would decide now, so that what they said before can be remembered; 0 =
  // nothing can.
  virtual std::uint64_t generation() const { return 0; }
  // Of those that made the last decision, when they would say the same at any time; 0 otherwise.
  virtual std::uint64_t steady() const { return 0; }
};

// Evaluates the policies of this process; does not block.
std::unique_ptr<Decisions> own_decisions(const policy::Engine& engine, sys::Clock& clock,
                                         sys::Random& random);

}  // namespace mc::access
