#include <algorithm>
#include <iterator>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "aws/aws.h"
#include "aws/reply.h"
#include "aws/session.h"
#include "aws/signing.h"

namespace mc::aws {
namespace {

constexpr int kPagesMax = 16;
constexpr std::size_t kContextBytesMax = 8 << 10;  // of an EncryptionContext

using Reply = tl::expected<kms::HttpReply, Failure>;
tl::unexpected<Failure> failed(Error error) {
  return tl::unexpected(Failure{std::move(error), ""});
}

// `step` for the texts, `operation` of the service.
struct Call {
  std::string_view step;
  std::string operation;
  std::string body;
  MonoTime deadline;
};

class AwsProvider final : public kms::Provider {
 public:
  AwsProvider(Binding binding, const kms::ProviderWorld& world)
      : binding_(std::move(binding)), world_(world), sessions_(binding_, world_) {}

  std::string_view kind() const override { return "aws"; }
  const std::string& uri() const override { return binding_.uri; }

  Result<kms::Wrapped> wrap(const Secret& secret, const kms::Context& context,
                            MonoTime deadline) override {
    const std::string_view bytes = secret.reveal(RevealToken());
    if (bytes.empty() || bytes.size() > kms::kSecretBytesMax) {
      return fail(Code::invalid, "aws: encrypt: a secret must have 1 to 64 bytes");
    }
    std::string encoded = to_base64(bytes);
    const Wiped encoded_wiped{encoded};
    MC_TRY(std::string body, begin_body("encrypt", context));
    MC_TRY(
        kms::HttpReply reply,
        call({"encrypt", "Encrypt", with_member(std::move(body), "Plaintext", encoded), deadline}));
    kms::Wrapped out;
    MC_TRY(out.bytes, read_ciphertext(reply.body, binding_.key));
    return out;
  }

  Result<Secret> unwrap(const kms::Wrapped& wrapped, const kms::Context& context,
                        MonoTime deadline) override {
    if (wrapped.bytes.empty() || wrapped.bytes.size() > kms::kWrappedBytesMax) {
      return fail(Code::corrupt, "aws: decrypt: a wrapped secret must have 1 to 4096 bytes");
    }
    MC_TRY(std::string body, begin_body("decrypt", context));
    MC_TRY(
        kms::HttpReply reply,
        call({"decrypt", "Decrypt",
              with_member(std::move(body), "CiphertextBlob", to_base64(wrapped.bytes)), deadline}));
    const Wiped reply_wiped{reply.body};
    return read_plaintext(reply.body, binding_.key);
  }

  Result<kms::Description> describe(MonoTime deadline) override {
    MC_TRY(Metadata metadata, metadata_of_key(deadline));
    if (metadata.description.state == kms::KeyState::enabled) {
      MC_TRY_OK(add_versions(metadata.description, deadline));
    }
    return std::move(metadata.description);
  }

  Result<std::string> rotate(MonoTime deadline) override {
    MC_TRY(const Metadata before, metadata_of_key(deadline));
    if (const Reply reply = exchange({"rotate", "RotateKeyOnDemand", key_body(), deadline})) {
      MC_TRY_OK(read_rotated(reply->body, binding_.key));
    } else {
      return owners_own(reply.error(), "rotated", "kms:RotateKeyOnDemand");
    }
    // The service rotates when it gets to it, and then says how the new material is called. It has
    // taken the order in any case.
    const Result<Metadata> after = metadata_of_key(deadline);
    if (!after || after->description.version == before.description.version) return "";
    return after->description.version;
  }

  Result<WallTime> destroy(const std::string& version, MonoTime deadline) override {
    if (!version.empty()) {
      return fail(Code::invalid, "aws: destroy: versions of a key live as long as the key");
    }
    MC_TRY(const Metadata metadata, metadata_of_key(deadline));
    if (metadata.description.destroyed_at) return *metadata.description.destroyed_at;  // by another
    if (metadata.replicas) {
      return fail(Code::invalid, "aws: destroy: the key's replicas in other regions go first");
    }
    const std::string window = std::to_string(binding_.window_days);
    const Reply reply =
        exchange({"destroy", "ScheduleKeyDeletion",
                  R"({"KeyId":")" + binding_.key.arn + R"(","PendingWindowInDays":)" + window + "}",
                  deadline});
    if (!reply) return owners_own(reply.error(), "destroyed", "kms:ScheduleKeyDeletion");
    return read_deletion(reply->body, binding_.key);
  }

 private:
  std::string key_body() const { return R"({"KeyId":")" + binding_.key.arn + R"("})"; }

  // {"KeyId":...,"EncryptionAlgorithm":...,"EncryptionContext":{...}
  Result<std::string> begin_body(std::string_view step, const kms::Context& context) const {
    std::string out =
        R"({"KeyId":")" + binding_.key.arn + R"(","EncryptionAlgorithm":"SYMMETRIC_DEFAULT")";
    if (context.empty()) return out;
    out += R"(,"EncryptionContext":)";
    const std::size_t begin = out.size();
    json::Writer writer(out);
    writer.begin_object();
    for (const auto& [name, value] : context) writer.member(name, value);
    writer.end_object();
    if (out.size() - begin > kContextBytesMax) {
      return fail(Code::invalid, "aws: " + std::string(step) + ": a context of over 8 KiB");
    }
    return out;
  }
  // The last member, in room that is got before, so that no copy of it is left behind.
  static std::string with_member(std::string body, std::string_view name, std::string_view base64) {
    body.reserve(body.size() + name.size() + base64.size() + 16);
    return body.append(",\"").append(name).append("\":\"").append(base64).append("\"}");
  }

