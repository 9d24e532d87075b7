// The signing service of a data directory with its keys.
#pragma once

#include <memory>
#include <string>

#include "ledger/ledger.h"
#include "maestro/machine.h"
#include "maestro/settings.h"
#include "signing/signing.h"

namespace mc::app {

// Makes keys and certificates in data_dir/signing at the first start.
Result<std::unique_ptr<signing::Signing>> open_signing(Machine& machine, const Settings& settings,
                                                       ledger::Ledger& ledger);

// An authority elsewhere; null without a URL. `chain_file`: PEM, its own certificate first.
Result<std::unique_ptr<signing::RemoteTimestamps>> open_remote_timestamps(
    Machine& machine, const std::string& url, const std::string& chain_file);

}  // namespace mc::app
