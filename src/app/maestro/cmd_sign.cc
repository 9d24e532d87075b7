// maestro sign, maestro signer: bundles over files, and the keys they are signed with.
#include <filesystem>
#include <memory>

#include "maestro/command.h"
#include "maestro/signing_files.h"
#include "proof/proof.h"

namespace mc::app {
namespace {

constexpr std::size_t kArtifactBytesMax = std::size_t{1} << 30;
constexpr std::size_t kPredicateBytesMax = 8 << 20;

struct Flags {
  std::string file;
  SignerFlags signer;
  std::string out;
  std::string type;
  std::string predicate;
};

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

Status sign(Context& context, const Flags& flags) {
  if (context.dry_run) return fail(Code::invalid, "sign: there is no dry run of a signature");
  if (flags.signer.profile != kRekor1 && flags.signer.profile != kRekor2) {
    return fail(Code::invalid, "--profile: it must be rekor-v1 or rekor-v2");
  }
  MC_TRY(const std::string artifact,
         context.machine.files->read_all(flags.file, kArtifactBytesMax));
  Signed what{artifact};
  proof::Statement statement;
  if (!flags.type.empty() || !flags.predicate.empty()) {
    MC_TRY(statement, read_statement(context, flags, artifact));
    what.statement = &statement;
  }
  MC_TRY(const proof::Bundle bundle, sign_logged(context, flags.signer, what));
  const std::string text = proof::print_bundle(bundle);
  if (flags.out.empty()) {
    print_out(text + "\n");
    return ok();
  }
  MC_TRY_OK(context.machine.files->write_atomic(flags.out, text));
  if (context.json) {
    json::Object out;
    out.set("bundle", flags.out);
    out.set("entry", bundle.entries.front().index);
    print_out(json::print(out) + "\n");
  }
  print_talk(context, "signed; entry " + std::to_string(bundle.entries.front().index) +
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
  MC_TRY(const Secret passphrase, read_passphrase(files, flags.signer.passphrase));
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
  MC_TRY(const crypto::SigningKey key,
         read_signing_key(context, flags.file, flags.signer.passphrase));
  MC_TRY_OK(check_p256(key, flags.file));
  print_public(context, key.public_key());
  return ok();
}

}  // namespace

void add_sign(cli::Command& app, Context& context) {
  auto flags = std::make_shared<Flags>();
  cli::Command& command =
      app.add("sign", "Sign a file: a Sigstore bundle, logged and time-stamped");
  command.option("FILE", flags->file, "What is signed, or what the statement is about").required();
  command
      .option("--key", flags->signer.key, "Key file: cosign's, or PKCS #8 in PEM; ECDSA on P-256")
      .required();
  command.option("--passphrase", flags->signer.passphrase, kPassphraseHelp);
  command.option("--out", flags->out, "Where the bundle goes; standard output when absent");
  command.option("--type", flags->type, "Of a predicate, a URI: signs an in-toto statement");
  command.option("--predicate", flags->predicate, "File: the predicate, JSON");
  command.option("--profile", flags->signer.profile,
                 "rekor-v2, or rekor-v1: entries with a promise, for older verifiers");
  command.option("--tsa", flags->signer.tsa,
                 "URL of a time-stamping authority (RFC 3161) in the place of the server's");
  command.option("--tsa-chain", flags->signer.tsa_chain,
                 "File: its certificates, PEM, its own first, its root last");
  command.runs([&context, flags] { return sign(context, *flags); });

  cli::Command& noun = app.add("signer", "Keys to sign with, in files under a passphrase");
  cli::Command& create = noun.add("create", "Make a key (ECDSA on P-256) and show its public half");
  create.option("--out", flags->out, "Where the key file goes").required();
  create.option("--passphrase", flags->signer.passphrase, kPassphraseHelp).required();
  create.runs([&context, flags] { return create_signer(context, *flags); });
  cli::Command& show = noun.add("public", "The public half of a key, PEM");
  show.option("FILE", flags->file, "Key file").required();
  show.option("--passphrase", flags->signer.passphrase, kPassphraseHelp);
  show.runs([&context, flags] { return show_signer(context, *flags); });
}

}  // namespace mc::app
