#include "maestro/privacy_notice.h"

#include <doctest/doctest.h>

namespace mc::app {
namespace {

using Lines = NoticeTemplate::Lines;

std::string filled(std::string_view text, const NoticeValues& values) {
  const Result<NoticeTemplate> read = NoticeTemplate::parse(text, Lines::many);
  return read ? read->fill(values) : "refused: " + read.error().what;
}

TEST_CASE("privacy notice: placeholders are filled, braces are written twice") {
  CHECK(filled("{dataset} of {tenant}: {left}\n{{left}} }}{{",
               {{"dataset", "visit"}, {"tenant", "alpha"}, {"left", "0.2"}}) ==
        "visit of alpha: 0.2\n{left} }{");
  CHECK(filled("a {nearest} b", {}) == "a  b");
}

TEST_CASE("privacy notice: a value stays in its line and is not read again") {
  CHECK(filled("for {purpose}.", {{"purpose", "{left}{{\nBcc: x"}, {"left", "9"}}) ==
        "for {left}{{\xEF\xBF\xBD"
        "Bcc: x.");
  CHECK(filled("{purpose}", {{"purpose", "a\u202Eb\u00E4\U0001F512"}}) ==
        "a\xEF\xBF\xBD"
        "b\u00E4\U0001F512");
  CHECK(filled("{purpose}", {{"purpose", "a\xFF\xC3"}}) == "a\xEF\xBF\xBD\xEF\xBF\xBD");
  CHECK(filled("{purpose}", {{"purpose", "<b>&amp;\"'"}}) == "<b>&amp;\"'");
}

TEST_CASE("privacy notice: a template that cannot be filled is refused with its line") {
  struct Row {
    const char* text;
    const char* why;
  };
  const Row rows[] = {
      {"one\n{resett} x", "line 2: {resett} is no placeholder; there are tenant, dataset"},
      {"{}", "line 1: {} is no placeholder"},
      {"{ left }", "line 1: { left } is no placeholder"},
      {"a\nb\nc {left", "line 3: a { that nothing closes"},
      {"{left\n}", "line 1: a { that nothing closes"},
      {"a } b", "line 1: a } that closes nothing"},
      {"a\tb", "line 1: it is not UTF-8"},
      {"a\n\xFF", "line 2: it is not UTF-8"},
      {"a\r\nb", "line 1: it is not UTF-8"},
      {"", "line 1: it is empty"},
      {" \n ", "line 1: it is empty"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const Result<NoticeTemplate> read = NoticeTemplate::parse(row.text, Lines::many);
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().code == Code::invalid);
    CHECK_MESSAGE(read.error().what.starts_with(row.why), read.error().what);
  }
  CHECK(NoticeTemplate::parse("a\nb", Lines::one).error().what == "line 2: it is one line");
}

TEST_CASE("privacy notice: those that come with the program are good, and say everything") {
  REQUIRE(NoticeTemplate::parse(kNoticeTitle, Lines::one).has_value());
  const Result<NoticeTemplate> text = NoticeTemplate::parse(kNoticeText, Lines::many);
  REQUIRE(text.has_value());
  NoticeValues values;
  for (const std::string_view name : kNoticeNames) values.emplace(name, std::string(name) + "!");
  const std::string out = text->fill(values);
  for (const std::string_view name : kNoticeNames) {
    if (name != "window_start") CHECK(out.find(std::string(name) + "!") != std::string::npos);
  }
}

TEST_CASE("privacy notice: what is pasted into a shell is one argument") {
  CHECK(shell_argument("fraud-risk") == "fraud-risk");
  CHECK(shell_argument("") == "''");
  CHECK(shell_argument("t&s") == "'t&s'");
  CHECK(shell_argument("it's $(x)") == "'it'\\''s $(x)'");
}

}  // namespace
}  // namespace mc::app
