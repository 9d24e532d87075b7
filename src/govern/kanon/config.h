// The file of `--config`: what each column is, what classes must fulfil, and how much may be lost.
// YAML 1.2, of which JSON is a part; its form is in docs/formats/kanon.md. Strict: unknown keys,
// wrong types and values out of range are `invalid`, each with file:line:column; so is whatever the
// columns and criteria leave open. Decimals may be numbers or texts and stay exact. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "json/describe.h"
#include "kanon/criteria.h"

namespace mc::kanon {

enum class Role : std::uint8_t {
  quasi,        // generalised by its hierarchy; rows that are equal in all of these are a class
  sensitive,    // released as it is, when the values of each class fulfil the criteria
  insensitive,  // released as it is
  identifying,  // never released
};
enum class Order : std::uint8_t { numeric, text };  // of the values of a sensitive column
enum class Method : std::uint8_t { global, local };
enum class Mean : std::uint8_t { geometric, arithmetic };
enum class Suppressed : std::uint8_t { drop, star };

struct CriterionConfig {
  Kind kind = Kind::distinct_l;
  std::string l = "", c = "", t = "";  // decimals, "" where the kind has none
  Result<Criterion> criterion() const;
};

struct ColumnConfig {
  Role role = Role::identifying;
  std::string hierarchy = "";  // a file, of quasi and of t-closeness by hierarchy
  // Of a sensitive column. None = distinct 2-diversity, because a class of one value hides nothing.
  std::vector<CriterionConfig> criteria = {};
  Order order = Order::numeric;  // of t-closeness by order
};

// The input holds more than is to be released: all that an attacker may know of. Released are the
// rows whose `column` has the value `member`.
struct PopulationConfig {
  std::string column = "", member = "";
};
struct PresenceConfig {
  std::string min = "0", max = "1";
};
// What a search may use; what it has found until then counts.
struct BudgetConfig {
  std::int64_t nodes = 0;  // level vectors looked at, 0 = all
  Nanos time = {};         // 0 = as long as it takes
};

struct Config {
  std::string kind = "kanon";
  int version = 1;
  std::string delimiter = ",", hierarchy_delimiter = ";";
  std::int64_t k = 10, k_map = 1;
  std::string suppression = "0.02";  // share of the released rows that may be dropped
  Suppressed suppressed = Suppressed::drop;
  Method method = Method::global;
  Mean mean = Mean::geometric;  // of the losses of columns, which is made as small as possible
  std::map<std::string, ColumnConfig> columns = {};  // every column of the table
  std::optional<PopulationConfig> population = std::nullopt;
  std::optional<PresenceConfig> presence = std::nullopt;
  BudgetConfig budget = {};
  std::string row_key = "";  // an identifying column that names a row in every release

  Status check() const;
};

struct ConfigFile {
  std::string name;  // for messages
  std::string text;
};
Result<Config> read_config(const ConfigFile& file);
json::Value to_json(const Config& config);  // every key; reads back as the same
json::Value config_schema();                // JSON Schema 2020-12

}  // namespace mc::kanon

template <>
struct mc::json::Describe<mc::kanon::Role> {
  using Role = mc::kanon::Role;
  static constexpr auto names =
      std::array{Name{"quasi", Role::quasi}, Name{"sensitive", Role::sensitive},
                 Name{"insensitive", Role::insensitive}, Name{"identifying", Role::identifying}};
};
template <>
struct mc::json::Describe<mc::kanon::Order> {
  using Order = mc::kanon::Order;
  static constexpr auto names =
      std::array{Name{"numeric", Order::numeric}, Name{"text", Order::text}};
};
template <>
struct mc::json::Describe<mc::kanon::Method> {
  using Method = mc::kanon::Method;
  static constexpr auto names =
      std::array{Name{"global", Method::global}, Name{"local", Method::local}};
};
template <>
struct mc::json::Describe<mc::kanon::Mean> {
  using Mean = mc::kanon::Mean;
  static constexpr auto names =
      std::array{Name{"geometric", Mean::geometric}, Name{"arithmetic", Mean::arithmetic}};
};
template <>
struct mc::json::Describe<mc::kanon::Suppressed> {
  using Suppressed = mc::kanon::Suppressed;
  static constexpr auto names =
      std::array{Name{"drop", Suppressed::drop}, Name{"star", Suppressed::star}};
};
