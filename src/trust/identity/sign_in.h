// Sign-in of people: one-time links, and the sessions of their browsers. Part of identity.h.
//
// A link's secret (`mcl_`) is redeemed once for a session, whose secret (`mcs_`) is a cookie. Only
// their SHA-256 is stored. A session stands for its principal with the scopes of the principal's
// roles, ends after kSessionIdle without a request, after kSessionLifetime at the latest, and at
// once when it is ended, or its tenant suspended.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "identity/names.h"

namespace mc::identity {

inline constexpr Nanos kSessionLifetime = seconds(12LL * 3600);
inline constexpr Nanos kSessionIdle = seconds(3600);
inline constexpr Nanos kLinkLifetimeMax = seconds(7LL * 24 * 3600);
inline constexpr std::size_t kSessionsPerPrincipalMax = 20;  // one more ends the oldest
inline constexpr std::size_t kLinksPerPrincipalMax = 20;     // open ones; likewise
inline constexpr std::size_t kUserAgentBytesMax = 200;       // longer ones are cut
inline constexpr std::size_t kAcrBytesMax = 200;             // likewise

struct IssuedLink {
  Secret link;  // "mcl_" + 43 characters of base64url
  TenantId tenant;
  PrincipalId principal;
  WallTime expires;
};

// How a person proved who they are, as far as it is known.
struct SignInProof {
  std::optional<WallTime> time;  // of the proof itself, which may be older than the session
  std::string acr;               // OpenID Connect Core section 2; "" for none
};

// Where a sign-in comes from, for the person's own list of sessions.
struct SignInFrom {
  std::string peer;  // address without port
  std::string user_agent;
};

enum class SignInMethod : std::uint8_t { link, oidc };
std::string_view sign_in_method_name(SignInMethod method);

inline constexpr std::string_view kDefaultPurpose = "investigation";  // where none was named

struct Session {
  TenantId tenant;
  PrincipalId principal;
  std::string id;  // "ses_..."
  SignInMethod method = SignInMethod::link;
  SignInProof proof;
  WallTime created;
  WallTime last_seen;
  WallTime expires;
  std::string peer;
  std::string user_agent;

  WallTime idle_expires() const { return std::min(last_seen + kSessionIdle, expires); }
};
struct IssuedSession {
  Secret cookie;  // "mcs_" + 43 characters of base64url
  Session info;
};

// What a person may do in the portal. A token has the scopes it was given.
Flags<Scope> scopes_of(const Flags<Role>& roles);

// What some actions need beyond a live session: a proof that is fresh, and of a certain kind
// (RFC 9470, step-up authentication).
struct StepUp {
  Nanos max_age = seconds(0);    // 0 = any age
  std::vector<std::string> acr;  // one of these; none = any
};
// `denied` says what is missing. A proof of unknown time is never fresh.
Status check_proof(const SignInProof& proof, const StepUp& rule, WallTime now);

// What a page must send with every change (OWASP: signed double submit, bound to the session). Who
// has the cookie can compute it; another site has neither.
std::string csrf_token(std::string_view cookie);

}  // namespace mc::identity
