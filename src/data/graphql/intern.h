// Interns names: equal text gets one Symbol, numbered in order of first appearance.
//
// Open addressing, linear probing, at most half full. The hash is keyed with the address of the
// text, which an attacker does not know, so names that collide on purpose cannot be prepared; the
// numbering does not depend on the hash, so the result is deterministic all the same.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <memory_resource>
#include <string_view>
#include <vector>

#include "graphql/document.h"

namespace mc::graphql {

namespace intern_detail {
struct Words;
}

class Interner {
 public:
  // `names` receives the texts by Symbol; all of them must be parts of `source`.
  Interner(std::pmr::vector<std::string_view>& names, std::string_view source)
      : names_(names),
        key_(reinterpret_cast<std::uintptr_t>(source.data())),
        end_(source.data() + source.size()) {}
  Interner(const Interner&) = delete;
  Interner& operator=(const Interner&) = delete;

  Symbol intern(std::string_view text);  // not empty

 private:
  struct Slot {
    std::uint32_t hash = 0;
    Symbol symbol = kNone;
  };
  static constexpr std::size_t kInline = 64;

  intern_detail::Words words(std::string_view text) const;  // of at most 16 bytes
  void grow();

  std::pmr::vector<std::string_view>& names_;
  std::uint64_t key_;
  const char* end_;  // of the source
  std::array<Slot, kInline> inline_{};
  std::vector<Slot> heap_;
  Slot* slots_ = inline_.data();
  std::uint32_t mask_ = kInline - 1;
};

namespace intern_detail {

// Up to 16 bytes of a text, the rest zero.
struct Words {
  std::uint64_t low = 0, high = 0;
  bool operator==(const Words&) const = default;
};

// The bytes of a word that belong to a text of `size` bytes.
inline std::uint64_t keep(std::uint64_t word, std::size_t size) {
  return size >= 8 ? word : word & ((std::uint64_t{1} << (8 * size)) - 1);
}

inline std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  __extension__ typedef unsigned __int128 Wide;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

}  // namespace intern_detail

// Reads 16 bytes at once, and cuts afterwards, where the source has that many.
inline intern_detail::Words Interner::words(std::string_view text) const {
  static_assert(std::endian::native == std::endian::little);
  intern_detail::Words words;
  if (static_cast<std::size_t>(end_ - text.data()) < sizeof words) {
    std::memcpy(&words, text.data(), text.size());
    return words;
  }
  std::memcpy(&words, text.data(), sizeof words);
  words.low = intern_detail::keep(words.low, text.size());
  words.high = text.size() <= 8 ? 0 : intern_detail::keep(words.high, text.size() - 8);
  return words;
}

inline Symbol Interner::intern(std::string_view text) {
  constexpr std::uint64_t kOdd = 0x9E3779B97F4A7C15U;
  std::uint64_t state = key_ ^ text.size();
  std::string_view tail = text;
  for (; tail.size() > 16; tail.remove_prefix(16)) {
    const intern_detail::Words part = words(tail.substr(0, 16));
    state = intern_detail::mix(part.low ^ state, part.high ^ kOdd ^ key_);
  }
  const intern_detail::Words last = words(tail);
  state = intern_detail::mix(last.low ^ state ^ kOdd, last.high ^ key_);
  const auto hash = static_cast<std::uint32_t>(state ^ state >> 32);
  for (std::uint32_t i = hash & mask_;; i = (i + 1) & mask_) {
    Slot& slot = slots_[i];
    if (slot.symbol == kNone) {
      const auto symbol = static_cast<Symbol>(names_.size());
      slot = {hash, symbol};
      names_.push_back(text);
      if (names_.size() * 2 > mask_) grow();
      return symbol;
    }
    if (slot.hash != hash) continue;
    const std::string_view name = names_[slot.symbol];
    const bool same = name.size() == text.size() &&
                      (text.size() <= 16 ? words(name) == last
                                         : std::memcmp(name.data(), text.data(), text.size()) == 0);
    if (same) return slot.symbol;
  }
}

}  // namespace mc::graphql
