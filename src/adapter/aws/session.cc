#include "aws/session.h"

#include <algorithm>

#include "aws/reply.h"
#include "aws/xml.h"

namespace mc::aws {
namespace {

constexpr std::string_view kStep = "assume role";

std::string form_encoded(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '.' || c == '_' || c == '~';
    if (plain) {
      out.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out.append({'%', kDigits[byte >> 4], kDigits[byte & 15]});
  }
  return out;
}

bool is_credential(std::string_view text) {
  return !text.empty() && text.size() <= kCredentialBytesMax &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

tl::unexpected<Error> corrupt(const std::string& why) {
  return fail(Code::corrupt, "aws: " + std::string(kStep) + ": " + why);
}

Result<Session> session_of(const Element& root) {
  const Element* result = root.child("AssumeRoleWithWebIdentityResult");
  const Element* given = result == nullptr ? nullptr : result->child("Credentials");
  if (root.name != "AssumeRoleWithWebIdentityResponse" || given == nullptr) {
    return corrupt("the reply holds no credentials");
  }
  const auto text = [&](const char* name) {
    const Element* found = given->child(name);
    return found != nullptr && is_credential(found->text) ? found->text : std::string();
  };
  Session out;
  out.access_key = text("AccessKeyId");
  out.secret_key = Secret(text("SecretAccessKey"));
  out.token = text("SessionToken");
  if (out.access_key.empty() || out.secret_key.empty() || out.token.empty()) {
    return corrupt("the reply holds a malformed credential");
  }
  MC_TRY(out.ends, parse_rfc3339(text("Expiration")));
  return out;
}

}  // namespace

bool Session::same_as(const Session& other) const {
  return access_key == other.access_key && token == other.token &&
         equal_constant_time(secret_key.reveal(RevealToken()),
                             other.secret_key.reveal(RevealToken()));
}

std::string session_form(const Binding& binding, std::string_view token) {
  std::string out = "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=";
  out.append(form_encoded(binding.role_arn));
  out.append("&RoleSessionName=").append(form_encoded(binding.session_name));
  std::string encoded = form_encoded(token);
  out.reserve(out.size() + encoded.size() + 32);  // no copy of the token is left behind
  out.append("&WebIdentityToken=").append(encoded);
  wipe(encoded);
  return out;
}

Result<Session> read_session(std::string_view body) {
  Result<Element> root = parse_xml(body);
  if (!root) return corrupt(root.error().what);
  Result<Session> out = session_of(*root);
  root->wipe_all();
  if (!out && out.error().code != Code::corrupt) return corrupt("'Expiration' is no time");
  return out;
}

Result<std::string> Sessions::credential(const char* name, const std::string& path) const {
  Result<std::string> text = world_.files.read_all(path, kCredentialBytesMax);
  if (!text) {
    return fail(Code::unavailable, std::string("aws: the file of '") + name + "' cannot be read");
  }
  while (text->ends_with('\n') || text->ends_with('\r')) text->pop_back();
  if (is_credential(*text)) return text;
  wipe(*text);
  return fail(Code::unavailable, std::string("aws: the file of '") + name +
                                     "' must hold one line of printable ASCII characters");
}

Result<SessionPointer> Sessions::of_files() const {
  Session out;
  MC_TRY(out.access_key, credential("access_key", binding_.access_key_file));
  MC_TRY(std::string secret, credential("secret_key", binding_.secret_key_file));
  out.secret_key = Secret(std::move(secret));
  if (!binding_.session_token_file.empty()) {
    MC_TRY(out.token, credential("session_token", binding_.session_token_file));
  }
  return std::make_shared<const Session>(std::move(out));
}

Result<SessionPointer> Sessions::ask(MonoTime deadline) {
  MC_TRY(std::string token,
         credential("web_identity_token_file", binding_.web_identity_token_file));
  const Wiped token_wiped{token};
  kms::HttpRequest request;
  request.url = binding_.sts_url + "/";
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}};
  request.body = session_form(binding_, token);
  const Wiped request_wiped{request.body};
  request.ca_file = binding_.ca_file;
  request.deadline = deadline;
  MC_TRY(kms::HttpReply reply, world_.transport.send(request));
  const Wiped reply_wiped{reply.body};
  const WallTime now = world_.clock.wall();
  if (reply.status != 200) return tl::unexpected(read_failure(kStep, reply, now).error);
  MC_TRY(Session session, read_session(reply.body));
  auto out = std::make_shared<const Session>(std::move(session));
  kept_.with([&](Kept& kept) { kept.session = out; });
  return out;
}

Result<SessionPointer> Sessions::get(MonoTime deadline) {
  if (binding_.role_arn.empty()) return of_files();
  const WallTime now = world_.clock.wall();
  bool mine = false;  // it is for this thread to renew it
  SessionPointer old = kept_.with([&](Kept& kept) {
    const bool due = kept.session && *kept.session->ends - kRenewBefore <= now;
    mine = due && !kept.renewing;
    kept.renewing = kept.renewing || mine;
    return kept.session;
  });
  const bool good = old && now < *old->ends;
  if (good && !mine) return old;
  Result<SessionPointer> renewed = ask(deadline);
  if (mine) kept_.with([](Kept& kept) { kept.renewing = false; });
  if (renewed || !good || renewed.error().code == Code::denied) return renewed;
  return old;
}

Result<SessionPointer> Sessions::renew(const SessionPointer& refused, MonoTime deadline) {
  if (binding_.role_arn.empty()) return of_files();
  SessionPointer kept = kept_.with([](const Kept& all) { return all.session; });
  if (kept && kept != refused) return kept;
  return ask(deadline);
}

}  // namespace mc::aws
