#include "maestro/own_signing.h"

#include <algorithm>
#include <array>

#include "json/json.h"
#include "maestro/key_files.h"
#include "maestro/world.h"
#include "transparency/transparency.h"

namespace mc::app {
namespace {

constexpr std::size_t kChainBytesMax = 64 << 10;
constexpr std::string_view kEnd = "-----END CERTIFICATE-----\n";
constexpr std::size_t kListBytesMax = 4 << 20;
constexpr std::int64_t kNanosPerSecond = 1'000'000'000;

using signing::KeyList;
using signing::KeyUse;
using signing::ListedKey;

// Where a key stands, and what of it stands beside it for others to read.
struct KeyFiles {
  KeyUse use;
  crypto::Algorithm algorithm;
  std::string_view key;
  std::string_view beside;  // "" for nothing
};
constexpr std::string_view kPromisePublic = "promise.pub";  // of the key, so that it can be remade
constexpr std::array<KeyFiles, signing::kKeyUses> kKeyFiles = {
    {{KeyUse::log, crypto::Algorithm::eddsa, "log.key", ""},
     {KeyUse::promises, crypto::Algorithm::es256, "promise.key", kPromisePublic},
     {KeyUse::signer, crypto::Algorithm::es256, "signer.key", "seal.pem"},
     {KeyUse::time, crypto::Algorithm::es256, "time.key", "time.pem"}}};
constexpr std::string_view kNext = ".next";

std::string folder_of(const Settings& settings) {
  return settings.data_dir + "/signing";
}

std::string list_path(const std::string& folder) {
  return folder + "/keys.json";
}

std::string in_folder(const std::string& folder, std::string_view name,
                      std::string_view suffix = "") {
  return folder + "/" + std::string(name) + std::string(suffix);
}

Result<std::vector<pki::Certificate>> read_chain(sys::Files& files, const std::string& path) {
  MC_TRY(const std::string pem, files.read_all(path, kChainBytesMax));
  std::vector<pki::Certificate> out;
  std::string_view rest = pem;
  while (!rest.empty()) {
    const std::size_t end = rest.find(kEnd);
    const std::size_t size = end == std::string_view::npos ? rest.size() : end + kEnd.size();
    Result<pki::Certificate> read = pki::Certificate::from_pem(rest.substr(0, size));
    if (!read) return fail(Code::invalid, path + ": " + read.error().what);
    out.push_back(std::move(*read));
    rest.remove_prefix(size);
  }
  return out;
}

// The chain is written last: without it nothing was stamped with the key.
Result<signing::TimestampAuthority> own_authority(Machine& machine, const std::string& folder) {
  sys::Files& files = *machine.files;
  const std::string key_path = folder + "/time.key";
  const std::string chain_path = folder + "/time.pem";
  MC_TRY(const bool there, files.exists(chain_path));
  if (there) {
    MC_TRY(crypto::SigningKey key, read_key_file(files, key_path, crypto::Algorithm::es256));
    MC_TRY(std::vector<pki::Certificate> chain, read_chain(files, chain_path));
    return signing::TimestampAuthority{std::move(key), std::move(chain)};
  }
  MC_TRY(signing::TimestampAuthority made,
         signing::make_authority(machine.clock->wall(), *machine.random));
  MC_TRY_OK(write_key_file(files, key_path, made.key));
  MC_TRY_OK(files.write_atomic(chain_path, pki::print_pem(made.chain)));
  return made;
}

Result<pki::Certificate> own_seal(Machine& machine, const std::string& folder,
                                  const crypto::SigningKey& key) {
  sys::Files& files = *machine.files;
  const std::string path = folder + "/seal.pem";
  MC_TRY(const bool there, files.exists(path));
  if (there) {
    MC_TRY(const std::vector<pki::Certificate> read, read_chain(files, path));
    if (read.size() == 1 && read.front().key().to_spki() == key.public_key().to_spki()) {
      return read.front();
    }
    return fail(Code::invalid, path + ": it is not one certificate, of signer.key");
  }
  MC_TRY(pki::Certificate made, signing::make_seal(key, machine.clock->wall(), *machine.random));
  MC_TRY_OK(files.write_atomic(path, pki::print_pem({&made, 1})));
  return made;
}

// Its public half is written last, and was not there before the log had promises.
Result<crypto::SigningKey> own_promise_key(sys::Files& files, const std::string& folder) {
  const std::string shown = folder + "/promise.pub";
  MC_TRY(crypto::SigningKey key,
         own_key(files, folder + "/promise.key", shown, crypto::Algorithm::es256));
  MC_TRY(const bool there, files.exists(shown));
  if (!there) MC_TRY_OK(files.write_atomic(shown, key.public_key().to_pem()));
  return key;
}

Result<std::optional<KeyList>> read_list(sys::Files& files, const std::string& folder) {
  const std::string path = list_path(folder);
  MC_TRY(const bool there, files.exists(path));
  if (!there) return std::optional<KeyList>();
  MC_TRY(const std::string json, files.read_all(path, kListBytesMax));
  Result<KeyList> list = KeyList::parse(json);
  if (!list) return fail(Code::corrupt, path + ": " + list.error().what);
  return std::optional<KeyList>(std::move(*list));
}

// In the log of the operator's own tenant, once.
Status record_rotation(ledger::Ledger& ledger, const KeyList& list, KeyUse use) {
  const std::string name(signing::use_name(use));
  const ListedKey& now = list.current(use);
  const std::string id = now.id();
  json::Object payload;
  payload.set("at", format_rfc3339(now.period.from));
  payload.set("new", to_hex(id));
  payload.set("old", to_hex(list.retired(use).back().id()));
  payload.set("use", name);
  ledger::Entry entry;
  entry.log = transparency::log_of(TenantId(identity::kSystemTenant));
  entry.type = ledger::kKeyEventType;
  entry.actor = "local@" + identity::kSystemTenant;
  entry.tenant = identity::kSystemTenant;
  entry.action = "maestro signing rotate " + name;
  entry.purpose = "not stated";
  entry.payload = json::canonical(payload);
  std::copy_n(id.begin(), entry.key.size(), entry.key.begin());
  const Result<ledger::Recorded> recorded = ledger.append(std::move(entry));
  if (recorded) return ok();
  return fail(Code::unavailable,
              "signing keys: the key that is listed is not used before it is "
              "recorded, and the ledger says: " +
                  recorded.error().what);
}

// Whoever reads the disk later finds no old key where the file system writes in place.
Status overwrite(sys::Files& files, const std::string& path) {
  MC_TRY(const bool there, files.exists(path));
  if (!there) return ok();
  MC_TRY(const std::unique_ptr<sys::RandomAccessFile> file, files.open_random_access(path));
  MC_TRY(const std::uint64_t size, file->size());
  MC_TRY_OK(file->write_at(0, std::string(size, '\0')));
  return file->sync();
}

// The key that waits comes last: as long as it is there, the rest is done again.
Status put_in_place(sys::Files& files, const std::string& folder, const KeyFiles& names) {
  const std::string key = in_folder(folder, names.key);
  MC_TRY_OK(overwrite(files, key));
  if (!names.beside.empty()) {
    const std::string next = in_folder(folder, names.beside, kNext);
    MC_TRY(const bool there, files.exists(next));
    if (there) MC_TRY_OK(files.rename(next, in_folder(folder, names.beside)));
  }
  return files.rename(in_folder(folder, names.key, kNext), key);
}

Status remove_if_there(sys::Files& files, const std::string& path) {
  MC_TRY(const bool there, files.exists(path));
  return there ? files.remove(path) : ok();
}

// Finishes a rotation whose key is listed; of any other nothing stays.
Status settle(sys::Files& files, const std::string& folder, const std::optional<KeyList>& list,
              ledger::Ledger& ledger) {
  for (const KeyFiles& names : kKeyFiles) {
    const std::string next = in_folder(folder, names.key, kNext);
    MC_TRY(const bool there, files.exists(next));
    if (there && list) {
      MC_TRY(const crypto::SigningKey key, read_key_file(files, next, names.algorithm));
      if (key.public_key().to_spki() == list->current(names.use).key.to_spki()) {
        MC_TRY_OK(record_rotation(ledger, *list, names.use));
        MC_TRY_OK(put_in_place(files, folder, names));
        continue;
      }
    }
    MC_TRY_OK(remove_if_there(files, next));
    if (!names.beside.empty()) {
      MC_TRY_OK(remove_if_there(files, in_folder(folder, names.beside, kNext)));
    }
  }
  return ok();
}

// What is listed is there: nothing of it is made anew.
Status check_there(sys::Files& files, const std::string& folder) {
  for (const KeyFiles& names : kKeyFiles) {
    for (const std::string_view name : {names.key, names.beside}) {
      if (name.empty() || name == kPromisePublic) continue;
      MC_TRY(const bool there, files.exists(in_folder(folder, name)));
      if (there) continue;
      return fail(Code::corrupt, in_folder(folder, name) + " is gone, but " + list_path(folder) +
                                     " is there; restore it from its backup");
    }
  }
  return ok();
}

struct NewKey {
  crypto::SigningKey key;
  std::vector<pki::Certificate> chain = {};
};

Result<NewKey> make_key(Machine& machine, KeyUse use) {
  const WallTime now = machine.clock->wall();
  if (use == KeyUse::time) {
    MC_TRY(signing::TimestampAuthority made, signing::make_authority(now, *machine.random));
    return NewKey{std::move(made.key), std::move(made.chain)};
  }
  MC_TRY(crypto::SigningKey key,
         crypto::SigningKey::generate(use == KeyUse::log ? crypto::Algorithm::eddsa
                                                         : crypto::Algorithm::es256));
  if (use != KeyUse::signer) return NewKey{std::move(key)};
  MC_TRY(pki::Certificate seal, signing::make_seal(key, now, *machine.random));
  return NewKey{std::move(key), {std::move(seal)}};
}

// The key last: what stands beside a key that never came is no key.
Status write_next(sys::Files& files, const std::string& folder, const KeyFiles& names,
                  const NewKey& made) {
  if (!names.beside.empty()) {
    const std::string beside =
        made.chain.empty() ? made.key.public_key().to_pem() : pki::print_pem(made.chain);
    MC_TRY_OK(files.write_atomic(in_folder(folder, names.beside, kNext), beside));
  }
  return write_key_file(files, in_folder(folder, names.key, kNext), made.key);
}

// What the log has must be inside of the period of the key that has signed it.
Status check_clock(const ledger::Ledger& ledger, WallTime now) {
  const Result<tlog::TreeHead> head = ledger.store().head(ledger::kSignLog);
  if (!head || head->size == 0) return ok();
  MC_TRY(const WallTime newest, ledger.store().written_at(ledger::kSignLog, head->size - 1));
  if (newest <= now) return ok();
  return fail(Code::conflict, "signing keys: the newest entry of the log is of " +
                                  format_rfc3339(newest) + ", which is later than the clock's " +
                                  format_rfc3339(now));
}

// Servers that share a ledger sign as one, and share a state where that is written down.
Status check_shared(Machine& machine, const Settings& settings, const KeyList& list) {
  if (settings.ledger.url.empty() || settings.state_url.empty()) return ok();
  MC_TRY(const std::unique_ptr<sql::Connection> state, machine.drivers.open(settings.state_url));
  return agree_on_keys(*state, list);
}

Result<std::string> agreed_digest(sql::Connection& state) {
  MC_TRY(const std::unique_ptr<sql::Rows> rows,
         state.query("SELECT digest FROM signing_keys WHERE one = 1", {}));
  MC_TRY(const bool there, rows->next());
  return there ? std::string(rows->text(0)) : "";
}

}  // namespace

Status agree_on_keys(sql::Connection& state, const signing::KeyList& list) {
  const std::string mine = list.digest();
  MC_TRY([[maybe_unused]] const std::int64_t made,
         state.execute("INSERT INTO signing_keys (one, digest) VALUES (1, ?1) "
                       "ON CONFLICT (one) DO NOTHING",
                       {mine}));
  MC_TRY(const std::string agreed, agreed_digest(state));
  if (agreed == mine) return ok();
  for (signing::KeyList earlier = list; earlier.undo();) {
    if (earlier.digest() != agreed) continue;
    MC_TRY(const std::int64_t moved,
           state.execute("UPDATE signing_keys SET digest = ?1 WHERE one = 1 AND digest = ?2",
                         {mine, agreed}));
    if (moved == 1) return ok();
    break;  // another server was faster
  }
  return fail(Code::conflict,
              "signing keys: the servers of this ledger have other keys than this one; copy the "
              "folder signing of their data_dir to it");
}

Result<std::unique_ptr<signing::Signing>> open_signing(Machine& machine, const Settings& settings,
                                                       ledger::Ledger& ledger) {
  sys::Files& files = *machine.files;
  const std::string folder = folder_of(settings);
  MC_TRY_OK(files.make_folders(folder));
  MC_TRY(std::optional<KeyList> listed, read_list(files, folder));
  MC_TRY_OK(settle(files, folder, listed, ledger));
  if (listed) MC_TRY_OK(check_there(files, folder));
  const std::string chain = folder + "/time.pem";
  MC_TRY(crypto::SigningKey log,
         own_key(files, folder + "/log.key", chain, crypto::Algorithm::eddsa));
  MC_TRY(crypto::SigningKey signer,
         own_key(files, folder + "/signer.key", chain, crypto::Algorithm::es256));
  MC_TRY(signing::TimestampAuthority authority, own_authority(machine, folder));
  MC_TRY(
      tlog::NoteSigner note_signer,
      tlog::NoteSigner::make(settings.signing.origin, tlog::NoteKeyType::ed25519, std::move(log)));
  MC_TRY(pki::Certificate seal, own_seal(machine, folder, signer));
  MC_TRY(crypto::SigningKey promises, own_promise_key(files, folder));
  MC_TRY(std::unique_ptr<signing::RemoteTimestamps> remote,
         open_remote_timestamps(machine, settings.signing.timestamp_url,
                                settings.signing.timestamp_chain_file));
  signing::SigningKeys keys{std::move(note_signer), std::move(signer),   std::move(authority),
                            std::move(seal),        std::move(promises), std::move(remote)};
  if (!listed) {
    MC_TRY(listed, signing::first_keys(keys));
    MC_TRY_OK(files.write_atomic(list_path(folder), listed->print()));
  }
  MC_TRY_OK(check_shared(machine, settings, *listed));
  keys.listed = std::move(listed);
  return signing::Signing::open(ledger, *machine.clock, *machine.random, std::move(keys));
}

Result<KeyRotation> rotate_signing_key(Machine& machine, const Settings& settings,
                                       ledger::Ledger& ledger, KeyUse use, Trial trial) {
  sys::Files& files = *machine.files;
  const std::string folder = folder_of(settings);
  MC_TRY(const std::unique_ptr<signing::Signing> before, open_signing(machine, settings, ledger));
  KeyList list = before->keys();
  const ListedKey old = list.current(use);
  const WallTime now = machine.clock->wall();
  const WallTime at{now.nanos / kNanosPerSecond * kNanosPerSecond};
  MC_TRY_OK(check_clock(ledger, now));
  MC_TRY(const NewKey made, make_key(machine, use));
  const ListedKey next{use, made.key.public_key(), old.origin, made.chain, {at}};
  MC_TRY_OK(list.rotate(next));
  KeyRotation out{old.id(), "", at};
  if (trial == Trial::dry) return out;
  out.new_id = next.id();
  const auto* names = std::find_if(kKeyFiles.begin(), kKeyFiles.end(),
                                   [&](const KeyFiles& each) { return each.use == use; });
  MC_TRY_OK(write_next(files, folder, *names, made));
  MC_TRY_OK(files.write_atomic(list_path(folder), list.print()));  // from here on it is done
  MC_TRY_OK(settle(files, folder, list, ledger));
  MC_TRY_OK(check_shared(machine, settings, list));
  return out;
}

Result<std::unique_ptr<signing::RemoteTimestamps>> open_remote_timestamps(
    Machine& machine, const std::string& url, const std::string& chain_file) {
  if (url.empty()) return std::unique_ptr<signing::RemoteTimestamps>();
  MC_TRY(std::vector<pki::Certificate> chain, read_chain(*machine.files, chain_file));
  return signing::RemoteTimestamps::make({url, std::move(chain)}, net::Client::make,
                                         *machine.random);
}

}  // namespace mc::app
