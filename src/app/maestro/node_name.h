// The name of this node, by which its counts and its records are told from those of others that
// share a database or a ledger.
#pragma once

#include <string>

#include "base/base.h"
#include "maestro/machine.h"

namespace mc::app {

// From the file, which is made when there is none. `corrupt` when it has no name; else as Files.
Result<std::string> node_name(Machine& machine, const std::string& file);

}  // namespace mc::app
