// What was spent, by whom and when, and how long the rest will do. Whole numbers only.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "accountant/account.h"
#include "accountant/charge.h"
#include "accountant/settings.h"
#include "sql/sql.h"
#include "sys/sys.h"

namespace mc::accountant {

// An account as people look at it.
struct Standing {
  AccountKey key;
  Filter filter = Filter::pure;
  std::optional<WallTime> resets_at = std::nullopt;  // nothing: never
  Limit limit{};
  Amount spent{}, reserved{};
  NanoEpsilon top_up{};
  // Nothing = no limit. Under zcdp epsilon_left is what rho_left converts to.
  std::optional<NanoEpsilon> epsilon_left = std::nullopt;
  std::optional<PicoRho> rho_left = std::nullopt;
  // What was spent as (epsilon, report_delta): under zcdp and rdp by conversion, rounded up.
  NanoEpsilon epsilon_reported{};
  bool operator==(const Standing&) const = default;
};
inline constexpr AttoDelta kReportDelta{INT64_C(1'000'000'000'000)};  // 10^-6

// Whose budget is meant.
struct Subject {
  TenantId tenant;
  std::string dataset;
  std::string purpose;  // "" = all, where that makes sense
};

struct Spend {
  std::string name;  // of the analyst, the query type, or the day: 2026-11-30
  NanoEpsilon epsilon{};
  AttoDelta delta{};
  PicoRho rho{};
  std::int64_t charges = 0;
  bool operator==(const Spend&) const = default;
};
enum class SpendBy : std::uint8_t { analyst, query_type, day, purpose };

// After each day of a window that has begun: what was spent until then.
struct BurnPoint {
  WallTime day{};
  NanoEpsilon spent{};
  bool operator==(const BurnPoint&) const = default;
};

// By the mean of the days of the window until now. The band is that of the day with the least and
// the most among the last seven full days; nothing = not within the window.
struct Forecast {
  NanoEpsilon left{};
  NanoEpsilon per_day{};
  std::optional<WallTime> exhausted_at = std::nullopt;
  std::optional<WallTime> earliest = std::nullopt, latest = std::nullopt;
  bool operator==(const Forecast&) const = default;
};
// `left` above zero; points of whole days, `now` on the day of the last one or after it.
Forecast forecast(const Window& window, NanoEpsilon left, const std::vector<BurnPoint>& points,
                  WallTime now);

struct ChargePage {
  std::vector<ChargeRecord> charges;  // newest first; results are left out
  std::string next;                   // the cursor; "" = no more
};

struct BurnDown {
  Window window{};
  std::optional<NanoEpsilon> limit = std::nullopt;  // with top-ups
  std::vector<BurnPoint> points;
  std::optional<Forecast> forecast = std::nullopt;  // nothing without a limit
};

// Reads through a connection of its own. Thread-safe; blocks.
class Reports {
 public:
  virtual ~Reports() = default;
  // The present window's account, the dataset's, and the lifetime odometer, which are there even
  // when nothing was charged yet. `plan` says the limits.
  virtual Result<std::vector<Standing>> standings(const Subject& subject,
                                                  const std::string& plan) = 0;
  virtual Result<Standing> odometer(const TenantId& tenant, const std::string& dataset) = 0;
  // Committed and burned charges that were reserved in [from, to); at most 1,000 names, by name.
  virtual Result<std::vector<Spend>> spend(const Subject& subject, SpendBy by,
                                           const Window& within) = 0;
  virtual Result<BurnDown> burn_down(const Subject& subject, const std::string& plan) = 0;
  // `limit` 1 to 200; `cursor` "" or as the page before said.
  virtual Result<ChargePage> charges(const Subject& subject, const std::string& cursor,
                                     int limit) = 0;
  virtual Result<ChargeRecord> charge(const ChargeRef& charge) = 0;
  // The journal of tenant x dataset behind the place `after`, in its order; at most `limit`, 1 to
  // 10,000. Results are left out.
  virtual Result<std::vector<ChargeRecord>> settled(const TenantId& tenant,
                                                    const std::string& dataset, std::int64_t after,
                                                    int limit) = 0;
  virtual Result<std::vector<TopUp>> top_ups(const Subject& subject) = 0;  // active ones
  // Over all settled charges of tenant x dataset (replay.h), and how many they are.
  struct Ledger {
    crypto::Digest hash{};
    std::int64_t charges = 0;
    Amount spent{};
  };
  virtual Result<Ledger> accountant_hash(const TenantId& tenant, const std::string& dataset) = 0;
};

}  // namespace mc::accountant
