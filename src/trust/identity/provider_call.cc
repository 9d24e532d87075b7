#include "identity/provider_call.h"

#include "identity/claims.h"
#include "identity/issuer.h"

namespace mc::identity {
namespace {

constexpr std::int64_t kReplyBytesMax = 64 << 10;

}  // namespace

std::string text_in(const json::Value& object, std::string_view name) {
  return std::string(text_of(object.find(name)));
}

std::string form_encode(std::string_view value) {
  std::string out;
  for (const char c : value) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_';
    if (plain) {
      out += c;
    } else {
      out.append("%").append(to_hex(std::string_view(&c, 1)));
    }
  }
  return out;
}

std::string form_encode(const net::Headers& fields) {
  std::string out;
  for (const auto& [name, value] : fields) {
    if (!out.empty()) out += '&';
    out.append(name).append("=").append(form_encode(value));
  }
  return out;
}

Result<net::Response> send_form(net::Client& client, const IssuerConfig& config,
                                const std::string& url, const net::Headers& fields,
                                const Secret& client_secret) {
  net::ClientRequest request;
  request.method = "POST";
  request.url = url;
  request.headers = {{"Accept", "application/json"},
                     {"Content-Type", "application/x-www-form-urlencoded"}};
  if (!client_secret.empty()) {
    const std::string pair =
        form_encode(config.client_id) + ":" + form_encode(client_secret.reveal(RevealToken()));
    request.headers.emplace_back("Authorization", "Basic " + to_base64(pair));
  }
  request.body = form_encode(fields);
  request.timeout = kIssuerTimeout;
  request.response_bytes_max = kReplyBytesMax;
  request.ca_file = config.ca_file;
  return client.fetch(request);
}

Result<ProviderAnswer> post_form(net::Client& client, const IssuerConfig& config,
                                 const std::string& url, const net::Headers& fields,
                                 const Secret& client_secret) {
  MC_TRY(const net::Response response, send_form(client, config, url, fields, client_secret));
  Result<json::Value> body = json::parse(response.body);
  if (!body || body->as_object() == nullptr) {
    return fail(Code::invalid, "the provider answered " + std::to_string(response.status) +
                                   " without a JSON object at " + url);
  }
  return ProviderAnswer{response.status, std::move(*body)};
}

}  // namespace mc::identity
