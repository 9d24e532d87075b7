#include <algorithm>
#include <utility>

#include "json/json.h"
#include "kms/branch.h"
#include "transit/binding.h"
#include "transit/reply.h"
#include "transit/session.h"
#include "transit/transit.h"

namespace mc::transit {
namespace {

tl::unexpected<Error> bad(Code code, std::string_view step, const std::string& why) {
  return fail(code, "vault-transit: " + std::string(step) + ": " + why);
}

struct Call {
  std::string_view step;  // for people: "decrypt"
  const char* method;
  std::string path;
  std::string body;  // wiped with it
  MonoTime deadline;
  ~Call() { wipe(body); }
};

class TransitProvider final : public kms::Provider {
 public:
  TransitProvider(Binding binding, const kms::ProviderWorld& world)
      : binding_(std::move(binding)), world_(world), sessions_(binding_, world_) {}

  std::string_view kind() const override { return "vault-transit"; }
  const std::string& uri() const override { return binding_.uri; }

  Result<kms::Wrapped> wrap(const Secret& secret, const kms::Context& context,
                            MonoTime deadline) override {
    const std::string_view bytes = secret.reveal(RevealToken());
    if (bytes.empty() || bytes.size() > kms::kSecretBytesMax) {
      return bad(Code::invalid, "encrypt", "a secret must have 1 to 64 bytes");
    }
    // To encrypt with a name that has no key may make one.
    MC_TRY(const Key key, key_of(deadline));
    if (!key.seals) return bad(Code::invalid, "encrypt", "the key's type takes no associated data");
    std::string text = to_base64(bytes);
    Call call = {"encrypt", "POST", path("encrypt"), "", deadline};
    write_body(call.body, "plaintext", text, context);
    wipe(text);
    MC_TRY(const kms::HttpReply reply, send(call));
    MC_TRY(kms::Wrapped out, read_wrapped(reply.body));
    const std::int64_t version = *parse_int(out.version);
    if (version < key.oldest) return bad(Code::corrupt, "encrypt", "the version is a retired one");
    return out;
  }

  Result<Secret> unwrap(const kms::Wrapped& wrapped, const kms::Context& context,
                        MonoTime deadline) override {
    MC_TRY(const std::int64_t version, version_of("decrypt", wrapped.bytes));
    if (std::to_string(version) != wrapped.version) {
      return bad(Code::corrupt, "decrypt", "what is wrapped is another version's");
    }
    Call call = {"decrypt", "POST", path("decrypt"), "", deadline};
    write_body(call.body, "ciphertext", wrapped.bytes, context);
    MC_TRY(kms::HttpReply reply, send(call));
    Result<Secret> out = read_secret(reply.body);
    wipe(reply.body);
    return out;
  }

  Result<kms::Description> describe(MonoTime deadline) override {
    MC_TRY(Key key, key_of(deadline));
    kms::Description out;
    out.state = key.soft_deleted ? kms::KeyState::pending_destruction : kms::KeyState::enabled;
    out.key = binding_.mount + "/" + binding_.name;
    out.version = std::to_string(key.latest);
    out.algorithm = key.type;
    out.extractable = key.extractable;
    for (std::int64_t v = key.latest; v >= key.oldest && out.versions.size() < kVersionsMax; --v) {
      out.versions.push_back(std::to_string(v));
    }
    out.attributes = std::move(key.attributes);
    return out;
  }

  Result<std::string> rotate(MonoTime deadline) override {
    MC_TRY(const Key before, key_of(deadline));
    MC_TRY_OK(owners_own({"rotate", "POST", path("keys") + "/rotate", "{}", deadline}, "rotated"));
    MC_TRY(const Key after, key_of(deadline));
    if (after.latest <= before.latest) {
      return bad(Code::corrupt, "rotate", "the key has no newer version");
    }
    return std::to_string(after.latest);
  }

