#include "residency/store.h"

#include "residency/document.h"

namespace mc::residency {
namespace {

constexpr std::string_view kSuffix = ".json";
constexpr std::size_t kProofBytesMax = 1 << 20;

}  // namespace

std::string ProofStore::path(const TenantId& tenant, const std::string& period) const {
  return folder_ + "/" + tenant.get() + "/" + period + std::string(kSuffix);
}

Result<bool> ProofStore::has(const TenantId& tenant, const std::string& period) const {
  return files_.exists(path(tenant, period));
}

Result<std::vector<std::string>> ProofStore::names(const TenantId& tenant) const {
  std::vector<std::string> out;
  const std::string folder = folder_ + "/" + tenant.get();
  MC_TRY(const bool there, files_.exists(folder));
  if (!there) return out;
  MC_TRY(std::vector<std::string> names, files_.list(folder));
  for (std::string& name : names) {
    if (!name.ends_with(kSuffix)) continue;
    name.resize(name.size() - kSuffix.size());
    if (is_period(name)) out.push_back(std::move(name));
  }
  std::sort(out.begin(), out.end());  // without the suffix it is another order
  return out;
}

Result<std::string> ProofStore::read(const TenantId& tenant, const std::string& period) const {
  const auto absent = [&] {
    return fail(Code::not_found,
                "no proof of residency '" + excerpt(period) + "' of tenant " + tenant.get());
  };
  if (!is_period(period)) return absent();
  MC_TRY(const bool there, has(tenant, period));
  if (!there) return absent();
  return files_.read_all(path(tenant, period), kProofBytesMax);
}

Status ProofStore::put(const TenantId& tenant, const std::string& period, std::string_view bundle) {
  MC_TRY(const bool there, has(tenant, period));
  if (there) {
    return fail(Code::conflict,
                "there is a proof of residency " + period + " of tenant " + tenant.get());
  }
  MC_TRY_OK(files_.make_folders(folder_ + "/" + tenant.get()));
  MC_TRY_OK(files_.write_atomic(path(tenant, period), bundle));
  MC_TRY(const std::vector<std::string> kept, names(tenant));
  const auto most = static_cast<std::size_t>(proofs_max_);
  for (std::size_t i = 0; i + most < kept.size(); ++i) {
    MC_TRY_OK(files_.remove(path(tenant, kept[i])));
  }
  return ok();
}

}  // namespace mc::residency
