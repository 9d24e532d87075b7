// JSON Web Tokens (RFC 7519) as compact JWS (RFC 7515), verified by the rules of RFC 8725 against
// the keys an issuer publishes (RFC 7517). Part of identity.h.
//
// Only RS256, ES256 and EdDSA are known; a key verifies the one algorithm it is for. Keys and
// addresses that a token brings along (`jwk`, `jku`, `x5u`, `x5c`) are never used, and a token
// with `crit` is refused, as no extension is known here.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "crypto/crypto.h"
#include "json/json.h"

namespace mc::identity {

inline constexpr std::size_t kJwtBytesMax = 8 << 10;
inline constexpr std::size_t kKeySetBytesMax = 256 << 10;
inline constexpr std::size_t kKeySetKeysMax = 64;
inline constexpr std::size_t kSubjectBytesMax = 255;       // OpenID Connect Core section 2
inline constexpr Nanos kIssuerClockSkewMax = seconds(60);  // allowed at exp, nbf and iat

// A JWK set. Keys that are not for signatures, or of a kind unknown here, are left out.
class KeySet {
 public:
  // `invalid` when it is no JWK set, is too large, or names two keys for one algorithm alike.
  static Result<KeySet> parse(std::string_view text);
  // The key of this name. Without a name, the only one for the algorithm. Null when there is none.
  const crypto::PublicKey* find(std::string_view kid, crypto::Algorithm algorithm) const;
  std::size_t size() const { return keys_.size(); }

 private:
  struct Named {
    std::string kid;
    crypto::PublicKey key;
  };
  std::vector<Named> keys_;
};

struct JwtRules {
  std::string issuer;    // must be `iss`
  std::string audience;  // must be in `aud`
  WallTime now;
};

// The claims of a good token. `not_found` when no key of that name is in the set, which may be
// because the issuer has changed keys since; `denied` for everything else.
Result<json::Object> verify_jwt(std::string_view token, const KeySet& keys, const JwtRules& rules);

// What an ID token must say beyond that (OpenID Connect Core section 3.1.3.7).
struct IdTokenRules {
  std::string client_id;
  std::string nonce;
};
Status check_id_token(const json::Object& claims, const IdTokenRules& rules);

}  // namespace mc::identity
