#include "transit/binding.h"

#include <algorithm>
#include <utility>

namespace mc::transit {
namespace {

constexpr std::size_t kPartMax = 128;
constexpr std::size_t kHostMax = 260;

tl::unexpected<Error> bad(const std::string& why) {
  return fail(Code::invalid, "vault-transit: " + why);
}
bool is_word(char c) {
  return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
}
bool is_part(std::string_view text) {
  return !text.empty() && text.size() <= kPartMax && text != "." && text != ".." &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_word(c) || c == '_'; });
}
bool is_path(std::string_view text) {
  const auto parts = split(text, '/');
  return parts.size() <= 8 && std::all_of(parts.begin(), parts.end(), is_part);
}
std::string take(std::map<std::string, std::string>& from, const std::string& name) {
  const auto found = from.find(name);
  if (found == from.end()) return "";
  std::string out = std::move(found->second);
  from.erase(found);
  return out;
}

Status read_uri(Binding& out) {
  constexpr std::string_view kScheme = "vault-transit:";
  std::string_view rest = out.uri;
  if (!rest.starts_with(kScheme)) return bad("the URI must begin with vault-transit:");
  rest.remove_prefix(kScheme.size());
  const bool plain = rest.starts_with("http://");
  if (!plain && !rest.starts_with("https://")) return bad("the URI must be of https");
  const std::size_t begin = rest.find("://") + 3;
  const std::size_t slash = rest.find('/', begin);
  const std::size_t last = rest.rfind('/');
  if (slash == std::string_view::npos || last == slash) {
    return bad("the URI must be vault-transit:https://HOST[:PORT]/MOUNT/NAME");
  }
  const std::string_view host = rest.substr(begin, slash - begin);
  const auto good = [](char c) { return is_word(c) || c == ':' || c == '[' || c == ']'; };
  if (host.empty() || host.size() > kHostMax || !std::all_of(host.begin(), host.end(), good)) {
    return bad("the URI's host is malformed");
  }
  const bool loopback = (host.starts_with("127.") || host.starts_with("[::1]")) &&
                        host.find_first_not_of("0123456789.:[]") == std::string_view::npos;
  if (plain && !loopback) return bad("the URI must be of https, or http of a loopback address");
  out.base = std::string(rest.substr(0, slash)) + "/v1/";
  out.mount = rest.substr(slash + 1, last - slash - 1);
  out.name = rest.substr(last + 1);
  if (!is_path(out.mount)) return bad("the URI's mount is malformed");
  if (!is_part(out.name)) return bad("the URI's name of a key is malformed");
  return ok();
}

Status read_login(Binding& out, std::map<std::string, std::string> files) {
  out.token_file = take(files, "token");
  out.role_id_file = take(files, "role_id");
  out.secret_id_file = take(files, "secret_id");
  out.jwt_file = take(files, "jwt");
  if (!files.empty()) return bad("unknown credential '" + excerpt(files.begin()->first) + "'");
  const bool approle = !out.role_id_file.empty() || !out.secret_id_file.empty();
  const int ways =
      (out.token_file.empty() ? 0 : 1) + (approle ? 1 : 0) + (out.jwt_file.empty() ? 0 : 1);
  if (ways != 1) {
    return bad("credentials need 'token', or 'role_id' and 'secret_id', or 'jwt'");
  }
  if (approle && (out.role_id_file.empty() || out.secret_id_file.empty())) {
    return bad("'role_id' and 'secret_id' belong together");
  }
  out.login = approle ? Login::approle : out.jwt_file.empty() ? Login::token : Login::jwt;
  if ((out.login == Login::jwt) == out.role.empty()) {
    return bad("the option 'role' and the credential 'jwt' belong together");
  }
  if (!out.role.empty() && !is_part(out.role)) return bad("option 'role' is malformed");
  if (out.login == Login::token && !out.auth_mount.empty()) {
    return bad("option 'auth_mount' is for logins");
  }
  if (out.auth_mount.empty()) out.auth_mount = approle ? "approle" : "kubernetes";
  if (!is_path(out.auth_mount)) return bad("option 'auth_mount' is malformed");
  return ok();
}

}  // namespace

Result<Binding> read_binding(const std::string& uri, const kms::Credentials& credentials) {
  Binding out;
  out.uri = uri;
  MC_TRY_OK(read_uri(out));
  std::map<std::string, std::string> options = credentials.options;
  out.ca_file = take(options, "ca");
  out.role = take(options, "role");
  out.auth_mount = take(options, "auth_mount");
  out.name_space = take(options, "namespace");
  if (!options.empty()) return bad("unknown option '" + excerpt(options.begin()->first) + "'");
  if (!out.name_space.empty() && !is_path(out.name_space)) {
    return bad("option 'namespace' is malformed");
  }
  MC_TRY_OK(read_login(out, credentials.files));
  return out;
}

}  // namespace mc::transit
