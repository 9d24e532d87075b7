#include "dataset/filter.h"

#include <array>

#include "dataset/value.h"

namespace mc::dataset {
namespace {

using Kind = Condition::Kind;

struct Operator {
  std::string_view name;
  Kind kind;
};
constexpr std::array<Operator, 10> kOperators = {{{"eq", Kind::eq},
                                                  {"ne", Kind::ne},
                                                  {"lt", Kind::lt},
                                                  {"lte", Kind::lte},
                                                  {"gt", Kind::gt},
                                                  {"gte", Kind::gte},
                                                  {"in", Kind::in},
                                                  {"notIn", Kind::not_in},
                                                  {"contains", Kind::contains},
                                                  {"startsWith", Kind::starts_with}}};

// One compilation: counts terms against the limits while it descends (depth is bounded).
class Compiler {
 public:
  Compiler(const FilterPlace& place, const SessionLimits& limits)
      : grant_(place.grant),
        dataset_(*place.grant.dataset),
        dialect_(place.dialect),
        name_(place.name),
        limits_(limits) {}

  Result<Condition> object(const json::Value& value, const std::string& path, std::size_t depth) {
    if (depth > limits_.filter_depth_max) {
      return fail(Code::exhausted,
                  name_ + ": deeper than " + std::to_string(limits_.filter_depth_max) + " levels");
    }
    const json::Object* members = value.as_object();
    if (members == nullptr) return fail(Code::invalid, path + ": must be an object");
    Condition out;
    for (const json::Member& member : members->members()) {
      MC_TRY_OK(count());
      const std::string here = path + "." + member.name;
      MC_TRY(Condition part, this->member(member, here, depth));
      out.parts.push_back(std::move(part));
    }
    if (out.parts.size() == 1) return std::move(out.parts[0]);
    return out;
  }

 private:
  Status count() {
    if (++terms_ > limits_.filter_terms_max) {
      return fail(Code::exhausted,
                  name_ + ": more than " + std::to_string(limits_.filter_terms_max) + " terms");
    }
    return ok();
  }

  Result<Condition> member(const json::Member& member, const std::string& path, std::size_t depth) {
    if (member.name == "and") return list(Kind::all, member.value, path, depth);
    if (member.name == "or") return list(Kind::any, member.value, path, depth);
    if (member.name == "not") {
      Condition out{.kind = Kind::not_, .column = -1, .values = {}, .parts = {}};
      MC_TRY(Condition inner, object(member.value, path, depth + 1));
      out.parts.push_back(std::move(inner));
      return out;
    }
    const int column = dataset_.column_index(member.name);
    if (column < 0 || !dataset_.columns[static_cast<std::size_t>(column)].filterable) {
      return fail(Code::invalid, path + ": cannot be filtered");
    }
    // Before the comparisons are looked at: all of them get the same answer.
    MC_TRY_OK(grant_.usable(column, path));
    return comparisons(column, member.value, path);
  }

  Result<Condition> list(Kind kind, const json::Value& value, const std::string& path,
                         std::size_t depth) {
    const json::Array* items = value.as_array();
    if (items == nullptr) return fail(Code::invalid, path + ": must be a list");
    Condition out{.kind = kind, .column = -1, .values = {}, .parts = {}};
    for (const json::Value& item : *items) {
      MC_TRY_OK(count());
      MC_TRY(Condition part, object(item, path, depth + 1));
      out.parts.push_back(std::move(part));
    }
    return out;
  }

  Result<Condition> comparisons(int column, const json::Value& value, const std::string& path) {
    const json::Object* members = value.as_object();
    if (members == nullptr) return fail(Code::invalid, path + ": must be an object");
    Condition out;
    for (const json::Member& member : members->members()) {
      MC_TRY_OK(count());
      MC_TRY(Condition part, comparison(column, member, path + "." + member.name));
      out.parts.push_back(std::move(part));
    }
    if (out.parts.size() == 1) return std::move(out.parts[0]);
    return out;
  }

