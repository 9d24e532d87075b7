// What was tried and must not be: reads and writes of data that may not lie, or not be reached
// from, where they are. Part of residency.h.
//
// The first attempt of a kind becomes a record at once; those like it that follow within a minute
// become one more, with their number: who tries a thousand times a second fills no disk.
// Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "ledger/ledger.h"
#include "residency/document.h"

namespace mc::residency {

inline constexpr Nanos kAttemptWindow = seconds(60);
inline constexpr std::size_t kAttemptKindsMax = 4'096;  // told apart at a time
inline constexpr std::size_t kAttemptSumsMax = 100;     // of a tenant, told apart in its proof

// All of it was denied.
struct Attempt {
  TenantId tenant;         // whose data
  std::string actor;       // principal@tenant
  std::string action;      // "read", "write"
  std::string purpose;     // "" = not stated
  std::string source;      // its name, or that of the dataset
  std::string src;         // region where this server stands
  std::string dst;         // region where the data lie
  std::string code;        // reason_of(), or kWrongRegion
  std::string request_id;  // of the first
  std::string dataset = {};
};

class Attempts {
 public:
  struct Now {
    WallTime wall;
    MonoTime mono;
  };
  // The record that is due at once.
  std::optional<ledger::Entry> note(const Attempt& attempt, Now now);
  // Those that have become due.
  std::vector<ledger::Entry> due(MonoTime now);

  // Of the tenant since the last take_all().
  std::vector<Violation> of(const TenantId& tenant) const;
  using All = std::map<std::string, std::vector<Violation>>;  // by tenant
  All take_all();
  std::map<std::string, std::uint64_t> totals() const;  // by tenant, since the start

 private:
  struct Window {
    Attempt attempt;
    MonoTime since;
    std::int64_t more = 0;
  };
  mutable std::mutex mutex_;  // of all below
  std::map<std::string, Window> windows_;
  All sums_;
  std::map<std::string, std::uint64_t> totals_;
};

// Adds the numbers of violations that differ in nothing else; past `kAttemptSumsMax` those of
// different actors and sources too.
void add_violation(std::vector<Violation>& sums, Violation violation);

}  // namespace mc::residency
