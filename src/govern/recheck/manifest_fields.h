// The members of a manifest in JSON; include manifest.h.
#pragma once

#include "recheck/manifest.h"
#include "recheck/manifest_names.h"  // IWYU pragma: export

namespace mc::json {

namespace recheck_rules {
inline constexpr Rules kNeeded = {.required = true};
inline constexpr Rules kCount = {.min = 0, .max = recheck::kRowsMax, .required = true};
inline constexpr Rules kText = {.min = 1, .max = recheck::kTextBytesMax, .required = true};
inline constexpr Rules kDecimal = {.min = 1, .max = 24, .required = true};
inline constexpr Rules kHash = {.min = 64, .max = 64, .required = true};
inline constexpr Rules kLevel = {.min = 1, .max = recheck::kLevelsMax, .required = true};
}  // namespace recheck_rules

template <>
struct Describe<recheck::HierarchyOf> {
  static constexpr auto fields =
      std::tuple{Field{"leaves", &recheck::HierarchyOf::leaves, "", recheck_rules::kCount},
                 Field{"levels", &recheck::HierarchyOf::levels, "", recheck_rules::kLevel},
                 Field{"sha256", &recheck::HierarchyOf::sha256, "", recheck_rules::kHash}};
};

template <>
struct Describe<recheck::Column> {
  static constexpr auto fields =
      std::tuple{Field{"hierarchy", &recheck::Column::hierarchy},
                 Field{"name", &recheck::Column::name, "", recheck_rules::kText},
                 Field{"role", &recheck::Column::role, "", recheck_rules::kNeeded}};
};

template <>
struct Describe<recheck::ValueRows> {
  static constexpr auto fields =
      std::tuple{Field{"rows", &recheck::ValueRows::rows, "", recheck_rules::kCount},
                 Field{"value",
                       &recheck::ValueRows::value,
                       "",
                       {.max = recheck::kTextBytesMax, .required = true}}};
};

template <>
struct Describe<recheck::Criterion> {
  static constexpr auto fields = std::tuple{
      Field{"c", &recheck::Criterion::c},
      Field{"column", &recheck::Criterion::column},
      Field{"distance", &recheck::Criterion::distance},
      Field{"distribution",
            &recheck::Criterion::distribution,
            "",
            {.min = 1, .max = recheck::kValuesMax}},
      Field{"k", &recheck::Criterion::k, "", {.min = 2, .max = recheck::kRowsMax}},
      Field{"kind", &recheck::Criterion::kind, "", recheck_rules::kNeeded},
      Field{"l", &recheck::Criterion::l},
      Field{"max", &recheck::Criterion::max},
      Field{"min", &recheck::Criterion::min},
      Field{"order", &recheck::Criterion::order, "", {.min = 1, .max = recheck::kOrderMax}},
      Field{"t", &recheck::Criterion::t}};
};

template <>
struct Describe<recheck::Input> {
  static constexpr auto fields =
      std::tuple{Field{"rows", &recheck::Input::rows, "", recheck_rules::kCount},
                 Field{"sha256", &recheck::Input::sha256, "", recheck_rules::kHash}};
};

template <>
struct Describe<recheck::ReleaseFile> {
  static constexpr auto fields =
      std::tuple{Field{"bytes",
                       &recheck::ReleaseFile::bytes,
                       "",
                       {.min = 0, .max = std::int64_t{1} << 53, .required = true}},
                 Field{"delimiter",
                       &recheck::ReleaseFile::delimiter,
                       "",
                       {.allowed = {",", ";", "|", "\t"}, .required = true}},
                 Field{"rows", &recheck::ReleaseFile::rows, "", recheck_rules::kCount},
                 Field{"sha256", &recheck::ReleaseFile::sha256, "", recheck_rules::kHash}};
};

template <>
struct Describe<recheck::Suppression> {
  static constexpr auto fields =
      std::tuple{Field{"form", &recheck::Suppression::form, "", recheck_rules::kNeeded},
                 Field{"limit", &recheck::Suppression::limit, "", recheck_rules::kDecimal},
                 Field{"rows", &recheck::Suppression::rows, "", recheck_rules::kCount}};
};

template <>
struct Describe<recheck::Recoding> {
  static constexpr auto fields =
      std::tuple{Field{"id", &recheck::Recoding::id, "", {.max = 100, .required = true}},
                 Field{"kind", &recheck::Recoding::kind, "", recheck_rules::kNeeded},
                 Field{"levels",
                       &recheck::Recoding::levels,
                       "",
                       {.max = recheck::kColumnsMax, .required = true}}};
};

template <>
struct Describe<recheck::SizeClasses> {
  static constexpr auto fields =
      std::tuple{Field{"classes", &recheck::SizeClasses::classes, "", recheck_rules::kCount},
                 Field{"rows", &recheck::SizeClasses::rows, "", recheck_rules::kCount}};
};

template <>
struct Describe<recheck::Classes> {
  static constexpr auto fields =
      std::tuple{Field{"count", &recheck::Classes::count, "", recheck_rules::kCount},
                 Field{"histogram",
                       &recheck::Classes::histogram,
                       "",
                       {.max = recheck::kValuesMax, .required = true}},
                 Field{"min", &recheck::Classes::min, "", recheck_rules::kCount},
                 Field{"root", &recheck::Classes::root, "", recheck_rules::kHash}};
};

template <>
struct Describe<recheck::Quality> {
  static constexpr auto fields = std::tuple{
      Field{"loss", &recheck::Quality::loss, "", recheck_rules::kDecimal},
      Field{"loss_arithmetic", &recheck::Quality::loss_arithmetic, "", recheck_rules::kDecimal}};
};

template <>
struct Describe<recheck::Search> {
  static constexpr auto fields =
      std::tuple{Field{"bound", &recheck::Search::bound, "", recheck_rules::kDecimal},
                 Field{"nodes",
                       &recheck::Search::nodes,
                       "",
                       {.min = 0, .max = (std::int64_t{1} << 53) - 1, .required = true}},
                 Field{"optimal", &recheck::Search::optimal, "", recheck_rules::kNeeded}};
};

template <>
struct Describe<recheck::Manifest> {
  static constexpr auto fields = std::tuple{
      Field{"classes", &recheck::Manifest::classes, "", recheck_rules::kNeeded},
      Field{"columns",
            &recheck::Manifest::columns,
            "",
            {.min = 1, .max = recheck::kColumnsMax, .required = true}},
      Field{"criteria",
            &recheck::Manifest::criteria,
            "",
            {.min = 1, .max = recheck::kCriteriaMax, .required = true}},
      Field{"engine", &recheck::Manifest::engine, "", {.min = 1, .max = 100, .required = true}},
      Field{"input", &recheck::Manifest::input, "", recheck_rules::kNeeded},
      Field{"k", &recheck::Manifest::k, "", {.min = 2, .max = recheck::kRowsMax, .required = true}},
      Field{"kind", &recheck::Manifest::kind, "", recheck_rules::kNeeded},
      Field{"model", &recheck::Manifest::model, "", recheck_rules::kNeeded},
      Field{"quality", &recheck::Manifest::quality, "", recheck_rules::kNeeded},
      Field{"recoding", &recheck::Manifest::recoding, "", recheck_rules::kNeeded},
      Field{"release", &recheck::Manifest::release, "", recheck_rules::kNeeded},
      Field{"search", &recheck::Manifest::search, "", recheck_rules::kNeeded},
      Field{"suppression", &recheck::Manifest::suppression, "", recheck_rules::kNeeded},
      Field{"version", &recheck::Manifest::version, "", recheck_rules::kNeeded},
      Field{"warnings", &recheck::Manifest::warnings, "", {.max = 16, .required = true}}};
};

}  // namespace mc::json
