// What may be exported, as the configuration says it: `exports` with its profiles. Part of
// export.h.
//
//   exports:
//     profiles:
//       people-by-region:
//         dataset: person
//         purposes: [training]
//         k: 10
//         suppression: "0.02"
//         columns:
//           age:  {role: quasi, hierarchy: /etc/maestro/age.csv}
//           sex:  {role: quasi, hierarchy: /etc/maestro/sex.csv}
//           work: {role: sensitive, criteria: [{kind: distinct-l, l: "2"}]}
//
// A column that is not named does not leave. Plain data; check() says what is wrong, by member.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "base/base.h"
#include "json/describe.h"

namespace mc::exporting {

inline constexpr std::size_t kProfilesMax = 256;
inline constexpr std::size_t kCriteriaMax = 8;  // of one column
inline constexpr std::int64_t kMillion = 1'000'000;

enum class Role : std::uint8_t { quasi, sensitive, insensitive };
enum class Format : std::uint8_t { csv, jsonl };
enum class CriterionKind : std::uint8_t {
  distinct_l,
  entropy_l,
  recursive_cl,
  t_equal,
  t_hierarchical,
  t_ordered
};
std::string_view kind_name(CriterionKind kind);  // "distinct-l"
std::string_view format_name(Format format);     // "csv"
std::string_view role_name(Role role);

struct CriterionSettings {
  CriterionKind kind = CriterionKind::distinct_l;
  std::string l = "", c = "", t = "";  // exact decimals, "" where the kind has none
  bool operator==(const CriterionSettings&) const = default;
  Status check() const;
  std::string text() const;  // "recursive-cl(c 4, l 3)"
};
// Whether a table that fulfils `asked` fulfils `wanted` too, by the definitions (Machanavajjhala
// 2007: entropy and recursive l-diversity imply distinct). Of t-closeness only the same distance.
bool implies(const CriterionSettings& asked, const CriterionSettings& wanted);

struct ColumnSettings {
  Role role = Role::insensitive;
  std::string hierarchy;                    // a file, of a quasi-identifier and of t_hierarchical
  std::vector<CriterionSettings> criteria;  // of a sensitive one; none = distinct 2
  bool operator==(const ColumnSettings&) const = default;
};

struct Profile {
  std::string dataset;
  std::vector<std::string> purposes;  // it may be used for; one at least
  Format format = Format::csv;
  std::int64_t k = 10;
  std::string suppression = "0.02";  // share of the rows that may be left out
  std::map<std::string, ColumnSettings> columns;
  Nanos search_time = seconds(20);  // then the best that was found counts
  bool operator==(const Profile&) const = default;
  Status check() const;
};

struct ExportSettings {
  std::map<std::string, Profile> profiles;
  std::int64_t rows_max = 1'000'000;         // read for one export
  std::int64_t bytes_max = 256 << 20;        // of each of its files, and of what it reads
  std::int64_t open_max = 4;                 // of a tenant, queued or running
  std::int64_t kept_max = 1'000;             // of a tenant, whose files are there
  std::int64_t hold_pending_max = 16;        // of a tenant, holds that wait for approval
  bool hold_machines = false;                // tokens may approve holds, not only persons
  std::int64_t guard_rows_max = 32'000'000;  // of earlier exports that one is held against
  Nanos retention = seconds(std::int64_t{30} * 24 * 3600);  // of files; what guards is kept on
  Nanos lease = seconds(60);                                // of a job, and longer than any step
  Status check() const;
};

// Millionths of a share: "0.02" is 20'000. `invalid` for what is no share, or is finer.
Result<std::int64_t> share_of(std::string_view decimal);

}  // namespace mc::exporting

