// Memory of one execution: bump allocation, freed all at once. One owner, one thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>
#include <type_traits>
#include <vector>

namespace mc::graphql {

class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;  // hands out pointers into itself
  Arena& operator=(const Arena&) = delete;

  // A copy of `text` that lives as long as the arena.
  std::string_view keep(std::string_view text) {
    if (text.empty()) return {};
    char* to = static_cast<char*>(take(text.size(), 1));
    std::memcpy(to, text.data(), text.size());
    return {to, text.size()};
  }

  // `count` value-initialised objects; null when count is 0.
  template <class T>
  T* array(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T>);
    if (count == 0) return nullptr;
    T* first = static_cast<T*>(take(count * sizeof(T), alignof(T)));
    for (std::size_t i = 0; i < count; ++i) new (first + i) T();
    return first;
  }

 private:
  static constexpr std::size_t kBlockBytesMax = 1 << 20;

  void* take(std::size_t bytes, std::size_t alignment) {
    const std::size_t start = (used_ + alignment - 1) & ~(alignment - 1);
    if (start + bytes <= size_) {
      used_ = start + bytes;
      return block_ + start;
    }
    const std::size_t size = std::max(bytes, next_size_);
    next_size_ = std::min(next_size_ * 2, kBlockBytesMax);
    blocks_.push_back(std::make_unique_for_overwrite<std::byte[]>(size));
    block_ = blocks_.back().get();
    size_ = size;
    used_ = bytes;
    return block_;
  }

  // Small requests live here and never touch the heap.
  alignas(std::max_align_t) std::byte inside_[6144];
  std::byte* block_ = inside_;
  std::size_t size_ = sizeof(inside_);
  std::size_t used_ = 0;
  std::size_t next_size_ = 16384;
  std::vector<std::unique_ptr<std::byte[]>> blocks_;
};

}  // namespace mc::graphql
