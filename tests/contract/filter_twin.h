// Filters over rows in memory, one comparison at a time, in the logic of SQL.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "contract/dataset_contract.h"

namespace mc::dataset::contract {

enum class Truth { no, unknown, yes };

inline Truth negated(Truth t) {
  return t == Truth::yes ? Truth::no : t == Truth::no ? Truth::yes : t;
}
inline Truth from(bool b) {
  return b ? Truth::yes : Truth::no;
}

inline double number(const json::Value& value) {
  if (const std::int64_t* integer = value.as_int()) return static_cast<double>(*integer);
  if (const double* real = value.as_double()) return *real;
  return value.as_bool() != nullptr && *value.as_bool() ? 1 : 0;
}

// -1, 0, 1; both of one column, neither missing.
inline int compare(const json::Value& a, const json::Value& b) {
  if (a.as_string() != nullptr) {
    const int order = a.as_string()->compare(*b.as_string());
    return order < 0 ? -1 : order > 0 ? 1 : 0;
  }
  if (a.as_int() != nullptr && b.as_int() != nullptr) {
    return *a.as_int() < *b.as_int() ? -1 : *a.as_int() > *b.as_int() ? 1 : 0;
  }
  return number(a) < number(b) ? -1 : number(a) > number(b) ? 1 : 0;
}

inline Truth listed(const json::Value& value, const json::Value& list) {
  if (list.as_array()->empty()) return Truth::no;
  if (value.is_null()) return Truth::unknown;
  for (const json::Value& item : *list.as_array()) {
    if (compare(value, item) == 0) return Truth::yes;
  }
  return Truth::no;
}

inline Truth test(const json::Value& value, const std::string& op, const json::Value& operand) {
  if (op == "isNull") return from(value.is_null() == *operand.as_bool());
  if (op == "in") return listed(value, operand);
  if (op == "notIn") return negated(listed(value, operand));
  if (value.is_null()) return Truth::unknown;
  if (op == "contains") {
    return from(value.as_string()->find(*operand.as_string()) != std::string::npos);
  }
  if (op == "startsWith") return from(value.as_string()->starts_with(*operand.as_string()));
  const int order = compare(value, operand);
  if (op == "eq") return from(order == 0);
  if (op == "ne") return from(order != 0);
  if (op == "lt") return from(order < 0);
  if (op == "lte") return from(order <= 0);
  if (op == "gt") return from(order > 0);
  return from(order >= 0);
}

inline Truth matches(const json::Object& row, const json::Value& filter);

inline Truth both(Truth a, Truth b) {
  return std::min(a, b);
}
inline Truth either(Truth a, Truth b) {
  return std::max(a, b);
}

inline Truth member_matches(const json::Object& row, const json::Member& member) {
  if (member.name == "not") return negated(matches(row, member.value));
  if (member.name == "and" || member.name == "or") {
    const bool all = member.name == "and";
    Truth out = all ? Truth::yes : Truth::no;
    for (const json::Value& part : *member.value.as_array()) {
      out = all ? both(out, matches(row, part)) : either(out, matches(row, part));
    }
    return out;
  }
  Truth out = Truth::yes;
  for (const json::Member& op : member.value.as_object()->members()) {
    out = both(out, test(*row.find(member.name), op.name, op.value));
  }
  return out;
}

inline Truth matches(const json::Object& row, const json::Value& filter) {
  Truth out = Truth::yes;
  for (const json::Member& member : filter.as_object()->members()) {
    out = both(out, member_matches(row, member));
  }
  return out;
}

}  // namespace mc::dataset::contract
