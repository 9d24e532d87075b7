#include "term/arena.h"

#include <algorithm>

namespace mc::term {
namespace {

constexpr std::size_t kFirstBlock = 16 << 10;
constexpr std::size_t kLargestBlock = 4 << 20;

}  // namespace

void* Arena::take_block(std::size_t bytes) {
  full_bytes_ += static_cast<std::size_t>(next_ - begin_);
  const std::size_t grown =
      blocks_.empty() ? kFirstBlock : static_cast<std::size_t>(end_ - begin_) * 2;
  const std::size_t size = std::max(bytes, std::min(grown, kLargestBlock));
  blocks_.push_back(std::make_unique_for_overwrite<char[]>(size));
  if (blocks_.size() == 1) first_size_ = size;
  begin_ = blocks_.back().get();
  next_ = begin_ + bytes;
  end_ = begin_ + size;
  return begin_;
}

void Arena::reset() {
  full_bytes_ = 0;
  too_deep_ = false;
  if (blocks_.empty()) return;
  blocks_.resize(1);
  begin_ = next_ = blocks_.front().get();
  end_ = begin_ + first_size_;
}

}  // namespace mc::term
