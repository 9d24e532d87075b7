// Proofs of residency in a folder: FOLDER/alpha/2026-11-22T11Z.json, each a Sigstore bundle.
// Private to the module. One thread at a time, except names() and read().
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "sys/sys.h"

namespace mc::residency {

class ProofStore {
 public:
  ProofStore(sys::Files& files, std::string folder, std::int64_t proofs_max)
      : files_(files), folder_(std::move(folder)), proofs_max_(proofs_max) {}

  // Durable when it returns. `conflict` when it is there: no proof is ever replaced. Deletes the
  // oldest ones past the limit.
  Status put(const TenantId& tenant, const std::string& period, std::string_view bundle);
  // Names of periods, oldest first.
  Result<std::vector<std::string>> names(const TenantId& tenant) const;
  Result<bool> has(const TenantId& tenant, const std::string& period) const;
  Result<std::string> read(const TenantId& tenant, const std::string& period) const;

 private:
  std::string path(const TenantId& tenant, const std::string& period) const;
  sys::Files& files_;
  std::string folder_;
  std::int64_t proofs_max_;
};

}  // namespace mc::residency
