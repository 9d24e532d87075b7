#include "proof/report.h"

#include <algorithm>

#include "json/json.h"

namespace mc::proof {

std::string_view outcome_name(Outcome outcome) {
  switch (outcome) {
    case Outcome::passed:
      return "passed";
    case Outcome::failed:
      return "failed";
    case Outcome::skipped:
      return "skipped";
  }
  return "";
}

bool Report::add(std::string_view name, Outcome outcome, std::string_view reason,
                 std::string_view detail) {
  steps_.push_back({std::string(name), outcome, std::string(reason), std::string(detail)});
  return outcome == Outcome::passed;
}

bool Report::verified() const {
  return !failed_ && std::any_of(steps_.begin(), steps_.end(),
                                 [](const Step& step) { return step.outcome == Outcome::passed; });
}

const Step* Report::failure() const {
  const auto found = std::find_if(steps_.begin(), steps_.end(),
                                  [](const Step& step) { return step.outcome == Outcome::failed; });
  return found == steps_.end() ? nullptr : &*found;
}

namespace {

// What a file says must not speak to the terminal: bytes of control as \xNN.
void append_shown(std::string& out, std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool c1 = byte == 0xC2 && i + 1 < text.size() &&
                    static_cast<unsigned char>(text[i + 1]) < 0xA0;  // U+0080 to U+009F
    if (byte >= 0x20 && byte != 0x7f && !c1) {
      out += text[i];
      continue;
    }
    const std::size_t bytes = c1 ? 2 : 1;
    out.append("\\x").append(to_hex(text.substr(i, bytes)));
    i += bytes - 1;
  }
}

// Of an artifact that is verified and was protected by nothing; the first, since what follows it is
// of who asked.
std::string_view warning_in(const Report& report) {
  for (const Step& step : report.steps()) {
    const std::size_t at = step.detail.find(kUnprotected);
    if (step.name == "artifact" && step.outcome == Outcome::passed && at != std::string::npos) {
      return std::string_view(step.detail).substr(at);
    }
  }
  return "";
}

}  // namespace

std::string print_text(const Report& report) {
  constexpr std::size_t kNameWidth = 16;
  std::string out;
  for (const Step& step : report.steps()) {
    const std::string_view mark = step.outcome == Outcome::passed   ? "\xE2\x9C\x93"   // U+2713
                                  : step.outcome == Outcome::failed ? "\xE2\x9C\x95"   // U+2715
                                                                    : "\xE2\x80\x93";  // U+2013
    std::string name = step.name;
    name.resize(std::max(kNameWidth, name.size()), ' ');
    out.append(mark).append(" ").append(name).append(" ");
    if (!step.reason.empty()) out.append(step.reason).append(": ");
    append_shown(out, step.detail);
    out += '\n';
  }
  out += report.verified() ? "verified: " : "NOT verified: ";
  append_shown(out, report.subject());
  out += '\n';
  const std::string_view warning = warning_in(report);
  if (warning.empty()) return out;
  append_shown(out, warning);
  return out + "\n";
}

std::string print_json(const Report& report) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  writer.member("subject", report.subject());
  writer.member("verified", report.verified());
  writer.key("steps").begin_array();
  for (const Step& step : report.steps()) {
    writer.begin_object();
    writer.member("step", step.name);
    writer.member("outcome", outcome_name(step.outcome));
    if (!step.reason.empty()) writer.member("reason", step.reason);
    writer.member("detail", step.detail);
    writer.end_object();
  }
  writer.end_array().end_object();
  return out;
}

}  // namespace mc::proof
