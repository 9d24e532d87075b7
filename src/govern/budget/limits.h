// What a budget limits, and by how much: dimensions, scopes, and the limits of one scope.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "budget/gcra.h"

namespace mc::budget {

enum class Dimension : std::uint8_t {
  requests,
  credits,     // the cost of an operation; settled
  bytes,       // of answers; settled
  fanout,      // requests to upstreams and statements; settled
  deliveries,  // events to subscribers
  exports,
  seats,          // requests that run at a time
  subscriptions,  // that are open
  day_credits,    // of a day and of a month of the calendar (UTC); settled
  month_credits,
};
inline constexpr std::size_t kDimensions = 10;
std::string_view name_of(Dimension dimension);  // "requests", "day_credits"
std::optional<Dimension> dimension_of(std::string_view name);

// A set of dimensions, a bit each.
class DimensionSet {
 public:
  bool has(Dimension dimension) const { return (bits_ & bit(dimension)) != 0; }
  DimensionSet& add(Dimension dimension) {
    bits_ |= bit(dimension);
    return *this;
  }
  bool empty() const { return bits_ == 0; }
  std::vector<std::string_view> names() const;  // in the order of the dimensions
  std::uint16_t bits() const { return bits_; }
  static DimensionSet of_bits(std::uint16_t bits);  // of bits() of another one
  bool operator==(const DimensionSet&) const = default;

 private:
  static std::uint16_t bit(Dimension dimension) {
    return static_cast<std::uint16_t>(1U << static_cast<unsigned>(dimension));
  }
  std::uint16_t bits_ = 0;
};

enum class Scope : std::uint8_t {
  global,
  plan,
  tenant,
  route,
  tenant_route,
  tenant_user,
  tenant_class,  // requests of a tenant that the policies put into a class
};
inline constexpr std::size_t kScopes = 7;
std::string_view name_of(Scope scope);  // "global", "tenant-route"

// The name of a class of requests: 1 to 64 of a-z, 0-9, "_" and "-".
inline constexpr std::size_t kClassNameMax = 64;
bool is_class_name(std::string_view name);

// What becomes of a budget that nodes share while their store does not answer (share/share.h).
enum class OnLoss : std::uint8_t { local_share, open, closed, last_known };
inline constexpr std::size_t kOnLosses = 4;
std::string_view name_of(OnLoss on_loss);  // "local_share"
std::optional<OnLoss> on_loss_of(std::string_view name);

// As the configuration has them. Absent = no limit; what is there is at least 1.
struct LimitSettings {
  std::optional<std::int64_t> gql_qps;          // requests a second
  std::optional<std::int64_t> credits_per_s;    // credits a second
  std::optional<std::int64_t> bytes_per_s;      // bytes of answers a second
  std::optional<std::int64_t> fanout_per_s;     // requests to upstreams, statements a second
  std::optional<std::int64_t> subs_fanout;      // deliveries to subscribers a second
  std::optional<std::int64_t> exports_per_min;  // exports a minute
  std::optional<std::int64_t> seats;            // requests at a time
  std::optional<std::int64_t> subscriptions;    // open ones
  std::optional<std::int64_t> credits_per_day, credits_per_month;
  // How much of a rate's second may be used at once; exports: of its minute.
  double burst = 1.0;
  std::vector<std::string> warn_only;  // names of dimensions that are told, not refused
  std::map<std::string, std::string> on_store_loss;  // OnLoss by the names of dimensions
  bool operator==(const LimitSettings&) const = default;
};
inline constexpr double kBurstMin = 0.01, kBurstMax = 3'600.0;
inline constexpr std::int64_t kHeldMax = 1'000'000;             // seats, subscriptions
inline constexpr std::int64_t kWindowMax = 10'000'000'000'000;  // credits of a day, of a month

// The limits of one scope, ready to be counted with. Immutable.
class Limits {
 public:
  struct Limit {
    Dimension dimension = Dimension::requests;
    bool warn_only = false;
    std::optional<OnLoss> on_loss = {};  // none: as for all
    std::optional<Rate> rate = {};       // of a rate; else `max` holds
    std::int64_t max = 0;
    std::int64_t quota() const { return rate ? rate->limit().amount : max; }  // as was set
  };
  // `invalid` names the setting and its bounds.
  static Result<Limits> make(const LimitSettings& settings);

  const std::vector<Limit>& all() const { return all_; }
  const Limit* find(Dimension dimension) const;
  bool empty() const { return all_.empty(); }

 private:
  Result<Limit*> named(std::string_view setting, const std::string& name);
  Status add_rate(Dimension dimension, std::string_view name, const RateLimit& limit);

  std::vector<Limit> all_;  // in the order of the dimensions
};

}  // namespace mc::budget
