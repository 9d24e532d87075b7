// The token that requests are made with: of a file, or of a login.
#pragma once

#include <memory>
#include <string>

#include "base/base.h"
#include "kms/kms.h"
#include "transit/binding.h"
#include "transit/reply.h"

namespace mc::transit {

struct Session {
  Secret token;
  WallTime renew_at;  // of a login
};
using SessionPointer = std::shared_ptr<const Session>;

// The headers that every request has; the last one is the token, if there is one.
kms::HttpRequest request_of(const Binding& binding, const std::string& path, MonoTime deadline);

// Thread-safe.
class Sessions {
 public:
  // Both outlive it.
  Sessions(const Binding& binding, const kms::ProviderWorld& world)
      : binding_(binding), world_(world) {}
  // `unavailable`: a file that cannot be read or holds no credential; else as the service says.
  Result<SessionPointer> get(MonoTime deadline);
  // In place of one that was refused; the same content when there is no other.
  Result<SessionPointer> renew(const SessionPointer& refused, MonoTime deadline);

 private:
  Result<Secret> credential(const char* name, const std::string& path) const;
  Result<SessionPointer> log_in(MonoTime deadline);

  const Binding& binding_;
  const kms::ProviderWorld& world_;
  Guarded<SessionPointer> kept_;
};

}  // namespace mc::transit
