// Random filters and orders over the people of dataset_contract.h.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "contract/dataset_contract.h"

namespace mc::dataset::contract {

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
