#include "aws/signing.h"

#include <kms_message/kms_message.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <ctime>
#include <memory>

#include "crypto/crypto.h"
#include "sys/sys.h"

namespace mc::aws {
namespace {

constexpr std::size_t kDigestBytes = 32;
constexpr std::string_view kKeyPrefix = "AWS4";
constexpr char kStandIn = '\x01';

struct FreeRequest {
  void operator()(kms_request_t* request) const { kms_request_destroy(request); }
};
struct FreeOptions {
  void operator()(kms_request_opt_t* options) const { kms_request_opt_destroy(options); }
};

// What the library asks for while it signs one request.
struct Hooks {
  std::string_view body;
  std::string_view secret_key;

  static bool is_stand_in(std::string_view text, std::size_t size) {
    return size > 0 && text.size() == size &&
           std::all_of(text.begin(), text.end(), [](char c) { return c == kStandIn; });
  }
  static bool sha256(void* hooks, const char* input, std::size_t size, unsigned char* out) {
    const std::string_view body = static_cast<Hooks*>(hooks)->body;
    const std::string_view text(input, size);
    const std::string digest = sys::sha256(is_stand_in(text, body.size()) ? body : text);
    std::memcpy(out, digest.data(), kDigestBytes);
    return true;
  }
  // NOLINTNEXTLINE(readability-function-size): as the library wants it
  static bool hmac(void* hooks, const char* key, std::size_t key_size, const char* input,
                   std::size_t size, unsigned char* out) {
    const std::string_view secret = static_cast<Hooks*>(hooks)->secret_key;
    std::string used(key, key_size);
    if (used.starts_with(kKeyPrefix) &&
        is_stand_in(std::string_view(used).substr(kKeyPrefix.size()), secret.size())) {
      used.replace(kKeyPrefix.size(), std::string::npos, secret);
    }
    std::string digest = crypto::hmac_sha256(used, {input, size});
    std::memcpy(out, digest.data(), kDigestBytes);
    wipe(used);
    wipe(digest);
    return true;
  }
};

// A text of the library; it may hold a session token.
Result<std::string> taken(char* text) {
  if (text == nullptr) return fail(Code::invalid, "aws: a request that cannot be signed");
  std::string out(text);
  std::memset(text, 0, out.size());
  kms_request_free_string(text);
  return out;
}

bool has_nul(const SigningRequest& request, const SigningKeys& keys) {
  const auto in = [](std::string_view text) { return text.find('\0') != std::string_view::npos; };
  return in(request.method) || in(request.target) || in(request.region) || in(request.service) ||
         in(keys.access_key) || in(keys.secret_key) ||
         std::any_of(request.headers.begin(), request.headers.end(),
                     [&](const auto& header) { return in(header.first) || in(header.second); });
}

bool fill(kms_request_t* request, const SigningRequest& wanted, const SigningKeys& keys,
          const std::tm& time) {
  bool good = kms_request_set_date(request, &time) &&
              kms_request_set_region(request, wanted.region.c_str()) &&
              kms_request_set_service(request, wanted.service.c_str()) &&
              kms_request_set_access_key_id(request, std::string(keys.access_key).c_str());
  const std::string stand_in(std::max(keys.secret_key.size(), wanted.body.size()), kStandIn);
  good = good &&
         kms_request_set_secret_key(request, stand_in.substr(0, keys.secret_key.size()).c_str());
  for (const auto& [name, value] : wanted.headers) {
    good = good && kms_request_add_header_field(request, name.c_str(), value.c_str());
  }
  return good && (wanted.body.empty() ||
                  kms_request_append_payload(request, stand_in.data(), wanted.body.size()));
}

}  // namespace

Result<Signed> sign(const SigningRequest& wanted, const SigningKeys& keys) {
  std::tm time{};
  const std::time_t at = wanted.time.nanos / 1'000'000'000;
  if (has_nul(wanted, keys) || gmtime_r(&at, &time) == nullptr) {
    return fail(Code::invalid, "aws: a request that cannot be signed");
  }
  Hooks hooks{wanted.body, keys.secret_key};
  const std::unique_ptr<kms_request_opt_t, FreeOptions> options(kms_request_opt_new());
  kms_request_opt_set_crypto_hooks(options.get(), &Hooks::sha256, &Hooks::hmac, &hooks);
  const std::unique_ptr<kms_request_t, FreeRequest> request(
      kms_request_new(wanted.method.c_str(), wanted.target.c_str(), options.get()));
  if (!request || !fill(request.get(), wanted, keys, time)) {
    return fail(Code::invalid, "aws: a request that cannot be signed");
  }
  Signed out;
  MC_TRY(out.canonical, taken(kms_request_get_canonical(request.get())));
  MC_TRY(out.string_to_sign, taken(kms_request_get_string_to_sign(request.get())));
  MC_TRY(out.authorization, taken(kms_request_get_signature(request.get())));
  std::array<char, sizeof "20150830T123600Z"> date{};
  std::strftime(date.data(), date.size(), "%Y%m%dT%H%M%SZ", &time);
  out.date = date.data();
  return out;
}

}  // namespace mc::aws
