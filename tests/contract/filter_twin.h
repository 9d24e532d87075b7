// Filters over rows in memory, one comparison at a time, in the logic of SQL; and random ones.
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

struct Field {
  std::string name;
  bool text = false;    // contains, startsWith
  bool ordered = true;  // lt ...
  bool listed = true;   // in, notIn
};
inline const std::vector<Field>& fields() {
  static const std::vector<Field> kFields = {{"id", false, false, true},
                                             {"name", true, true, true},
                                             {"age"},
                                             {"score"},
                                             {"active", false, false, false},
                                             {"born"},
                                             {"seen"},
                                             {"big"},
                                             {"bossId", false, false, true}};
  return kFields;
}

class Generator {
 public:
  Generator(Dice& dice, const Rows& rows) : dice_(dice), rows_(rows) {}

  json::Object filter(int depth) {
    json::Object out;
    const std::size_t members = dice_.below(3);
    for (std::size_t i = 0; i < members; ++i) {
      const std::size_t kind = depth > 0 ? dice_.below(6) : 3 + dice_.below(3);
      if (kind == 0) out.set("not", filter(depth - 1));
      if (kind == 1 || kind == 2) {
        json::Array parts;
        for (std::size_t n = dice_.below(4); n > 0; --n) parts.emplace_back(filter(depth - 1));
        out.set(kind == 1 ? "and" : "or", parts);
      }
      if (kind >= 3) {
        const Field& field = dice_.of(fields());
        out.set(field.name, comparisons(field));
      }
    }
    return out;
  }

  json::Array order() {
    json::Array out;
    std::vector<std::string> used;
    for (std::size_t n = dice_.below(4); n > 0; --n) {
      const std::string& name = dice_.of(fields()).name;
      if (std::find(used.begin(), used.end(), name) != used.end()) continue;
      used.push_back(name);
      json::Object term;
      term.set("field", name);
      if (dice_.one_in(2)) term.set("direction", dice_.one_in(2) ? "DESC" : "ASC");
      out.emplace_back(std::move(term));
    }
    return out;
  }

 private:
  json::Object comparisons(const Field& field) {
    static const std::vector<std::string> kOrdered = {"lt", "lte", "gt", "gte"};
    json::Object out;
    for (std::size_t n = 1 + dice_.below(2); n > 0; --n) {
      switch (dice_.below(field.text ? 7 : 5)) {
        case 0:
          out.set("isNull", dice_.one_in(2));
          break;
        case 1:
          if (field.listed) {
            json::Array items;
            for (std::size_t i = dice_.below(6); i > 0; --i) items.push_back(value(field.name));
            out.set(dice_.one_in(2) ? "in" : "notIn", items);
            break;
          }
          [[fallthrough]];
        case 2:
          out.set(dice_.one_in(3) ? "ne" : "eq", value(field.name));
          break;
        case 3:
        case 4:
          out.set(field.ordered ? dice_.of(kOrdered) : std::string("eq"), value(field.name));
          break;
        default:
          out.set(dice_.one_in(2) ? "contains" : "startsWith", part(field.name));
      }
    }
    return out;
  }

  // The value of some row, so that comparisons hit.
  json::Value value(const std::string& name) {
    for (;;) {
      const json::Value& found = *dice_.of(rows_).find(name);
      if (!found.is_null()) return found;
    }
  }
  json::Value part(const std::string& name) {
    const json::Value whole = value(name);
    const std::string& text = *whole.as_string();
    std::string cut = text.substr(0, dice_.below(4));
    return is_valid_utf8(cut) ? cut : text;
  }

  Dice& dice_;
  const Rows& rows_;
};

}  // namespace mc::dataset::contract
