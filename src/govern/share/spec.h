// What is shared, and what happens to it when the store does not answer.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/base.h"
#include "budget/limits.h"
#include "share/store.h"

namespace mc::share {

enum class Mode : std::uint8_t { lease, exact };
using budget::kOnLosses;
using budget::OnLoss;

// One budget that is shared.
struct Spec {
  Kind kind = Kind::rate;
  budget::RateLimit rate = {};  // of a rate
  std::int64_t max = 0;         // of a window, of seats
  Nanos keep = {};              // of a window: until it is over, and a little
  bool settles = false;         // what is taken of it are estimates: settle() says what was used
  OnLoss on_loss = OnLoss::local_share;
  bool operator==(const Spec&) const = default;

  static Spec of(const budget::Limits::Limit& limit, OnLoss on_loss, Nanos window_left = {});
};
// `invalid` names the member: budget::Rate::make, max 1 to budget::kWindowMax, periods of whole
// microseconds. Rates of more than 2^50 ticks are up to 0.5 % slower than said, never faster.
Result<Shape> shape_of(const Spec& spec);

}  // namespace mc::share
