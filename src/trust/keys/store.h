// The tables of customer-managed keys (db/migrations/*/0018_tenant_cmk.sql): which key a tenant has
// bound and in what state it is, its branch keys and its data keys, all wrapped. Nothing here is
// secret, and nothing here opens a key.
//
// Durable when a call returns; several servers may share the database. Thread-safe; blocks.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/base.h"
#include "cipher/cipher.h"
#include "envelope/envelope.h"
#include "keys/states.h"
#include "kms/kms.h"
#include "sql/sql.h"

namespace mc::keys {

// A tenant's key.
struct Binding {
  TenantId tenant;
  std::string provider;          // "aws", "pkcs11" ... (kms::Provider::kind)
  std::string uri;               // names the key, without credentials
  kms::Credentials credentials;  // names of files, never what is in them
  Standing standing;             // its good.mono is of this process alone
  Nanos grace = kGraceDefault;
  std::int64_t rotate_days = 90;  // after so many it is overdue; 0 = never
  cipher::Suite suite = cipher::Suite::xaes_256_gcm;
  std::int64_t branch = 0;      // the version that new data keys are wrapped under; 0 = none yet
  kms::Description provenance;  // as it was bound
  WallTime bound{}, last_rotated{};
  std::int64_t generation = 1;  // grows with each change
  bool operator==(const Binding&) const = default;
};

enum class Holder : std::uint8_t { primary, replica, escrow };
std::string_view name_of(Holder holder);

struct StoredBranch {
  std::int64_t version = 1;
  Holder holder = Holder::primary;
  std::string uri;  // of the key that wraps it
  kms::Wrapped wrapped;
  envelope::Commitment commitment{};
  bool live = true;  // else retired: it only opens
  WallTime made{};
  bool operator==(const StoredBranch&) const = default;
};

struct StoredDataKey {
  envelope::WrappedDataKey key;
  bool live = true;  // else retired: it only opens
  WallTime made{};
  bool operator==(const StoredDataKey&) const = default;
};

class Store {
 public:
  // Lends the state database's writing connection (identity::Directory::lend).
  using Lend = std::function<Status(const std::function<Status(sql::Connection&)>&)>;
  explicit Store(Lend lend) : lend_(std::move(lend)) {}

  Status insert(const Binding& binding);            // `conflict`: the tenant has one
  Result<Binding> binding(const TenantId& tenant);  // `not_found`
  Result<std::vector<Binding>> bindings();          // by tenant
  // Replaces what is stored when its generation is still this one's, and gives it with the next.
  // `conflict`: somebody was faster.
  Result<Binding> update(Binding binding);
  Result<std::map<TenantId, std::int64_t>> generations();
  // With its keys: what they have sealed is lost. `conflict`: not of this generation any more.
  Status remove(const Binding& binding);

  Status add(const TenantId& tenant, const StoredBranch& branch);      // `conflict`: it is there
  Result<std::vector<StoredBranch>> branches(const TenantId& tenant);  // by version and holder
  Status retire_branch(const TenantId& tenant, std::int64_t version);
  // `conflict`: data keys are wrapped under it.
  Status remove_branch(const TenantId& tenant, std::int64_t version);
  // How many data keys each version wraps.
  Result<std::map<std::int64_t, std::int64_t>> references(const TenantId& tenant);

  // As the live one of its scope, or the one that is there already. `conflict`: the branch key that
  // wraps it is not live any more, so that it could go without anybody noticing.
  Result<StoredDataKey> add(const StoredDataKey& key);
  Result<StoredDataKey> data_key(const TenantId& tenant, std::uint64_t id);  // `not_found`
  Result<std::optional<StoredDataKey>> live_data_key(const envelope::Scope& scope);
  Status retire_data_key(const TenantId& tenant, std::uint64_t id);
  // Those that other versions than `branch` wrap, by id, after one (nothing: from the first).
  Result<std::vector<StoredDataKey>> to_rewrap(const TenantId& tenant, std::int64_t branch,
                                               std::optional<std::uint64_t> after, int limit);
  // Each where it is still wrapped under the version of `was` of the same place; how many were.
  // All or none.
  struct Rewrapped {
    std::int64_t was = 0;
    envelope::WrappedDataKey now;
  };
  Result<std::int64_t> rewrap(const std::vector<Rewrapped>& keys);

 private:
  const Lend lend_;
};

}  // namespace mc::keys
