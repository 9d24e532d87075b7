// Data keys, and the branch keys that wrap them.
//
// A data key is wrapped by AES-256-GCM under a key that is derived from the branch key for that
// alone, and bound to its tenant, scope, epoch and id. Its commitment, 32 bytes derived from it, is
// stored beside it and held against it whenever it is opened (key commitment; also its identity in
// records).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/base.h"
#include "cipher/cipher.h"
#include "sys/sys.h"

namespace mc::envelope {

using Commitment = std::array<std::uint8_t, 32>;

// The keys that a branch key stands for: each is derived by HKDF-SHA256 with a label of its own.
class BranchKey {
 public:
  // `root` is the branch key itself, which is not kept. `exhausted`: the arena is full.
  static Result<BranchKey> make(cipher::KeyView root, cipher::KeyArena& arena);
  cipher::KeyView wrapping() const { return wrapping_.view(); }  // of data keys
  const Commitment& commitment() const { return commitment_; }   // of `root`

 private:
  BranchKey() = default;
  cipher::HeldKey wrapping_;
  Commitment commitment_{};
};

enum class ScopeKind : std::uint8_t { dataset = 1, subject = 2, object = 3, record = 4, index = 5 };
std::string_view name_of(ScopeKind kind);

// What a data key is for.
struct Scope {
  TenantId tenant;
  ScopeKind kind = ScopeKind::dataset;
  std::string name;        // of the dataset, also of an index; of the class; digest of the subject
  std::int64_t epoch = 0;  // of shredding; 0 = none
  bool operator==(const Scope&) const = default;
};

// As it is stored: nothing of it is secret.
struct WrappedDataKey {
  std::uint64_t id = 0;  // of the tenant; random, never 0
  Scope scope;
  std::int64_t branch = 0;  // version of the branch key that wraps it
  std::string wrapped;      // 60 bytes
  Commitment commitment{};
  bool operator==(const WrappedDataKey&) const = default;
};

// A data key that is open: what seals and opens fields and objects, and makes blind indexes, is
// derived from it once. It takes three keys of the arena. Rewrapping changes none of them.
class DataKey {
 public:
  std::uint64_t id() const { return id_; }
  const Commitment& commitment() const { return commitment_; }
  cipher::KeyView fields() const { return fields_.view(); }
  cipher::KeyView objects() const { return objects_.view(); }
  cipher::KeyView indexes() const { return indexes_.view(); }

 private:
  friend Result<DataKey> open_data_key(const BranchKey&, const WrappedDataKey&, cipher::KeyArena&);
  DataKey() = default;
  std::uint64_t id_ = 0;
  Commitment commitment_{};
  cipher::HeldKey fields_, objects_, indexes_;
};

Result<WrappedDataKey> make_data_key(const BranchKey& branch, std::int64_t branch_version,
                                     Scope scope, sys::Random& random);
// `corrupt`: not of this branch key, scope or id, or not committed to. `exhausted`: arena.
Result<DataKey> open_data_key(const BranchKey& branch, const WrappedDataKey& wrapped,
                              cipher::KeyArena& arena);
// The same data key under another branch key, without opening more of it than that takes.
Result<WrappedDataKey> rewrap_data_key(const BranchKey& from, const BranchKey& to,
                                       std::int64_t to_version, const WrappedDataKey& wrapped,
                                       sys::Random& random);

}  // namespace mc::envelope
