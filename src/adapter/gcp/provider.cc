#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "gcp/gcp.h"
#include "gcp/reply.h"
#include "kms/branch.h"
#include "oauth/oauth.h"

namespace mc::gcp {
namespace {

using oauth::Wiped;

constexpr int kPagesMax = 16;
constexpr std::string_view kTokenUri = "https://oauth2.googleapis.com/token";
constexpr std::string_view kScope = "https://www.googleapis.com/auth/cloudkms";

struct Binding {
  std::string key;
  std::string uri;
  std::string url;
  std::string token_url;
  std::string ca_file;
  std::string account_file;  // one of these two
  std::string token_file;
};

tl::unexpected<Error> bad(const std::string& why) {
  return fail(Code::invalid, "gcp: " + why);
}

Result<Binding> read_binding(const std::string& uri, kms::Credentials credentials) {
  Binding out;
  MC_TRY(out.key, parse_uri(uri));
  out.uri = uri;
  const std::string url = oauth::take(credentials.options, "endpoint");
  const std::string token_url = oauth::take(credentials.options, "token_endpoint");
  MC_TRY(out.url,
         oauth::base_url("gcp", "endpoint", url.empty() ? "https://cloudkms.googleapis.com" : url));
  MC_TRY(out.token_url,
         oauth::base_url("gcp", "token_endpoint",
                         token_url.empty() ? "https://oauth2.googleapis.com" : token_url));
  out.token_url += "/token";
  out.ca_file = oauth::take(credentials.options, "ca");
  out.account_file = oauth::take(credentials.files, "service_account");
  out.token_file = oauth::take(credentials.files, "access_token");
  if (!credentials.options.empty()) {
    return bad("unknown option '" + excerpt(credentials.options.begin()->first) + "'");
  }
  if (!credentials.files.empty()) {
    return bad("unknown credential '" + excerpt(credentials.files.begin()->first) + "'");
  }
  if (out.account_file.empty() == out.token_file.empty()) {
    return bad("credentials need either 'service_account' or 'access_token'");
  }
  return out;
}

struct Call {
  std::string_view step;
  std::string method;
  std::string path;  // behind the key's name
  std::string body;
  MonoTime deadline;
};

class GcpProvider final : public kms::Provider {
 public:
  GcpProvider(Binding binding, const kms::ProviderWorld& world)
      : binding_(std::move(binding)),
        world_(world),
        tokens_(world.clock, [this](MonoTime deadline) { return ask(deadline); }) {}

  std::string_view kind() const override { return "gcp"; }
  const std::string& uri() const override { return binding_.uri; }

  Result<kms::Wrapped> wrap(const Secret& secret, const kms::Context& context,
                            MonoTime deadline) override {
    const std::string_view bytes = secret.reveal(RevealToken());
    if (bytes.empty() || bytes.size() > kms::kSecretBytesMax) {
      return bad("encrypt: a secret must have 1 to 64 bytes");
    }
    std::string body = body_of("plaintext", bytes, context);
    const Wiped body_wiped{body};
    MC_TRY(const kms::HttpReply reply, call({"encrypt", "POST", ":encrypt", body, deadline}));
    return read_encrypted(reply.body, binding_.key);
  }

  Result<Secret> unwrap(const kms::Wrapped& wrapped, const kms::Context& context,
                        MonoTime deadline) override {
    if (wrapped.bytes.empty() || wrapped.bytes.size() > kms::kWrappedBytesMax) {
      return fail(Code::corrupt, "gcp: decrypt: a wrapped secret must have 1 to 4096 bytes");
    }
    MC_TRY(kms::HttpReply reply, call({"decrypt", "POST", ":decrypt",
                                       body_of("ciphertext", wrapped.bytes, context), deadline}));
    const Wiped reply_wiped{reply.body};
    return read_decrypted(reply.body);
  }

  Result<kms::Description> describe(MonoTime deadline) override {
    MC_TRY(const kms::HttpReply reply, call({"describe", "GET", "", "", deadline}));
    MC_TRY(const Key key, read_key("describe", reply.body, binding_.key));
    Result<std::vector<Version>> versions = all_versions(deadline);
    // Not granted: the key is as good.
    if (!versions && versions.error().code == Code::denied) versions = std::vector<Version>();
    if (!versions) return tl::unexpected(std::move(versions.error()));
    return description_of(binding_.key, key, std::move(*versions));
  }

