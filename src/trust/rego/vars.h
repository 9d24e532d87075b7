// Sets of variables: numbers for names, bits for sets. One Names serves one rule or query.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
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
  void add(const VarSet& other) {
    if (other.words_.size() > words_.size()) words_.resize(other.words_.size());
    for (std::size_t i = 0; i < other.words_.size(); ++i) words_[i] |= other.words_[i];
  }
  void remove(int id) {
    if (has(id)) words_[static_cast<std::size_t>(id) / 64] &= ~(std::uint64_t{1} << (id % 64));
  }
  void remove(const VarSet& other) {
    const std::size_t words = std::min(words_.size(), other.words_.size());
    for (std::size_t i = 0; i < words; ++i) words_[i] &= ~other.words_[i];
  }
  void keep(const VarSet& other) {
    if (words_.size() > other.words_.size()) words_.resize(other.words_.size());
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] &= other.words_[i];
  }
  bool empty() const {
    for (const std::uint64_t word : words_) {
      if (word != 0) return false;
    }
    return true;
  }
  // All of this set are in `other`.
  bool within(const VarSet& other) const {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      const std::uint64_t there = i < other.words_.size() ? other.words_[i] : 0;
      if ((words_[i] & ~there) != 0) return false;
    }
    return true;
  }
  bool operator==(const VarSet& other) const { return within(other) && other.within(*this); }
  template <class F>
  void each(F&& f) const {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      for (std::uint64_t word = words_[i]; word != 0; word &= word - 1) {
        f(static_cast<int>(i * 64) + std::countr_zero(word));
      }
    }
  }

 private:
  std::vector<std::uint64_t> words_;
};

}  // namespace mc::rego
