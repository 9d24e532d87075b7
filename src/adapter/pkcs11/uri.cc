#include "pkcs11/uri.h"

#include <charconv>
#include <set>

namespace mc::pkcs11 {
namespace {

constexpr std::string_view kScheme = "pkcs11:";

tl::unexpected<Error> refused(std::string_view what) {
  return fail(Code::invalid, "pkcs11 URI: " + std::string(what));
}

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

// pk11-res-avail and pk11-path-res-avail or pk11-query-res-avail of RFC 7512 section 2.3.
bool may_stand(char c, bool query) {
  return is_unreserved(c) || std::string_view(":[]@!$'()*+,=").find(c) != std::string_view::npos ||
         (query ? c == '/' || c == '?' || c == '|' : c == '&');
}

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char small = lower(c);
  return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

Result<std::string> decode(std::string_view text, bool query, std::string_view name) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      if (!may_stand(text[i], query)) {
        return refused("a character that must be encoded in " + std::string(name));
      }
      out += text[i];
      continue;
    }
    const int high = i + 1 < text.size() ? digit_of(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? digit_of(text[i + 2]) : -1;
    if (high < 0 || low < 0) return refused("a broken %-encoding in " + std::string(name));
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

void append_encoded(std::string& out, std::string_view bytes, bool all) {
  for (const char c : bytes) {
    if (!all && is_unreserved(c)) {
      out += c;
    } else {
      out += '%' + to_hex({&c, 1});
    }
  }
}

std::string without_fill(std::string text) {
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

// Texts of tokens are blank-filled fields of `size` bytes.
Status take_field(std::optional<std::string>& field, std::string value, std::size_t size,
                  std::string_view name) {
  value = without_fill(std::move(value));
  if (value.empty() || value.size() > size || !is_one_line(value)) {
    return refused(std::string(name) + " must be 1 to " + std::to_string(size) +
                   " bytes of UTF-8 on one line");
  }
  field = std::move(value);
  return ok();
}

Status take_slot(KeyUri& uri, std::string_view value) {
  std::uint64_t id = 0;
  const auto read = std::from_chars(value.data(), value.data() + value.size(), id);
  if (read.ec != std::errc{} || read.ptr != value.data() + value.size() ||
      (value.size() > 1 && value[0] == '0')) {
    return refused("slot-id must be a decimal number");
  }
  uri.slot_id = id;
  return ok();
}

Status take_type(KeyUri& uri, std::string_view value) {
  if (value == "secret-key") {
    uri.type = KeyType::secret;
  } else if (value == "private") {
    uri.type = KeyType::pair;
  } else {
    return refused("type must be secret-key or private");
  }
  return ok();
}

Status take_path(KeyUri& uri, std::string_view name, std::string value) {
  if (name == "token") return take_field(uri.token, std::move(value), 32, name);
  if (name == "serial") return take_field(uri.serial, std::move(value), 16, name);
  if (name == "model") return take_field(uri.model, std::move(value), 16, name);
  if (name == "manufacturer") return take_field(uri.manufacturer, std::move(value), 32, name);
  if (name == "slot-id") return take_slot(uri, value);
  if (name == "type") return take_type(uri, value);
  if (name == "object") {
    if (value.empty() || value.size() > 128 || !is_one_line(value)) {
      return refused("object must be 1 to 128 bytes of UTF-8 on one line");
    }
    uri.label = std::move(value);
    return ok();
  }
  if (name == "id") {
    if (value.empty() || value.size() > 64) return refused("id must be 1 to 64 bytes");
    uri.id = std::move(value);
    return ok();
  }
  return refused("unknown attribute " + excerpt(name, 30));
}

Status take_query(KeyUri& uri, std::string_view name, std::string value) {
  if (name == "pin-value" || name == "pin-source") {
    return refused(std::string(name) + " may not stand in it: give the credential file 'pin'");
  }
  if (name != "module-path") return refused("unknown attribute " + excerpt(name, 30));
  if (value.size() < 2 || value[0] != '/' || !is_one_line(value)) {
    return refused("module-path must be an absolute path");
  }
  uri.module_path = std::move(value);
  return ok();
}

Status take_all(KeyUri& uri, std::string_view text, bool query) {
  std::set<std::string_view> seen;
  for (const std::string_view part : split(text, query ? '&' : ';')) {
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) return refused("an attribute without a value");
    const std::string_view name = part.substr(0, equals);
    for (const char c : name) {
      if (!is_unreserved(c)) return refused("an attribute's name with a strange character");
    }
    if (!seen.insert(name).second) return refused("attribute twice: " + excerpt(name, 30));
    MC_TRY(std::string value, decode(part.substr(equals + 1), query, excerpt(name, 30)));
    const Status taken = query ? take_query(uri, name, value) : take_path(uri, name, value);
    wipe(value);
    MC_TRY_OK(taken);
  }
  return ok();
}

void append(std::string& out, std::string_view name, const std::optional<std::string>& value) {
  if (!value) return;
  if (out.back() != ':') out += ';';
  out.append(name) += '=';
  append_encoded(out, *value, name == "id");
}

void append_token(std::string& out, const KeyUri& uri) {
  append(out, "token", uri.token);
  append(out, "serial", uri.serial);
  append(out, "model", uri.model);
  append(out, "manufacturer", uri.manufacturer);
  if (uri.slot_id) append(out, "slot-id", std::to_string(*uri.slot_id));
}

}  // namespace

std::string KeyUri::token_name() const {
  std::string out(kScheme);
  append_token(out, *this);
  return out;
}

Result<KeyUri> parse_uri(std::string_view text) {
  if (text.size() > kUriBytesMax) {
    return refused("longer than " + std::to_string(kUriBytesMax) + " bytes");
  }
  // RFC 3986 takes schemes in any case; one spelling is enough here.
  if (!text.starts_with(kScheme)) return refused("it does not begin with pkcs11:");
  text.remove_prefix(kScheme.size());
  const std::size_t mark = text.find('?');
  KeyUri uri;
  MC_TRY_OK(take_all(uri, text.substr(0, mark), false));
  if (mark != std::string_view::npos) MC_TRY_OK(take_all(uri, text.substr(mark + 1), true));
  if (!uri.label && !uri.id) return refused("it names no key: object or id");
  if (uri.token_name() == kScheme) return refused("it names no token: token, serial or slot-id");
  return uri;
}

std::string format_uri(const KeyUri& uri) {
  std::string out(kScheme);
  append_token(out, uri);
  append(out, "object", uri.label);
  append(out, "id", uri.id);
  if (uri.type == KeyType::secret) append(out, "type", "secret-key");
  if (uri.type == KeyType::pair) append(out, "type", "private");
  if (uri.module_path) {
    out += "?module-path=";
    append_encoded(out, *uri.module_path, false);
  }
  return out;
}

}  // namespace mc::pkcs11
