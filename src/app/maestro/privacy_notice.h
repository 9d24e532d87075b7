// The words of the notice that a privacy budget is used up, by a template that the operator may
// replace.
//
// A template is text with placeholders in braces, as {dataset}; `{{` and `}}` are braces
// themselves. A value stands in one line whatever is in it, and is not read for placeholders again;
// nothing of it is markup, since notices are plain text. Pure functions.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"

namespace mc::app {

// By the name of the placeholder. Those that a template may have: kNoticeNames.
using NoticeValues = std::map<std::string, std::string, std::less<>>;
inline constexpr std::string_view kNoticeNames[] = {
    "tenant",       "dataset",   "purpose",  "why",     "left",   "limit",
    "window_start", "resets_at", "forecast", "nearest", "ask_at", "ask_command"};

inline constexpr std::string_view kNoticeTitle =
    "The privacy budget of {dataset} for {purpose} is {why}";
inline constexpr std::string_view kNoticeText =
    R"(Tenant {tenant}, dataset {dataset}, purpose {purpose}: the privacy budget is {why}.

Left: epsilon {left} of {limit}.
Reset: {resets_at}.
Forecast: {forecast}.
The nearest query that passes: {nearest}.

Answers that were released are given again for nothing. More of the budget is asked for
at {ask_at}, or by
  {ask_command}
That takes an active warrant, and somebody else who approves it.
)";

class NoticeTemplate {
 public:
  enum class Lines : std::uint8_t { one, many };
  // `invalid` names the line.
  static Result<NoticeTemplate> parse(std::string_view text, Lines lines);
  // A placeholder without a value is empty.
  std::string fill(const NoticeValues& values) const;

 private:
  struct Part {
    bool placeholder = false;
    std::string text;  // or the name
  };
  std::vector<Part> parts_;
};

struct ExhaustionNotice {
  NoticeTemplate title, text;
  std::string ask_at;  // where more budget is asked for
};

// As one argument of a shell.
std::string shell_argument(std::string_view value);

}  // namespace mc::app
