#include "builtin/go_url.h"

namespace mc::builtin {
namespace {

enum class Place : std::uint8_t { path, host, zone, user, fragment };

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.' || c == '~';
}

bool must_escape(char c, Place place) {
  if (is_unreserved(c)) return false;
  constexpr std::string_view kHost = "!$&'()*+,;=:[]<>\"";
  if (place == Place::host || place == Place::zone) return kHost.find(c) == std::string_view::npos;
  constexpr std::string_view kReserved = "$&+,/:;=?@";
  if (kReserved.find(c) != std::string_view::npos) {
    if (place == Place::path) return c == '?';
    if (place == Place::user) return c == '@' || c == '/' || c == '?' || c == ':';
    return false;
  }
  return place != Place::fragment || std::string_view("!()*").find(c) == std::string_view::npos;
}

std::string escape(std::string_view text, Place place) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (!must_escape(c, place)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<std::uint8_t>(c);
    out += '%';
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

Result<std::string> unescape(std::string_view text, Place place) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      if ((place == Place::host || place == Place::zone) &&
          static_cast<std::uint8_t>(text[i]) < 0x80 && must_escape(text[i], place)) {
        return fail(Code::invalid,
                    "invalid character \"" + std::string(1, text[i]) + "\" in host name");
      }
      out += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
    const std::string shown(text.substr(i, 3));
    if (high < 0 || low < 0) {
      return fail(Code::invalid, "invalid URL escape \"" + shown + "\"");
    }
    // Only bytes outside of ASCII are escaped in a host.
    if (place == Place::host && high < 8 && shown != "%25") {
      return fail(Code::invalid, "invalid URL escape \"" + shown + "\"");
    }
    out += static_cast<char>(high << 4 | low);
    i += 2;
  }
  return out;
}

// "http" before a colon; npos when there is none, 0 when it is misplaced.
std::size_t scheme_size(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) continue;
    if (c == ':') return i;
    const bool inside = (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
    if (!inside || i == 0) return std::string_view::npos;
  }
  return std::string_view::npos;
}

bool is_port(std::string_view text) {
  if (text.empty()) return true;
  if (text[0] != ':') return false;
  for (const char c : text.substr(1)) {
    if (c < '0' || c > '9') return false;
  }
  return true;
}

Status parse_authority(std::string_view authority, GoUrl& url) {
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    const std::string_view user = authority.substr(0, at);
    for (const char c : user) {
      if (!is_unreserved(c) &&
          std::string_view("$&+,;=:@!'()*%").find(c) == std::string_view::npos) {
        return fail(Code::invalid, "net/url: invalid userinfo");
      }
    }
    MC_TRY_OK(unescape(user, Place::user).map([](const std::string&) { return std::monostate(); }));
    url.has_user = true;
    authority.remove_prefix(at + 1);
  }
  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t end = authority.rfind(']');
    if (end == std::string_view::npos) return fail(Code::invalid, "missing ']' in host");
    port = authority.substr(end + 1);
  } else if (const std::size_t colon = authority.rfind(':'); colon != std::string_view::npos) {
    port = authority.substr(colon);
  }
  if (!is_port(port)) {
    return fail(Code::invalid, "invalid port \"" + std::string(port) + "\" after host");
  }
  MC_TRY(url.host, unescape(authority, Place::host));
  return ok();
}

Status set_path(std::string_view raw, GoUrl& url) {
  MC_TRY(url.path, unescape(raw, Place::path));
  if (escape(url.path, Place::path) != raw) url.raw_path = std::string(raw);
  return ok();
}

Status parse_into(std::string_view text, GoUrl& url) {
  for (const char c : text) {
    if (static_cast<std::uint8_t>(c) < ' ' || c == 0x7f) {
      return fail(Code::invalid, "net/url: invalid control character in URL");
    }
  }
  std::string_view rest = text;
  if (const std::size_t hash = rest.find('#'); hash != std::string_view::npos) {
    const std::string_view raw = rest.substr(hash + 1);
    MC_TRY(url.fragment, unescape(raw, Place::fragment));
    if (escape(url.fragment, Place::fragment) != raw) url.raw_fragment = std::string(raw);
    rest = rest.substr(0, hash);
  }
  if (rest == "*") {
    url.path = "*";
    return ok();
  }
  const std::size_t colon = scheme_size(rest);
  if (colon == 0) return fail(Code::invalid, "missing protocol scheme");
  if (colon != std::string_view::npos) {
    url.scheme = to_lower(rest.substr(0, colon));
    rest.remove_prefix(colon + 1);
  }
  const std::size_t question = rest.find('?');
  if (question != std::string_view::npos) {
    url.query = std::string(rest.substr(question + 1));
    url.force_query = url.query.empty();
    rest = rest.substr(0, question);
  }
  if (!rest.starts_with('/')) {
    if (!url.scheme.empty()) {
      url.opaque = std::string(rest);
      return ok();
    }
    if (rest.substr(0, rest.find('/')).find(':') != std::string_view::npos) {
      return fail(Code::invalid, "first path segment in URL cannot contain colon");
    }
  }
  if (rest.starts_with("//") && (!url.scheme.empty() || !rest.starts_with("///"))) {
    const std::size_t slash = rest.find('/', 2);
    MC_TRY_OK(parse_authority(rest.substr(2, slash - 2), url));
    rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash);
  } else if (!url.scheme.empty() && rest.starts_with('/')) {
    url.omit_host = true;
  }
  return set_path(rest, url);
}

}  // namespace

std::string GoUrl::escaped_path() const {
  if (!raw_path.empty()) {
    bool good = true;
    for (const char c : raw_path) {
      good = good && (c == '%' || c == '[' || c == ']' || !must_escape(c, Place::path) ||
                      std::string_view("!$&'()*+,;=:@").find(c) != std::string_view::npos);
    }
    const Result<std::string> plain = unescape(raw_path, Place::path);
    if (good && plain && *plain == path) return raw_path;
  }
  return path == "*" ? path : escape(path, Place::path);
}

Result<GoUrl> parse_go_url(std::string_view text) {
  GoUrl url;
  if (Status parsed = parse_into(text, url); !parsed) {
    return fail(Code::invalid, "parse \"" + std::string(text) + "\": " + parsed.error().what);
  }
  url.text = url.scheme.empty() ? std::string(text)
                                : url.scheme + std::string(text.substr(url.scheme.size()));
  return url;
}

}  // namespace mc::builtin