  Result<std::string> rotate(MonoTime deadline) override {
    const auto made = call({"rotate", "POST", "/cryptoKeyVersions", "{}", deadline});
    if (!made) return owners_own(made.error(), "rotated");
    MC_TRY(const Version version, read_version("rotate", made->body, binding_.key));
    std::string number = std::to_string(version.number);
    if (version.state != "ENABLED") {
      return fail(Code::unavailable, "gcp: rotate: version " + number +
                                         " is being made; its owner is to make it primary");
    }
    const auto primary = call({"rotate", "POST", ":updatePrimaryVersion",
                               R"({"cryptoKeyVersionId":")" + number + "\"}", deadline});
    if (!primary) return owners_own(primary.error(), "rotated");
    MC_TRY(const Key key, read_key("rotate", primary->body, binding_.key));
    if (!key.primary || key.primary->number != version.number) {
      return fail(Code::corrupt, "gcp: rotate: the primary version is another one");
    }
    return number;
  }

  Result<WallTime> destroy(const std::string& version, MonoTime deadline) override {
    MC_TRY(const std::vector<Version> versions, all_versions(deadline));
    std::optional<WallTime> gone;
    for (const Version& one : versions) {
      const std::string number = std::to_string(one.number);
      if (!version.empty() && number != version) continue;
      std::optional<WallTime> at = one.destroyed_at;
      if (one.state != "DESTROYED" && one.state != "DESTROY_SCHEDULED") {
        const auto done =
            call({"destroy", "POST", "/cryptoKeyVersions/" + number + ":destroy", "{}", deadline});
        if (!done) return owners_own(done.error(), "destroyed");
        MC_TRY(const Version after, read_version("destroy", done->body, binding_.key));
        if (after.number != one.number) {
          return fail(Code::corrupt, "gcp: destroy: the reply is of another version");
        }
        at = after.destroyed_at;
      }
      if (!at) return fail(Code::corrupt, "gcp: destroy: 'destroyTime' is missing");
      gone = std::max(gone, at);
    }
    if (!gone) return bad("destroy: the key has no such version");
    return *gone;
  }

 private:
  Result<kms::HttpReply> call(const Call& call) {
    if (binding_.account_file.empty()) {
      MC_TRY(std::string token,
             oauth::read_line(world_.files, "gcp", "access_token", binding_.token_file));
      const Wiped token_wiped{token};
      bool refused = false;
      return exchange(token, call, refused);
    }
    MC_TRY(const oauth::TokenPointer token, tokens_.get(call.deadline));
    bool refused = false;
    Result<kms::HttpReply> reply = exchange(token->text, call, refused);
    if (!refused) return reply;
    MC_TRY(const oauth::TokenPointer other, tokens_.renew(token, call.deadline));
    return exchange(other->text, call, refused);
  }

  Result<kms::HttpReply> exchange(const std::string& token, const Call& call, bool& refused) {
    kms::HttpRequest request;
    request.method = call.method;
    request.url = binding_.url + "/v1/" + binding_.key + call.path;
    request.headers = {{"Content-Type", "application/json"}, {"Authorization", "Bearer " + token}};
    const Wiped token_wiped{request.headers[1].second};
    request.body = call.body;
    const Wiped body_wiped{request.body};
    request.ca_file = binding_.ca_file;
    request.deadline = call.deadline;
    Result<kms::HttpReply> reply = world_.transport.send(request);
    if (!reply) {
      reply.error().what = "gcp: " + std::string(call.step) + ": " + reply.error().what;
      return reply;
    }
    if (reply->status == 200) return reply;
    Failure failure = read_failure(call.step, *reply);
    refused = failure.new_token;
    return tl::unexpected(std::move(failure.error));
  }

  // `bytes` and the context, each with its sum.
  static std::string body_of(const std::string& name, std::string_view bytes,
                             const kms::Context& context) {
    const std::string bound = kms::canonical_context(context);
    std::string encoded = to_base64(bytes);
    const Wiped encoded_wiped{encoded};
    std::string out;
    out.reserve(encoded.size() + 2 * bound.size() + 256);  // no copy of a secret is left behind
    out.append("{\"").append(name).append("\":\"").append(encoded);
    out.append("\",\"").append(name).append("Crc32c\":\"").append(std::to_string(crc32c(bytes)));
    out.append(R"(","additionalAuthenticatedData":")").append(to_base64(bound));
    out.append(R"(","additionalAuthenticatedDataCrc32c":")");
    out.append(std::to_string(crc32c(bound))).append("\"}");
    return out;
  }

