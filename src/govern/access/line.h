// Lines of the decision log (docs/formats/decision.md). Private to the module.
#pragma once

#include <string>
#include <string_view>

#include "access/access.h"

namespace mc::access {

// A line without what differs between decisions about the same question: its id, the time, twice,
// and the id of the request stand between the parts.
struct LinePattern {
  std::string path, request_id, verdict, rest;
  bool empty() const { return path.empty(); }
};
// `rate`: the share of decisions like it that is kept.
LinePattern make_pattern(const Request& request, const Verdict& verdict, double rate);

struct LineFacts {
  std::string_view id;
  WallTime at;
  std::string_view request_id;
};
void print_line(const LinePattern& pattern, const LineFacts& facts, std::string& out);

}  // namespace mc::access
