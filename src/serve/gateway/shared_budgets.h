// Budgets that this node shares with others (govern/share), beside its own book.
//
// Each limit that a request falls under is asked of the store first, as "{alpha}tenant:requests",
// and of the book then: what all nodes together admit is never more than one of them would. Limits
// that only warn are counted by each node alone, and so are users' when there are very many
// (kSharedUsersMax). Users are named by a hash, so that the store holds no names of people.
#pragma once

#include <string>
#include <vector>

#include "base/base.h"
#include "budget/book.h"
#include "share/share.h"

namespace mc::gateway {

// Keys that a node shares, of whatever scope, from which on it shares none of a user's any more:
// the rest is for tenants.
inline constexpr std::int64_t kSharedUsersMax = share::kLinesMax / 2;

// What a request has of them, until it is settled.
struct SharedHold {
  struct Part {
    budget::Scope scope = budget::Scope::tenant;
    budget::Dimension dimension = budget::Dimension::requests;
    std::int64_t quota = 0;
  };
  std::vector<share::Need> needs;
  std::vector<Part> parts;  // of needs
  MonoTime taken;
};

// The key of a limit in the store; `at` names the day or month of a window.
std::string shared_key(budget::Scope scope, budget::Dimension dimension,
                       const budget::Book::Who& who, const budget::Moment& at);

struct Sharing {
  share::Share& share;
  budget::Book& book;
  budget::OnLoss on_loss;  // of limits that say nothing of their own
};
// `exhausted` when the node shares too many (share::kLinesMax).
Result<SharedHold> hold_of(const Sharing& sharing, const budget::Book::Who& who,
                           const budget::Amounts& amounts, const budget::Moment& at);

// What stands against it. A day or a month that is used up comes again when it is over.
budget::Mark mark_of(const SharedHold& hold, const share::Outcome& outcome,
                     const budget::Moment& at);

}  // namespace mc::gateway