  Result<kms::HttpReply> call(Call call) {
    Reply reply = exchange(std::move(call));
    if (!reply) return tl::unexpected(std::move(reply.error().error));
    return std::move(*reply);
  }

  // A reply of 200, with a second credential when the first one is refused.
  Reply exchange(Call call) {
    const Wiped body_wiped{call.body};
    Result<SessionPointer> session = sessions_.get(call.deadline);
    if (!session) return failed(std::move(session.error()));
    Reply reply = exchange_by(**session, call);
    if (reply || reply.error().remedy == Remedy::none) return reply;
    const Result<SessionPointer> other = sessions_.renew(*session, call.deadline);
    if (!other) return failed(other.error());
    if ((*other)->same_as(**session)) return reply;
    return exchange_by(**other, call);
  }

  Reply exchange_by(const Session& session, const Call& call) {
    SigningRequest signing;
    signing.headers = {{"Content-Type", "application/x-amz-json-1.1"},
                       {"Host", host_of(binding_.kms_url)},
                       {"X-Amz-Target", "TrentService." + call.operation}};
    if (!session.token.empty()) {
      signing.headers.emplace_back("X-Amz-Security-Token", session.token);
    }
    signing.body = call.body;
    signing.region = binding_.key.region;
    signing.service = "kms";
    signing.time = world_.clock.wall();
    Result<Signed> made =
        sign(signing, {session.access_key, session.secret_key.reveal(RevealToken())});
    if (!made) return failed(std::move(made.error()));
    wipe(made->canonical);  // it holds the token

    kms::HttpRequest request;
    request.url = binding_.kms_url + "/";
    request.headers = std::move(signing.headers);
    request.headers.emplace_back("X-Amz-Date", made->date);
    request.headers.emplace_back("Authorization", made->authorization);
    request.body = call.body;
    const Wiped request_wiped{request.body};
    request.ca_file = binding_.ca_file;
    request.deadline = call.deadline;
    Result<kms::HttpReply> reply = world_.transport.send(request);
    if (!session.token.empty()) wipe(request.headers[3].second);
    if (!reply) return failed(in_step(call.step, std::move(reply.error())));
    if (reply->status == 200) return std::move(*reply);
    return tl::unexpected(read_failure(call.step, *reply, world_.clock.wall()));
  }

  static Error in_step(std::string_view step, Error error) {
    error.what = "aws: " + std::string(step) + ": " + error.what;
    return error;
  }

  // What its owner may have kept for itself, which says nothing of the key.
  static tl::unexpected<Error> owners_own(const Failure& failure, const std::string& done,
                                          const std::string& grant) {
    if (failure.code != "AccessDeniedException" && failure.code != "AccessDenied" &&
        failure.code != "UnsupportedOperationException") {
      return tl::unexpected(failure.error);
    }
    return fail(Code::invalid, failure.error.what + "; the key is to be " + done +
                                   " by its owner, or to grant " + grant);
  }

  Result<Metadata> metadata_of_key(MonoTime deadline) {
    MC_TRY(const kms::HttpReply reply, call({"describe", "DescribeKey", key_body(), deadline}));
    return read_metadata(reply.body, binding_.key);
  }

  // The names of what was rotated away, as far as the service tells them.
  Status add_versions(kms::Description& out, MonoTime deadline) {
    std::vector<Rotations::Rotation> all;
    std::string marker;
    for (int page = 0; page < kPagesMax; ++page) {
      std::string body = R"({"KeyId":")" + binding_.key.arn + "\"";
      if (!marker.empty()) {
        body += R"(,"Marker":)";
        json::append_quoted(body, marker);
      }
      const Reply reply = exchange({"list rotations", "ListKeyRotations", body + "}", deadline});
      if (!reply) {
        const Code code = reply.error().error.code;
        // Not granted, or not for this sort of key: the key is as good.
        if (code == Code::denied || code == Code::invalid) return ok();
        return tl::unexpected(reply.error().error);
      }
      MC_TRY(Rotations rotations, read_rotations(reply->body, binding_.key));
      std::move(rotations.rotations.begin(), rotations.rotations.end(), std::back_inserter(all));
      marker = rotations.next;
      if (marker.empty()) break;
    }
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
      return std::tie(b.at, a.material) < std::tie(a.at, b.material);
    });
    if (!all.empty() && all.front().at > WallTime{}) {
      out.attributes["LastRotation"] = format_rfc3339(all.front().at);
    }
    if (!out.version.empty()) out.versions.push_back(out.version);
    for (const Rotations::Rotation& one : all) {
      const bool known =
          std::find(out.versions.begin(), out.versions.end(), one.material) != out.versions.end();
      if (!one.material.empty() && !known) out.versions.push_back(one.material);
    }
    return ok();
  }

  const Binding binding_;
  const kms::ProviderWorld world_;
  Sessions sessions_;
};

class AwsKind final : public kms::ProviderKind {
 public:
  std::string_view scheme() const override { return "aws-kms"; }
  Result<std::unique_ptr<kms::Provider>> bind(const std::string& uri, kms::Credentials credentials,
                                              const kms::ProviderWorld& world) override {
    MC_TRY(Binding binding, read_binding(uri, credentials));
    return std::make_unique<AwsProvider>(std::move(binding), world);
  }
};

}  // namespace

std::unique_ptr<kms::ProviderKind> provider_kind() {
  return std::make_unique<AwsKind>();
}

}  // namespace mc::aws
