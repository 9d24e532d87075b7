// The command "verify" of maestro, and of ig-offline, which has nothing else: shows whether a proof
// holds, without a network and without a server.
#pragma once

#include <string>

#include "base/base.h"
#include "cli/cli.h"
#include "sys/sys.h"

namespace mc::app {

inline const std::string kVersion = "0.1.0";  // of both programs

// Outlives the command line.
struct VerifierWorld {
  sys::Files& files;
  sys::Clock& clock;
  const bool& json;  // the report as JSON
};

// Its Status is `corrupt` (exit code 5) when a step fails, `invalid` (2) when nothing was checked.
void add_verify(cli::Command& app, const VerifierWorld& world);

}  // namespace mc::app
