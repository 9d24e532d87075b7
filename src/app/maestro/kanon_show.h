// What run and preview of `maestro kanon` print: text for people, or one JSON object.
#pragma once

#include <string>

#include "maestro/kanon_job.h"

namespace mc::app {

struct KanonSummary {
  const KanonInput& input;
  const KanonOutcome& outcome;
};

struct KanonFiles {
  std::string release;
  std::string manifest;
  std::string sha256;  // of the release
};
void show_run(const Context& context, const KanonSummary& summary, const KanonFiles& files);
void show_preview(const Context& context, const KanonSummary& summary);

}  // namespace mc::app
