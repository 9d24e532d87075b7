// maestro tap: one noun, whose verbs stand in two files.
#pragma once

#include <cstdint>
#include <string>

#include "cli/cli.h"
#include "json/json.h"

namespace mc::app {

struct Context;

// What a tap is for, as the line says it.
struct TapFlags {
  std::string tenant, route, document, client, operation, upstream;
  bool everything = false;
  std::string action;
  std::int64_t rate = 0, burst = 0, seats = 0, percent = 0;  // 0 = not given
  std::string reason, lifetime, until;
};
enum class Needed : std::uint8_t { yes, no };
void add_tap_options(cli::Command& command, TapFlags& flags, Needed needed);
json::Object body_of(const TapFlags& flags);  // tap::Body

void add_tap(cli::Command& app, Context& context);
void add_tap_sign(cli::Command& noun, Context& context);

}  // namespace mc::app
