#include "policy/decision_ids.h"

#include <algorithm>
#include <cstring>

namespace mc::policy {

DecisionIds::Text DecisionIds::next() {
  constexpr std::size_t kBytes = 16;
  if (used_ + kBytes > stock_.size()) {
    random_.fill(stock_);
    used_ = 0;
  }
  std::uint64_t a = 0, b = 0;
  std::memcpy(&a, stock_.data() + used_, sizeof a);
  std::memcpy(&b, stock_.data() + used_ + sizeof a, sizeof b);
  used_ += kBytes;
  const auto unix_ms = static_cast<std::uint64_t>(to_unix_ms(clock_.wall()));
  const std::string text =
      to_crockford(unix_ms << 16 | 0x7000 | (a & 0x0fff), 0x8000'0000'0000'0000 | (b >> 2), "dec_");
  Text out{};
  std::copy_n(text.begin(), out.size(), out.begin());
  return out;
}

}  // namespace mc::policy
