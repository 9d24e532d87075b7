// What one thread keeps between queries: compiled regular expressions, globs, and anything else
// that costs more to make than to find. Each cache is bounded by entries and by bytes, and forgets
// what was used least recently. Nothing kept here may point into the arena of a query.
//
// Regular expressions lie under their text, globs and others under a key their maker chooses; a
// key of `others` starts with the name of the function family ("json.schema:").
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace re2 {
class RE2;
}

namespace mc::builtin {

template <class T>
class Cache {
 public:
  Cache(std::size_t entries_max, std::size_t bytes_max)
      : entries_max_(entries_max), bytes_max_(bytes_max) {}

  // Null when absent. The pointer stays valid until the next put() into this cache.
  const T* find(std::string_view key) {
    const auto at = index_.find(key);
    if (at == index_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, at->second);
    return at->second->value.get();
  }
  // Keeps `value`, which takes about `bytes`, instead of another of the same key, and forgets the
  // oldest until the bounds hold again; the new one stays whatever its size. Returns `value`.
  const T* put(std::string_view key, std::shared_ptr<const T> value, std::size_t bytes) {
    if (const auto at = index_.find(key); at != index_.end()) forget(at->second);
    entries_.push_front({std::string(key), std::move(value), bytes + key.size()});
    index_.emplace(entries_.front().key, entries_.begin());
    bytes_ += entries_.front().bytes;
    while (entries_.size() > 1 && (entries_.size() > entries_max_ || bytes_ > bytes_max_)) {
      forget(std::prev(entries_.end()));
    }
    return entries_.front().value.get();
  }
  std::size_t size() const { return entries_.size(); }
  std::size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    std::string key;
    std::shared_ptr<const T> value;  // shared_ptr: T may be incomplete here
    std::size_t bytes;
  };
  using Place = std::list<Entry>::iterator;

  void forget(Place entry) {
    bytes_ -= entry->bytes;
    index_.erase(entry->key);
    entries_.erase(entry);
  }

  std::size_t entries_max_;
  std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::list<Entry> entries_;                           // the last used first
  std::unordered_map<std::string_view, Place> index_;  // keys lie in entries_
};

struct CompiledGlob;  // patterns.cc
// Anything else: derive from it, and cast back what find() gives under one's own key.
struct Kept {
  virtual ~Kept() = default;
};

class Caches {
 public:
  Cache<re2::RE2> regexes{1'000, std::size_t{32} << 20};
  Cache<CompiledGlob> globs{1'000, std::size_t{32} << 20};
  Cache<Kept> others{100, std::size_t{32} << 20};
};

}  // namespace mc::builtin
