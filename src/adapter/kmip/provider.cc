#include <algorithm>
#include <utility>

#include "kmip/binding.h"
#include "kmip/channel.h"
#include "kmip/kmip.h"
#include "kmip/message.h"
#include "kmip/seal.h"
#include "kms/branch.h"

namespace mc::kmip {
namespace {

constexpr std::size_t kVersionsMax = 64;
constexpr std::int64_t kAes = 3, kGcm = 9, kCbc = 1, kPkcs5 = 3;  // KMIP's enumerations
constexpr std::int64_t kCessationOfOperation = 6;

constexpr Step kDiscover = {"discover versions", Operation::discover_versions};
constexpr Step kDescribe = {"describe", Operation::get_attributes};
constexpr Step kEncrypt = {"encrypt", Operation::encrypt};
constexpr Step kDecrypt = {"decrypt", Operation::decrypt};
constexpr Step kReKey = {"re-key", Operation::re_key};
constexpr Step kActivate = {"activate", Operation::activate};
constexpr Step kRevoke = {"revoke", Operation::revoke};
constexpr Step kDestroy = {"destroy", Operation::destroy};

tl::unexpected<Error> bad(Code code, const Step& step, const std::string& why) {
  return fail(code, "kmip: " + std::string(step.name) + ": " + why);
}

kms::KeyState state_of(State state) {
  switch (state) {
    case State::active:
      return kms::KeyState::enabled;
    case State::destroyed:
    case State::destroyed_compromised:
      return kms::KeyState::destroyed;
    default:
      return kms::KeyState::disabled;
  }
}

// One connection, for the length of a call of the contract.
struct Call {
  std::unique_ptr<Channel> channel;
  MonoTime deadline;
  int minor = 2;

  Answer<Item> ask(const Step& step, std::vector<Item> payload) {
    std::string request = write_request(minor, step.operation, std::move(payload));
    Result<std::string> reply = channel->exchange(request, deadline);
    wipe(request);
    if (!reply) {
      Error error = std::move(reply.error());
      const bool named = error.what.starts_with("kmip: ");
      error.what = "kmip: " + std::string(step.name) + ": " + error.what.substr(named ? 6 : 0);
      return tl::unexpected(Failure{std::move(error)});
    }
    Answer<Item> out = read_reply(step, minor, *reply);
    wipe(*reply);
    return out;
  }
  // The same where the reason says nothing more than the error.
  Result<Item> done(const Step& step, std::vector<Item> payload) {
    Answer<Item> out = ask(step, std::move(payload));
    if (!out) return tl::unexpected(std::move(out.error().error));
    return std::move(*out);
  }
};

struct Version {
  std::string id;
  Facts facts;
};

class KmipProvider final : public kms::Provider {
 public:
  KmipProvider(Binding binding, const kms::ProviderWorld& world, Open open)
      : binding_(std::move(binding)), world_(world), open_(std::move(open)) {
    if (!open_) open_ = [this] { return tls_channel(binding_, world_); };
  }

  std::string_view kind() const override { return "kmip"; }
  const std::string& uri() const override { return binding_.uri; }

  Result<kms::Wrapped> wrap(const Secret& secret, const kms::Context& context,
                            MonoTime deadline) override {
    const std::size_t size = secret.reveal(RevealToken()).size();
    if (size == 0 || size > kms::kSecretBytesMax) {
      return bad(Code::invalid, kEncrypt, "a secret must have 1 to 64 bytes");
    }
    MC_TRY(Call call, begin(deadline));
    MC_TRY(const std::vector<Version> versions, walk(call));
    const Version& present = versions.back();
    if (present.facts.state != State::active) {
      return bad(Code::denied, kEncrypt, "the key is not active");
    }
    MC_TRY(const Sealed sealed,
           seal(call, present.id, binding_.cbc ? Form::cbc : Form::gcm, secret, context));
    return kms::Wrapped{format_sealed(sealed), present.id};
  }

