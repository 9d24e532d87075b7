// maestro privacy: budgets of differential privacy, what was spent of them, and top-ups.
#pragma once

#include "cli/cli.h"

namespace mc::app {

struct Context;

void add_privacy(cli::Command& app, Context& context);

}  // namespace mc::app
