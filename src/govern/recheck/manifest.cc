#include "recheck/manifest.h"

#include <algorithm>
#include <set>

#include "json/json.h"
#include "recheck/decimal.h"

namespace mc::recheck {
namespace {

constexpr json::Limits kLimits = {
    .bytes_max = kManifestBytesMax, .depth_max = 8, .values_max = 1'000'000};

Status wrong(std::string_view member, const std::string& what) {
  return fail(Code::invalid, std::string(member) + ": " + what);
}

bool is_hash(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Result<Decimal> decimal(std::string_view member, std::string_view text, int places) {
  Result<Decimal> out = parse_decimal(text, places);
  if (!out) return fail(Code::invalid, std::string(member) + ": " + out.error().what);
  return out;
}

// A decimal from 0 to 1.
Status share(std::string_view member, std::string_view text, int places) {
  MC_TRY(const Decimal read, decimal(member, text, places));
  if (read.digits > read.scale()) return wrong(member, "it is more than 1");
  return ok();
}

Status at_least_one(std::string_view member, std::string_view text) {
  MC_TRY(const Decimal read, decimal(member, text, kPlacesMax));
  if (read.digits < read.scale()) return wrong(member, "it is less than 1");
  return ok();
}

struct Wanted {
  bool c = false, column = false, distance = false, k = false, l = false, presence = false,
       t = false;
};

Wanted wanted_by(CriterionKind kind) {
  switch (kind) {
    case CriterionKind::k_anonymity:
    case CriterionKind::k_map:
      return {.k = true};
    case CriterionKind::distinct_l:
    case CriterionKind::entropy_l:
      return {.column = true, .l = true};
    case CriterionKind::recursive_l:
      return {.c = true, .column = true, .l = true};
    case CriterionKind::t_closeness:
      return {.column = true, .distance = true, .t = true};
    case CriterionKind::delta_presence:
      return {.presence = true};
  }
  return {};
}

Status check_values(const Criterion& of) {
  if (of.order && std::set(of.order->begin(), of.order->end()).size() != of.order->size()) {
    return wrong("order", "a value stands in it twice");
  }
  if (!of.distribution) return ok();
  for (std::size_t i = 0; i < of.distribution->size(); ++i) {
    const ValueRows& one = (*of.distribution)[i];
    if (one.rows < 1) return wrong("distribution", "a value without rows");
    if (i > 0 && (*of.distribution)[i - 1].value >= one.value) {
      return wrong("distribution", "its values are not sorted, or one is there twice");
    }
  }
  return ok();
}

Status check_columns(const Manifest& of, std::size_t& quasi_identifiers) {
  std::set<std::string_view> names;
  quasi_identifiers = 0;
  for (const Column& column : of.columns) {
    if (!is_one_line(column.name)) return wrong("columns", "a name is not one line of UTF-8");
    if (!names.insert(column.name).second) {
      return wrong("columns", "'" + excerpt(column.name) + "' is there twice");
    }
    if (column.role == Role::quasi_identifier) ++quasi_identifiers;
    if (!column.hierarchy) continue;
    if (column.role == Role::insensitive) {
      return wrong("columns", "'" + excerpt(column.name) + "' is insensitive and has a hierarchy");
    }
    if (!is_hash(column.hierarchy->sha256)) {
      return wrong("columns", "hierarchy.sha256 is not 64 small hexadecimal digits");
    }
  }
  if (quasi_identifiers == 0) return wrong("columns", "none is a quasi-identifier");
  return ok();
}

Status check_criteria(const Manifest& of) {
  bool k_anonymity = false;
  std::set<std::tuple<CriterionKind, std::string, std::optional<Distance>>> seen;
  for (const Criterion& one : of.criteria) {
    const std::string name(criterion_name(one.kind));
    if (!seen.emplace(one.kind, one.column.value_or(""), one.distance).second) {
      return wrong("criteria", name + " is there twice");
    }
    if (one.kind == CriterionKind::k_anonymity) {
      k_anonymity = true;
      if (*one.k != of.k) return wrong("criteria", "k-anonymity has another k than the manifest");
    }
    if (!one.column) continue;
    std::int64_t rows = 0;
    for (const ValueRows& value : one.distribution.value_or(std::vector<ValueRows>())) {
      rows += value.rows;
    }
    if (one.distribution && rows != of.input.rows) {
      return wrong("distribution", "its rows are not those of the input");
    }
    const auto found =
        std::find_if(of.columns.begin(), of.columns.end(),
                     [&](const Column& column) { return column.name == *one.column; });
    if (found == of.columns.end() || found->role != Role::sensitive) {
      return wrong("criteria",
                   name + ": '" + excerpt(*one.column) + "' is no sensitive column of the release");
    }
  }
  return k_anonymity ? ok() : wrong("criteria", "k-anonymity is not among them");
}

Status check_recoding(const Manifest& of, std::size_t quasi_identifiers) {
  if (of.recoding.kind == RecodingKind::local) {
    if (of.recoding.id.empty()) return wrong("recoding.id", "it is empty");
    if (!of.recoding.levels.empty()) return wrong("recoding.levels", "local recoding has none");
    return ok();
  }
  if (!of.recoding.id.empty()) return wrong("recoding.id", "full-domain recoding has none");
  if (of.recoding.levels.size() != quasi_identifiers) {
    return wrong("recoding.levels", "they are not as many as the quasi-identifiers");
  }
  std::size_t at = 0;
  for (const Column& column : of.columns) {
    if (column.role != Role::quasi_identifier) continue;
    const std::int64_t level = of.recoding.levels[at++];
    const std::int64_t levels =
        column.hierarchy ? column.hierarchy->levels : static_cast<std::int64_t>(kLevelsMax);
    if (level < 0 || level >= levels) {
      return wrong("recoding.levels", "'" + excerpt(column.name) + "' has no such level");
    }
  }
  return ok();
}

// Rows, classes and their sizes must add up before any file is looked at.
Status check_counts(const Manifest& of) {
  const bool dropped = of.suppression.form == SuppressionForm::dropped;
  if (of.release.rows + (dropped ? of.suppression.rows : 0) != of.input.rows) {
    return wrong("rows", "released and suppressed rows are not those of the input");
  }
  std::int64_t rows = 0, classes = 0, last = 0;
  for (const SizeClasses& one : of.classes.histogram) {
    if (one.classes < 1 || one.rows <= last) {
      return wrong("classes.histogram", "it is not sorted by rows, or has a size without classes");
    }
    last = one.rows;
    if (one.classes > kRowsMax / one.rows) return wrong("classes.histogram", "too many rows");
    rows += one.classes * one.rows;
    classes += one.classes;
  }
  if (rows != of.release.rows - (dropped ? 0 : of.suppression.rows)) {
    return wrong("classes.histogram", "its rows are not those of the release");
  }
  if (classes != of.classes.count) return wrong("classes.histogram", "it has not classes.count");
  const std::int64_t least = of.classes.histogram.empty() ? 0 : of.classes.histogram.front().rows;
  if (of.classes.min != least) return wrong("classes.min", "the histogram has another smallest");
  return ok();
}

Status check_texts(const Manifest& of) {
  for (const auto& [member, text] : {std::pair("input.sha256", &of.input.sha256),
                                     std::pair("release.sha256", &of.release.sha256),
                                     std::pair("classes.root", &of.classes.root)}) {
    if (!is_hash(*text)) return wrong(member, "it is not 64 small hexadecimal digits");
  }
  MC_TRY_OK(share("suppression.limit", of.suppression.limit, kPlacesMax));
  for (const auto& [member, text] :
       {std::pair("quality.loss", &of.quality.loss),
        std::pair("quality.loss_arithmetic", &of.quality.loss_arithmetic),
        std::pair("search.bound", &of.search.bound)}) {
    MC_TRY_OK(share(member, *text, kLossPlacesMax));
  }
  if (of.model != "syntactic") return wrong("model", "it must be syntactic");
  if (of.warnings != Manifest().warnings) {
    return wrong("warnings", "they must be downcoding and minimality");
  }
  return ok();
}

}  // namespace

std::string_view criterion_name(CriterionKind kind) {
  for (const auto& name : json::Describe<CriterionKind>::names) {
    if (name.value == kind) return name.text;
  }
  return "";
}

Status Criterion::check() const {
  const Wanted wanted = wanted_by(kind);
  const std::pair<const char*, bool> members[] = {
      {"c", wanted.c == c.has_value()},
      {"column", wanted.column == column.has_value()},
      {"distance", wanted.distance == distance.has_value()},
      {"k", wanted.k == k.has_value()},
      {"l", wanted.l == l.has_value()},
      {"max", wanted.presence == max.has_value()},
      {"min", wanted.presence == min.has_value()},
      {"t", wanted.t == t.has_value()},
      {"order", distance == Distance::ordered || !order},
      {"distribution", wanted.t || !distribution}};
  for (const auto& [name, right] : members) {
    if (!right) return wrong(name, "missing, or not of " + std::string(criterion_name(kind)));
  }
  if (c) MC_TRY_OK(decimal("c", *c, kPlacesMax).map([](Decimal) { return std::monostate(); }));
  if (l) MC_TRY_OK(at_least_one("l", *l));
  if (t) MC_TRY_OK(share("t", *t, kPlacesMax));
  if (min) MC_TRY_OK(share("min", *min, kPlacesMax));
  if (max) MC_TRY_OK(share("max", *max, kPlacesMax));
  return check_values(*this);
}

Status Manifest::check() const {
  MC_TRY_OK(check_texts(*this));
  std::size_t quasi_identifiers = 0;
  MC_TRY_OK(check_columns(*this, quasi_identifiers));
  MC_TRY_OK(check_criteria(*this));
  MC_TRY_OK(check_recoding(*this, quasi_identifiers));
  return check_counts(*this);
}

Result<Manifest> parse_manifest(std::string_view text) {
  MC_TRY(const json::Value value, json::parse(text, kLimits));
  const json::Value* const kind = value.find("kind");
  if (kind == nullptr || kind->as_string() == nullptr || *kind->as_string() != kKind) {
    return fail(Code::invalid, "kind: it is not " + std::string(kKind));
  }
  const json::Value* const version = value.find("version");
  if (version == nullptr || version->as_int() == nullptr || *version->as_int() != kVersion) {
    return fail(Code::invalid,
                "version: this program knows version " + std::to_string(kVersion) + " alone");
  }
  MC_TRY(Manifest out, json::read<Manifest>(value));
  if (print_manifest(out) != text) {
    return fail(Code::invalid, "it is not in the form of RFC 8785, or has a member that is null");
  }
  return out;
}

std::string print_manifest(const Manifest& manifest) {
  return json::canonical(json::to_value(manifest));
}

}  // namespace mc::recheck
