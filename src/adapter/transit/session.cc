#include "transit/session.h"

#include <algorithm>
#include <utility>

#include "json/json.h"

namespace mc::transit {
namespace {

constexpr std::size_t kCredentialBytesMax = 16 << 10;

void add(std::string& body, const char* name, const Secret& value) {
  body += body.empty() ? "{" : ",";
  json::append_quoted(body, name);
  body += ':';
  json::append_quoted(body, value.reveal(RevealToken()));
}

}  // namespace

kms::HttpRequest request_of(const Binding& binding, const std::string& path, MonoTime deadline) {
  kms::HttpRequest out;
  out.url = binding.base + path;
  // Proxies and agents of the service let only such requests through, if they are told to.
  out.headers = {{"Content-Type", "application/json"}, {"X-Vault-Request", "true"}};
  if (!binding.name_space.empty())
    out.headers.emplace_back("X-Vault-Namespace", binding.name_space);
  out.ca_file = binding.ca_file;
  out.deadline = deadline;
  return out;
}

Result<Secret> Sessions::credential(const char* name, const std::string& path) const {
  Result<std::string> text = world_.files.read_all(path, kCredentialBytesMax);
  if (!text) {
    return fail(Code::unavailable,
                std::string("vault-transit: the file of '") + name + "' cannot be read");
  }
  while (text->ends_with('\n') || text->ends_with('\r')) text->pop_back();
  const bool good = !text->empty() && std::all_of(text->begin(), text->end(),
                                                  [](char c) { return c > ' ' && c < 0x7f; });
  if (good) return Secret(std::move(*text));
  wipe(*text);
  return fail(Code::unavailable, std::string("vault-transit: the file of '") + name +
                                     "' must hold one line of printable ASCII characters");
}

Result<SessionPointer> Sessions::log_in(MonoTime deadline) {
  const std::string path = "auth/" + binding_.auth_mount + "/login";
  kms::HttpRequest request = request_of(binding_, path, deadline);
  request.body.reserve(2 * kCredentialBytesMax);  // so that no copy of a credential is left behind
  if (binding_.login == Login::approle) {
    MC_TRY(const Secret role_id, credential("role_id", binding_.role_id_file));
    MC_TRY(const Secret secret_id, credential("secret_id", binding_.secret_id_file));
    add(request.body, "role_id", role_id);
    add(request.body, "secret_id", secret_id);
  } else {
    MC_TRY(const Secret jwt, credential("jwt", binding_.jwt_file));
    add(request.body, "role", Secret(binding_.role));
    add(request.body, "jwt", jwt);
  }
  request.body += '}';
  Result<kms::HttpReply> reply = world_.transport.send(request);
  wipe(request.body);
  if (!reply) {
    reply.error().what = "vault-transit: login: " + reply.error().what;
    return tl::unexpected(std::move(reply.error()));
  }
  if (reply->status != 200) return tl::unexpected(read_failure("login", *reply));
  Result<Token> token = read_token(reply->body);
  wipe(reply->body);
  if (!token) return tl::unexpected(std::move(token.error()));
  auto out = std::make_shared<Session>();
  const Nanos lasts = token->lasts_s == 0 ? seconds(86'400) : seconds(token->lasts_s);
  out->renew_at = world_.clock.wall() + Nanos{lasts.count / 3 * 2};
  out->token = std::move(token->token);
  kept_.with([&](SessionPointer& kept) { kept = out; });
  return out;
}

Result<SessionPointer> Sessions::get(MonoTime deadline) {
  if (binding_.login == Login::token) {
    auto out = std::make_shared<Session>();
    MC_TRY(out->token, credential("token", binding_.token_file));
    return out;
  }
  SessionPointer kept = kept_.with([](const SessionPointer& one) { return one; });
  if (kept && world_.clock.wall() < kept->renew_at) return kept;
  return log_in(deadline);
}

Result<SessionPointer> Sessions::renew(const SessionPointer& refused, MonoTime deadline) {
  if (binding_.login == Login::token) return get(deadline);
  SessionPointer kept = kept_.with([](const SessionPointer& one) { return one; });
  if (kept && kept != refused) return kept;
  return log_in(deadline);
}

}  // namespace mc::transit
