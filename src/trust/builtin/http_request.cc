#include "builtin/http_request.h"

#include <algorithm>

namespace mc::builtin {
namespace {

constexpr std::string_view kRequestKeys[] = {"method",
                                             "url",
                                             "body",
                                             "enable_redirect",
                                             "force_json_decode",
                                             "force_yaml_decode",
                                             "headers",
                                             "raw_body",
                                             "tls_use_system_certs",
                                             "tls_ca_cert",
                                             "tls_ca_cert_file",
                                             "tls_ca_cert_env_variable",
                                             "tls_client_cert",
                                             "tls_client_cert_file",
                                             "tls_client_cert_env_variable",
                                             "tls_client_key",
                                             "tls_client_key_file",
                                             "tls_client_key_env_variable",
                                             "tls_insecure_skip_verify",
                                             "tls_server_name",
                                             "timeout",
                                             "cache",
                                             "force_cache",
                                             "force_cache_duration_seconds",
                                             "raise_error",
                                             "caching_mode",
                                             "max_retry_attempts",
                                             "cache_ignored_headers"};

}  // namespace

bool KeyComplaint::say(std::size_t operand, std::string_view what) {
  if (keys_.size() == 0) return false;
  fail_operand(context_, operand, std::string(what) + ": " + term::to_rego(keys_));
  return true;
}

bool want_request(Context& context, Value request) {
  KeyComplaint unknown(context), missing(context);
  for (const term::Entry& entry : request.members()) {
    const bool known =
        entry.key.is_string() && std::find(std::begin(kRequestKeys), std::end(kRequestKeys),
                                           entry.key.text()) != std::end(kRequestKeys);
    if (!known) unknown.add(entry.key);
  }
  for (const std::string_view key : {"method", "url"}) {
    if (request.find(key).is_undefined()) missing.add(key);
  }
  return !unknown.say(0, "invalid request parameters(s)") &&
         !missing.say(0, "missing required request parameters(s)");
}

}  // namespace mc::builtin
