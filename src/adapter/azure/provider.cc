#include <algorithm>
#include <array>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "azure/azure.h"
#include "azure/reply.h"
#include "oauth/oauth.h"

namespace mc::azure {
namespace {

using oauth::Wiped;

constexpr int kPagesMax = 16;
constexpr std::string_view kApi = "api-version=2025-07-01";

struct Binding {
  KeyName key;
  std::string uri;
  std::string url;
  std::string token_url;
  std::string audience;  // of assertions: Microsoft's token endpoint, wherever it is reached
  std::string tenant;
  std::string client_id;
  std::string algorithm;
  std::string ca_file;
  std::string secret_file;  // this, or the other two
  std::string key_file;
  std::string certificate_file;
};

tl::unexpected<Error> bad(const std::string& why) {
  return fail(Code::invalid, "azure: " + why);
}

bool is_id(std::string_view text) {
  const auto good = [](char c) {
    return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  };
  return !text.empty() && text.size() <= 128 && text.front() != '.' &&
         std::all_of(text.begin(), text.end(), good);
}

Status read_files(Binding& out, std::map<std::string, std::string> files) {
  out.secret_file = oauth::take(files, "client_secret");
  out.key_file = oauth::take(files, "client_key");
  out.certificate_file = oauth::take(files, "client_certificate");
  if (!files.empty()) return bad("unknown credential '" + excerpt(files.begin()->first) + "'");
  if (out.key_file.empty() != out.certificate_file.empty()) {
    return bad("'client_key' and 'client_certificate' belong together");
  }
  if (out.secret_file.empty() == out.key_file.empty()) {
    return bad("credentials need either 'client_secret' or 'client_key'");
  }
  return ok();
}

Result<Binding> read_binding(const std::string& uri, kms::Credentials credentials) {
  Binding out;
  MC_TRY(out.key, parse_uri(uri));
  out.uri = uri;
  std::map<std::string, std::string>& options = credentials.options;
  const std::string url = oauth::take(options, "endpoint");
  const std::string login = oauth::take(options, "login_endpoint");
  MC_TRY(out.url, oauth::base_url("azure", "endpoint", url.empty() ? out.key.url : url));
  MC_TRY(out.token_url,
         oauth::base_url("azure", "login_endpoint", login.empty() ? out.key.login : login));
  out.tenant = oauth::take(options, "tenant");
  out.client_id = oauth::take(options, "client_id");
  out.algorithm = oauth::take(options, "algorithm");
  out.ca_file = oauth::take(options, "ca");
  if (!options.empty()) return bad("unknown option '" + excerpt(options.begin()->first) + "'");
  if (!is_id(out.tenant)) return bad("option 'tenant' is missing or malformed");
  if (!is_id(out.client_id)) return bad("option 'client_id' is missing or malformed");
  const std::string path = "/" + out.tenant + "/oauth2/v2.0/token";
  out.token_url += path;
  out.audience = out.key.login + path;
  if (out.algorithm.empty()) out.algorithm = out.key.managed_hsm ? "A256KW" : "RSA-OAEP-256";
  if (out.algorithm != "RSA-OAEP-256" && !(out.key.managed_hsm && out.algorithm == "A256KW")) {
    return bad("option 'algorithm' must be RSA-OAEP-256, or A256KW of a managed HSM");
  }
  MC_TRY_OK(read_files(out, std::move(credentials.files)));
  return out;
}

struct Call {
  std::string_view step;
  std::string method;
  std::string target;  // path and query
  std::string body;
  MonoTime deadline;
};
using Reply = tl::expected<kms::HttpReply, Failure>;

class AzureProvider final : public kms::Provider {
 public:
  AzureProvider(Binding binding, const kms::ProviderWorld& world)
      : binding_(std::move(binding)),
        world_(world),
        tokens_(world.clock, [this](MonoTime deadline) { return ask(deadline); }) {}

  std::string_view kind() const override { return "azure"; }
  const std::string& uri() const override { return binding_.uri; }

  Result<kms::Wrapped> wrap(const Secret& secret, const kms::Context&, MonoTime deadline) override {
    const std::string_view bytes = secret.reveal(RevealToken());
    const bool aes = binding_.algorithm == "A256KW";
    if (bytes.empty() || bytes.size() > kms::kSecretBytesMax ||
        (aes && (bytes.size() < 16 || bytes.size() % 8 != 0))) {
      return bad("wrapkey: a secret must have 1 to 64 bytes, with A256KW 16 to 64 by eights");
    }
    std::string body = body_of(bytes);
    const Wiped body_wiped{body};
    MC_TRY(const kms::HttpReply reply,
           call({"wrapkey", "POST", target("/wrapkey"), body, deadline}));
    return read_wrapped(reply.body, binding_.key);
  }

