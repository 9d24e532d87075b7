// One request against all the budgets that it falls under: all of them let it through, or none is
// touched. Pure: the counts are the caller's, the time is given.
//
//   Charge       a scope's limits and its counts
//   reserve()    takes the amounts from every limit of every charge, or says what stands against it
//   Reservation  what was taken; settle() it once, with what was used
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/base.h"
#include "budget/account.h"
#include "budget/limits.h"

namespace mc::budget {

// How much of each dimension, by its number. day_credits and month_credits go by credits.
class Amounts {
 public:
  std::int64_t operator[](Dimension dimension) const { return values_[index(dimension)]; }
  Amounts& set(Dimension dimension, std::int64_t amount) {
    values_[index(dimension)] = amount;
    return *this;
  }
  bool operator==(const Amounts&) const = default;

 private:
  static std::size_t index(Dimension dimension) {
    if (dimension == Dimension::day_credits || dimension == Dimension::month_credits) {
      return static_cast<std::size_t>(Dimension::credits);
    }
    return static_cast<std::size_t>(dimension);
  }
  std::array<std::int64_t, kDimensions> values_ = {};
};

struct Charge {
  Scope scope = Scope::tenant;
  const Limits* limits = nullptr;
  Account* account = nullptr;
  DimensionSet exempt = {};  // limits of these are neither asked nor charged
};
inline constexpr std::size_t kChargesMax = kScopes;

// A limit that stands against a request, or that it came nearest to.
struct Mark {
  Scope scope = Scope::tenant;
  Dimension dimension = Dimension::requests;
  std::int64_t amount = 0;  // asked for
  std::int64_t quota = 0;   // as the limit was set
  std::int64_t left = 0;    // after it when admitted, as it is otherwise
  Ticks eligible_at = 0;    // kNever, or 0: as soon as something that is held is let go
  bool warns = false;       // only
};
std::string policy_of(const Mark& mark);  // "tenant-user-requests"
// Whether a scope is of one tenant alone; what is shared tells nobody about others.
constexpr bool is_own(Scope scope) {
  return scope != Scope::global && scope != Scope::plan && scope != Scope::route;
}
// As Answer::eligible_at, of what stands against a request of its caller's own alone: when others
// let go of what they share is not to be seen in that.
Ticks own_eligible_at(std::span<const Mark> against);

class Reservation {
 public:
  Reservation() = default;
  Reservation(const Reservation&) = delete;
  Reservation& operator=(const Reservation&) = delete;
  Reservation(Reservation&& other) noexcept;
  Reservation& operator=(Reservation&& other) noexcept;
  // One that was never settled was used as it was estimated: held things are let go.
  ~Reservation();

  bool is_open() const { return count_ > 0; }
  const Amounts& taken() const { return taken_; }
  // Lives as long as this is open: whatever owns an account that would else be forgotten.
  void keep(std::shared_ptr<const void> owner) { owner_ = std::move(owner); }
  // Once; what comes later changes nothing.
  void settle(const Amounts& used, const Moment& at);

 private:
  friend class Reserver;
  std::array<Charge, kChargesMax> charges_ = {};
  std::array<std::uint16_t, kChargesMax> parts_ = {};  // of each charge: a bit a limit
  std::size_t count_ = 0;
  Amounts taken_;
  Moment since_;
  std::shared_ptr<const void> owner_;
};

struct Answer {
  bool admitted = false;
  bool warned = false;  // admitted by a limit that only warns
  // Denied: when all that stands against it will let it through, if nothing else comes; kNever, or
  // 0 when one of them waits for something to be let go. Never earlier than the rates say.
  Ticks eligible_at = 0;
  // The limit of the caller's own with the least left for its quota, when there is one.
  bool has_nearest = false;
  Mark nearest;
};

// `into` is open when it was admitted and something was taken. `against`, when given, gets what
// stands against it, or would if it did not warn only, in the order of the charges. At most
// kChargesMax charges; limits and accounts outlive the reservation.
Answer reserve(std::span<const Charge> charges, const Amounts& amounts, const Moment& at,
               Reservation& into, std::vector<Mark>* against = nullptr);

}  // namespace mc::budget