  Result<Secret> unwrap(const kms::Wrapped& wrapped, const kms::Context& context,
                        MonoTime deadline) override {
    MC_TRY(const Sealed sealed, parse_sealed(wrapped.bytes));
    MC_TRY(Call call, begin(deadline));
    if (!is_known(wrapped.version)) {
      MC_TRY_OK(walk(call));
      if (!is_known(wrapped.version)) {
        return bad(Code::corrupt, kDecrypt, "what is wrapped is another key's");
      }
    }
    Answer<Secret> opened = open(call, wrapped.version, sealed, context);
    if (opened) return std::move(*opened);
    Failure failure = std::move(opened.error());
    // Servers say the same of a damaged secret and of damage of their own. By CBC the two ways in
    // which it does not open take the same time, so that a padding cannot be guessed by it.
    const bool vague = failure.reason == Reason::general_failure ||
                       failure.reason == Reason::cryptographic_failure ||
                       failure.reason == Reason::invalid_field ||
                       (sealed.form == Form::cbc && failure.error.code == Code::corrupt);
    if (!vague) return tl::unexpected(std::move(failure.error));
    MC_TRY_OK(probe(call, wrapped.version, sealed.form));
    return bad(Code::corrupt, kDecrypt, "the wrapped secret does not open");
  }

  Result<kms::Description> describe(MonoTime deadline) override {
    MC_TRY(Call call, begin(deadline));
    MC_TRY(std::vector<Version> versions, walk(call));
    Version& present = versions.back();
    kms::Description out;
    out.state = state_of(present.facts.state);
    out.key = binding_.id;
    out.version = present.id;
    out.algorithm = present.facts.algorithm;
    out.extractable = present.facts.extractable;
    out.attributes = std::move(present.facts.attributes);
    for (auto version = versions.rbegin(); version != versions.rend(); ++version) {
      const bool gone = state_of(version->facts.state) == kms::KeyState::destroyed;
      if (!gone) out.versions.push_back(version->id);
    }
    return out;
  }

  Result<std::string> rotate(MonoTime deadline) override {
    MC_TRY(Call call, begin(deadline));
    MC_TRY(const std::vector<Version> versions, walk(call));
    if (versions.size() == kVersionsMax) {
      return bad(Code::invalid, kReKey, "the key has 64 versions; bind its latest as a new key");
    }
    // Active from now on: the offset is between the new key's making and its activation.
    Answer<Item> made = call.ask(
        kReKey, {{tag::kId, Type::text, versions.back().id}, {tag::kOffset, Type::interval, 0}});
    if (!made) {
      return owners_own(made.error(),
                        "the key is to be replaced at the server: make one there and bind it");
    }
    MC_TRY(std::string id, read_id(kReKey, *made));
    const Answer<Facts> facts = facts_of(call, id);
    if (!facts) return tl::unexpected(facts.error().error);
    if (facts->state == State::pre_active) {
      MC_TRY(const Item activated, call.done(kActivate, {{tag::kId, Type::text, id}}));
      MC_TRY_OK(check_id(kActivate, activated, id));
    }
    MC_TRY(const std::vector<Version> after, walk(call));
    if (after.back().id != id || after.back().facts.state != State::active) {
      return bad(Code::corrupt, kReKey, "the new key is not active, or not linked to the old one");
    }
    return id;
  }

  Result<WallTime> destroy(const std::string& version, MonoTime deadline) override {
    MC_TRY(Call call, begin(deadline));
    MC_TRY(const std::vector<Version> versions, walk(call));
    const auto found = std::find_if(versions.begin(), versions.end(),
                                    [&](const Version& one) { return one.id == version; });
    if (!version.empty() && found == versions.end()) {
      return bad(Code::invalid, kDestroy, "the key has no such version");
    }
    if (versions.size() > 1 && (version == binding_.id || version == versions.back().id)) {
      return bad(Code::invalid, kDestroy,
                 "the bound version, by which others are found, and the present one are destroyed "
                 "with the whole key alone");
    }
    // The newest first: what is left of a destruction that breaks off is still found.
    for (auto one = versions.rbegin(); one != versions.rend(); ++one) {
      if (!version.empty() && one->id != version) continue;
      MC_TRY_OK(destroy_one(call, *one));
    }
    return world_.clock.wall();
  }

 private:
  struct Known {
    int minor = 0;  // 0 = not yet asked for
    std::vector<std::string> ids;
  };

  Result<Call> begin(MonoTime deadline) {
    if (deadline <= world_.clock.mono()) {
      return fail(Code::unavailable, "kmip: the deadline is over");
    }
    Call call{open_(), deadline};
    call.minor = known_.with([](const Known& known) { return known.minor; });
    if (call.minor != 0) return call;
    // In the words of the oldest: who speaks a newer one speaks this too.
    call.minor = 2;
    std::vector<Item> versions;
    for (const int minor : {4, 3, 2}) {
      versions.push_back({tag::kProtocolVersion,
                          {{tag::kMajor, Type::integer, 1}, {tag::kMinor, Type::integer, minor}}});
    }
    MC_TRY(const Item payload, call.done(kDiscover, std::move(versions)));
    MC_TRY(call.minor, read_minor(payload));
    known_.with([&](Known& known) { known.minor = call.minor; });
    return call;
  }

