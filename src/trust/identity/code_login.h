// Sign-in of people to the portal at the OpenID provider: the authorization code flow with PKCE
// (OpenID Connect Core 1.0 section 3.1, RFC 7636, RFC 9207, RFC 9700). Part of identity.h.
//
// begin() gives the address to send the browser to and a secret for that browser; finish() takes
// what the provider sent the browser back with, once. What is open in between is held in memory:
// nobody who is not known can make the database grow, and a restart only asks to begin again.
// All members are thread-safe; finish() blocks on the provider.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/base.h"
#include "identity/issuer_config.h"
#include "identity/sign_in.h"
#include "net/net.h"
#include "sys/sys.h"

namespace mc::identity {

inline constexpr Nanos kCodeLoginLifetime = seconds(600);
inline constexpr std::size_t kCodeLoginsMax = 4'096;      // one more forgets the oldest
inline constexpr std::size_t kCodeLoginsPerPeerMax = 64;  // likewise, of one address
inline constexpr std::size_t kReturnPathBytesMax = 512;
inline constexpr std::size_t kCodeBytesMax = 2'048;  // of code, state and iss each

class Directory;
class Issuer;

// A path of the portal, with a query perhaps: "/tokens?tenant=a". Nothing that leaves this origin.
Status check_return_path(std::string_view path);

struct CodeLoginStart {
  std::string return_to = "/";
  StepUp step_up;
  std::string peer;  // address without port
};
struct StartedCodeLogin {
  std::string url;  // of the provider
  Secret binding;   // "mcb_" + 43 characters of base64url, for a cookie
};

// The parameters that the provider added to the redirect address.
struct CodeAnswer {
  std::string state;
  std::string code;
  std::string iss;  // "" = none
};
struct FinishedCodeLogin {
  IssuedSession session;
  std::string return_to;
};

class CodeLogin {
 public:
  struct World {
    Directory& directory;
    std::shared_ptr<Issuer> issuer;
    std::unique_ptr<net::Client> client;
    sys::Clock& clock;
    sys::Random& random;
  };
  // `redirect_uri` as it is registered at the provider.
  CodeLogin(World world, IssuerConfig config, Secret client_secret, std::string redirect_uri);
  ~CodeLogin();

  // `unavailable` while the provider was not reached.
  Result<StartedCodeLogin> begin(const CodeLoginStart& start);
  // `denied` for a state that is unknown, used, too old or another browser's, and for whatever the
  // provider's answer does not prove; `unavailable` when the provider does not answer.
  Result<FinishedCodeLogin> finish(const CodeAnswer& answer, std::string_view binding,
                                   const SignInFrom& from);

 private:
  struct Open {
    std::string state_hash;  // raw SHA-256, as of the binding
    std::string binding_hash;
    std::string nonce;
    std::string verifier;
    std::string return_to;
    StepUp step_up;
    std::string peer;
    MonoTime began;
  };
  void remember(Open open);
  Result<Open> take(std::string_view state, std::string_view binding);
  Result<std::string> exchange(const Open& open, const std::string& code);
  Result<json::Object> read(const std::string& id_token, const Open& open);

  World world_;
  const IssuerConfig config_;
  const Secret client_secret_;
  const std::string redirect_uri_;
  std::mutex client_mutex_;         // guards world_.client
  Guarded<std::deque<Open>> open_;  // oldest first
};

}  // namespace mc::identity
