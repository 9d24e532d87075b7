// maestro kanon run | preview | verify.
#pragma once

#include "cli/cli.h"

namespace mc::app {

struct Context;

void add_kanon(cli::Command& app, Context& context);

}  // namespace mc::app