  Result<Condition> comparison(int column, const json::Member& member, const std::string& path) {
    Condition out{.kind = Kind::all, .column = column, .values = {}, .parts = {}};
    if (member.name == "isNull") {
      const bool* flag = member.value.as_bool();
      if (flag == nullptr) return fail(Code::invalid, path + ": must be true or false");
      out.kind = *flag ? Kind::is_null : Kind::not_null;
      return out;
    }
    for (const Operator& candidate : kOperators) {
      if (candidate.name != member.name) continue;
      out.kind = candidate.kind;
      MC_TRY_OK(bind_values(out, member.value, path));
      return out;
    }
    return fail(Code::invalid, path + ": unknown comparison");
  }

  Status bind_values(Condition& out, const json::Value& value, const std::string& path) {
    if (out.kind != Kind::in && out.kind != Kind::not_in) return bind_one(out, value, path);
    const json::Array* items = value.as_array();
    if (items == nullptr) return fail(Code::invalid, path + ": must be a list");
    if (items->size() > limits_.in_list_max) {
      return fail(Code::exhausted,
                  path + ": more than " + std::to_string(limits_.in_list_max) + " values");
    }
    for (const json::Value& item : *items) MC_TRY_OK(bind_one(out, item, path));
    return ok();
  }

  Status bind_one(Condition& out, const json::Value& value, const std::string& path) {
    const Column& column = dataset_.columns[static_cast<std::size_t>(out.column)];
    if (value.is_null()) {
      return fail(Code::invalid, path + ": must not be null; missing values are found by isNull");
    }
    // An id that is no number in a column of numbers is a value that no row has.
    const bool number_id = column.type == ColumnType::id && column.storage == Storage::integer;
    Result<sql::Param> param = to_param(column, dialect_, value, limits_.text_bytes_max);
    if (!param && number_id && value.as_string() != nullptr) {
      if (out.kind == Kind::eq) out.kind = Kind::in;
      if (out.kind == Kind::ne) out.kind = Kind::not_in;
      return ok();
    }
    if (!param) return fail(param.error().code, path + ": " + param.error().what);
    out.values.push_back(std::move(*param));
    return ok();
  }

