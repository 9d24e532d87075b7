// What a run on datasets costs, and telling it to a client that asks: "X-MC-Cost: include".
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "cost/spent.h"
#include "gateway/call.h"

namespace mc::gateway {

// Of one item of a call while it runs.
class CostWatch {
 public:
  CostWatch(const Gateway::Core& core, Call& call, std::size_t item);
  graphql::Tally* tally() { return spent_ ? &*spent_ : nullptr; }
  // Adds what it has cost to the call's budget, and extensions.cost to the answer when the client
  // wants it: {"requested": before it ran, "actual": by what it did, "remaining": of the budget}.
  void end(std::string& body);

 private:
  Call& call_;
  const std::size_t item_;
  std::optional<cost::Spent> spent_;
};

// What the call is charged before it runs, by the model of its route; nothing = it has none.
std::optional<std::int64_t> requested_credits(const Call& call);

// Where the answer is another server's: as a field of its head, "requested=12, remaining=88".
void add_cost(const Call& call, net::FieldLines& fields);

}  // namespace mc::gateway
