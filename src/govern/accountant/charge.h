// A charge: one release that is to be paid for, from the reservation to its end.
//
//   RESERVED -> EXECUTING -> COMMITTED   the noisy result is stored and may be given again
//                         -> BURNED      the spend stays, there is no result
//                         -> RELEASED    only by a DataIndependent failure
//   RESERVED -> RELEASED                 nothing was read, nothing is spent
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accountant/cost.h"
#include "accountant/window.h"
#include "crypto/crypto.h"

namespace mc::accountant {

using ChargeId = Strong<struct ChargeIdTag, std::string>;  // "chg_..."

// Whether the dataset's cap over all tenants, and its blocks, are charged as well. A stored answer
// that is given to a second tenant is paid for by that tenant only. The last three are those of
// shards (grant.h), made by the accountant alone.
enum class Reach : std::uint8_t {
  tenant_and_dataset,
  tenant,
  shard,       // set aside for a cell, and so spent
  shard_end,   // a cell's: what was left of its shard when it was closed
  shard_rest,  // the same at the mother's, which takes it back: it counts negative
};
std::string_view name_of(Reach reach);
Result<Reach> parse_reach(std::string_view name);

struct Charge {
  TenantId tenant;
  std::string dataset;
  std::string purpose;
  std::string plan = "default";
  PrincipalId analyst;
  std::string query_type;  // "count", "histogram": for reports
  std::string mechanism;   // "discrete_laplace"
  Cost cost{};
  std::string query;  // digest of canonical query, snapshot and parameters: "sha256:..."
  std::string key;    // idempotency key, unique in the tenant
  Reach reach = Reach::tenant_and_dataset;
  std::optional<Window> events = std::nullopt;  // the event times that the query reaches; none: all
  bool operator==(const Charge&) const = default;

  // Whether it asks what `other` asks, as two requests under one key must: the same tenant,
  // dataset, purpose, query, query type, mechanism and events. Who asks, under which plan, and what
  // it costs is not part of that: the first answer is there already.
  bool asks_same(const Charge& other) const;

  // `invalid` names the member: empty, over kNameBytesMax bytes, not one line, not in range.
  Status check() const;
};
inline constexpr std::size_t kNameBytesMax = 200;
inline constexpr std::size_t kResultBytesMax = 4 << 20;

enum class State : std::uint8_t { reserved, executing, committed, burned, released };
std::string_view name_of(State state);
Result<State> parse_state(std::string_view name);

// Why an execution failed that has spent nothing: each is found before the first row is read, or
// does not depend on any. Everything else that goes wrong in EXECUTING burns.
enum class DataIndependent : std::uint8_t {
  source_unreachable,  // no connection, no statement sent
  snapshot_gone,       // the snapshot that was quoted does not exist any more
  no_capacity,         // refused by a queue or a memory limit before the first row
};
std::string_view name_of(DataIndependent why);

struct ChargeRef {
  TenantId tenant;
  ChargeId id;
  bool operator==(const ChargeRef&) const = default;
};

// A charge as it is stored.
struct ChargeRecord {
  ChargeId id;
  Charge charge;
  State state = State::reserved;
  std::string holder;              // the server that reserved it
  Window window{};                 // of the reservation
  std::vector<WallTime> blocks{};  // the first moments of those that it is charged to
  WallTime reserved_at{};
  WallTime settled_at{};         // 0 while it is open; COMMITTED and BURNED: reserved_at
  std::int64_t seq = 0;          // its place in the journal of tenant x dataset; 0: it has none
  std::string result{};          // COMMITTED: the bytes that were released
  crypto::Digest result_hash{};  // their SHA-256, zeros without
  std::string why{};             // RELEASED: the reason
  bool operator==(const ChargeRecord&) const = default;
};

}  // namespace mc::accountant
