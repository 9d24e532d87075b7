#include "ledger/salts.h"

#include <algorithm>
#include <cstdint>
#include <span>

namespace mc::ledger {
namespace {

constexpr std::size_t kBlockBytes = 256;  // as much as the kernel gives in one call, always whole

}  // namespace

Salts::~Salts() {
  wipe(block_);
}

Salt Salts::draw() {
  Salt out;
  const std::lock_guard lock(mutex_);
  if (left_ == 0) {
    block_.resize(kBlockBytes);
    random_.fill(std::span(reinterpret_cast<std::uint8_t*>(block_.data()), block_.size()));
    left_ = block_.size();
  }
  left_ -= out.size();
  const auto from = block_.begin() + static_cast<std::ptrdiff_t>(left_);
  std::copy_n(from, out.size(), out.begin());
  std::fill_n(from, out.size(), '\0');
  return out;
}

}  // namespace mc::ledger
