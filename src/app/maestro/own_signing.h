// The signing service of a data directory with its keys, and their rotation.
//
// data_dir/signing/keys.json lists every key that the service had; with it a new key begins to
// count. A key that replaces another waits beside it in a file of its own ("log.key.next") until it
// is listed and the ledger has a record of it. So a rotation that was cut off, wherever that was,
// is finished by the next start when the list has the new key, and was never begun otherwise.
#pragma once

#include <memory>
#include <string>

#include "ledger/ledger.h"
#include "maestro/machine.h"
#include "maestro/settings.h"
#include "signing/signing.h"
#include "sql/sql.h"

namespace mc::app {

// Makes keys and certificates in data_dir/signing at the first start. Whoever calls holds the lock
// of the data directory. `conflict` when another server of a shared ledger has other keys.
Result<std::unique_ptr<signing::Signing>> open_signing(Machine& machine, const Settings& settings,
                                                       ledger::Ledger& ledger);

// Of servers that share a ledger and a state: notes these keys when there are none, or when they
// are those that were noted with rotations behind them; else `conflict`.
Status agree_on_keys(sql::Connection& state, const signing::KeyList& list);

struct KeyRotation {
  std::string old_id;  // 32 bytes, as the next
  std::string new_id;  // "" of a dry run
  WallTime at;
};
enum class Trial : std::uint8_t { real, dry };
// Makes a new key for `use`; the private half of the old one is overwritten. No server runs on the
// data directory. `conflict` when the clock is behind what the old key has signed.
Result<KeyRotation> rotate_signing_key(Machine& machine, const Settings& settings,
                                       ledger::Ledger& ledger, signing::KeyUse use, Trial trial);

// An authority elsewhere; null without a URL. `chain_file`: PEM, its own certificate first.
Result<std::unique_ptr<signing::RemoteTimestamps>> open_remote_timestamps(
    Machine& machine, const std::string& url, const std::string& chain_file);

}  // namespace mc::app
