// What a k-anonymous release says of itself: the body of its proof, byte-exact in
// docs/formats/kanon-release.md.
//
// Plain copyable data, no thread rules. print_manifest() writes the form of RFC 8785 and
// parse_manifest() takes that form alone, so a manifest has one text and that text one digest.
// Numbers that are no counts are decimals as text: a whole part of at most 9 digits and, behind a
// point, at most 9 digits (12 of losses and bounds).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/base.h"
#include "json/describe.h"

namespace mc::recheck {

inline constexpr std::string_view kKind = "mc.kanon-release";
inline constexpr std::int64_t kVersion = 1;
inline constexpr std::int64_t kRowsMax = std::int64_t{1} << 30;
inline constexpr std::size_t kManifestBytesMax = 8 << 20;
inline constexpr std::size_t kColumnsMax = 256;
inline constexpr std::size_t kTextBytesMax = 4096;  // of a column's name and of a value in here
inline constexpr std::size_t kLevelsMax = 64;
inline constexpr std::size_t kCriteriaMax = 64;
inline constexpr std::size_t kOrderMax = 4096;     // values of a column with an order
inline constexpr std::size_t kValuesMax = 65'536;  // values of a distribution
inline constexpr std::string_view kStar = "*";     // of each quasi-identifier of a starred row

enum class Role : std::uint8_t { quasi_identifier, sensitive, insensitive };
enum class Distance : std::uint8_t { equal, hierarchical, ordered };
enum class CriterionKind : std::uint8_t {
  k_anonymity,
  k_map,
  distinct_l,
  entropy_l,
  recursive_l,
  t_closeness,
  delta_presence,
};
enum class SuppressionForm : std::uint8_t { dropped, starred };
enum class RecodingKind : std::uint8_t { full_domain, local };
std::string_view criterion_name(CriterionKind kind);  // "distinct-l"

struct HierarchyOf {
  std::int64_t leaves = 0;  // rows of the hierarchy
  std::int64_t levels = 0;  // columns of it; level 0 are the leaves
  std::string sha256 = "";  // of its file
  bool operator==(const HierarchyOf&) const = default;
};

// Of the release, in the order of its header.
struct Column {
  std::optional<HierarchyOf> hierarchy = std::nullopt;
  std::string name = "";
  Role role = Role::insensitive;
  bool operator==(const Column&) const = default;
};

struct ValueRows {
  std::int64_t rows = 0;
  std::string value = "";
  bool operator==(const ValueRows&) const = default;
};

// Which members a kind has is checked by check().
struct Criterion {
  std::optional<std::string> c = std::nullopt;       // recursive-l
  std::optional<std::string> column = std::nullopt;  // all of one sensitive column
  std::optional<Distance> distance = std::nullopt;   // t-closeness
  std::optional<std::vector<ValueRows>> distribution =
      std::nullopt;                              // t-closeness: of the input; may be absent
  std::optional<std::int64_t> k = std::nullopt;  // k-anonymity, k-map
  CriterionKind kind = CriterionKind::k_anonymity;
  std::optional<std::string> l = std::nullopt;    // distinct-l, entropy-l, recursive-l
  std::optional<std::string> max = std::nullopt;  // delta-presence
  std::optional<std::string> min = std::nullopt;  // delta-presence
  std::optional<std::vector<std::string>> order =
      std::nullopt;  // t-closeness, ordered: all values, least first; may be absent
  std::optional<std::string> t = std::nullopt;  // t-closeness
  Status check() const;
  bool operator==(const Criterion&) const = default;
};

struct Input {
  std::int64_t rows = 0;
  std::string sha256 = "";  // of the snapshot that was anonymised
  bool operator==(const Input&) const = default;
};

struct ReleaseFile {
  std::int64_t bytes = 0;
  std::string delimiter = ",";  // , ; | or a tab
  std::int64_t rows = 0;        // without the header
  std::string sha256 = "";
  bool operator==(const ReleaseFile&) const = default;
};

struct Suppression {
  SuppressionForm form = SuppressionForm::dropped;
  std::string limit = "";  // share of the input's rows
  std::int64_t rows = 0;
  bool operator==(const Suppression&) const = default;
};

struct Recoding {
  std::string id = "";  // local: the algorithm and its version; "" of full-domain
  RecodingKind kind = RecodingKind::full_domain;
  std::vector<std::int64_t> levels = {};  // full-domain: of each quasi-identifier; else empty
  bool operator==(const Recoding&) const = default;
};

struct SizeClasses {
  std::int64_t classes = 0;
  std::int64_t rows = 0;  // of each of them
  bool operator==(const SizeClasses&) const = default;
};

struct Classes {
  std::int64_t count = 0;
  std::vector<SizeClasses> histogram = {};  // by rows, least first
  std::int64_t min = 0;                     // rows of the smallest, 0 without any
  std::string root = "";
  bool operator==(const Classes&) const = default;
};

struct Quality {
  std::string loss = "";             // geometric mean
  std::string loss_arithmetic = "";  // arithmetic mean
  bool operator==(const Quality&) const = default;
};

struct Search {
  std::string bound = "";  // no solution has a smaller loss
  std::int64_t nodes = 0;
  bool optimal = false;
  bool operator==(const Search&) const = default;
};

struct Manifest {
  Classes classes;
  std::vector<Column> columns = {};
  std::vector<Criterion> criteria = {};  // k-anonymity among them; none twice for a column
  std::string engine = "";               // "maestro 0.1.0"
  Input input;
  std::int64_t k = 0;
  std::string kind = std::string(kKind);
  std::string model = "syntactic";
  Quality quality;
  Recoding recoding;
  ReleaseFile release;
  Search search;
  Suppression suppression;
  std::int64_t version = kVersion;
  std::vector<std::string> warnings = {"downcoding", "minimality"};
  Status check() const;  // what holds between members
  bool operator==(const Manifest&) const = default;
};

// `invalid` with the member and the limit. Nothing is allowed before or behind the object.
Result<Manifest> parse_manifest(std::string_view text);
std::string print_manifest(const Manifest& manifest);

}  // namespace mc::recheck

#include "recheck/manifest_fields.h"  // IWYU pragma: export
