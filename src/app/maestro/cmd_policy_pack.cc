// maestro policy pack: the proof of what a bundle of policies has in it.
#include <memory>

#include "archive/archive.h"
#include "maestro/command.h"
#include "maestro/signing_files.h"
#include "policy/load.h"
#include "policy/pack.h"

namespace mc::app {
namespace {

struct Flags {
  std::string path;
  std::string output;
  std::string channel;
  std::string expires;
  std::string base;
  bool logged = false;
  SignerFlags signer;
};

// A duration from now on, or a time.
Result<WallTime> end_of(const std::string& text, WallTime now) {
  if (const auto time = parse_rfc3339(text)) return *time;
  const auto length = parse_duration(text);
  if (length && length->count > 0 && length->count <= INT64_MAX - now.nanos) return now + *length;
  return fail(Code::invalid, "--expires: it is a duration (90d) or a time (2027-01-01T00:00:00Z)");
}

// What is packed: a folder, or a bundle whose files are kept to be written again.
struct Packed {
  std::vector<archive::Entry> files;
  policy::Bundle bundle;
  bool is_folder = false;
};

Result<Packed> read_packed(Context& context, const std::string& path) {
  sys::Files& files = *context.machine.files;
  const policy::BundleOptions looking{.ignore_signature = true};
  Packed out;
  out.is_folder = files.list(path).has_value();
  if (out.is_folder) {
    MC_TRY(std::vector<archive::Entry> found, policy::read_folder(files, path));
    MC_TRY(out.bundle, policy::read_files(std::move(found), looking));
    return out;
  }
  MC_TRY(const std::string tar_gz, files.read_all(path));
  MC_TRY(out.files, archive::read_tar_gz(tar_gz));
  MC_TRY(out.bundle, policy::read_bundle(tar_gz, looking));
  return out;
}

Result<std::string> sign_pack(Context& context, const Flags& flags, const proof::PolicyPack& pack) {
  MC_TRY(const proof::Statement statement, proof::pack_statement(pack));
  if (flags.logged) {
    const std::string document = proof::print_pack(pack);
    MC_TRY(const proof::Bundle bundle, sign_logged(context, flags.signer, {document, &statement}));
    return proof::print_bundle(bundle);
  }
  MC_TRY(const crypto::SigningKey key,
         read_signing_key(context, flags.signer.key, flags.signer.passphrase));
  MC_TRY(const proof::Envelope envelope,
         proof::sign_envelope(std::string(proof::kStatementType), proof::print_statement(statement),
                              key));
  return json::canonical(proof::to_json(envelope));
}

void tell_packed(const Context& context, const std::string& path, const std::string& bytes,
                 const proof::PolicyPack& pack) {
  const std::string digest = "sha256:" + to_hex(sys::sha256(bytes));
  if (!context.json) {
    print_out(digest + "  " + path + "\n");
    print_talk(context, "version " + pack.version + " for " + pack.channel + ", " +
                            std::to_string(pack.files.size()) + " files, until " +
                            format_rfc3339(pack.expires) + "\n");
    return;
  }
  json::Object out;
  out.set("path", path);
  out.set("digest", digest);
  out.set("bytes", static_cast<std::int64_t>(bytes.size()));
  out.set("version", pack.version);
  out.set("channel", pack.channel);
  out.set("issued", format_rfc3339(pack.issued));
  out.set("expires", format_rfc3339(pack.expires));
  out.set("files", static_cast<std::int64_t>(pack.files.size()));
  print_out(json::print(out) + "\n");
}

Status pack(Context& context, const Flags& flags) {
  if (context.dry_run && flags.logged) {
    return fail(Code::invalid, "--logged: there is no dry run of an entry in the log");
  }
  const WallTime now = context.machine.clock->wall();
  MC_TRY(const WallTime expires, end_of(flags.expires, now));
  MC_TRY(Packed packed, read_packed(context, flags.path));
  MC_TRY(const proof::PolicyPack pack,
         policy::make_pack(
             packed.bundle,
             {.channel = flags.channel, .base = flags.base, .issued = now, .expires = expires}));
  MC_TRY(std::string bytes, sign_pack(context, flags, pack));
  std::string path = flags.output;
  if (path.empty() && packed.is_folder) {
    path = flags.path + "/" + std::string(proof::kPackPath);
    if (!context.dry_run) {
      MC_TRY_OK(context.machine.files->make_folders(path.substr(0, path.rfind('/'))));
    }
  } else if (path.empty()) {
    path = flags.path;
    MC_TRY_OK(policy::put_pack(packed.files, std::move(bytes)));
    MC_TRY(bytes, archive::write_tar_gz(std::move(packed.files)));
  }
  if (!context.dry_run) MC_TRY_OK(context.machine.files->write_atomic(path, bytes));
  tell_packed(context, path, bytes, pack);
  return ok();
}

}  // namespace

void add_policy_pack(cli::Command& noun, Context& context) {
  const auto flags = std::make_shared<Flags>();
  cli::Command& command =
      noun.add("pack", "Prove what a bundle has in it, for which channel and until when");
  command.option("PATH", flags->path, "Folder, or bundle (.tar.gz) that is not signed yet")
      .required();
  command.option("-o,--output", flags->output,
                 "File for the proof alone; into PATH without, as policies/ig.bundle");
  command.option("--channel", flags->channel, "dev, staging, prod").required();
  command.option("--expires", flags->expires, "From now on (90d), or a time").required();
  command.option("--key", flags->signer.key, "Key file: cosign's, or PKCS #8 in PEM").required();
  command.option("--passphrase", flags->signer.passphrase, kPassphraseHelp);
  command.option("--base", flags->base, "Of a delta: the revision that it changes");
  command.flag("--logged", flags->logged,
               "Logged and time-stamped by the server, as `maestro sign` does; ECDSA on P-256");
  command.runs([&context, flags] { return pack(context, *flags); });
}

}  // namespace mc::app
