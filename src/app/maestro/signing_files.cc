#include "maestro/signing_files.h"

#include <memory>

#include "config/config.h"
#include "maestro/admin_client.h"
#include "maestro/own_signing.h"

namespace mc::app {
namespace {

constexpr std::string_view kPlainLabel = "PRIVATE KEY";
constexpr std::string_view kFromEnvironment = "env:";

// The server's log and clock; those of the data directory without a server.
class ServerLog final : public proof::SignatureLog {
 public:
  explicit ServerLog(Context& context) : context_(context) {}
  Result<proof::LogEntry> add(std::string body) override {
    MC_TRY(std::string request, proof::print_entry_request(body));
    MC_TRY(const std::string entry, call_for_text(context_, {.method = "POST",
                                                             .path = "/api/v2/log/entries",
                                                             .body = std::move(request),
                                                             .may_lack_token = true}));
    MC_TRY(proof::LogEntry out, proof::parse_log_entry(entry));
    if (out.body != body) return fail(Code::corrupt, "the log has logged something else");
    return out;
  }

 private:
  Context& context_;
};

// The same log by Rekor's first version, which takes proposals.
class ServerPromisedLog final : public proof::SignatureLog {
 public:
  explicit ServerPromisedLog(Context& context) : context_(context) {}
  Result<proof::LogEntry> add(std::string proposal) override {
    MC_TRY(const std::string body, proof::read_proposal(proposal));
    MC_TRY(const std::string answer, call_for_text(context_, {.method = "POST",
                                                              .path = "/api/v1/log/entries",
                                                              .body = std::move(proposal),
                                                              .may_lack_token = true}));
    MC_TRY(proof::LogEntry out, proof::parse_logged(answer));
    if (out.body != body) return fail(Code::corrupt, "the log has logged something else");
    return out;
  }

 private:
  Context& context_;
};

class ServerTime final : public proof::TimestampSource {
 public:
  explicit ServerTime(Context& context) : context_(context) {}
  Result<std::string> stamp(std::string_view signature) override {
    MC_TRY(const std::string digest, crypto::digest("sha256", signature));
    json::Object request;
    request.set("artifactHash", to_base64(digest));
    request.set("hashAlgorithm", "sha256");
    return call_for_text(context_, {.method = "POST",
                                    .path = "/api/v1/timestamp",
                                    .body = json::print(request),
                                    .may_lack_token = true});
  }

 private:
  Context& context_;
};

// What was made must hold for whoever gets it.
Status check_made(Context& context, const proof::Bundle& bundle, const crypto::PublicKey& key,
                  std::string_view artifact, const signing::RemoteTimestamps* remote) {
  MC_TRY(const std::string trust,
         call_for_text(context, {.path = "/signing/trusted_root.json", .may_lack_token = true}));
  MC_TRY(proof::TrustedRoot root, proof::parse_trusted_root(trust));
  if (remote != nullptr) root.timestamp_authorities.push_back(remote->trust());
  const proof::Report report = proof::check_bundle({.bundle = bundle,
                                                    .root = root,
                                                    .artifact = {artifact},
                                                    .key = key,
                                                    .now = context.machine.clock->wall()});
  if (report.verified()) return ok();
  const proof::Step* failure = report.failure();
  return fail(Code::corrupt, "what the server answered does not verify: " +
                                 (failure == nullptr ? "nothing was checked"
                                                     : failure->name + ": " + failure->detail));
}

// The authority elsewhere that the flags or else the settings name; null when there is none.
Result<std::unique_ptr<signing::RemoteTimestamps>> remote_time(Context& context,
                                                               const SignerFlags& flags) {
  if (flags.tsa.empty() != flags.tsa_chain.empty()) {
    return fail(Code::invalid, "--tsa and --tsa-chain belong together");
  }
  if (!flags.tsa.empty()) {
    return open_remote_timestamps(context.machine, flags.tsa, flags.tsa_chain);
  }
  MC_TRY(const config::Loaded<Settings> loaded, load_settings(context));
  const SigningSettings& settings = loaded.value.signing;
  return open_remote_timestamps(context.machine, settings.timestamp_url,
                                settings.timestamp_chain_file);
}

}  // namespace

Result<Secret> read_passphrase(sys::Files& files, const std::string& reference) {
  if (!reference.starts_with(kFromEnvironment)) return config::read_secret(files, reference);
  Secret out(sys::environment(reference.substr(kFromEnvironment.size())));
  if (!out.empty()) return out;
  return fail(Code::invalid, "--passphrase: " + reference + " is not set");
}

Result<crypto::SigningKey> read_signing_key(const Context& context, const std::string& path,
                                            const std::string& passphrase) {
  sys::Files& files = *context.machine.files;
  MC_TRY(std::string text, files.read_all(path, crypto::kSealedKeyBytesMax));
  Result<std::string> plain = crypto::read_pem(text, kPlainLabel);
  Result<crypto::SigningKey> key = fail(Code::invalid, "");
  if (plain) {
    const Secret der(std::move(*plain));
    key = crypto::SigningKey::from_pkcs8(der);
  } else if (passphrase.empty()) {
    key = fail(Code::invalid, "it needs --passphrase env:NAME or file:PATH");
  } else {
    MC_TRY(const Secret secret, read_passphrase(files, passphrase));
    key = crypto::open_sealed_key(text, secret);
  }
  wipe(text);
  if (!key) return fail(key.error().code, path + ": " + key.error().what);
  return key;
}

Status check_p256(const crypto::SigningKey& key, const std::string& path) {
  if (key.public_key().algorithm() == crypto::Algorithm::es256) return ok();
  return fail(Code::invalid, path + ": the key is not ECDSA on P-256");
}

Result<proof::Bundle> sign_logged(Context& context, const SignerFlags& flags, const Signed& what) {
  MC_TRY(const std::unique_ptr<signing::RemoteTimestamps> remote, remote_time(context, flags));
  MC_TRY(const crypto::SigningKey key, read_signing_key(context, flags.key, flags.passphrase));
  MC_TRY_OK(check_p256(key, flags.key));
  ServerLog log(context);
  ServerPromisedLog promised(context);
  ServerTime time(context);
  const bool promises = flags.profile == kRekor1;
  const proof::BundleSigner signer{
      .key = key,
      .log = promises ? static_cast<proof::SignatureLog&>(promised) : log,
      .time = remote == nullptr ? static_cast<proof::TimestampSource&>(time) : *remote,
      .profile = promises ? proof::Profile::rekor1 : proof::Profile::rekor2};
  MC_TRY(proof::Bundle bundle, what.statement == nullptr
                                   ? proof::sign_blob(signer, what.artifact)
                                   : proof::sign_statement(signer, *what.statement));
  MC_TRY_OK(check_made(context, bundle, key.public_key(), what.artifact, remote.get()));
  return bundle;
}

}  // namespace mc::app
