// Interns names: equal text gets one Symbol, numbered in order of first appearance.
//
// Open addressing, linear probing, at most half full. The hash is keyed with the address of the
// text, which an attacker does not know, so names that collide on purpose cannot be prepared; the
// numbering does not depend on the hash, so the result is deterministic all the same.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "graphql/document.h"

namespace mc::graphql {

class Interner {
 public:
  // `names` receives the texts by Symbol.
  Interner(std::vector<std::string_view>& names, std::uint64_t key) : names_(names), key_(key) {}
  Interner(const Interner&) = delete;
  Interner& operator=(const Interner&) = delete;

  Symbol intern(std::string_view text);  // not empty

 private:
  struct Slot {
    std::uint32_t hash = 0;
    Symbol symbol = kNone;
  };
  static constexpr std::size_t kInline = 64;

  void grow();

  std::vector<std::string_view>& names_;
  std::uint64_t key_;
  std::array<Slot, kInline> inline_{};
  std::vector<Slot> heap_;
  Slot* slots_ = inline_.data();
  std::uint32_t mask_ = kInline - 1;
};

namespace intern_detail {

template <class T>
std::uint64_t load(const char* from) {
  T word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

// The first and the last bytes of a text of up to 16 bytes: together all of it.
struct Ends {
  std::uint64_t first, last;
};
inline Ends ends(std::string_view text) {
  const char* const data = text.data();
  const std::size_t size = text.size();
  if (size >= 8) return {load<std::uint64_t>(data), load<std::uint64_t>(data + size - 8)};
  if (size >= 4) return {load<std::uint32_t>(data), load<std::uint32_t>(data + size - 4)};
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint64_t>(static_cast<unsigned char>(data[i]));
  };
  return {byte(0) | byte(size / 2) << 8, byte(size - 1)};
}

inline std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  __extension__ typedef unsigned __int128 Wide;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

inline bool same(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  if (a.size() > 16) return std::memcmp(a.data(), b.data(), a.size()) == 0;
  const Ends left = ends(a);
  const Ends right = ends(b);
  return left.first == right.first && left.last == right.last;
}

}  // namespace intern_detail

inline Symbol Interner::intern(std::string_view text) {
  constexpr std::uint64_t kOdd = 0x9E3779B97F4A7C15U;
  std::uint64_t state = key_ ^ text.size();
  std::string_view rest = text;
  for (; rest.size() > 16; rest.remove_prefix(16)) {
    state = intern_detail::mix(intern_detail::load<std::uint64_t>(rest.data()) ^ state,
                               intern_detail::load<std::uint64_t>(rest.data() + 8) ^ kOdd ^ key_);
  }
  const intern_detail::Ends ends = intern_detail::ends(rest);
  state = intern_detail::mix(ends.first ^ state ^ kOdd, ends.last ^ key_);
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
    if (slot.hash == hash && intern_detail::same(names_[slot.symbol], text)) return slot.symbol;
  }
}

}  // namespace mc::graphql
