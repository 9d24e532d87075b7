#include "dataset/private_where.h"

#include <algorithm>
#include <map>
#include <set>

namespace mc::dataset {
namespace {

using Kind = Condition::Kind;

Condition constant(bool value) {
  return {.kind = value ? Kind::all : Kind::any, .column = -1, .values = {}, .parts = {}};
}
bool is_constant(const Condition& condition, bool value) {
  return condition.kind == (value ? Kind::all : Kind::any) && condition.parts.empty();
}

json::Value json_of(const sql::Param& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag;
  if (const auto* number = std::get_if<std::int64_t>(&value)) return *number;
  if (const auto* real = std::get_if<double>(&value)) return *real;
  const auto* text = std::get_if<std::string>(&value);
  MC_CHECK(text != nullptr);  // to_param() of a column that is filterable gives nothing else
  return *text;
}

std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::lt:
      return "lt";
    case Kind::lte:
      return "lte";
    case Kind::gt:
      return "gt";
    case Kind::gte:
      return "gte";
    case Kind::in:
      return "in";
    case Kind::not_in:
      return "notIn";
    case Kind::contains:
      return "contains";
    case Kind::starts_with:
      return "startsWith";
    default:
      return "isNull";
  }
}

// Of a condition that is normal; recursion is bounded by the depth of the filter.
json::Value print(const Condition& condition, const Dataset& dataset) {
  json::Object out;
  switch (condition.kind) {
    case Kind::all:
    case Kind::any: {
      if (is_constant(condition, true)) return out;
      json::Array parts;
      for (const Condition& part : condition.parts) parts.push_back(print(part, dataset));
      out.set(condition.kind == Kind::all ? "and" : "or", std::move(parts));
      return out;
    }
    case Kind::not_:
      out.set("not", print(condition.parts[0], dataset));
      return out;
    default:
      break;
  }
  json::Value operand;
  if (condition.kind == Kind::in || condition.kind == Kind::not_in) {
    json::Array list;
    for (const sql::Param& value : condition.values) list.push_back(json_of(value));
    operand = std::move(list);
  } else if (condition.kind == Kind::is_null || condition.kind == Kind::not_null) {
    operand = condition.kind == Kind::is_null;
  } else {
    operand = json_of(condition.values[0]);
  }
  json::Object comparison;
  comparison.set(std::string(name_of(condition.kind)), std::move(operand));
  out.set(dataset.columns[static_cast<std::size_t>(condition.column)].name, std::move(comparison));
  return out;
}

// Sorted by their text, each once.
template <class Item, class Text>
void sort_by_text(std::vector<Item>& items, Text text_of) {
  std::vector<std::pair<std::string, Item>> keyed;
  keyed.reserve(items.size());
  for (Item& item : items) {
    std::string text = text_of(item);
    keyed.emplace_back(std::move(text), std::move(item));
  }
  const auto less = [](const auto& a, const auto& b) { return a.first < b.first; };
  const auto same = [](const auto& a, const auto& b) { return a.first == b.first; };
  std::sort(keyed.begin(), keyed.end(), less);
  keyed.erase(std::unique(keyed.begin(), keyed.end(), same), keyed.end());
  items.clear();
  for (auto& [text, item] : keyed) items.push_back(std::move(item));
}

// Every rule below holds in the logic of SQL, with its third value: `not` of unknown is unknown,
// so a comparison may be turned round, and De Morgan's laws hold. Once they are, what is unknown is
// as good as false: no `not` is left but in comparisons.
class Normaliser {
 public:
  explicit Normaliser(const Dataset& dataset) : dataset_(dataset) {}

  Condition normal(const Condition& condition, bool negated) const {
    switch (condition.kind) {
      case Kind::not_:
        return normal(condition.parts[0], !negated);
      case Kind::all:
      case Kind::any:
        return list(condition, negated);
      case Kind::eq:
      case Kind::in:
        return member_of(condition, !negated);
      case Kind::ne:
      case Kind::not_in:
        return member_of(condition, negated);
      case Kind::contains:
      case Kind::starts_with: {
        if (!negated) return condition;
        Condition out{.kind = Kind::not_, .column = -1, .values = {}, .parts = {}};
        out.parts.push_back(condition);
        return out;
      }
      default:
        break;
    }
    Condition out = condition;
    if (negated) out.kind = opposite(condition.kind);
    return out;
  }

 private:
  static Kind opposite(Kind kind) {
    switch (kind) {
      case Kind::lt:
        return Kind::gte;
      case Kind::lte:
        return Kind::gt;
      case Kind::gt:
        return Kind::lte;
      case Kind::gte:
        return Kind::lt;
      case Kind::is_null:
        return Kind::not_null;
      default:
        return Kind::is_null;
    }
  }

