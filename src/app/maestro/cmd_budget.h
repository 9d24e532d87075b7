// maestro budget: one noun, whose verbs stand in several files. Each file has a function that adds
// its own; the table in cmd_budget.cc lists them in the order of the help.
#pragma once

#include "cli/cli.h"

namespace mc::app {

struct Context;

void add_budget(cli::Command& app, Context& context);

// Below `budget`:
void add_budget_log(cli::Command& noun, Context& context);  // replay, explain: cmd_budget_log.cc
void add_budget_override(cli::Command& noun, Context& context);  // and effective
void add_budget_usage(cli::Command& noun, Context& context);     // and denial

}  // namespace mc::app
