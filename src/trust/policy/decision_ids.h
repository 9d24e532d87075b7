// Ids of decisions, "dec_..." as sys::make_id() makes them: in the order of their milliseconds,
// from random bytes that are drawn in stock. Of one thread.
#pragma once

#include <array>
#include <string_view>

#include "sys/sys.h"

namespace mc::policy {

class DecisionIds {
 public:
  DecisionIds(sys::Clock& clock, sys::Random& random) : clock_(clock), random_(random) {}
  using Text = std::array<char, 30>;
  Text next();

 private:
  sys::Clock& clock_;
  sys::Random& random_;
  std::array<std::uint8_t, 1024> stock_{};
  std::size_t used_ = sizeof(stock_);
};
inline std::string_view view(const DecisionIds::Text& id) {
  return {id.data(), id.size()};
}

}  // namespace mc::policy
