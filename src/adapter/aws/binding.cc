#include "aws/binding.h"

#include <algorithm>
#include <array>
#include <set>
#include <vector>

namespace mc::aws {
namespace {

constexpr std::size_t kNameMax = 64;
constexpr std::size_t kUrlMax = 256;
constexpr std::int64_t kWindowDaysMin = 7;  // ScheduleKeyDeletion
constexpr std::int64_t kWindowDaysMax = 30;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_label(char c) {
  return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-';
}
bool all(std::string_view text, bool (*good)(char)) {
  return !text.empty() && text.size() <= kNameMax && std::all_of(text.begin(), text.end(), good);
}
tl::unexpected<Error> bad(const std::string& why) {
  return fail(Code::invalid, "aws: " + why);
}

// https://HOST[:PORT], or http of a loopback address; a slash at the end is taken off.
Result<std::string> base_url(const std::string& option, std::string_view text) {
  while (text.ends_with('/')) text.remove_suffix(1);
  const std::size_t begin = text.find("://");
  const std::string_view scheme = text.substr(0, begin);
  const std::string_view host = begin == std::string_view::npos ? "" : text.substr(begin + 3);
  const auto good = [](char c) {
    return is_label(c) || c == '.' || c == ':' || c == '[' || c == ']';
  };
  const bool loopback = (host.starts_with("127.") || host.starts_with("[::1]")) &&
                        host.find_first_not_of("0123456789.:[]") == std::string_view::npos;
  if (text.size() > kUrlMax || host.empty() || !std::all_of(host.begin(), host.end(), good) ||
      !(scheme == "https" || (scheme == "http" && loopback))) {
    return bad("option '" + option +
               "' must be https://HOST[:PORT], or http of a loopback address");
  }
  return std::string(text);
}

std::string take(std::map<std::string, std::string>& from, const std::string& name) {
  const auto found = from.find(name);
  if (found == from.end()) return "";
  std::string out = std::move(found->second);
  from.erase(found);
  return out;
}

Status read_files(Binding& out, std::map<std::string, std::string> files) {
  out.access_key_file = take(files, "access_key");
  out.secret_key_file = take(files, "secret_key");
  out.session_token_file = take(files, "session_token");
  out.web_identity_token_file = take(files, "web_identity_token_file");
  if (!files.empty()) return bad("unknown credential '" + excerpt(files.begin()->first) + "'");
  const bool keys = !out.access_key_file.empty() || !out.secret_key_file.empty() ||
                    !out.session_token_file.empty();
  const bool role = !out.web_identity_token_file.empty() || !out.role_arn.empty();
  if (keys && role) return bad("credentials are either keys or a role, not both");
  if (role && (out.web_identity_token_file.empty() || out.role_arn.empty())) {
    return bad("'web_identity_token_file' and 'role_arn' belong together");
  }
  if (!role && (out.access_key_file.empty() || out.secret_key_file.empty())) {
    return bad("credentials need 'access_key' and 'secret_key', or 'web_identity_token_file'");
  }
  return ok();
}

Status read_role(Binding& out) {
  if (out.role_arn.empty()) return ok();
  const std::vector<std::string_view> parts = split(out.role_arn, ':');
  const auto printable = [](char c) { return c > ' ' && c < 0x7f; };
  if (parts.size() != 6 || parts[0] != "arn" || parts[2] != "iam" ||
      !parts[5].starts_with("role/") || out.role_arn.size() > 2'048 ||
      !std::all_of(out.role_arn.begin(), out.role_arn.end(), printable)) {
    return bad("option 'role_arn' must be arn:aws:iam::ACCOUNT:role/NAME");
  }
  const auto good = [](char c) {
    return is_label(lower(c)) || c == '_' || c == '.' || c == '@' || c == '=' || c == ',';
  };
  if (out.session_name.size() < 2 || !all(out.session_name, good)) {
    return bad("option 'role_session_name' must be 2 to 64 letters, digits and _.@=,-");
  }
  return ok();
}

}  // namespace

Result<KeyName> parse_uri(std::string_view uri) {
  constexpr std::string_view kScheme = "aws-kms:";
  if (!uri.starts_with(kScheme)) return bad("the URI must begin with aws-kms:");
  const std::string_view arn = uri.substr(kScheme.size());
  if (arn.starts_with("alias/")) {
    return bad("an alias can be pointed at another key; give the key's ARN");
  }
  const std::vector<std::string_view> parts = split(arn, ':');
  if (parts.size() != 6 || parts[0] != "arn" || parts[2] != "kms") {
    return bad("the URI must be aws-kms:arn:aws:kms:REGION:ACCOUNT:key/ID");
  }
  constexpr std::array<std::string_view, 3> kPartitions = {"aws", "aws-cn", "aws-us-gov"};
  if (std::find(kPartitions.begin(), kPartitions.end(), parts[1]) == kPartitions.end()) {
    return bad("the ARN's partition must be aws, aws-cn or aws-us-gov");
  }
  if (!all(parts[3], is_label)) return bad("the ARN's region is malformed");
  if (parts[4].size() != 12 || !all(parts[4], is_digit)) {
    return bad("the ARN's account must have 12 digits");
  }
  if (parts[5].starts_with("alias/")) {
    return bad("an alias can be pointed at another key; give the key's ARN");
  }
  if (!parts[5].starts_with("key/") || !all(parts[5].substr(4), is_label)) {
    return bad("the ARN must end in key/ID");
  }
  return KeyName{std::string(arn), std::string(parts[1]), std::string(parts[3]),
                 std::string(parts[4])};
}

Result<Binding> read_binding(const std::string& uri, const kms::Credentials& credentials) {
  Binding out;
  MC_TRY(out.key, parse_uri(uri));
  out.uri = uri;
  std::map<std::string, std::string> options = credentials.options;
  const std::string region = take(options, "region");
  if (!region.empty() && region != out.key.region) return bad("option 'region' is not the ARN's");
  const std::string domain =
      out.key.region + ".amazonaws.com" + (out.key.partition == "aws-cn" ? ".cn" : "");
  const auto url = [&](const std::string& option, const std::string& service) {
    const std::string given = take(options, option);
    return base_url(option, given.empty() ? "https://" + service + "." + domain : given);
  };
  MC_TRY(out.kms_url, url("endpoint", "kms"));
  MC_TRY(out.sts_url, url("sts_endpoint", "sts"));
  out.ca_file = take(options, "ca");
  out.role_arn = take(options, "role_arn");
  out.session_name = take(options, "role_session_name");
  if (out.session_name.empty()) out.session_name = "maestro";
  if (const std::string days = take(options, "pending_window_days"); !days.empty()) {
    const Result<std::int64_t> number = parse_int(days);
    if (!number || *number < kWindowDaysMin || *number > kWindowDaysMax) {
      return bad("option 'pending_window_days' must be 7 to 30");
    }
    out.window_days = *number;
  }
  if (!options.empty()) return bad("unknown option '" + excerpt(options.begin()->first) + "'");
  MC_TRY_OK(read_role(out));
  MC_TRY_OK(read_files(out, credentials.files));
  return out;
}

std::string host_of(std::string_view url) {
  std::string_view host = url.substr(url.find("://") + 3);
  // As HTTP says it: the port of the scheme is left out.
  for (const std::string_view port : {":443", ":80"}) {
    const std::string_view scheme = port == ":443" ? "https:" : "http:";
    if (url.starts_with(scheme) && host.ends_with(port)) host.remove_suffix(port.size());
  }
  return std::string(host);
}

}  // namespace mc::aws
