#include "tap/line.h"

#include <algorithm>
#include <array>

namespace mc::tap {

namespace wire {

struct Line {
  std::string verb;
  std::optional<Body> tap;
  std::optional<std::string> id;
  bool dry_run = false;
};

}  // namespace wire
}  // namespace mc::tap

template <>
struct mc::json::Describe<mc::tap::wire::Line> {
  using T = mc::tap::wire::Line;
  static constexpr auto fields = std::tuple{
      Field{"verb", &T::verb, "", {.allowed = {"set", "list", "lift"}, .required = true}},
      Field{"tap", &T::tap}, Field{"id", &T::id, "", {.max = mc::tap::kNameBytesMax}},
      Field{"dry_run", &T::dry_run}};
};

namespace mc::tap {
namespace {

constexpr std::array kCodes = {Code::invalid,   Code::denied,  Code::not_found,  Code::conflict,
                               Code::exhausted, Code::corrupt, Code::unavailable};

Result<json::Object> answer(Desk& desk, const Actor& by, const Question& question) {
  if (question.verb == Question::Verb::list) return list_of(desk);
  if (question.verb == Question::Verb::lift) {
    MC_TRY(const Shown shown, desk.lift(question.id, by, question.run));
    return to_json(shown);
  }
  MC_TRY(const Shown shown, desk.set(*question.set, by, question.run));
  return to_json(shown);
}

}  // namespace

Result<Question> read_question(std::string_view line, WallTime now) {
  MC_TRY(const json::Value value, json::parse(line, {.bytes_max = kLineBytesMax}));
  MC_TRY(const wire::Line asked, json::read<wire::Line>(value));
  Question out;
  out.run = asked.dry_run ? Run::dry : Run::real;
  if (asked.verb == "lift") {
    if (!asked.id) return fail(Code::invalid, "id: it is missing");
    out.verb = Question::Verb::lift;
    out.id = *asked.id;
  } else if (asked.verb == "set") {
    if (!asked.tap) return fail(Code::invalid, "tap: it is missing");
    out.verb = Question::Verb::set;
    MC_TRY(out.set, read_wanted(*asked.tap, now));
  }
  return out;
}

json::Object list_of(const Desk& desk) {
  json::Array items;
  for (const Shown& one : desk.list()) items.emplace_back(to_json(one));
  json::Object out;
  out.set("items", std::move(items));
  out.set("next_cursor", json::Value());
  return out;
}

std::string answer_line(Desk& desk, sys::Clock& clock, const Actor& by, std::string_view line) {
  Result<json::Object> found = [&]() -> Result<json::Object> {
    MC_TRY(const Question question, read_question(line, clock.wall()));
    return answer(desk, by, question);
  }();
  json::Object out;
  if (found) {
    out.set("ok", std::move(*found));
  } else {
    json::Object error;
    error.set("code", code_name(found.error().code));
    error.set("what", found.error().what);
    out.set("error", std::move(error));
  }
  return json::print(out);
}

Result<json::Value> read_answer(std::string_view line) {
  MC_TRY(const json::Value value, json::parse(line, {.bytes_max = kAnswerBytesMax}));
  if (const json::Value* found = value.find("ok"); found != nullptr) return *found;
  const json::Value* const error = value.find("error");
  const json::Value* const code = error == nullptr ? nullptr : error->find("code");
  const json::Value* const what = error == nullptr ? nullptr : error->find("what");
  if (code == nullptr || what == nullptr || code->as_string() == nullptr ||
      what->as_string() == nullptr) {
    return fail(Code::corrupt, "the server's answer is not understood");
  }
  const auto known = std::ranges::find(kCodes, *code->as_string(), code_name);
  return fail(known == kCodes.end() ? Code::unavailable : *known, *what->as_string());
}

}  // namespace mc::tap