template <>
struct mc::json::Describe<mc::exporting::Role> {
  using T = mc::exporting::Role;
  static constexpr auto names = std::array{Name{"quasi", T::quasi}, Name{"sensitive", T::sensitive},
                                           Name{"insensitive", T::insensitive}};
};
template <>
struct mc::json::Describe<mc::exporting::Format> {
  using T = mc::exporting::Format;
  static constexpr auto names = std::array{Name{"csv", T::csv}, Name{"jsonl", T::jsonl}};
};
template <>
struct mc::json::Describe<mc::exporting::CriterionKind> {
  using T = mc::exporting::CriterionKind;
  static constexpr auto names =
      std::array{Name{"distinct-l", T::distinct_l},         Name{"entropy-l", T::entropy_l},
                 Name{"recursive-cl", T::recursive_cl},     Name{"t-equal", T::t_equal},
                 Name{"t-hierarchical", T::t_hierarchical}, Name{"t-ordered", T::t_ordered}};
};
template <>
struct mc::json::Describe<mc::exporting::CriterionSettings> {
  using T = mc::exporting::CriterionSettings;
  static constexpr auto fields =
      std::tuple{Field{"kind", &T::kind, "What the values of a class fulfil", {.required = true}},
                 Field{"l", &T::l, "Of the kinds of l-diversity", {.max = 24}},
                 Field{"c", &T::c, "Of recursive-cl", {.max = 24}},
                 Field{"t", &T::t, "Of the kinds of t-closeness", {.max = 24}}};
};
template <>
struct mc::json::Describe<mc::exporting::ColumnSettings> {
  using T = mc::exporting::ColumnSettings;
  static constexpr auto fields = std::tuple{
      Field{"role", &T::role, "What the column is to somebody who links rows", {.required = true}},
      Field{"hierarchy",
            &T::hierarchy,
            "File: what its values become, level by level",
            {.max = 4096}},
      Field{"criteria",
            &T::criteria,
            "Of a sensitive column; none = two different values a class",
            {.max = mc::exporting::kCriteriaMax}}};
};
template <>
struct mc::json::Describe<mc::exporting::Profile> {
  using T = mc::exporting::Profile;
  static constexpr auto fields = std::tuple{
      Field{"dataset", &T::dataset, "Whose rows leave", {.min = 1, .max = 63, .required = true}},
      Field{
          "purposes", &T::purposes, "It may be used for", {.min = 1, .max = 32, .required = true}},
      Field{"format", &T::format, "csv, or jsonl beside it"},
      Field{"k",
            &T::k,
            "Rows that no released row can be told from, itself among them",
            {.min = 2, .max = 1'000'000}},
      Field{"suppression", &T::suppression, "Share of the rows that may be left out", {.max = 8}},
      Field{"columns",
            &T::columns,
            "Those that leave, by name",
            {.min = 1, .max = 64, .required = true}},
      Field{"search_time",
            &T::search_time,
            "Then the best that was found counts",
            {.min = mc::millis(100), .max = mc::seconds(600)}}};
};
template <>
struct mc::json::Describe<mc::exporting::ExportSettings> {
  using T = mc::exporting::ExportSettings;
  static constexpr auto fields = std::tuple{
      Field{"profiles",
            &T::profiles,
            "What may be exported, by name",
            {.max = mc::exporting::kProfilesMax}},
      Field{"rows_max", &T::rows_max, "Rows of one export", {.min = 1, .max = 50'000'000}},
      Field{"bytes_max",
            &T::bytes_max,
            "Bytes of a file of an export",
            {.min = 1 << 10, .max = std::int64_t{1} << 32}},
      Field{"open_max",
            &T::open_max,
            "Exports of a tenant that are not done yet",
            {.min = 1, .max = 1'000}},
      Field{"kept_max",
            &T::kept_max,
            "Exports of a tenant whose files are kept",
            {.min = 1, .max = 100'000}},
      Field{"hold_pending_max",
            &T::hold_pending_max,
            "Legal holds of a tenant that wait for approval",
            {.min = 1, .max = 1'000}},
      Field{"hold_machines", &T::hold_machines,
            "Whether a token may approve a legal hold; otherwise a session alone may"},
      Field{"guard_rows_max",
            &T::guard_rows_max,
            "Rows of a dataset's earlier exports that a new one is held against, 16 bytes each",
            {.min = 1, .max = 1'000'000'000}},
      Field{"retention",
            &T::retention,
            "How long files are kept",
            {.min = mc::seconds(1), .max = mc::seconds(std::int64_t{3650} * 24 * 3600)}},
      Field{"lease",
            &T::lease,
            "After which another server goes on with an export",
            {.min = mc::seconds(5), .max = mc::seconds(3600)}}};
};
