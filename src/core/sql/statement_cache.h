// Prepared statements by their text, the least recently used one dropped when full.
//
// A pointer from find() stays valid until the next insert(), erase() or clear(). One thread.
#pragma once

#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace mc::sql {

template <class Statement>
class StatementCache {
 public:
  explicit StatementCache(std::size_t entries_max) : entries_max_(entries_max) {}

  Statement* find(std::string_view text) {
    const auto found = by_text_.find(text);
    if (found == by_text_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return &found->second->statement;
  }

  // `text` must not be in the cache. Gives the statement's place.
  Statement& insert(std::string_view text, Statement statement) {
    if (entries_.size() >= entries_max_) {
      by_text_.erase(entries_.back().text);
      entries_.pop_back();
    }
    entries_.push_front({std::string(text), std::move(statement)});
    by_text_.emplace(entries_.front().text, entries_.begin());
    return entries_.front().statement;
  }

  void erase(std::string_view text) {
    const auto found = by_text_.find(text);
    if (found == by_text_.end()) return;
    const auto entry = found->second;
    by_text_.erase(found);
    entries_.erase(entry);
  }

  void clear() {
    by_text_.clear();
    entries_.clear();
  }

  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string text;
    Statement statement;
  };
  std::size_t entries_max_;
  std::list<Entry> entries_;  // newest first
  std::unordered_map<std::string_view, typename std::list<Entry>::iterator> by_text_;  // into it
};

}  // namespace mc::sql
