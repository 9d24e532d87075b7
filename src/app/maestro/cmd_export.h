// What the command line says of exports: of its answers, and when a gate has refused.
#pragma once

#include "maestro/command.h"

namespace mc::app {

void add_export(cli::Command& app, Context& context);

}  // namespace mc::app
