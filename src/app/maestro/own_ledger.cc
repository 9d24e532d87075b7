#include "maestro/own_ledger.h"

#include <algorithm>

namespace mc::app {
namespace {

constexpr std::size_t kKeyFileBytesMax = 16 << 10;
constexpr std::string_view kPemLabel = "PRIVATE KEY";

std::string in_data_dir(const Settings& settings, const std::string& chosen, const char* name) {
  return chosen.empty() ? settings.data_dir + "/" + name : chosen;
}

Status write_key(sys::Files& files, const std::string& path, const crypto::SigningKey& key) {
  const Secret der = key.to_pkcs8();
  std::string pem = crypto::write_pem(der.reveal(RevealToken()), kPemLabel);
  const Status written = files.write_atomic(path, pem);
  wipe(pem);
  return written;
}

Result<crypto::SigningKey> read_key(sys::Files& files, const std::string& path) {
  MC_TRY(std::string pem, files.read_all(path, kKeyFileBytesMax));
  Result<std::string> der = crypto::read_pem(pem, kPemLabel);
  wipe(pem);
  if (!der) return fail(Code::invalid, path + ": " + der.error().what);
  const Secret secret(std::move(*der));
  Result<crypto::SigningKey> key = crypto::SigningKey::from_pkcs8(secret);
  if (!key) return fail(Code::invalid, path + ": " + key.error().what);
  if (key->public_key().algorithm() != crypto::Algorithm::eddsa) {
    return fail(Code::invalid, path + ": the key must be Ed25519");
  }
  return key;
}

// The key is only made where nothing was signed with one yet: what `begun` says.
Result<crypto::SigningKey> own_key(sys::Files& files, const std::string& path,
                                   const std::string& begun) {
  MC_TRY(const bool there, files.exists(path));
  if (there) return read_key(files, path);
  MC_TRY(const bool late, files.exists(begun));
  if (late) {
    return fail(Code::corrupt,
                path + " is gone, but " + begun + " is there; restore the key from its backup");
  }
  MC_TRY(crypto::SigningKey key, crypto::SigningKey::generate(crypto::Algorithm::eddsa));
  MC_TRY_OK(write_key(files, path, key));
  return key;
}

}  // namespace

std::string ledger_folder(const Settings& settings) {
  return settings.data_dir + "/ledger";
}

Result<OwnLedger> open_ledger(Machine& machine, const Settings& settings) {
  sys::Files& files = *machine.files;
  MC_TRY(crypto::SigningKey key,
         own_key(files, in_data_dir(settings, settings.ledger.key_file, "ledger.key"),
                 ledger_folder(settings)));
  MC_TRY(
      tlog::NoteSigner signer,
      tlog::NoteSigner::make(settings.ledger.origin, tlog::NoteKeyType::ed25519, std::move(key)));
  ledger::LedgerConfig config;
  config.folder = ledger_folder(settings);
  config.signed_head_file =
      in_data_dir(settings, settings.ledger.signed_head_file, "ledger.signed");
  config.checkpoint_every = settings.ledger.checkpoint_every;
  OwnLedger out;
  Result<std::unique_ptr<ledger::Ledger>> opened =
      ledger::Ledger::open(config, {files, *machine.clock, *machine.random}, std::move(signer));
  if (!opened) return fail(opened.error().code, "ledger: " + opened.error().what);
  out.ledger = std::move(*opened);
  out.recorder = std::make_unique<transparency::Recorder>(*out.ledger);
  return out;
}

Result<std::unique_ptr<witness::Witness>> open_witness(Machine& machine, const Settings& settings) {
  if (settings.witness.logs.empty()) return std::unique_ptr<witness::Witness>();
  std::vector<tlog::NoteKey> logs;
  for (const std::string& text : settings.witness.logs) {
    Result<tlog::NoteKey> log = tlog::NoteKey::parse(text);
    if (!log) return fail(Code::invalid, "witness.logs: " + log.error().what);
    logs.push_back(std::move(*log));
  }
  const std::string folder = settings.data_dir + "/witness";
  MC_TRY(crypto::SigningKey key,
         own_key(*machine.files, in_data_dir(settings, settings.witness.key_file, "witness.key"),
                 folder));
  MC_TRY(tlog::NoteSigner signer,
         tlog::NoteSigner::make(settings.witness.name, tlog::NoteKeyType::cosignature_v1,
                                std::move(key)));
  return witness::Witness::open(*machine.files, folder, std::move(signer), std::move(logs));
}

}  // namespace mc::app
