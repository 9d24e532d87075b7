#include "kmip/binding.h"

#include <algorithm>
#include <utility>

namespace mc::kmip {
namespace {

constexpr std::size_t kHostMax = 253;  // a name of the DNS
constexpr std::size_t kIdMax = 128;

tl::unexpected<Error> bad(const std::string& why) {
  return fail(Code::invalid, "kmip: " + why);
}
bool is_word(char c) {
  return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '-';
}
bool all(std::string_view text, std::size_t most, std::string_view marks) {
  return !text.empty() && text.size() <= most && std::all_of(text.begin(), text.end(), [&](char c) {
    return is_word(c) || marks.find(c) != std::string_view::npos;
  });
}
std::string take(std::map<std::string, std::string>& from, const std::string& name) {
  const auto found = from.find(name);
  if (found == from.end()) return "";
  std::string out = std::move(found->second);
  from.erase(found);
  return out;
}

Status read_uri(Binding& out) {
  constexpr std::string_view kScheme = "kmip:";
  std::string_view rest = out.uri;
  if (!rest.starts_with(kScheme)) return bad("the URI must begin with kmip:");
  rest.remove_prefix(kScheme.size());
  const std::size_t slash = rest.find('/');
  const std::string_view place = rest.substr(0, slash);
  const std::size_t colon = place.rfind(':');
  if (slash == std::string_view::npos || colon == std::string_view::npos) {
    return bad("the URI must be kmip:HOST:PORT/UNIQUE-IDENTIFIER");
  }
  out.host = place.substr(0, colon);
  out.port = place.substr(colon + 1);
  out.id = rest.substr(slash + 1);
  const std::string_view host = out.host;
  const bool is_v6 = host.starts_with('[') && host.ends_with(']') && host.size() > 2;
  const bool good =
      is_v6 ? host.substr(1, host.size() - 2).find_first_not_of("0123456789abcdefABCDEF:.") ==
                  host.npos
            : all(host, kHostMax, ".");
  if (!good) return bad("the URI's host is malformed");
  const Result<std::int64_t> port = parse_int(out.port);
  if (!port || *port < 1 || *port > 65'535 || std::to_string(*port) != out.port) {
    return bad("the URI's port must be 1 to 65535");
  }
  if (!all(out.id, kIdMax, "._~:")) {
    return bad("the URI's unique identifier must be 1 to 128 letters, digits and -._~:");
  }
  return ok();
}

}  // namespace

Result<Binding> read_binding(const std::string& uri, const kms::Credentials& credentials) {
  Binding out;
  out.uri = uri;
  MC_TRY_OK(read_uri(out));
  std::map<std::string, std::string> files = credentials.files;
  out.cert_file = take(files, "cert");
  out.key_file = take(files, "key");
  out.ca_file = take(files, "ca");
  if (!files.empty()) return bad("unknown credential '" + excerpt(files.begin()->first) + "'");
  if (out.cert_file.empty() || out.key_file.empty() || out.ca_file.empty()) {
    return bad("credentials need 'cert', 'key' and 'ca'");
  }
  std::map<std::string, std::string> options = credentials.options;
  const std::string mode = take(options, "mode");
  if (!options.empty()) return bad("unknown option '" + excerpt(options.begin()->first) + "'");
  if (!mode.empty() && mode != "gcm" && mode != "cbc") {
    return bad("option 'mode' must be gcm or cbc");
  }
  out.cbc = mode == "cbc";
  return out;
}

}  // namespace mc::kmip
