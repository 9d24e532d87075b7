// Shards: budget that is set aside in advance for a cell, a site that works without a connection.
//
// The mother's accountant charges a shard before the cell may use any of it, and gives a grant. The
// cell's accountant knows no budget but its grants. When the cell closes a shard it spends what is
// left of it, so that nothing more can be, and signs a report of all that was spent; when the
// mother merges that report, what was left comes back. A shard that is never merged stays spent.
// Forms: docs/formats/accountant.md. Only filters whose sums are plain: pure and approx.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "accountant/charge.h"

namespace mc::accountant {

struct Shard {
  std::string cell;      // its name; one shard for each of its windows of tenant, dataset, purpose
  std::string cell_key;  // Ed25519, 64 lower-case hexadecimal digits: who signs its report
  TenantId tenant;
  std::string dataset;
  std::string purpose;
  NanoEpsilon epsilon{};
  AttoDelta delta{};  // 0 under the filter pure
  bool operator==(const Shard&) const = default;
  Status check() const;
};

// What the cell gets.
struct Grant {
  Shard shard;
  ChargeId id;  // of the mother's charge
  Window window{};
  WindowLength length{};
  Filter filter = Filter::pure;
  bool operator==(const Grant&) const = default;
};
std::string print_grant(const Grant& grant);
Result<Grant> parse_grant(std::string_view text);  // `invalid` for all that is not so printed
inline constexpr std::size_t kGrantBytesMax = 4'096;

// What the cell gives back.
struct ShardReport {
  TenantId tenant;
  ChargeId shard;
  crypto::Digest grant{};  // of its bytes
  // In the order of seq, as they are in the cell's journal; the last one is the shard's end.
  std::vector<ChargeRecord> charges;
  std::string signature;  // 64 bytes
};
std::string signed_text(const ShardReport& report);
std::string print_report(const ShardReport& report);
Result<ShardReport> parse_report(std::string_view text);
inline constexpr std::size_t kReportBytesMax = 64 << 20;

// Operations of the accountant, for the calls of shard.h.
struct OpenShard {
  Charge charge;  // opening_charge()
  Shard shard;
  WallTime window_start{};
};
struct EndShard {
  Grant grant;
};
struct MergeShard {
  ChargeRef charge;  // of the shard
  crypto::Digest grant{};
  NanoEpsilon epsilon{};  // that is left
  AttoDelta delta{};
  std::string summary;
};

}  // namespace mc::accountant
