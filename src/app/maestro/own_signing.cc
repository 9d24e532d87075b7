#include "maestro/own_signing.h"

#include "maestro/key_files.h"

namespace mc::app {
namespace {

constexpr std::size_t kChainBytesMax = 64 << 10;
constexpr std::string_view kEnd = "-----END CERTIFICATE-----\n";

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

}  // namespace

Result<std::unique_ptr<signing::Signing>> open_signing(Machine& machine, const Settings& settings,
                                                       ledger::Ledger& ledger) {
  sys::Files& files = *machine.files;
  const std::string folder = settings.data_dir + "/signing";
  MC_TRY_OK(files.make_folders(folder));
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
  return signing::Signing::open(ledger, *machine.clock, *machine.random,
                                {std::move(note_signer), std::move(signer), std::move(authority),
                                 std::move(seal), std::move(promises), std::move(remote)});
}

Result<std::unique_ptr<signing::RemoteTimestamps>> open_remote_timestamps(
    Machine& machine, const std::string& url, const std::string& chain_file) {
  if (url.empty()) return std::unique_ptr<signing::RemoteTimestamps>();
  MC_TRY(std::vector<pki::Certificate> chain, read_chain(*machine.files, chain_file));
  return signing::RemoteTimestamps::make({url, std::move(chain)}, net::Client::make,
                                         *machine.random);
}

}  // namespace mc::app
