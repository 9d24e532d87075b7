#include "identity/bearers.h"

#include "identity/stored.h"

namespace mc::identity {
namespace {

constexpr std::size_t kIdBytes = 8;

}  // namespace

std::shared_ptr<const Caller> Bearers::read(std::string_view token, const std::string& hash,
                                            const Index& index) const {
  const Result<Bearer> bearer = issuer_->read(token);
  if (!bearer) return nullptr;
  const auto tenant = index.tenants.find(bearer->tenant.get());
  if (tenant == index.tenants.end()) return nullptr;
  if (index.suspended.contains(bearer->tenant.get() + " " + bearer->principal.get())) {
    return nullptr;
  }
  auto caller = std::make_shared<Caller>();
  caller->tenant = bearer->tenant;
  caller->principal = bearer->principal;
  caller->name = bearer->name;
  caller->token_id = "jwt_" + to_hex(std::string_view(hash).substr(0, kIdBytes));
  caller->plan = tenant->second.plan;
  caller->region = tenant->second.region;
  caller->purpose = kDefaultPurpose;
  caller->purposes = {caller->purpose};
  caller->roles = bearer->roles;
  caller->scopes = scopes_of(bearer->roles);
  caller->expires = bearer->expires;
  if (!bearer->machine) caller->proof = bearer->proof;
  return caller;
}

std::shared_ptr<const Caller> Bearers::check(std::string_view token,
                                             const std::shared_ptr<const Index>& index,
                                             WallTime now) {
  const std::uint64_t keys = issuer_->version();
  const std::string hash = sys::sha256(token);
  std::shared_ptr<const Caller> caller = remembered_.with([&](Remembered& held) {
    if (held.index != index || held.keys != keys) held = {index, keys, {}};
    const auto found = held.callers.find(hash);
    return found == held.callers.end() ? nullptr : found->second;
  });
  if (caller == nullptr) {
    caller = read(token, hash, *index);
    if (caller == nullptr) return nullptr;
    remembered_.with([&](Remembered& held) {
      if (held.index != index || held.keys != keys) return;
      if (held.callers.size() >= kBearersRemembered) held.callers.clear();
      held.callers.emplace(hash, caller);
    });
  }
  return now < caller->expires ? caller : nullptr;
}

}  // namespace mc::identity
