#include "verifier/verifier.h"

#include <cstdio>
#include <memory>

#include "proof/proof.h"

namespace mc::app {
namespace {

constexpr std::size_t kProofBytesMax = proof::kRangeBytesMax;
constexpr std::size_t kTrustBytesMax = 4 << 20;
constexpr std::size_t kArtifactBytesMax = std::size_t{1} << 30;
constexpr std::string_view kDigestPrefix = "sha256:";

struct Flags {
  std::string file;
  std::string trust;
  std::vector<std::string> log_keys;
  std::string key;
  std::string identity;
  std::string issuer;
  std::string artifact;
  std::string digest;
};

// What the flags name, read; `question` looks into it.
struct Read {
  std::string file;
  std::string artifact;
  proof::VerifyQuestion question;
};

Result<std::string> parse_digest(const std::string& text) {
  const Result<std::string> bytes =
      text.starts_with(kDigestPrefix) ? from_hex(std::string_view(text).substr(7)) : "";
  if (!bytes || bytes->size() != 32) {
    return fail(Code::invalid, "--digest: it must be sha256: and 64 hexadecimal digits");
  }
  return *bytes;
}

Status read_artifact(sys::Files& files, const Flags& flags, Read& out) {
  if (!flags.artifact.empty() && !flags.digest.empty()) {
    return fail(Code::invalid, "--artifact and --digest are one or the other");
  }
  if (!flags.artifact.empty()) {
    MC_TRY(out.artifact, files.read_all(flags.artifact, kArtifactBytesMax));
    out.question.artifact = proof::Artifact{out.artifact};
  } else if (!flags.digest.empty()) {
    MC_TRY(std::string digest, parse_digest(flags.digest));
    out.question.artifact = proof::Artifact{"", std::move(digest)};
  }
  return ok();
}

Status read(const VerifierWorld& world, const Flags& flags, Read& out) {
  sys::Files& files = world.files;
  MC_TRY(out.file, files.read_all(flags.file, kProofBytesMax));
  out.question.file = out.file;
  if (!flags.trust.empty()) {
    MC_TRY(out.question.trust, files.read_all(flags.trust, kTrustBytesMax));
  }
  if (!flags.key.empty()) {
    MC_TRY(out.question.public_key, files.read_all(flags.key, kTrustBytesMax));
  }
  if (flags.identity.empty() != flags.issuer.empty()) {
    return fail(Code::invalid, "--identity and --issuer belong together");
  }
  if (!flags.identity.empty()) {
    out.question.identity = proof::Identity{flags.identity, flags.issuer};
  }
  out.question.log_keys = flags.log_keys;
  out.question.now = world.clock.wall();
  return read_artifact(files, flags, out);
}

Status verify(const VerifierWorld& world, const Flags& flags) {
  Read given;
  MC_TRY_OK(read(world, flags, given));
  MC_TRY(const proof::Report report, proof::verify(given.question));
  const std::string text =
      world.json ? proof::print_json(report) + "\n" : proof::print_text(report);
  std::fwrite(text.data(), 1, text.size(), stdout);
  if (report.verified()) return ok();
  const proof::Step* failure = report.failure();
  return fail(Code::corrupt, "verification failed: " +
                                 (failure == nullptr ? "nothing was checked"
                                                     : failure->name + ": " + failure->reason));
}

}  // namespace

void add_verify(cli::Command& app, const VerifierWorld& world) {
  cli::Command& command = app.add("verify", "Check a proof, offline, and show the steps");
  auto flags = std::make_shared<Flags>();
  command
      .option("FILE", flags->file,
              "Receipt (JSON or HTML), bundle, envelope, log proof or checkpoint")
      .required();
  command.option("--trust", flags->trust,
                 "File: Sigstore trusted root, or for logs a c2sp.org/tlog-policy");
  command.option("--log-key", flags->log_keys, "Verifier key of a log: name+id+key");
  command.option("--key", flags->key, "File: public key of the signer, PEM");
  command.option("--identity", flags->identity,
                 "E-mail address or URI of the signer's certificate");
  command.option("--issuer", flags->issuer, "Who vouched for the identity: https://...");
  command.option("--artifact", flags->artifact, "File: what was signed or logged");
  command.option("--digest", flags->digest, "Of the artifact, instead of it: sha256:HEX");
  command.runs([world, flags] { return verify(world, *flags); });
}

}  // namespace mc::app
