// What the command line says to a server over the local socket: a line of JSON each way.
//
//   {"verb":"set","tap":{...Body...},"dry_run":false}     {"ok":{...a tap...}}
//   {"verb":"list"}                                       {"ok":{"items":[...],"next_cursor":null}}
//   {"verb":"lift","id":"tap_...","dry_run":false} {"error":{"code":"not_found","what":"..."}}
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/base.h"
#include "json/json.h"
#include "sys/sys.h"
#include "tap/desk.h"

namespace mc::tap {

inline constexpr std::size_t kLineBytesMax = 16 << 10;  // of a question, without its line feed
inline constexpr std::size_t kAnswerBytesMax = 8 << 20;

struct Question {
  enum class Verb : std::uint8_t { set, list, lift };
  Verb verb = Verb::list;
  Run run = Run::real;
  std::optional<Wanted> set;  // of set
  std::string id;             // of lift
};
// `invalid` names the member. What is wanted is as at `now`.
Result<Question> read_question(std::string_view line, WallTime now);

// {"items":[...],"next_cursor":null}
json::Object list_of(const Desk& desk);
// Without a line feed, whatever the line is.
std::string answer_line(Desk& desk, sys::Clock& clock, const Actor& by, std::string_view line);
// What such an answer says.
Result<json::Value> read_answer(std::string_view line);

}  // namespace mc::tap