  Result<Secret> unwrap(const kms::Wrapped& wrapped, const kms::Context&,
                        MonoTime deadline) override {
    if (wrapped.bytes.empty() || wrapped.bytes.size() > kms::kWrappedBytesMax ||
        !is_version(wrapped.version)) {
      return fail(Code::corrupt,
                  "azure: unwrapkey: a wrapped secret must have 1 to 4096 bytes and a version");
    }
    MC_TRY(kms::HttpReply reply,
           call({"unwrapkey", "POST", target("/" + wrapped.version + "/unwrapkey"),
                 body_of(wrapped.bytes), deadline}));
    const Wiped reply_wiped{reply.body};
    return read_unwrapped(reply.body, binding_.key, wrapped.version);
  }

  Result<kms::Description> describe(MonoTime deadline) override {
    const Reply reply = exchange({"describe", "GET", target(""), "", deadline});
    if (!reply) {
      if (reply.error().code != "KeyNotFound") return tl::unexpected(reply.error().error);
      return describe_deleted(reply.error().error, deadline);
    }
    MC_TRY(kms::Description out,
           read_key("describe", reply->body, binding_.key, world_.clock.wall()));
    MC_TRY_OK(add_versions(out, deadline));
    return out;
  }

  Result<std::string> rotate(MonoTime deadline) override {
    const Reply reply = exchange({"rotate", "POST", target("/rotate"), "", deadline});
    if (!reply) return owners_own(reply.error(), "rotated");
    MC_TRY(const kms::Description after,
           read_key("rotate", reply->body, binding_.key, world_.clock.wall()));
    return after.version;
  }

  Result<WallTime> destroy(const std::string& version, MonoTime deadline) override {
    if (!version.empty()) return bad("destroy: versions of a key live as long as the key");
    const Reply reply = exchange({"destroy", "DELETE", target(""), "", deadline});
    if (!reply && reply.error().code == "KeyNotFound") {  // by another
      MC_TRY(const kms::Description gone, describe_deleted(reply.error().error, deadline));
      return gone.destroyed_at.value_or(world_.clock.wall());
    }
    if (!reply) return owners_own(reply.error(), "destroyed");
    MC_TRY(const std::optional<WallTime> gone, read_deleted("destroy", reply->body, binding_.key));
    return gone.value_or(world_.clock.wall());
  }

 private:
  std::string target(const std::string& path) const {
    return "/keys/" + binding_.key.name + path + "?" + std::string(kApi);
  }

  std::string body_of(std::string_view bytes) const {
    std::string encoded = to_base64url(bytes);
    const Wiped encoded_wiped{encoded};
    std::string out;
    out.reserve(encoded.size() + 64);  // no copy of a secret is left behind
    out.append(R"({"alg":")").append(binding_.algorithm);
    return std::move(out.append(R"(","value":")").append(encoded).append("\"}"));
  }

  Result<kms::HttpReply> call(const Call& call) {
    Reply reply = exchange(call);
    if (!reply) return tl::unexpected(std::move(reply.error().error));
    return std::move(*reply);
  }

  Reply exchange(const Call& call) {
    const auto failed = [](Error error) {
      return tl::unexpected(Failure{std::move(error), "", false});
    };
    const Result<oauth::TokenPointer> token = tokens_.get(call.deadline);
    if (!token) return failed(token.error());
    Reply reply = exchange_by((*token)->text, call);
    if (reply || !reply.error().new_token) return reply;
    const Result<oauth::TokenPointer> other = tokens_.renew(*token, call.deadline);
    if (!other) return failed(other.error());
    return exchange_by((*other)->text, call);
  }

  Reply exchange_by(const std::string& token, const Call& call) {
    kms::HttpRequest request;
    request.method = call.method;
    request.url = binding_.url + call.target;
    request.headers = {{"Content-Type", "application/json"}, {"Authorization", "Bearer " + token}};
    const Wiped token_wiped{request.headers[1].second};
    request.body = call.body;
    const Wiped body_wiped{request.body};
    request.ca_file = binding_.ca_file;
    request.deadline = call.deadline;
    Result<kms::HttpReply> reply = world_.transport.send(request);
    if (!reply) {
      reply.error().what = "azure: " + std::string(call.step) + ": " + reply.error().what;
      return tl::unexpected(Failure{std::move(reply.error()), "", false});
    }
    if (reply->status == 200) return std::move(*reply);
    Failure failure = read_failure(call.step, *reply);
    if (reply->status == 401 &&
        !is_own_challenge(reply->header("www-authenticate"), binding_.key, binding_.tenant)) {
      // A new token is no help, and the reply is not followed.
      failure.new_token = false;
      failure.error = Error{Code::invalid, "azure: " + std::string(call.step) +
                                               ": the vault asks for tokens of another tenant or "
                                               "resource than the binding's"};
    }
    return tl::unexpected(std::move(failure));
  }

  // A key that is not there may wait for its end; who may not see that gets the first answer.
  Result<kms::Description> describe_deleted(const Error& missing, MonoTime deadline) {
    const std::string path = "/deletedkeys/" + binding_.key.name + "?" + std::string(kApi);
    const Reply reply = exchange({"describe", "GET", path, "", deadline});
    if (!reply) {
      const Code code = reply.error().error.code;
      return tl::unexpected(code == Code::denied || code == Code::invalid ? missing
                                                                          : reply.error().error);
    }
    MC_TRY(kms::Description out,
           read_key("describe", reply->body, binding_.key, world_.clock.wall()));
    MC_TRY(out.destroyed_at, read_deleted("describe", reply->body, binding_.key));
    out.state = kms::KeyState::pending_destruction;
    return out;
  }

