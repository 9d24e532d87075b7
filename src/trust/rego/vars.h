// Sets of variables. Names gives each a number; one Names serves one rule or query.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string>
#include <unordered_map>
#include <vector>

namespace mc::rego {

class Names {
 public:
  int id(const std::string& name) {
    const auto [at, added] = ids_.try_emplace(name, static_cast<int>(texts_.size()));
    if (added) texts_.push_back(name);
    return at->second;
  }
  const std::string& text(int id) const { return texts_[static_cast<std::size_t>(id)]; }

 private:
  std::unordered_map<std::string, int> ids_;
  std::vector<std::string> texts_;
};

// The few variables of an expression: sorted numbers, so that a body of many expressions costs no
// more than its text.
class VarList {
 public:
  bool has(int id) const { return std::binary_search(ids_.begin(), ids_.end(), id); }
  bool empty() const { return ids_.empty(); }
  void add(int id) {
    const auto at = std::lower_bound(ids_.begin(), ids_.end(), id);
    if (at == ids_.end() || *at != id) ids_.insert(at, id);
  }
  void add(const VarList& other) {
    if (other.ids_.empty()) return;
    std::vector<int> all;
    all.reserve(ids_.size() + other.ids_.size());
    std::set_union(ids_.begin(), ids_.end(), other.ids_.begin(), other.ids_.end(),
                   std::back_inserter(all));
    ids_ = std::move(all);
  }
  // Of a VarSet or a VarList.
  template <class Other>
  void remove(const Other& other) {
    std::erase_if(ids_, [&](int id) { return other.has(id); });
  }
  template <class Other>
  void keep(const Other& other) {
    std::erase_if(ids_, [&](int id) { return !other.has(id); });
  }
  template <class Other>
  bool within(const Other& other) const {
    return std::all_of(ids_.begin(), ids_.end(), [&](int id) { return other.has(id); });
  }
  bool operator==(const VarList& other) const = default;
  auto begin() const { return ids_.begin(); }
  auto end() const { return ids_.end(); }
  // Takes numbers in any order.
  static VarList of(std::vector<int> ids) {
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    VarList list;
    list.ids_ = std::move(ids);
    return list;
  }

 private:
  std::vector<int> ids_;
};

// The variables bound somewhere: a bit for each.
class VarSet {
 public:
  bool has(int id) const {
    const std::size_t word = static_cast<std::size_t>(id) / 64;
    return word < words_.size() && ((words_[word] >> (id % 64)) & 1) != 0;
  }
  void add(int id) {
    const std::size_t word = static_cast<std::size_t>(id) / 64;
    if (word >= words_.size()) words_.resize(word + 1);
    words_[word] |= std::uint64_t{1} << (id % 64);
  }
  void add(const VarList& list) {
    for (const int id : list) add(id);
  }

 private:
  std::vector<std::uint64_t> words_;
};

}  // namespace mc::rego
