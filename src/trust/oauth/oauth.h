// What providers of keys in clouds share: access tokens of OAuth 2.0 (RFC 6749) that are kept and
// renewed, client assertions (RFC 7523) signed by RS256, and strict reading of JSON replies.
//
// Token endpoints are those of the binding; no reply names one. Errors are those of kms/kms.h.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/base.h"
#include "crypto/crypto.h"
#include "json/json.h"
#include "kms/kms.h"

namespace mc::oauth {

inline constexpr Nanos kRenewBefore = seconds(300);
inline constexpr std::size_t kCredentialBytesMax = 16 << 10;  // of a file

struct Wiped {  // at the end of a scope
  std::string& bytes;
  ~Wiped() { wipe(bytes); }
};

// Of a binding: an option or file by its name, taken out of the map; "" = there is none.
std::string take(std::map<std::string, std::string>& from, const std::string& name);
// https://HOST[:PORT], or http of a loopback address; a slash at the end is taken off.
Result<std::string> base_url(std::string_view provider, const std::string& option,
                             std::string_view text);
std::string form_encoded(std::string_view text);
// A file of one line of printable ASCII; `unavailable` where it is none.
Result<std::string> read_line(sys::Files& files, std::string_view provider, const char* name,
                              const std::string& path);

// header.claims.signature (RFC 7515 section 3.1).
Result<std::string> signed_assertion(const crypto::SigningKey& key, const json::Object& header,
                                     const json::Object& claims);

struct Token {
  std::string text;
  WallTime ends{};
  Token() = default;
  Token(Token&&) = default;
  Token& operator=(Token&&) = default;
  ~Token() { wipe(text); }
};
using TokenPointer = std::shared_ptr<const Token>;

// A successful reply of a token endpoint (RFC 6749 section 5.1).
Result<Token> read_token(std::string_view provider, std::string_view body, WallTime now);
// An error of one: `denied` where the client lost its grant, `invalid` for a request that cannot
// be, `unavailable` for credentials that are to be renewed, and for whatever else.
Error read_token_failure(std::string_view provider, const kms::HttpReply& reply);
// Posts a form to a token endpoint and reads what it says; the form is wiped.
struct TokenRequest {
  std::string_view provider;
  std::string url;
  std::string form;
  std::string ca_file;
  MonoTime deadline;
};
Result<Token> ask_token(const kms::ProviderWorld& world, TokenRequest request);

// Keeps one token. Until its end the old one serves while another thread asks for the new one, and
// when the endpoint cannot be reached; a refusal counts. Thread-safe.
class Tokens {
 public:
  using Ask = std::function<Result<Token>(MonoTime)>;
  Tokens(sys::Clock& clock, Ask ask) : clock_(clock), ask_(std::move(ask)) {}
  Result<TokenPointer> get(MonoTime deadline);
  Result<TokenPointer> renew(const TokenPointer& refused, MonoTime deadline);

 private:
  struct Kept {
    TokenPointer token;
    bool renewing = false;
  };
  Result<TokenPointer> ask_and_keep(MonoTime deadline);
  sys::Clock& clock_;
  Ask ask_;
  Guarded<Kept> kept_;
};

// Fields of a reply; `corrupt` names the provider, the step and the field.
struct Reader {
  std::string_view provider;
  std::string_view step;
  tl::unexpected<Error> corrupt(std::string_view why) const;
  Result<json::Value> object(std::string_view body) const;
  Result<std::string> text(const json::Value& from, const char* name) const;
  Result<std::string> text_if_any(const json::Value& from, const char* name) const;
};
void wipe_texts(json::Value& object);  // of the members of an object
// Retry-After in whole seconds, at most an hour; nothing when it is missing or a date.
std::optional<std::int64_t> retry_after(const kms::HttpReply& reply);
// A code of a service as it may stand in a text: letters, digits and _, at most 64; or "".
std::string plain_code(const json::Value* value);

}  // namespace mc::oauth
