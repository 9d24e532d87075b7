// The signing service of a data directory with its keys.
#pragma once

#include <memory>

#include "ledger/ledger.h"
#include "maestro/machine.h"
#include "maestro/settings.h"
#include "signing/signing.h"

namespace mc::app {

// Makes keys and certificates in data_dir/signing at the first start.
Result<std::unique_ptr<signing::Signing>> open_signing(Machine& machine, const Settings& settings,
                                                       ledger::Ledger& ledger);

}  // namespace mc::app
