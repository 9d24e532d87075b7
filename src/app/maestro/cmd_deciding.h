// The commands by which somebody decides about what somebody else has asked for.
#pragma once

#include <string>

#include "maestro/command.h"

namespace mc::app {

struct Decided {
  std::string what;    // "top-up"
  std::string folder;  // of them, below the tenant's: "/privacy/top-ups"
};
// `noun VERB ID --tenant T`: POST to folder/ID/VERB.
void add_deciding(cli::Command& noun, Context& context, const Decided& about, const char* verb,
                  const char* help);

}  // namespace mc::app