  Status add_versions(kms::Description& out, MonoTime deadline) {
    std::vector<Page::Version> all;
    std::string next = target("/versions");
    for (int page = 0; page < kPagesMax && !next.empty(); ++page) {
      const Reply reply = exchange({"list versions", "GET", next, "", deadline});
      if (!reply) {
        if (reply.error().error.code == Code::denied) return ok();  // not granted: as good
        return tl::unexpected(reply.error().error);
      }
      MC_TRY(Page read, read_page(reply->body, binding_.key));
      std::move(read.versions.begin(), read.versions.end(), std::back_inserter(all));
      next = read.next;
    }
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
      return std::tie(b.created, a.version) < std::tie(a.created, b.version);
    });
    for (Page::Version& one : all) {
      if (one.enabled) out.versions.push_back(std::move(one.version));
    }
    return ok();
  }

  // What its owner may have kept for itself, which says nothing of the key.
  static tl::unexpected<Error> owners_own(const Failure& failure, const std::string& done) {
    if (failure.code != "Forbidden") return tl::unexpected(failure.error);
    return fail(Code::invalid, failure.error.what + "; the key is to be " + done + " by its owner");
  }

  Result<oauth::Token> ask(MonoTime deadline) {
    std::string form = "grant_type=client_credentials&client_id=" + binding_.client_id +
                       "&scope=" + oauth::form_encoded(binding_.key.resource + "/.default");
    std::string proof;
    const Wiped proof_wiped{proof};
    if (!binding_.secret_file.empty()) {
      MC_TRY(std::string secret,
             oauth::read_line(world_.files, "azure", "client_secret", binding_.secret_file));
      const Wiped secret_wiped{secret};
      proof = oauth::form_encoded(secret);
      form.reserve(form.size() + proof.size() + 32);  // no copy of it is left behind
      form += "&client_secret=";
    } else {
      Result<std::string> assertion = assertion_of();
      if (!assertion) return tl::unexpected(std::move(assertion.error()));
      proof = std::move(*assertion);
      form += "&client_assertion_type=";
      form += oauth::form_encoded("urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
      form += "&client_assertion=";
    }
    form += proof;
    return oauth::ask_token(
        world_, {"azure", binding_.token_url, std::move(form), binding_.ca_file, deadline});
  }

  Result<std::string> block_of(const char* name, const std::string& path, const char* label) {
    Result<std::string> pem = world_.files.read_all(path, oauth::kCredentialBytesMax);
    if (pem) {
      const Wiped pem_wiped{*pem};
      Result<std::string> der = crypto::read_pem(*pem, label);
      if (der) return der;
    }
    return fail(Code::unavailable,
                std::string("azure: the file of '") + name + "' is no PEM that can be read");
  }

  Result<std::string> assertion_of() {
    MC_TRY(std::string der, block_of("client_key", binding_.key_file, "PRIVATE KEY"));
    const Result<crypto::SigningKey> key = crypto::SigningKey::from_pkcs8(Secret(std::move(der)));
    if (!key || key->public_key().algorithm() != crypto::Algorithm::rs256) {
      return fail(Code::unavailable, "azure: the file of 'client_key' holds no RSA key");
    }
    MC_TRY(const std::string certificate,
           block_of("client_certificate", binding_.certificate_file, "CERTIFICATE"));
    std::array<std::uint8_t, 16> random{};
    world_.random.fill(random);
    const std::int64_t now = to_unix_ms(world_.clock.wall()) / 1'000;
    json::Object header;
    header.set("alg", "RS256");
    header.set("typ", "JWT");
    header.set("x5t#S256", to_base64url(sys::sha256(certificate)));
    json::Object claims;
    claims.set("aud", binding_.audience);
    claims.set("iss", binding_.client_id);
    claims.set("sub", binding_.client_id);
    claims.set("jti", to_hex({reinterpret_cast<const char*>(random.data()), random.size()}));
    claims.set("nbf", now);
    claims.set("exp", now + 600);
    return oauth::signed_assertion(*key, header, claims);
  }

  const Binding binding_;
  const kms::ProviderWorld world_;
  oauth::Tokens tokens_;
};

class AzureKind final : public kms::ProviderKind {
 public:
  std::string_view scheme() const override { return "azure-kv"; }
  Result<std::unique_ptr<kms::Provider>> bind(const std::string& uri, kms::Credentials credentials,
                                              const kms::ProviderWorld& world) override {
    MC_TRY(Binding binding, read_binding(uri, std::move(credentials)));
    return std::make_unique<AzureProvider>(std::move(binding), world);
  }
};

}  // namespace

std::unique_ptr<kms::ProviderKind> provider_kind() {
  return std::make_unique<AzureKind>();
}

}  // namespace mc::azure
