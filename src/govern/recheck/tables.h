// What a release is counted in: texts with their rows, and pairs of two numbers with theirs. Open
// addressing under a secret, as the texts are chosen by others. Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mc::recheck {

// Texts, numbered from 0 as they come.
class TextTable {
 public:
  TextTable(std::size_t texts_max, std::size_t bytes_max, std::uint64_t secret);
  // Counts a row with this text and gives its number; none when a limit was reached.
  std::optional<std::uint32_t> add(std::string_view text);
  std::size_t size() const { return entries_.size(); }
  std::string_view text(std::size_t number) const {
    return std::string_view(bytes_).substr(entries_[number].at, entries_[number].size);
  }
  std::int64_t rows(std::size_t number) const { return entries_[number].rows; }

 private:
  struct Entry {
    std::uint64_t hash = 0;
    std::uint64_t at = 0;
    std::uint32_t size = 0;
    std::int64_t rows = 0;
  };
  void grow();

  std::size_t texts_max_;
  std::size_t bytes_max_;
  std::uint64_t secret_;
  std::string bytes_;
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> slots_;  // number + 1, 0 = empty; a power of two of them
};

struct Pair {
  std::uint32_t first = 0;
  std::uint32_t second = 0;
  std::int64_t rows = 0;  // 0 = an empty slot
};

class PairTable {
 public:
  PairTable(std::size_t pairs_max, std::uint64_t secret);
  bool add(std::uint32_t first, std::uint32_t second);  // false when the limit was reached
  std::int64_t rows(std::uint32_t first, std::uint32_t second) const;
  std::vector<Pair> sorted() const;  // by first, then by second

 private:
  std::size_t slot_of(std::uint32_t first, std::uint32_t second) const;
  void grow();

  std::size_t pairs_max_;
  std::uint64_t secret_;
  std::size_t size_ = 0;
  std::vector<Pair> slots_;
};

}  // namespace mc::recheck
