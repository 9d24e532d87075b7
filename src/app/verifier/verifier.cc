#include "verifier/verifier.h"

#include <cstdio>
#include <memory>

#include "archive/archive.h"
#include "proof/proof.h"
#include "sys/tree.h"

namespace mc::app {
namespace {

constexpr std::size_t kProofBytesMax = proof::kRangeBytesMax;
constexpr std::size_t kTrustBytesMax = 4 << 20;
constexpr std::size_t kArtifactBytesMax = std::size_t{1} << 30;
constexpr std::string_view kDigestPrefix = "sha256:";
constexpr std::string_view kGzip = "\x1f\x8b";

// Of a flag that was not given; no line has it. What was given and is empty, as "$UNSET" is, must
// not pass for checked.
const std::string kAbsent(1, '\0');

struct Flags {
  std::string file;
  std::string trust = kAbsent;
  std::vector<std::string> log_keys;
  std::string key = kAbsent;
  std::string identity = kAbsent;
  std::string issuer = kAbsent;
  std::string artifact = kAbsent;
  std::string digest = kAbsent;
  std::string channel = kAbsent;
};

bool given(const std::string& flag) {
  return flag != kAbsent;
}

Status check(const Flags& flags) {
  for (const auto& [name, value] :
       {std::pair("--trust", &flags.trust), std::pair("--key", &flags.key),
        std::pair("--identity", &flags.identity), std::pair("--issuer", &flags.issuer),
        std::pair("--artifact", &flags.artifact), std::pair("--digest", &flags.digest),
        std::pair("--channel", &flags.channel)}) {
    if (value->empty()) return fail(Code::invalid, std::string(name) + ": it is empty");
  }
  if (given(flags.identity) != given(flags.issuer)) {
    return fail(Code::invalid, "--identity and --issuer belong together");
  }
  if (given(flags.artifact) && given(flags.digest)) {
    return fail(Code::invalid, "--artifact and --digest are one or the other");
  }
  return ok();
}

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

void add_file(proof::PackFiles& out, const std::string& path, std::string_view bytes) {
  if (proof::is_packed_file(path)) out.emplace(path, to_hex(sys::sha256(bytes)));
}

// The files of a bundle of policies; its pack, when it has one, is put into `pack`.
Result<proof::PackFiles> read_bundle(std::string_view tar_gz, std::string* pack) {
  MC_TRY(const std::vector<archive::Entry> entries, archive::read_tar_gz(tar_gz));
  proof::PackFiles out;
  for (const archive::Entry& entry : entries) {
    add_file(out, entry.path, entry.bytes);
    if (pack != nullptr && entry.path == proof::kPackPath) *pack = entry.bytes;
  }
  return out;
}

Result<proof::PackFiles> read_folder(sys::Files& files, const std::string& folder) {
  MC_TRY(const std::vector<sys::TreeFile> found,
         sys::read_tree(files, folder, proof::is_bundle_file));
  proof::PackFiles out;
  for (const auto& [path, bytes] : found) add_file(out, path, bytes);
  return out;
}

// Of a pack of policies the artifact is a bundle, or the folder that it is made of.
Status read_artifact(sys::Files& files, const Flags& flags, Read& out) {
  if (given(flags.artifact)) {
    const bool pack = proof::find_pack(out.file).has_value();
    if (pack && files.list(flags.artifact)) {
      MC_TRY(out.question.pack_files, read_folder(files, flags.artifact));
      return ok();
    }
    MC_TRY(out.artifact, files.read_all(flags.artifact, kArtifactBytesMax));
    if (pack && out.artifact.starts_with(kGzip)) {
      MC_TRY(out.question.pack_files, read_bundle(out.artifact, nullptr));
      return ok();
    }
    out.question.artifact = proof::Artifact{out.artifact};
  } else if (given(flags.digest)) {
    MC_TRY(std::string digest, parse_digest(flags.digest));
    out.question.artifact = proof::Artifact{"", std::move(digest)};
  }
  return ok();
}

// A bundle of policies is verified by the pack in it.
Status open_bundle(const Flags& flags, Read& out) {
  if (given(flags.artifact) || given(flags.digest)) {
    return fail(Code::invalid, "a bundle of policies is its own artifact");
  }
  std::string pack;
  MC_TRY(out.question.pack_files, read_bundle(out.file, &pack));
  if (pack.empty()) {
    return fail(Code::invalid,
                "the bundle of policies has no pack (" + std::string(proof::kPackPath) + ")");
  }
  out.file = std::move(pack);
  if (proof::find_pack(out.file)) return ok();
  return fail(Code::invalid, std::string(proof::kPackPath) + ": it is no pack of policies");
}

Status read(const VerifierWorld& world, const Flags& flags, Read& out) {
  MC_TRY_OK(check(flags));
  sys::Files& files = world.files;
  MC_TRY(out.file, files.read_all(flags.file, kProofBytesMax));
  if (out.file.starts_with(kGzip)) MC_TRY_OK(open_bundle(flags, out));
  out.question.file = out.file;
  if (given(flags.trust)) {
    MC_TRY(out.question.trust, files.read_all(flags.trust, kTrustBytesMax));
  }
  if (given(flags.key)) {
    MC_TRY(out.question.public_key, files.read_all(flags.key, kTrustBytesMax));
  }
  if (given(flags.identity)) {
    out.question.identity = proof::Identity{flags.identity, flags.issuer};
  }
  if (given(flags.channel)) out.question.channel = flags.channel;
  out.question.log_keys = flags.log_keys;
  out.question.now = world.clock.wall();
  return read_artifact(files, flags, out);
}

// Where a tile stands: "FOLDER/tile/0/001" is that tile of the log in FOLDER, with its checkpoint.
struct TilePlace {
  std::string folder;  // "" or with a slash at its end
  std::string tile;
};
std::optional<TilePlace> tile_place(const std::string& file) {
  const std::size_t at = file.rfind("tile/");
  if (at == std::string::npos || (at > 0 && file[at - 1] != '/')) return std::nullopt;
  TilePlace out{file.substr(0, at), file.substr(at)};
  if (!tlog::parse_tile_path(out.tile)) return std::nullopt;
  return out;
}

Result<proof::Report> verify_tile(sys::Files& files, const TilePlace& place,
                                  const proof::VerifyQuestion& question) {
  MC_TRY(const std::string checkpoint,
         files.read_all(place.folder + "checkpoint", tlog::kNoteBytesMax));
  return proof::verify_tile(
      question, {place.tile, question.file, checkpoint},
      [&](const std::string& path) { return files.read_all(place.folder + path, kTrustBytesMax); });
}

Status verify(const VerifierWorld& world, const Flags& flags) {
  Read given;
  MC_TRY_OK(read(world, flags, given));
  const std::optional<TilePlace> tile = tile_place(flags.file);
  MC_TRY(const proof::Report report,
         tile ? verify_tile(world.files, *tile, given.question) : proof::verify(given.question));
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
              "Receipt (JSON or HTML), bundle, envelope, log proof, checkpoint, tile of a log, or "
              "bundle of policies with its pack")
      .required();
  command.option(
      "--trust", flags->trust,
      "File: Sigstore trusted root; for logs a c2sp.org/tlog-policy, or the list of its keys");
  command.option("--log-key", flags->log_keys, "Verifier key of a log: name+id+key");
  command.option("--key", flags->key, "File: public key of the signer, PEM");
  command.option("--identity", flags->identity,
                 "E-mail address or URI of the signer's certificate");
  command.option("--issuer", flags->issuer, "Who vouched for the identity: https://...");
  command.option("--artifact", flags->artifact,
                 "File: what was signed or logged; of a pack of policies a bundle or a folder");
  command.option("--digest", flags->digest, "Of the artifact, instead of it: sha256:HEX");
  command.option("--channel", flags->channel, "Of a pack of policies: what it must be for");
  command.runs([world, flags] { return verify(world, *flags); });
}

}  // namespace mc::app
