#include "budget/reserve.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace mc::budget {
namespace {

// When two limits let a request through. "When something is let go" says no time, "never" says all.
Ticks both(Ticks one, Ticks other) {
  const Ticks later = std::max(one, other);
  return (one == 0 || other == 0) && later != kNever ? 0 : later;
}

}  // namespace

class Reserver {
 public:
  Reserver(const Amounts& amounts, const Moment& at, Reservation& into, std::vector<Mark>* against)
      : amounts_(amounts), at_(at), into_(into), against_(against) {}

  Answer run(std::span<const Charge> charges) {
    into_.taken_ = amounts_;
    into_.since_ = at_;
    for (const Charge& charge : charges) {
      if (charge.limits == nullptr || charge.limits->empty()) continue;
      if (!denied_) {
        into_.charges_[into_.count_] = charge;
        into_.parts_[into_.count_] = 0;
        ++into_.count_;
      }
      ask(charge);
    }
    answer_.admitted = !denied_;
    if (denied_) undo();
    return answer_;
  }

 private:
  void ask(const Charge& charge) {
    const std::vector<Limits::Limit>& limits = charge.limits->all();
    for (std::size_t i = 0; i < limits.size(); ++i) {
      const Limits::Limit& limit = limits[i];
      const std::int64_t amount = amounts_[limit.dimension];
      if (amount <= 0 || charge.exempt.has(limit.dimension)) continue;
      // Once it is denied nothing more is taken: the rest only says what it thinks.
      const Account::Outcome outcome = denied_ ? charge.account->look(limit, amount, at_)
                                               : charge.account->take(limit, amount, at_);
      if (outcome.ok && !denied_) {
        into_.parts_[into_.count_ - 1] |= static_cast<std::uint16_t>(1U << i);
      }
      if (!outcome.ok) note_against(charge, limit, outcome);
      note_nearest(charge, limit, outcome);
    }
  }

  void note_against(const Charge& charge, const Limits::Limit& limit,
                    const Account::Outcome& outcome) {
    if (against_ != nullptr) against_->push_back(mark(charge, limit, outcome));
    if (limit.warn_only) {
      answer_.warned = true;
      return;
    }
    answer_.eligible_at =
        denied_ ? both(answer_.eligible_at, outcome.eligible_at) : outcome.eligible_at;
    denied_ = true;
  }

  void note_nearest(const Charge& charge, const Limits::Limit& limit,
                    const Account::Outcome& outcome) {
    if (!is_own(charge.scope)) return;
    const Mark& best = answer_.nearest;
    const auto share = [](std::int64_t left, std::int64_t quota) {
      return static_cast<double>(left) / static_cast<double>(quota);
    };
    if (answer_.has_nearest && share(outcome.left, limit.quota()) >= share(best.left, best.quota)) {
      return;
    }
    answer_.has_nearest = true;
    answer_.nearest = mark(charge, limit, outcome);
  }

  Mark mark(const Charge& charge, const Limits::Limit& limit,
            const Account::Outcome& outcome) const {
    return {charge.scope,   limit.dimension, amounts_[limit.dimension],
            limit.quota(),  outcome.left,    outcome.eligible_at,
            limit.warn_only};
  }

  void undo() {
    for (std::size_t c = 0; c < into_.count_; ++c) {
      const std::vector<Limits::Limit>& limits = into_.charges_[c].limits->all();
      for (std::size_t i = 0; i < limits.size(); ++i) {
        if ((into_.parts_[c] >> i & 1) == 0) continue;
        into_.charges_[c].account->undo(limits[i], amounts_[limits[i].dimension], at_);
      }
    }
    into_.count_ = 0;
  }

  const Amounts& amounts_;
  const Moment& at_;
  Reservation& into_;
  std::vector<Mark>* const against_;
  bool denied_ = false;
  Answer answer_;
};

Ticks own_eligible_at(std::span<const Mark> against) {
  std::optional<Ticks> out;
  for (const Mark& mark : against) {
    if (!is_own(mark.scope) || mark.warns) continue;
    out = out ? both(*out, mark.eligible_at) : mark.eligible_at;
  }
  return out.value_or(0);
}

std::string policy_of(const Mark& mark) {
  return std::string(name_of(mark.scope)) + "-" + std::string(name_of(mark.dimension));
}

Reservation::Reservation(Reservation&& other) noexcept {
  *this = std::move(other);
}

Reservation& Reservation::operator=(Reservation&& other) noexcept {
  if (this == &other) return *this;
  settle(taken_, since_);
  charges_ = other.charges_;
  parts_ = other.parts_;
  count_ = std::exchange(other.count_, 0);
  taken_ = other.taken_;
  since_ = other.since_;
  owner_ = std::move(other.owner_);
  return *this;
}

Reservation::~Reservation() {
  settle(taken_, since_);
}

void Reservation::settle(const Amounts& used, const Moment& at) {
  for (std::size_t c = 0; c < count_; ++c) {
    const std::vector<Limits::Limit>& limits = charges_[c].limits->all();
    for (std::size_t i = 0; i < limits.size(); ++i) {
      if ((parts_[c] >> i & 1) == 0) continue;
      const Dimension dimension = limits[i].dimension;
      charges_[c].account->settle(limits[i], taken_[dimension], used[dimension], since_, at);
    }
  }
  count_ = 0;
  owner_ = nullptr;
}

Answer reserve(std::span<const Charge> charges, const Amounts& amounts, const Moment& at,
               Reservation& into, std::vector<Mark>* against) {
  into = Reservation();
  return Reserver(amounts, at, into, against).run(charges);
}

}  // namespace mc::budget
