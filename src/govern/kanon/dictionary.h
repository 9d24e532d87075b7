// Texts and their numbers, in the order in which they came. Private to the module.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/base.h"

namespace mc::kanon {

class Dictionary {
 public:
  static constexpr std::uint32_t kNone = 0xffffffff;

  std::uint32_t find(std::string_view text) const {
    const auto at = numbers_.find(text);
    return at == numbers_.end() ? kNone : at->second;
  }
  // Of a text that is not there yet.
  std::uint32_t add(std::string_view text) {
    const auto number = static_cast<std::uint32_t>(texts_.size());
    texts_.push_back(&numbers_.emplace(std::string(text), number).first->first);
    return number;
  }
  std::size_t size() const { return texts_.size(); }
  const std::string& text(std::uint32_t number) const { return *texts_[number]; }
  std::vector<std::string> take() && {
    std::vector<std::string> out(texts_.size());
    while (!numbers_.empty()) {
      auto node = numbers_.extract(numbers_.begin());
      out[node.mapped()] = std::move(node.key());
    }
    return out;
  }

 private:
  struct Hash {
    using is_transparent = void;  // NOLINT(readability-identifier-naming): the library's
    std::size_t operator()(std::string_view text) const { return keyed_hash(0, text); }
  };
  std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>> numbers_;
  std::vector<const std::string*> texts_;  // keys of the map stay where they are
};

}  // namespace mc::kanon