  Condition list(const Condition& condition, bool negated) const {
    const bool all = (condition.kind == Kind::all) != negated;
    Condition out = constant(all);
    for (const Condition& part : condition.parts) {
      Condition made = normal(part, negated);
      if (is_constant(made, !all)) return made;
      if (made.kind == out.kind) {
        for (Condition& inner : made.parts) out.parts.push_back(std::move(inner));
      } else {
        out.parts.push_back(std::move(made));
      }
    }
    if (!merge_lists(out.parts, all)) return constant(false);
    sort_by_text(out.parts,
                 [&](const Condition& part) { return json::print(print(part, dataset_)); });
    if (out.parts.size() != 1) return out;
    Condition only = std::move(out.parts[0]);
    return only;
  }

  // The lists of a column become one: of an `or` the union of `in` and what all of `notIn` share,
  // of an `and` the other way round. False: no row can meet this `and`. Negations have been carried
  // inwards by now, so that unknown and false are the same here: a list that nothing is left of is
  // false, or true of all that is there.
  static bool merge_lists(std::vector<Condition>& parts, bool all) {
    std::map<std::pair<int, Kind>, Condition> lists;
    std::vector<Condition> others;
    for (Condition& part : parts) {
      if (part.kind != Kind::in && part.kind != Kind::not_in) {
        others.push_back(std::move(part));
        continue;
      }
      const auto [at, fresh] = lists.try_emplace({part.column, part.kind}, part);
      if (!fresh) merge(at->second.values, part.values, (part.kind == Kind::in) != all);
    }
    for (auto& [key, list] : lists) {
      const bool empty = list.values.empty();
      if (empty && list.kind == Kind::in) return false;
      if (empty) list.kind = Kind::not_null;
      others.push_back(std::move(list));
    }
    parts = std::move(others);
    if (!all) drop_compared(parts);
    return true;
  }

  static void merge(std::vector<sql::Param>& values, const std::vector<sql::Param>& more,
                    bool unite) {
    const auto text_of = [](const sql::Param& value) { return json::print(json_of(value)); };
    if (unite) {
      values.insert(values.end(), more.begin(), more.end());
      return sort_by_text(values, text_of);
    }
    std::set<std::string> shared;
    for (const sql::Param& each : more) shared.insert(text_of(each));
    std::erase_if(values, [&](const sql::Param& each) { return !shared.contains(text_of(each)); });
  }

  // Of an `or`: whatever is true of a value is true where there is one.
  static void drop_compared(std::vector<Condition>& parts) {
    std::set<int> there;
    for (const Condition& part : parts) {
      if (part.kind == Kind::not_null) there.insert(part.column);
    }
    std::erase_if(parts, [&](const Condition& part) {
      if (part.kind == Kind::not_null || part.kind == Kind::is_null) return false;
      const bool negated = part.kind == Kind::not_;
      return there.contains(negated ? part.parts[0].column : part.column);
    });
  }

  // In an empty list is nothing, also where the value is missing.
  static Condition member_of(const Condition& condition, bool positive) {
    if (condition.values.empty()) return constant(!positive);
    Condition out = condition;
    out.kind = positive ? Kind::in : Kind::not_in;
    sort_by_text(out.values, [](const sql::Param& value) { return json::print(json_of(value)); });
    return out;
  }

  const Dataset& dataset_;
};

}  // namespace

// Moments are those of SQLite, whole milliseconds: one form for both databases.
Result<json::Value> checked_where(const Grant& grant, const json::Value* where,
                                  const SessionLimits& limits) {
  MC_TRY(const Condition condition,
         compile_filter(FilterPlace{grant, sql::Dialect::sqlite, "where"}, where, limits));
  const Dataset& dataset = *grant.dataset;
  return print(Normaliser(dataset).normal(condition, false), dataset);
}

SessionLimits canonical_limits(SessionLimits limits) {
  constexpr std::size_t kDeeper = 2;  // members of one object become items of an `and`
  constexpr std::size_t kMore = 4;
  limits.filter_depth_max *= kDeeper;
  limits.in_list_max *= limits.filter_terms_max;  // lists of one column are merged
  limits.filter_terms_max *= kMore;
  return limits;
}

Result<Condition> compile_canonical(const Grant& grant, sql::Dialect dialect,
                                    const json::Value* where, const SessionLimits& limits) {
  return compile_filter(FilterPlace{grant, dialect, "where"}, where, canonical_limits(limits));
}

Status check_where(const Dataset& dataset, const DatasetAccess& access, const json::Value* where) {
  MC_TRY(const Grant grant, Grant::make(dataset, 0, access));
  return checked_where(grant, where, SessionLimits{}).map([](const auto&) {
    return std::monostate();
  });
}

Result<json::Value> canonical_where(const Dataset& dataset, const json::Value* where) {
  return checked_where(Grant(dataset, 0, Capabilities{}), where, SessionLimits{});
}

}  // namespace mc::dataset
