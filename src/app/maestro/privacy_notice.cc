#include "maestro/privacy_notice.h"

#include <algorithm>

namespace mc::app {
namespace {

constexpr std::string_view kUnreadable = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::size_t kCharacterBytesMax = 4;

// Characters that would break the line, or turn what follows, are replaced.
std::string in_one_line(std::string_view value) {
  if (is_readable_line(value)) return std::string(value);
  std::string out;
  for (std::size_t at = 0; at < value.size();) {
    std::size_t size = 1;
    while (size <= kCharacterBytesMax && !is_valid_utf8(value.substr(at, size))) ++size;
    const bool valid = size <= kCharacterBytesMax && at + size <= value.size();
    const std::string_view character = value.substr(at, valid ? size : 1);
    out.append(valid && is_readable_line(character) ? character : kUnreadable);
    at += character.size();
  }
  return out;
}

tl::unexpected<Error> wrong(std::size_t line, const std::string& what) {
  return fail(Code::invalid, "line " + std::to_string(line) + ": " + what);
}

Status check_name(std::size_t line, std::string_view name) {
  if (std::ranges::find(kNoticeNames, name) != std::end(kNoticeNames)) return ok();
  std::string all;
  for (const std::string_view each : kNoticeNames) {
    all.append(all.empty() ? "" : ", ").append(each);
  }
  return wrong(line, "{" + excerpt(name) + "} is no placeholder; there are " + all);
}

}  // namespace

Result<NoticeTemplate> NoticeTemplate::parse(std::string_view text, Lines lines) {
  NoticeTemplate out;
  std::string plain;
  const std::vector<std::string_view> all = split(text, '\n');
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::string_view line = all[i];
    const std::size_t number = i + 1;
    if (i > 0) plain += '\n';
    if (i > 0 && lines == Lines::one) return wrong(number, "it is one line");
    if (!is_readable_line(line)) {
      return wrong(number, "it is not UTF-8 without control characters and direction marks");
    }
    for (std::size_t at = 0; at < line.size(); ++at) {
      const char c = line[at];
      const bool twice = at + 1 < line.size() && line[at + 1] == c;
      if ((c == '{' || c == '}') && twice) {
        plain += c;
        ++at;
      } else if (c == '}') {
        return wrong(number, "a } that closes nothing; as text it is }}");
      } else if (c == '{') {
        const std::size_t end = line.find('}', at);
        if (end == std::string_view::npos) {
          return wrong(number, "a { that nothing closes; as text it is {{");
        }
        const std::string_view name = line.substr(at + 1, end - at - 1);
        MC_TRY_OK(check_name(number, name));
        out.parts_.push_back({false, std::move(plain)});
        out.parts_.push_back({true, std::string(name)});
        plain.clear();
        at = end;
      } else {
        plain += c;
      }
    }
  }
  out.parts_.push_back({false, std::move(plain)});
  if (text.find_first_not_of(" \n") == std::string_view::npos) return wrong(1, "it is empty");
  return out;
}

std::string NoticeTemplate::fill(const NoticeValues& values) const {
  std::string out;
  for (const Part& part : parts_) {
    if (!part.placeholder) {
      out += part.text;
      continue;
    }
    const auto found = values.find(part.text);
    if (found != values.end()) out += in_one_line(found->second);
  }
  return out;
}

std::string shell_argument(std::string_view value) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_./:@").find(c) != std::string_view::npos;
  };
  if (!value.empty() && std::ranges::all_of(value, plain)) return std::string(value);
  std::string out = "'";
  for (const char c : value) out.append(c == '\'' ? "'\\''" : std::string(1, c));
  return out + "'";
}

}  // namespace mc::app