  Result<WallTime> destroy(const std::string& version, MonoTime deadline) override {
    MC_TRY(const Key key, key_of(deadline));
    if (version.empty()) {
      if (!key.deletion_allowed) {
        return bad(Code::invalid, "destroy",
                   "the key is to be deleted by its owner, who may set deletion_allowed");
      }
      MC_TRY_OK(owners_own({"destroy", "DELETE", path("keys"), "", deadline}, "deleted"));
      return world_.clock.wall();
    }
    if (version != std::to_string(key.oldest) || key.oldest == key.latest) {
      return bad(Code::invalid, "destroy", "only the oldest version can go, and never the latest");
    }
    const std::string next = std::to_string(key.oldest + 1);
    // Trimming wants a least version to encrypt with as well: the owner's, if it is a later one.
    const std::string sealing = std::to_string(std::max(key.oldest + 1, key.oldest_to_seal));
    const std::string lowest =
        R"({"min_decryption_version":)" + next + R"(,"min_encryption_version":)" + sealing + "}";
    const std::string trimmed = R"({"min_available_version":)" + next + "}";
    MC_TRY_OK(
        owners_own({"retire", "POST", path("keys") + "/config", lowest, deadline}, "trimmed"));
    MC_TRY_OK(
        owners_own({"destroy", "POST", path("keys") + "/trim", trimmed, deadline}, "trimmed"));
    return world_.clock.wall();
  }

 private:
  static constexpr std::size_t kVersionsMax = 1'024;

  std::string path(const char* verb) const {
    return binding_.mount + "/" + verb + "/" + binding_.name;
  }

  static void write_body(std::string& out, const char* name, const std::string& text,
                         const kms::Context& context) {
    const std::string bound = to_base64(kms::canonical_context(context));
    out.reserve(text.size() + 2 * bound.size() + 128);  // no copy of a secret is left behind
    json::Writer writer(out);
    writer.begin_object().member(name, text).member("associated_data", bound);
    writer.member("context", bound).end_object();  // of derived keys; others do not look at it
  }

  // Once more with a new token where one was refused.
  Result<kms::HttpReply> send(const Call& call) {
    if (call.deadline <= world_.clock.mono()) {
      return bad(Code::unavailable, call.step, "the deadline is over");
    }
    MC_TRY(SessionPointer session, sessions_.get(call.deadline));
    MC_TRY(kms::HttpReply reply, exchange(call, *session));
    if (reply.status == 403) {
      MC_TRY(const SessionPointer newer, sessions_.renew(session, call.deadline));
      const bool same = equal_constant_time(newer->token.reveal(RevealToken()),
                                            session->token.reveal(RevealToken()));
      if (!same) {
        MC_TRY(reply, exchange(call, *newer));
      }
    }
    if (reply.status == 200 || reply.status == 204) return reply;
    return tl::unexpected(read_failure(call.step, reply));
  }

  Result<kms::HttpReply> exchange(const Call& call, const Session& session) {
    kms::HttpRequest request = request_of(binding_, call.path, call.deadline);
    request.method = call.method;
    request.body = call.body;
    request.headers.emplace_back("X-Vault-Token", session.token.reveal(RevealToken()));
    Result<kms::HttpReply> reply = world_.transport.send(request);
    wipe(request.headers.back().second);
    wipe(request.body);
    if (reply) return reply;
    return bad(reply.error().code, call.step, reply.error().what);
  }

  Result<Key> key_of(MonoTime deadline) {
    const Call call = {"describe", "GET", path("keys"), "", deadline};
    MC_TRY(const kms::HttpReply reply, send(call));
    return read_key(reply.body, binding_.name);
  }

  // What its owner may have kept for itself, which says nothing of the key.
  Status owners_own(const Call& call, const std::string& done) {
    const Result<kms::HttpReply> reply = send(call);
    if (reply) return ok();
    if (reply.error().code != Code::denied && reply.error().code != Code::invalid) {
      return tl::unexpected(reply.error());
    }
    return fail(Code::invalid, reply.error().what + "; the key is to be " + done + " by its owner");
  }

  const Binding binding_;
  const kms::ProviderWorld world_;
  Sessions sessions_;
};

class TransitKind final : public kms::ProviderKind {
 public:
  std::string_view scheme() const override { return "vault-transit"; }
  Result<std::unique_ptr<kms::Provider>> bind(const std::string& uri, kms::Credentials credentials,
                                              const kms::ProviderWorld& world) override {
    MC_TRY(Binding binding, read_binding(uri, credentials));
    return std::make_unique<TransitProvider>(std::move(binding), world);
  }
};

}  // namespace

std::unique_ptr<kms::ProviderKind> provider_kind() {
  return std::make_unique<TransitKind>();
}

}  // namespace mc::transit
