#include "export/profile.h"

#include <algorithm>

namespace mc::exporting {
namespace {

constexpr std::int64_t kNano = 1'000'000'000;
constexpr int kPlacesMax = 9;

// Billionths of a decimal with at most nine digits on either side of the point.
Result<std::int64_t> nano_of(std::string_view text) {
  const std::size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  const std::string_view part = point == std::string_view::npos ? "" : text.substr(point + 1);
  const auto digits = [](std::string_view of) {
    return std::ranges::all_of(of, [](char c) { return c >= '0' && c <= '9'; });
  };
  const bool form = !whole.empty() && whole.size() <= kPlacesMax && part.size() <= kPlacesMax &&
                    digits(whole) && digits(part) &&
                    (point == std::string_view::npos || !part.empty());
  if (!form) return fail(Code::invalid, "'" + excerpt(text) + "' is no decimal");
  std::int64_t out = 0;
  for (const char c : whole) out = out * 10 + (c - '0');
  for (int i = 0; i < kPlacesMax; ++i) {
    const auto at = static_cast<std::size_t>(i);
    out = out * 10 + (at < part.size() ? part[at] - '0' : 0);
  }
  return out;
}

// 0 for what is not there; settings that are compared were checked.
std::int64_t amount(const std::string& text) {
  const Result<std::int64_t> out = nano_of(text);
  return out ? *out : 0;
}

Status check_name(std::string_view name, std::string_view what) {
  const bool fits = !name.empty() && name.size() <= 64 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
  if (fits) return ok();
  return fail(Code::invalid, std::string(what) + " '" + excerpt(name) +
                                 "': a name is 1 to 64 of a-z, 0-9, - and _");
}

Status check_column(const std::string& name, const ColumnSettings& column) {
  const std::string path = "columns." + name + ": ";
  if (column.role == Role::quasi && column.hierarchy.empty()) {
    return fail(Code::invalid, path + "a quasi-identifier needs a hierarchy");
  }
  if (column.role != Role::sensitive && !column.criteria.empty()) {
    return fail(Code::invalid, path + "only a sensitive column has criteria");
  }
  bool by_hierarchy = column.role == Role::quasi;
  for (const CriterionSettings& each : column.criteria) {
    if (const Status checked = each.check(); !checked) {
      return fail(Code::invalid, path + checked.error().what);
    }
    by_hierarchy = by_hierarchy || each.kind == CriterionKind::t_hierarchical;
  }
  if (!by_hierarchy && !column.hierarchy.empty()) {
    return fail(Code::invalid, path + "nothing uses its hierarchy");
  }
  if (by_hierarchy && column.hierarchy.empty()) {
    return fail(Code::invalid, path + "t-hierarchical needs a hierarchy");
  }
  return ok();
}

}  // namespace

std::string_view kind_name(CriterionKind kind) {
  for (const auto& name : json::Describe<CriterionKind>::names) {
    if (name.value == kind) return name.text;
  }
  return "";
}

std::string_view format_name(Format format) {
  return format == Format::csv ? "csv" : "jsonl";
}

std::string_view role_name(Role role) {
  for (const auto& name : json::Describe<Role>::names) {
    if (name.value == role) return name.text;
  }
  return "";
}

Status CriterionSettings::check() const {
  const bool of_l = kind == CriterionKind::distinct_l || kind == CriterionKind::entropy_l ||
                    kind == CriterionKind::recursive_cl;
  const bool of_c = kind == CriterionKind::recursive_cl;
  const std::string name(kind_name(kind));
  const auto check_one = [&](const char* member, const std::string& text, bool wanted) -> Status {
    if (!wanted) {
      if (text.empty()) return ok();
      return fail(Code::invalid, name + " has no " + member);
    }
    const Result<std::int64_t> read = nano_of(text);
    if (!read) return fail(Code::invalid, name + ": " + member + ": " + read.error().what);
    return ok();
  };
  MC_TRY_OK(check_one("l", l, of_l));
  MC_TRY_OK(check_one("c", c, of_c));
  MC_TRY_OK(check_one("t", t, !of_l));
  if (of_l && amount(l) <= kNano) return fail(Code::invalid, name + ": l is more than 1");
  if (of_l && kind != CriterionKind::entropy_l && amount(l) % kNano != 0) {
    return fail(Code::invalid, name + ": l is a whole number");
  }
  if (of_c && amount(c) == 0) return fail(Code::invalid, name + ": c is more than 0");
  if (!of_l && amount(t) > kNano) return fail(Code::invalid, name + ": t is 0 to 1");
  return ok();
}

std::string CriterionSettings::text() const {
  std::string out(kind_name(kind));
  out += "(";
  if (!c.empty()) out += "c " + c + ", ";
  return out + (l.empty() ? "t " + t : "l " + l) + ")";
}

bool implies(const CriterionSettings& asked, const CriterionSettings& wanted) {
  using Kind = CriterionKind;
  switch (wanted.kind) {
    case Kind::distinct_l:
      return (asked.kind == Kind::distinct_l || asked.kind == Kind::entropy_l ||
              asked.kind == Kind::recursive_cl) &&
             amount(asked.l) >= amount(wanted.l);
    case Kind::entropy_l:
      return asked.kind == Kind::entropy_l && amount(asked.l) >= amount(wanted.l);
    case Kind::recursive_cl:
      return asked.kind == Kind::recursive_cl && amount(asked.l) >= amount(wanted.l) &&
             amount(asked.c) <= amount(wanted.c);
    case Kind::t_equal:
    case Kind::t_hierarchical:
    case Kind::t_ordered:
      return asked.kind == wanted.kind && amount(asked.t) <= amount(wanted.t);
  }
  return false;
}

Result<std::int64_t> share_of(std::string_view decimal) {
  MC_TRY(const std::int64_t nano, nano_of(decimal));
  if (nano > kNano) return fail(Code::invalid, "'" + excerpt(decimal) + "' is more than 1");
  if (nano % (kNano / kMillion) != 0) {
    return fail(Code::invalid, "'" + excerpt(decimal) + "' has more than six places");
  }
  return nano / (kNano / kMillion);
}

Status Profile::check() const {
  if (const Result<std::int64_t> share = share_of(suppression); !share) {
    return fail(Code::invalid, "suppression: " + share.error().what);
  }
  bool quasi = false;
  for (const auto& [name, column] : columns) {
    MC_TRY_OK(check_column(name, column));
    quasi = quasi || column.role == Role::quasi;
  }
  if (quasi) return ok();
  return fail(Code::invalid, "columns: none is a quasi-identifier");
}

Status ExportSettings::check() const {
  for (const auto& [name, profile] : profiles) {
    MC_TRY_OK(check_name(name, "exports.profiles:"));
    const Status checked = profile.check();
    if (!checked) {
      return fail(Code::invalid, "exports.profiles." + name + ": " + checked.error().what);
    }
    if (profile.search_time + seconds(10) > lease) {
      return fail(Code::invalid, "exports.profiles." + name +
                                     ": search_time and ten seconds more are not within "
                                     "exports.lease");
    }
  }
  return ok();
}

}  // namespace mc::exporting
