// One metric name: its spec and the series of its label sets. Private to the module.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "metric/metric.h"

namespace mc::metric::detail {

enum class Type : std::uint8_t { counter, gauge, histogram };

constexpr std::string_view kOther = "other";

// Exactly one of the three pointers is set, by the type of the family.
struct Entry {
  std::vector<std::string> values;
  std::unique_ptr<Counter> counter;
  std::unique_ptr<Gauge> gauge;
  std::unique_ptr<Histogram> histogram;
};

class Series {
 public:
  Series(Spec spec, Type type);
  // The entry of a label set, made when there is room, or the "other" one. Entries never move.
  Entry& at(LabelValues values);
  // In the order of the label values.
  std::vector<const Entry*> sorted() const;

  const Spec& spec() const { return spec_; }
  Type type() const { return type_; }

  Registry::Collect collect;  // when set, the entries are not used

 private:
  // The label set that counts for `values`: itself, or with "other" in full labels.
  std::vector<std::string> admit(const std::vector<std::string>& values) const;
  Entry* find(const std::vector<std::string>& values) const;
  // Without memory of its own; null also for values that are not clean.
  Entry* find_as_given(LabelValues given) const;
  Entry& make(std::vector<std::string> values);

  const Spec spec_;
  const Type type_;
  mutable std::shared_mutex mutex_;  // guards all below
  struct KeyHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view key) const {
      return std::hash<std::string_view>{}(key);
    }
  };
  std::unordered_map<std::string, std::unique_ptr<Entry>, KeyHash, std::equal_to<>> entries_;
  std::vector<std::set<std::string, std::less<>>> known_;  // distinct values of each label
};

// Valid UTF-8 of at most kLabelBytesMax bytes; anything else is "other".
std::string clean_label(std::string_view value);

}  // namespace mc::metric::detail