  bool is_known(const std::string& id) {
    return known_.with([&](const Known& known) {
      return std::find(known.ids.begin(), known.ids.end(), id) != known.ids.end();
    });
  }

  static Answer<Facts> facts_of(Call& call, const std::string& id) {
    const Answer<Item> payload = call.ask(kDescribe, attributes_wanted(id));
    if (!payload) return tl::unexpected(payload.error());
    Result<Facts> facts = read_facts(*payload, id);
    if (!facts) return tl::unexpected(Failure{std::move(facts.error())});
    return std::move(*facts);
  }

  // The bound key and those that have replaced it, one after the other.
  Result<std::vector<Version>> walk(Call& call) {
    std::vector<Version> out;
    std::vector<std::string> ids;
    for (std::string next = binding_.id; !next.empty();) {
      if (out.size() == kVersionsMax || std::find(ids.begin(), ids.end(), next) != ids.end()) {
        return bad(Code::corrupt, kDescribe, "the links between versions have no end");
      }
      Answer<Facts> facts = facts_of(call, next);
      if (!facts && facts.error().reason == Reason::item_not_found && !out.empty()) {
        // A replacement that the server has forgotten: others keep what they know of such a one.
        facts = Facts{};
        facts->state = State::destroyed;
      }
      if (!facts) return tl::unexpected(std::move(facts.error().error));
      ids.push_back(next);
      out.push_back({next, std::move(*facts)});
      next = out.back().facts.replaced_by;
    }
    known_.with([&](Known& known) { known.ids = std::move(ids); });
    return out;
  }

  static std::vector<Item> parameters(const std::string& id, Form form) {
    Item out(tag::kParameters, {});
    out.items.emplace_back(tag::kBlockCipherMode, Type::enumeration,
                           form == Form::gcm ? kGcm : kCbc);
    if (form == Form::cbc) out.items.emplace_back(tag::kPaddingMethod, Type::enumeration, kPkcs5);
    out.items.emplace_back(tag::kAlgorithm, Type::enumeration, kAes);
    if (form == Form::gcm) {
      out.items.emplace_back(tag::kTagLength, Type::integer, static_cast<std::int64_t>(kTagBytes));
    }
    std::vector<Item> payload;
    payload.reserve(6);
    payload.emplace_back(tag::kId, Type::text, id);
    payload.push_back(std::move(out));
    return payload;
  }

  Result<Sealed> seal(Call& call, const std::string& id, Form form, const Secret& secret,
                      const kms::Context& context) {
    if (form == Form::gcm && call.minor < 4) {
      return bad(Code::invalid, kEncrypt,
                 "GCM needs KMIP 1.4, which the server does not speak; see option 'mode'");
    }
    Sealed out;
    out.form = form;
    out.iv.resize(form == Form::gcm ? kGcmIvBytes : kCbcIvBytes);
    world_.random.fill({reinterpret_cast<std::uint8_t*>(out.iv.data()), out.iv.size()});
    std::vector<Item> payload = parameters(id, form);
    if (form == Form::gcm) {
      payload.emplace_back(tag::kData, Type::bytes, secret.reveal(RevealToken()));
    } else {
      const Secret framed = frame(secret, context);
      payload.emplace_back(tag::kData, Type::bytes, framed.reveal(RevealToken()));
    }
    payload.emplace_back(tag::kIv, Type::bytes, out.iv);
    if (form == Form::gcm) {
      payload.emplace_back(tag::kAdditionalData, Type::bytes, kms::canonical_context(context));
    }
    MC_TRY(const Item reply, call.done(kEncrypt, std::move(payload)));
    MC_TRY_OK(check_id(kEncrypt, reply, id));
    const Item* data = reply.only(tag::kData, Type::bytes);
    const Item* tag = reply.only(tag::kTag, Type::bytes);
    const Item* iv = reply.only(tag::kIv, Type::bytes);
    if (data != nullptr) out.bytes = data->bytes;
    if (tag != nullptr) out.tag = tag->bytes;
    const bool same_iv = iv == nullptr || iv->bytes == out.iv;
    const bool same_size =
        form == Form::cbc || out.bytes.size() == secret.reveal(RevealToken()).size();
    if (!same_iv || !same_size || !check_sealed(out)) {
      return bad(Code::corrupt, kEncrypt, "what the server has wrapped is not what was asked for");
    }
    return out;
  }

