// The formats of JSON Schema that gojsonschema knows; what it does not know always fits.
#include <re2/re2.h>

#include <array>
#include <optional>

#include "builtin/go_address.h"
#include "builtin/go_url.h"
#include "builtin/json_schema.h"
#include "builtin/patterns.h"

namespace mc::builtin::schema {
namespace {

bool fits_pattern(Context& context, std::string_view pattern, std::string_view text) {
  const re2::RE2* const regex = find_regex(context, pattern);
  return regex != nullptr && regex_found(context, *regex, text);
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Takes exactly `count` digits from the front.
std::optional<int> take_number(std::string_view& text, std::size_t count) {
  int value = 0;
  if (text.size() < count) return std::nullopt;
  for (std::size_t i = 0; i < count; ++i) {
    if (!is_digit(text[i])) return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

// 2006-01-02
bool take_date(std::string_view& text) {
  const std::optional<int> year = take_number(text, 4);
  if (!year || !take(text, '-')) return false;
  const std::optional<int> month = take_number(text, 2);
  if (!month || !take(text, '-')) return false;
  const std::optional<int> day = take_number(text, 2);
  if (!day || *month < 1 || *month > 12 || *day < 1) return false;
  constexpr std::array kDays{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = *year % 4 == 0 && (*year % 100 != 0 || *year % 400 == 0);
  return *day <= kDays[static_cast<std::size_t>(*month - 1)] + (leap && *month == 2 ? 1 : 0);
}

// 15:04:05 with any fraction; Go takes an hour of one digit as well.
bool take_time(std::string_view& text) {
  std::optional<int> hour = take_number(text, 2);
  if (!hour) hour = take_number(text, 1);
  if (!hour || *hour > 23 || !take(text, ':')) return false;
  const std::optional<int> minute = take_number(text, 2);
  if (!minute || *minute > 59 || !take(text, ':')) return false;
  const std::optional<int> second = take_number(text, 2);
  if (!second || *second > 59) return false;
  if (text.size() > 1 && (text[0] == '.' || text[0] == ',') && is_digit(text[1])) {
    text.remove_prefix(1);
    while (!text.empty() && is_digit(text[0])) text.remove_prefix(1);
  }
  return true;
}

// Z or +07:00
bool take_zone(std::string_view& text) {
  if (take(text, 'Z')) return true;
  if (!take(text, '+') && !take(text, '-')) return false;
  const std::optional<int> hours = take_number(text, 2);
  if (!hours || *hours > 24 || !take(text, ':')) return false;
  const std::optional<int> minutes = take_number(text, 2);
  return minutes && *minutes <= 60;
}

bool is_date(std::string_view text) {
  return take_date(text) && text.empty();
}

bool is_time(std::string_view text) {
  return take_time(text) && (text.empty() || (take_zone(text) && text.empty()));
}

// A date, a time, or both with a zone.
bool is_date_time(std::string_view text) {
  if (is_date(text) || is_time(text)) return true;
  return take_date(text) && take(text, 'T') && take_time(text) && take_zone(text) && text.empty();
}

bool is_atom_char(char c, bool dot) {
  constexpr std::string_view kOther = "!#$%&'*+-/=?^_`{|}~";
  const auto byte = static_cast<unsigned char>(c);
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || byte >= 0x80 ||
         kOther.find(c) != std::string_view::npos || (dot && c == '.');
}

// Addresses of mail as Go's net/mail.ParseAddress takes one: perhaps with a name before.
class MailReader {
 public:
  explicit MailReader(std::string_view text) : rest_(text) {}

  bool is_address() {
    blanks();
    const std::string_view start = rest_;
    if (spec() && end()) return true;
    rest_ = start;
    if (!rest_.starts_with('<') && !phrase()) return false;
    blanks();
    return take(rest_, '<') && spec() && take(rest_, '>') && end();
  }

 private:
  void blanks() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\t')) rest_.remove_prefix(1);
  }
  bool end() {
    blanks();
    return rest_.empty();
  }

  // Words without empty parts between dots.
  bool dot_atom() {
    std::size_t size = 0;
    while (size < rest_.size() && is_atom_char(rest_[size], true)) ++size;
    const std::string_view atom = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return !atom.empty() && !atom.starts_with('.') && !atom.ends_with('.') &&
           atom.find("..") == std::string_view::npos;
  }

  bool quoted() {
    if (!take(rest_, '"')) return false;
    while (!rest_.empty() && rest_[0] != '"') {
      const auto byte = static_cast<unsigned char>(rest_[0]);
      if ((byte < 0x20 && byte != '\t') || byte == 0x7f) return false;
      rest_.remove_prefix(rest_[0] == '\\' && rest_.size() > 1 ? 2 : 1);
    }
    return take(rest_, '"');
  }

  bool spec() {
    const bool local = rest_.starts_with('"') ? quoted() : dot_atom();
    if (!local || !take(rest_, '@')) return false;
    if (!rest_.starts_with('[')) return dot_atom();
    const std::size_t close = rest_.find(']');
    if (close == std::string_view::npos) return false;
    const bool literal = read_address(rest_.substr(1, close - 1)).has_value();
    rest_.remove_prefix(close + 1);
    return literal;
  }

  bool phrase() {
    bool any = false;
    for (blanks(); !rest_.empty() && rest_[0] != '<'; blanks()) {
      if (rest_[0] == '"') {
        if (!quoted()) return false;
      } else {
        std::size_t size = 0;
        while (size < rest_.size() && is_atom_char(rest_[size], true)) ++size;
        if (size == 0) return false;
        rest_.remove_prefix(size);
      }
      any = true;
    }
    return any;
  }

  std::string_view rest_;
};

bool is_url(std::string_view text, bool absolute) {
  if (text.find('\\') != std::string_view::npos) return false;
  const Result<GoUrl> url = parse_go_url(text);
  return url.has_value() && (!absolute || !url->scheme.empty());
}

// The brackets of a template match in the path.
bool is_url_template(std::string_view text) {
  if (text.find('\\') != std::string_view::npos) return false;
  const Result<GoUrl> url = parse_go_url(text);
  if (!url) return false;
  bool open = false;
  for (const char c : url->path) {
    if (open) {
      if (c == '}') open = false;
    } else if (c == '{') {
      open = true;
    }
  }
  return !open;
}

constexpr std::string_view kHostname =
    "^([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9\\-]{0,61}[a-zA-Z0-9])"
    "(\\.([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9\\-]{0,61}[a-zA-Z0-9]))*$";
constexpr std::string_view kUuid =
    "^(?i)[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12}$";
constexpr std::string_view kPointer = "^(?:/(?:[^~/]|~0|~1)*)*$";
constexpr std::string_view kRelativePointer = "^(?:0|[1-9][0-9]*)(?:#|(?:/(?:[^~/]|~0|~1)*)*)$";

}  // namespace

bool is_of_format(Context& context, std::string_view format, std::string_view text) {
  if (!context.spend(1 + static_cast<std::int64_t>(text.size() / 16))) return false;
  if (format == "date") return is_date(text);
  if (format == "time") return is_time(text);
  if (format == "date-time") return is_date_time(text);
  if (format == "hostname") return text.size() < 256 && fits_pattern(context, kHostname, text);
  if (format == "email" || format == "idn-email") return MailReader(text).is_address();
  if (format == "ipv4" || format == "ipv6") {
    const char mark = format == "ipv4" ? '.' : ':';
    return text.find(mark) != std::string_view::npos && read_address(text);
  }
  if (format == "uri" || format == "iri") return is_url(text, true);
  if (format == "uri-reference" || format == "iri-reference") return is_url(text, false);
  if (format == "uri-template") return is_url_template(text);
  if (format == "uuid") return fits_pattern(context, kUuid, text);
  if (format == "regex") {
    std::string problem;
    return context.spend(10 * static_cast<std::int64_t>(text.size())) &&
           make_regex(text, problem) != nullptr;
  }
  if (format == "json-pointer") return fits_pattern(context, kPointer, text);
  if (format == "relative-json-pointer") return fits_pattern(context, kRelativePointer, text);
  return true;
}

}  // namespace mc::builtin::schema
