// maestro dp: the noise that private answers have.
#pragma once

#include "cli/cli.h"

namespace mc::app {

struct Context;

void add_dp(cli::Command& app, Context& context);

}  // namespace mc::app