  static Answer<Secret> open(Call& call, const std::string& id, const Sealed& sealed,
                             const kms::Context& context) {
    std::vector<Item> payload = parameters(id, sealed.form);
    payload.emplace_back(tag::kData, Type::bytes, sealed.bytes);
    payload.emplace_back(tag::kIv, Type::bytes, sealed.iv);
    if (sealed.form == Form::gcm) {
      payload.emplace_back(tag::kAdditionalData, Type::bytes, kms::canonical_context(context));
      payload.emplace_back(tag::kTag, Type::bytes, sealed.tag);
    }
    Answer<Item> reply = call.ask(kDecrypt, std::move(payload));
    if (!reply) return tl::unexpected(std::move(reply.error()));
    if (const Status same = check_id(kDecrypt, *reply, id); !same) {
      return tl::unexpected(Failure{same.error()});
    }
    const Item* data = reply->only(tag::kData, Type::bytes);
    if (data == nullptr) {
      return tl::unexpected(Failure{bad(Code::corrupt, kDecrypt, "the reply has no data").value()});
    }
    Secret out(data->bytes);
    if (sealed.form == Form::gcm) {
      if (data->bytes.size() == sealed.bytes.size()) return out;
      return tl::unexpected(
          Failure{bad(Code::corrupt, kDecrypt, "the reply has another size").value()});
    }
    Result<Secret> framed = unframe(out, context);
    if (!framed) return tl::unexpected(Failure{std::move(framed.error())});
    return std::move(*framed);
  }

  // Whether the key works: something new is wrapped and opened with it.
  Status probe(Call& call, const std::string& id, Form form) {
    const Secret secret("maestro-conductor-probe");
    const kms::Context context = {{"mc:use", "probe"}};
    MC_TRY(const Sealed sealed, seal(call, id, form, secret, context));
    const Answer<Secret> opened = open(call, id, sealed, context);
    if (!opened) return tl::unexpected(opened.error().error);
    return ok();
  }

  static Status check_id(const Step& step, const Item& payload, const std::string& id) {
    MC_TRY(const std::string said, read_id(step, payload));
    if (said != id) return bad(Code::corrupt, step, "the reply is of another key");
    return ok();
  }

  Status destroy_one(Call& call, const Version& version) {
    if (state_of(version.facts.state) == kms::KeyState::destroyed) return ok();
    constexpr const char* kInstead = "the key is to be destroyed by its owner";
    // An active key is not destroyed by any server (KMIP 1.4, section 4.21).
    if (version.facts.state == State::active) {
      Item reason(tag::kRevocationReason, {});
      reason.items.emplace_back(tag::kRevocationCode, Type::enumeration, kCessationOfOperation);
      const Answer<Item> revoked =
          call.ask(kRevoke, {{tag::kId, Type::text, version.id}, std::move(reason)});
      if (!revoked) return owners_own(revoked.error(), kInstead);
    }
    const Answer<Item> destroyed = call.ask(kDestroy, {{tag::kId, Type::text, version.id}});
    if (!destroyed) return owners_own(destroyed.error(), kInstead);
    return ok();
  }

  // What its owner may have kept for itself, or the server cannot, which says nothing of the key.
  static tl::unexpected<Error> owners_own(const Failure& failure, const std::string& instead) {
    if (failure.reason != Reason::permission_denied &&
        failure.reason != Reason::operation_not_supported &&
        failure.reason != Reason::feature_not_supported) {
      return tl::unexpected(failure.error);
    }
    return fail(Code::invalid, failure.error.what + "; " + instead);
  }

  const Binding binding_;
  const kms::ProviderWorld world_;
  Open open_;
  Guarded<Known> known_;
};

class KmipKind final : public kms::ProviderKind {
 public:
  std::string_view scheme() const override { return "kmip"; }
  Result<std::unique_ptr<kms::Provider>> bind(const std::string& uri, kms::Credentials credentials,
                                              const kms::ProviderWorld& world) override {
    MC_TRY(Binding binding, read_binding(uri, credentials));
    return make_provider(std::move(binding), world, nullptr);
  }
};

}  // namespace

std::unique_ptr<kms::Provider> make_provider(Binding binding, const kms::ProviderWorld& world,
                                             Open open) {
  return std::make_unique<KmipProvider>(std::move(binding), world, std::move(open));
}

std::unique_ptr<kms::ProviderKind> provider_kind() {
  return std::make_unique<KmipKind>();
}

}  // namespace mc::kmip
