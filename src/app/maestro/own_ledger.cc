#include "maestro/own_ledger.h"

#include <algorithm>

#include "maestro/key_files.h"

namespace mc::app {
namespace {

constexpr std::size_t kAccessPolicyBytesMax = 256 << 10;

std::string in_data_dir(const Settings& settings, const std::string& chosen, const char* name) {
  return chosen.empty() ? settings.data_dir + "/" + name : chosen;
}

}  // namespace

namespace {

std::string signed_head_path(const Settings& settings) {
  return in_data_dir(settings, settings.ledger.signed_head_file, "ledger.signed");
}

// Null when the ledger is this server's alone.
Result<std::unique_ptr<ledger::Order>> open_order(const Machine& machine, const std::string& url,
                                                  const ledger::LedgerKeys& keys) {
  if (url.empty()) return std::unique_ptr<ledger::Order>();
  MC_TRY(std::unique_ptr<sql::Connection> turns, machine.drivers.open(url));
  MC_TRY(std::unique_ptr<sql::Connection> rest, machine.drivers.open(url));
  std::vector<tlog::NoteKey> known = {keys.current.key()};
  if (keys.previous) known.push_back(keys.previous->key());
  return ledger::SqlOrder::open(std::move(turns), std::move(rest), known);
}

Result<tlog::NoteSigner> signer_of(const Settings& settings, crypto::SigningKey key) {
  return tlog::NoteSigner::make(settings.ledger.origin, tlog::NoteKeyType::ed25519, std::move(key));
}

// The key before need not be there, unless it is named. A change of keys that was begun and came
// no further has the same key twice.
Result<ledger::LedgerKeys> open_keys(sys::Files& files, const Settings& settings) {
  MC_TRY(crypto::SigningKey own, own_key(files, ledger_key_path(settings), ledger_folder(settings),
                                         crypto::Algorithm::eddsa));
  MC_TRY(tlog::NoteSigner current, signer_of(settings, std::move(own)));
  ledger::LedgerKeys out(std::move(current));
  const std::string path = previous_key_path(settings);
  MC_TRY(const bool there, files.exists(path));
  if (!there && settings.ledger.previous_key_file.empty()) return out;
  Result<crypto::SigningKey> key = read_key_file(files, path, crypto::Algorithm::eddsa);
  if (!key) {
    return fail(key.error().code, "ledger.previous_key_file: " + key.error().what);
  }
  MC_TRY(tlog::NoteSigner previous, signer_of(settings, std::move(*key)));
  if (previous.key().print() != out.current.key().print()) out.previous = std::move(previous);
  return out;
}

}  // namespace

std::string ledger_folder(const Settings& settings) {
  return settings.data_dir + "/ledger";
}

std::string ledger_key_path(const Settings& settings) {
  return in_data_dir(settings, settings.ledger.key_file, "ledger.key");
}

std::string previous_key_path(const Settings& settings) {
  return in_data_dir(settings, settings.ledger.previous_key_file, "ledger.previous.key");
}

Result<tlog::TreeHead> signed_head(const Machine& machine, const Settings& settings) {
  const std::string path = signed_head_path(settings);
  MC_TRY(const bool there, machine.files->exists(path));
  if (!there) return tlog::TreeHead{};
  MC_TRY(const ledger::SignedHead head, ledger::SignedHead::open(*machine.files, path));
  return head.last().value_or(tlog::TreeHead{});
}

Result<OwnLedger> open_ledger(Machine& machine, const Settings& settings) {
  sys::Files& files = *machine.files;
  MC_TRY(ledger::LedgerKeys keys, open_keys(files, settings));
  ledger::LedgerConfig config;
  config.folder = ledger_folder(settings);
  config.signed_head_file = signed_head_path(settings);
  config.checkpoint_every = settings.ledger.checkpoint_every;
  OwnLedger out;
  MC_TRY(std::unique_ptr<ledger::Order> order, open_order(machine, settings.ledger.url, keys));
  Result<std::unique_ptr<ledger::Ledger>> opened = ledger::Ledger::open(
      config, {files, *machine.clock, *machine.random}, std::move(keys), std::move(order));
  if (!opened) return fail(opened.error().code, "ledger: " + opened.error().what);
  out.ledger = std::move(*opened);
  MC_TRY_OK(ledger::settle_keys(*out.ledger));
  out.recorder = std::make_unique<transparency::Recorder>(*out.ledger);
  return out;
}

Result<transparency::AccessPolicy> read_access_policy(Machine& machine, const Settings& settings) {
  const std::string& path = settings.transparency.policy_file;
  if (path.empty()) return transparency::AccessPolicy{};
  MC_TRY(const std::string yaml, machine.files->read_all(path, kAccessPolicyBytesMax));
  return transparency::parse_access_policy(yaml, path);
}

Result<std::unique_ptr<search::Index>> open_index(Machine& machine, const Settings& settings,
                                                  const ledger::Ledger& ledger) {
  const std::string path = settings.data_dir + "/search.db";
  const auto open = [&]() -> Result<std::unique_ptr<search::Index>> {
    MC_TRY(std::unique_ptr<sql::Connection> connection, machine.drivers.open("sqlite:" + path));
    return search::Index::open(std::move(connection), ledger.store());
  };
  Result<std::unique_ptr<search::Index>> opened = open();
  if (opened) return opened;
  for (const char* suffix : {"", "-wal", "-shm"}) {
    MC_TRY(const bool there, machine.files->exists(path + suffix));
    if (there) MC_TRY_OK(machine.files->remove(path + suffix));
  }
  return open();
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
                 folder, crypto::Algorithm::eddsa));
  MC_TRY(tlog::NoteSigner signer,
         tlog::NoteSigner::make(settings.witness.name, tlog::NoteKeyType::cosignature_v1,
                                std::move(key)));
  return witness::Witness::open(*machine.files, folder, std::move(signer), std::move(logs));
}

}  // namespace mc::app
