// maestro sign, maestro signer: bundles over files, and the keys they are signed with.
#include <filesystem>
#include <memory>

#include "config/config.h"
#include "maestro/admin_client.h"
#include "maestro/command.h"
#include "maestro/own_signing.h"
#include "proof/proof.h"

namespace mc::app {
namespace {

constexpr std::size_t kArtifactBytesMax = std::size_t{1} << 30;
constexpr std::size_t kPredicateBytesMax = 8 << 20;
constexpr std::string_view kPlainLabel = "PRIVATE KEY";
constexpr std::string_view kFromEnvironment = "env:";
constexpr std::string_view kRekor1 = "rekor-v1";
constexpr std::string_view kRekor2 = "rekor-v2";

struct Flags {
  std::string file;
  std::string key;
  std::string passphrase;
  std::string out;
  std::string type;
  std::string predicate;
  std::string profile = std::string(kRekor2);
  std::string tsa;
  std::string tsa_chain;
};

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

Result<Secret> read_passphrase(sys::Files& files, const std::string& reference) {
  if (!reference.starts_with(kFromEnvironment)) return config::read_secret(files, reference);
  Secret out(sys::environment(reference.substr(kFromEnvironment.size())));
  if (!out.empty()) return out;
  return fail(Code::invalid, "--passphrase: " + reference + " is not set");
}

Result<crypto::SigningKey> read_signer(const Context& context, const Flags& flags,
                                       const std::string& path) {
  sys::Files& files = *context.machine.files;
  MC_TRY(std::string text, files.read_all(path, crypto::kSealedKeyBytesMax));
  Result<std::string> plain = crypto::read_pem(text, kPlainLabel);
  Result<crypto::SigningKey> key = fail(Code::invalid, "");
  if (plain) {
    const Secret der(std::move(*plain));
    key = crypto::SigningKey::from_pkcs8(der);
  } else if (flags.passphrase.empty()) {
    key = fail(Code::invalid, "it needs --passphrase env:NAME or file:PATH");
  } else {
    MC_TRY(const Secret passphrase, read_passphrase(files, flags.passphrase));
    key = crypto::open_sealed_key(text, passphrase);
  }
  wipe(text);
  if (!key) return fail(key.error().code, path + ": " + key.error().what);
  if (key->public_key().algorithm() == crypto::Algorithm::es256) return key;
  return fail(Code::invalid, path + ": the key is not ECDSA on P-256");
}

Result<proof::Statement> read_statement(const Context& context, const Flags& flags,
                                        std::string_view artifact) {
  if (flags.predicate.empty() || flags.type.empty()) {
    return fail(Code::invalid, "--type and --predicate belong together");
  }
  MC_TRY(const std::string text,
         context.machine.files->read_all(flags.predicate, kPredicateBytesMax));
  proof::Statement out;
  Result<json::Value> predicate = json::parse(text, {.bytes_max = kPredicateBytesMax});
  if (!predicate)
    return fail(Code::invalid, "predicate " + flags.predicate + ": " + predicate.error().what);
  MC_TRY(const std::string digest, crypto::digest("sha256", artifact));
  out.subjects.push_back(
      {std::filesystem::path(flags.file).filename().string(), {{"sha256", to_hex(digest)}}});
  out.predicate_type = flags.type;
  out.predicate = std::move(*predicate);
  return out;
}

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
                                                               const Flags& flags) {
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

Status sign(Context& context, const Flags& flags) {
  if (context.dry_run) return fail(Code::invalid, "sign: there is no dry run of a signature");
  if (flags.profile != kRekor1 && flags.profile != kRekor2) {
    return fail(Code::invalid, "--profile: it must be rekor-v1 or rekor-v2");
  }
  MC_TRY(const std::unique_ptr<signing::RemoteTimestamps> remote, remote_time(context, flags));
  MC_TRY(const crypto::SigningKey key, read_signer(context, flags, flags.key));
  MC_TRY(const std::string artifact,
         context.machine.files->read_all(flags.file, kArtifactBytesMax));
  ServerLog log(context);
  ServerPromisedLog promised(context);
  ServerTime time(context);
  const bool promises = flags.profile == kRekor1;
  const proof::BundleSigner signer{
      .key = key,
      .log = promises ? static_cast<proof::SignatureLog&>(promised) : log,
      .time = remote == nullptr ? static_cast<proof::TimestampSource&>(time) : *remote,
      .profile = promises ? proof::Profile::rekor1 : proof::Profile::rekor2};
  const bool blob = flags.type.empty() && flags.predicate.empty();
  Result<proof::Bundle> bundle = fail(Code::invalid, "");
  if (blob) {
    bundle = proof::sign_blob(signer, artifact);
  } else {
    MC_TRY(const proof::Statement statement, read_statement(context, flags, artifact));
    bundle = proof::sign_statement(signer, statement);
  }
  if (!bundle) return tl::unexpected<Error>(bundle.error());
  MC_TRY_OK(check_made(context, *bundle, key.public_key(), artifact, remote.get()));
  const std::string text = proof::print_bundle(*bundle);
  if (flags.out.empty()) {
    print_out(text + "\n");
    return ok();
  }
  MC_TRY_OK(context.machine.files->write_atomic(flags.out, text));
  if (context.json) {
    json::Object out;
    out.set("bundle", flags.out);
    out.set("entry", bundle->entries.front().index);
    print_out(json::print(out) + "\n");
  }
  print_talk(context, "signed; entry " + std::to_string(bundle->entries.front().index) +
                          " of the log; bundle in " + flags.out + "\n");
  return ok();
}

void print_public(const Context& context, const crypto::PublicKey& key) {
  if (!context.json) return print_out(key.to_pem());
  json::Object out;
  out.set("public_key", key.to_pem());
  print_out(json::print(out) + "\n");
}

Status create_signer(Context& context, const Flags& flags) {
  sys::Files& files = *context.machine.files;
  MC_TRY(const bool there, files.exists(flags.out));
  if (there) return fail(Code::conflict, flags.out + " is there already; it is not overwritten");
  MC_TRY(const Secret passphrase, read_passphrase(files, flags.passphrase));
  MC_TRY(const crypto::SigningKey key, crypto::SigningKey::generate(crypto::Algorithm::es256));
  crypto::SealChance chance;
  const auto fill = [&](auto& bytes) {
    context.machine.random->fill(
        std::span(reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()));
  };
  fill(chance.salt);
  fill(chance.nonce);
  MC_TRY(const std::string sealed, crypto::seal_key(key, passphrase, chance));
  if (!context.dry_run) MC_TRY_OK(files.write_atomic(flags.out, sealed));
  print_public(context, key.public_key());
  return ok();
}

Status show_signer(const Context& context, const Flags& flags) {
  MC_TRY(const crypto::SigningKey key, read_signer(context, flags, flags.file));
  print_public(context, key.public_key());
  return ok();
}

constexpr const char* kPassphraseHelp = "Of the key file: env:NAME or file:PATH";

}  // namespace

void add_sign(cli::Command& app, Context& context) {
  auto flags = std::make_shared<Flags>();
  cli::Command& command =
      app.add("sign", "Sign a file: a Sigstore bundle, logged and time-stamped");
  command.option("FILE", flags->file, "What is signed, or what the statement is about").required();
  command.option("--key", flags->key, "Key file: cosign's, or PKCS #8 in PEM; ECDSA on P-256")
      .required();
  command.option("--passphrase", flags->passphrase, kPassphraseHelp);
  command.option("--out", flags->out, "Where the bundle goes; standard output when absent");
  command.option("--type", flags->type, "Of a predicate, a URI: signs an in-toto statement");
  command.option("--predicate", flags->predicate, "File: the predicate, JSON");
  command.option("--profile", flags->profile,
                 "rekor-v2, or rekor-v1: entries with a promise, for older verifiers");
  command.option("--tsa", flags->tsa,
                 "URL of a time-stamping authority (RFC 3161) in the place of the server's");
  command.option("--tsa-chain", flags->tsa_chain,
                 "File: its certificates, PEM, its own first, its root last");
  command.runs([&context, flags] { return sign(context, *flags); });

  cli::Command& noun = app.add("signer", "Keys to sign with, in files under a passphrase");
  cli::Command& create = noun.add("create", "Make a key (ECDSA on P-256) and show its public half");
  create.option("--out", flags->out, "Where the key file goes").required();
  create.option("--passphrase", flags->passphrase, kPassphraseHelp).required();
  create.runs([&context, flags] { return create_signer(context, *flags); });
  cli::Command& show = noun.add("public", "The public half of a key, PEM");
  show.option("FILE", flags->file, "Key file").required();
  show.option("--passphrase", flags->passphrase, kPassphraseHelp);
  show.runs([&context, flags] { return show_signer(context, *flags); });
}

}  // namespace mc::app
