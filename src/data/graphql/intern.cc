#include "graphql/intern.h"

namespace mc::graphql {

void Interner::grow() {
  const std::uint32_t mask = (mask_ + 1) * 4 - 1;
  std::vector<Slot> wider(std::size_t{mask} + 1);
  for (std::uint32_t i = 0; i <= mask_; ++i) {
    if (slots_[i].symbol == kNone) continue;
    std::uint32_t at = slots_[i].hash & mask;
    while (wider[at].symbol != kNone) at = (at + 1) & mask;
    wider[at] = slots_[i];
  }
  heap_ = std::move(wider);
  slots_ = heap_.data();
  mask_ = mask;
}

}  // namespace mc::graphql
