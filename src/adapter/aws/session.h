// With what requests are signed: keys of files, or a role that the Security Token Service gives for
// a while to whoever shows a token (AssumeRoleWithWebIdentity).
//
// Files are read whenever a credential is needed, so that a renewed one is taken at once. A session
// of a role is kept, and renewed kRenewBefore its end. Until that end the old one serves while
// another thread asks for the new one, and when the service cannot be reached; a refusal counts.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "aws/binding.h"
#include "base/base.h"
#include "kms/kms.h"

namespace mc::aws {

inline constexpr Nanos kRenewBefore = seconds(300);
inline constexpr std::size_t kCredentialBytesMax = 16 << 10;  // of a file

struct Wiped {  // at the end of a scope
  std::string& bytes;
  ~Wiped() { wipe(bytes); }
};

struct Session {
  std::string access_key;
  Secret secret_key;
  std::string token;  // "" = none; wiped at the end, as it is half of a credential
  std::optional<WallTime> ends = std::nullopt;

  Session() = default;
  Session(Session&&) = default;
  Session& operator=(Session&&) = default;
  ~Session() { wipe(token); }
  bool same_as(const Session& other) const;
};
// Shared: one is used by some threads while another has put a newer one in its place.
using SessionPointer = std::shared_ptr<const Session>;

// The form that asks for a session, and the reply to it. `corrupt` as with replies of the service.
std::string session_form(const Binding& binding, std::string_view token);
Result<Session> read_session(std::string_view body);

// Thread-safe.
class Sessions {
 public:
  // Both outlive it.
  Sessions(const Binding& binding, const kms::ProviderWorld& world)
      : binding_(binding), world_(world) {}
  // `unavailable`: a file that cannot be read or holds no credential, or an error of the service.
  Result<SessionPointer> get(MonoTime deadline);
  // In place of one that was refused; the same content when there is no other.
  Result<SessionPointer> renew(const SessionPointer& refused, MonoTime deadline);

 private:
  struct Kept {
    SessionPointer session;
    bool renewing = false;
  };
  Result<std::string> credential(const char* name, const std::string& path) const;
  Result<SessionPointer> of_files() const;
  Result<SessionPointer> ask(MonoTime deadline);  // the token service, and keeps the answer

  const Binding& binding_;
  const kms::ProviderWorld world_;
  Guarded<Kept> kept_;
};

}  // namespace mc::aws
