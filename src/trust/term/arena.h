// A bump allocator for the values of one evaluation, one document or one program: nothing is freed
// singly, everything goes at once. Not thread-safe; what lies in an arena may be read by any number
// of threads once nobody writes (term.h, freeze()).
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <type_traits>
#include <vector>

namespace mc::term {

class Arena {
 public:
  static constexpr std::size_t kUnlimited = std::numeric_limits<std::size_t>::max();

  // Past `bytes_max` take() still answers, and over_limit() turns true: whoever loops asks it, and
  // a builtin asks may_take() before it makes something large.
  explicit Arena(std::size_t bytes_max = kUnlimited) : bytes_max_(bytes_max) {}
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // Aligned to 8 bytes, not initialised.
  void* take(std::size_t bytes) {
    bytes = (bytes + 7) & ~std::size_t{7};
    if (bytes > static_cast<std::size_t>(end_ - next_)) return take_block(bytes);
    char* const at = next_;
    next_ += bytes;
    return at;
  }
  template <class T>
  T* take_array(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T> && alignof(T) <= 8);
    return static_cast<T*>(take(count * sizeof(T)));
  }

  bool may_take(std::size_t bytes) const {
    return bytes <= bytes_max_ && used() <= bytes_max_ - bytes;
  }
  bool over_limit() const { return used() > bytes_max_ || too_deep_; }
  // A value would have nested deeper than kDepthMax (term.h). Ends with reset().
  bool too_deep() const { return too_deep_; }
  void note_too_deep() { too_deep_ = true; }
  std::size_t used() const { return full_bytes_ + static_cast<std::size_t>(next_ - begin_); }
  std::size_t bytes_max() const { return bytes_max_; }
  void set_bytes_max(std::size_t bytes_max) { bytes_max_ = bytes_max; }

  // Forgets everything and keeps the first block for the next evaluation.
  void reset();

 private:
  void* take_block(std::size_t bytes);

  std::size_t bytes_max_;
  std::size_t full_bytes_ = 0;  // in blocks before the current one
  char* begin_ = nullptr;
  char* next_ = nullptr;
  char* end_ = nullptr;
  std::vector<std::unique_ptr<char[]>> blocks_;
  std::size_t first_size_ = 0;
  bool too_deep_ = false;
};

}  // namespace mc::term