  const Grant& grant_;
  const Dataset& dataset_;
  sql::Dialect dialect_;
  const std::string& name_;
  const SessionLimits& limits_;
  std::size_t terms_ = 0;
};

std::string_view sign(Kind kind) {
  switch (kind) {
    case Kind::eq:
      return " = ";
    case Kind::ne:
      return " <> ";
    case Kind::lt:
      return " < ";
    case Kind::lte:
      return " <= ";
    case Kind::gt:
      return " > ";
    default:
      return " >= ";
  }
}

std::string render_list(const Condition& condition, TenantQuery& query) {
  const Column& column = query.column(condition.column);
  const bool positive = condition.kind == Kind::in;
  // Not "false" alone: `x IN ()` is unknown for nothing, and `x NOT IN ()` is true for all.
  if (condition.values.empty()) return positive ? "1 = 0" : "1 = 1";
  std::string out = sql::quoted(column.column) + (positive ? " IN (" : " NOT IN (");
  // Padded to a power of two, so that few different texts fill the statement cache.
  std::size_t padded = 1;
  while (padded < condition.values.size()) padded *= 2;
  std::string last;
  for (std::size_t i = 0; i < padded; ++i) {
    if (i < condition.values.size()) {
      last = operand(column, query.dialect(), query.bind(condition.values[i]));
    } else {
      last = operand(column, query.dialect(), query.bind(condition.values.back()));
    }
    out += (i == 0 ? "" : ", ") + last;
  }
  return out + ")";
}

std::string render_text(const Condition& condition, TenantQuery& query) {
  const Column& column = query.column(condition.column);
  const std::string& text = std::get<std::string>(condition.values[0]);
  if (condition.kind == Kind::contains) {
    const std::string name = sql::quoted(column.column);
    const std::string place = query.bind(text);
    return query.dialect() == sql::Dialect::sqlite ? "instr(" + name + ", " + place + ") > 0"
                                                   : "strpos(" + name + ", " + place + ") > 0";
  }
  // A range, so that an index serves it; both ends are bytewise.
  const std::string name = compare_expression(column, query.dialect());
  std::string out = name + " >= " + query.bind(text);
  const std::string end = prefix_end(text);
  if (!end.empty()) out += " AND " + name + " < " + query.bind(end);
  return "(" + out + ")";
}

std::string render_parts(const Condition& condition, TenantQuery& query) {
  const bool all = condition.kind == Kind::all;
  std::string out;
  for (const Condition& part : condition.parts) {
    std::string text = render(part, query);
    if (text.empty()) text = "1 = 1";
    out += (out.empty() ? "" : all ? " AND " : " OR ") + text;
  }
  if (out.empty()) return all ? "" : "1 = 0";
  return "(" + out + ")";
}

}  // namespace

Result<Condition> compile_filter(const FilterPlace& place, const json::Value* filter,
                                 const SessionLimits& limits) {
  if (filter == nullptr || filter->is_null()) return Condition{};
  return Compiler(place, limits).object(*filter, place.name, 1);
}

Result<Condition> compile_filter(const GrantedConnection& on, const json::Value* filter,
                                 const SessionLimits& limits) {
  return compile_filter(FilterPlace{on.grant(), on.dialect()}, filter, limits);
}

Status check_usable(const Condition& condition, const Grant& grant) {
  if (!grant.masks()) return ok();
  if (condition.column >= 0) {
    const Column& column = grant.dataset->columns[static_cast<std::size_t>(condition.column)];
    MC_TRY_OK(grant.usable(condition.column, "filter." + column.name));
  }
  for (const Condition& part : condition.parts) MC_TRY_OK(check_usable(part, grant));
  return ok();
}

std::string render(const Condition& condition, TenantQuery& query) {
  switch (condition.kind) {
    case Kind::all:
    case Kind::any:
      return render_parts(condition, query);
    case Kind::not_: {
      const std::string inner = render(condition.parts[0], query);
      return inner.empty() ? "1 = 0" : "NOT " + inner;
    }
    case Kind::in:
    case Kind::not_in:
      return render_list(condition, query);
    case Kind::contains:
    case Kind::starts_with:
      return render_text(condition, query);
    case Kind::is_null:
      return "(" + sql::quoted(query.column(condition.column).column) + " IS NULL)";
    case Kind::not_null:
      return "(" + sql::quoted(query.column(condition.column).column) + " IS NOT NULL)";
    default:
      break;
  }
  const Column& column = query.column(condition.column);
  const bool equality = condition.kind == Kind::eq || condition.kind == Kind::ne;
  const std::string name =
      equality ? sql::quoted(column.column) : compare_expression(column, query.dialect());
  std::string out = "(" + name;
  out += sign(condition.kind);
  return out + operand(column, query.dialect(), query.bind(condition.values[0])) + ")";
}

std::string prefix_end(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty()) {
    std::size_t at = end.size() - 1;
    while (at > 0 && (static_cast<unsigned char>(end[at]) & 0xC0) == 0x80) --at;
    // Decode the last code point, add one, step over the surrogates.
    const auto lead = static_cast<unsigned char>(end[at]);
    std::uint32_t point = lead < 0x80   ? lead
                          : lead < 0xE0 ? lead & 0x1FU
                          : lead < 0xF0 ? lead & 0x0FU
                                        : lead & 0x07U;
    for (std::size_t i = at + 1; i < end.size(); ++i) {
      point = (point << 6) | (static_cast<unsigned char>(end[i]) & 0x3FU);
    }
    end.resize(at);
    if (point >= 0x10FFFF) continue;
    point = point == 0xD7FF ? 0xE000 : point + 1;
    if (point < 0x80) {
      end.push_back(static_cast<char>(point));
    } else {
      if (point >= 0x10000) {
        end.push_back(static_cast<char>(0xF0 | (point >> 18)));
        end.push_back(static_cast<char>(0x80 | ((point >> 12) & 0x3F)));
      } else if (point >= 0x800) {
        end.push_back(static_cast<char>(0xE0 | (point >> 12)));
      } else {
        end.push_back(static_cast<char>(0xC0 | (point >> 6)));
      }
      if (point >= 0x800) end.push_back(static_cast<char>(0x80 | ((point >> 6) & 0x3F)));
      end.push_back(static_cast<char>(0x80 | (point & 0x3F)));
    }
    return end;
  }
  return end;
}

}  // namespace mc::dataset
