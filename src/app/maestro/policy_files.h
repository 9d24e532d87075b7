// What the commands about policies share: loading paths, and telling what is wrong with them.
#pragma once

#include <string>
#include <vector>

#include "maestro/command.h"
#include "policy/load.h"
#include "vm/vm.h"

namespace mc::app {

// Findings a line each on standard error, or {"errors": [...]} on standard output with --json.
// Always an error, of exit code 1.
Status tell_findings(const Context& context, const std::vector<rego::Diagnostic>& findings);

Result<policy::Loaded> load_policies(const Context& context, const std::vector<std::string>& paths,
                                     const policy::LoadOptions& options);

// What policies may call beyond the language's own functions, the same on a server and in every
// command: GraphQL, rego.parse_module and the time zones of the machine. Nothing that reaches out.
vm::Capabilities policy_capabilities(sys::Files& files);

}  // namespace mc::app