  Result<std::vector<Version>> all_versions(MonoTime deadline) {
    std::vector<Version> out;
    std::string next;
    for (int page = 0; page < kPagesMax; ++page) {
      std::string path = "/cryptoKeyVersions?pageSize=100";
      if (!next.empty()) path += "&pageToken=" + oauth::form_encoded(next);
      MC_TRY(const kms::HttpReply reply, call({"list versions", "GET", path, "", deadline}));
      MC_TRY(Page read, read_page(reply.body, binding_.key));
      std::move(read.versions.begin(), read.versions.end(), std::back_inserter(out));
      next = read.next;
      if (next.empty()) break;
    }
    return out;
  }

  // What its owner may have kept for itself, which says nothing of the key.
  static tl::unexpected<Error> owners_own(const Error& error, const std::string& done) {
    if (!error.what.ends_with(": PERMISSION_DENIED")) return tl::unexpected(error);
    return fail(Code::invalid, error.what + "; the key is to be " + done + " by its owner");
  }

  Result<oauth::Token> ask(MonoTime deadline) {
    const auto wrong = [](const char* why) {
      return fail(Code::unavailable, std::string("gcp: the file of 'service_account' ") + why);
    };
    Result<std::string> text =
        world_.files.read_all(binding_.account_file, oauth::kCredentialBytesMax);
    if (!text) return wrong("cannot be read");
    const Wiped text_wiped{*text};
    Result<json::Value> account = json::parse(*text);
    if (!account || account->as_object() == nullptr) return wrong("is no JSON object");
    Result<std::string> assertion = assertion_of(*account);
    oauth::wipe_texts(*account);
    if (!assertion) return wrong("holds no key of a service account of Google's");
    const Wiped assertion_wiped{*assertion};
    return oauth::ask_token(
        world_,
        {"gcp", binding_.token_url,
         "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=" + *assertion,
         binding_.ca_file, deadline});
  }

  Result<std::string> assertion_of(const json::Value& account) const {
    const oauth::Reader reader{"gcp", "token"};
    MC_TRY(const std::string token_uri, reader.text(account, "token_uri"));
    MC_TRY(const std::string email, reader.text(account, "client_email"));
    MC_TRY(const std::string key_id, reader.text(account, "private_key_id"));
    const json::Value* pem = account.find("private_key");
    if (token_uri != kTokenUri || pem == nullptr || pem->as_string() == nullptr) {
      return reader.corrupt("malformed");
    }
    MC_TRY(std::string der, crypto::read_pem(*pem->as_string(), "PRIVATE KEY"));
    MC_TRY(const crypto::SigningKey key, crypto::SigningKey::from_pkcs8(Secret(std::move(der))));
    if (key.public_key().algorithm() != crypto::Algorithm::rs256) {
      return reader.corrupt("malformed");
    }
    const std::int64_t now = to_unix_ms(world_.clock.wall()) / 1'000;
    json::Object header;
    header.set("alg", "RS256");
    header.set("typ", "JWT");
    header.set("kid", key_id);
    json::Object claims;
    claims.set("iss", email);
    claims.set("scope", kScope);
    claims.set("aud", kTokenUri);
    claims.set("iat", now);
    claims.set("exp", now + 3'600);
    return oauth::signed_assertion(key, header, claims);
  }

  const Binding binding_;
  const kms::ProviderWorld world_;
  oauth::Tokens tokens_;
};

class GcpKind final : public kms::ProviderKind {
 public:
  std::string_view scheme() const override { return "gcp-kms"; }
  Result<std::unique_ptr<kms::Provider>> bind(const std::string& uri, kms::Credentials credentials,
                                              const kms::ProviderWorld& world) override {
    MC_TRY(Binding binding, read_binding(uri, std::move(credentials)));
    return std::make_unique<GcpProvider>(std::move(binding), world);
  }
};

}  // namespace

std::unique_ptr<kms::ProviderKind> provider_kind() {
  return std::make_unique<GcpKind>();
}

}  // namespace mc::gcp
