#include "api/browser.h"
#include "api/handlers.h"
#include "api/wire.h"

namespace mc::api {

Status PortalConfig::check() const {
  if (public_url.empty()) return ok();
  MC_TRY_OK(net::check_outbound_url("portal.public_url", public_url));
  const std::string_view rest = std::string_view(public_url).substr(public_url.find("://") + 3);
  if (rest.find('/') == std::string_view::npos) return ok();
  return fail(Code::invalid, "portal.public_url has no path, and no slash at its end");
}

namespace {

bool secure(const AdminWorld& world, const AdminRequest& request) {
  return is_secure(request.http, world.portal == nullptr ? "" : world.portal->public_url);
}

identity::SignInFrom where_from(const AdminRequest& request) {
  const std::string_view peer = request.http.peer;
  return {std::string(peer.substr(0, peer.rfind(':'))),
          std::string(request.http.header("user-agent"))};
}

// Another site cannot send this type without being asked first (CORS).
Status check_own_page(const AdminRequest& request) {
  MC_TRY_OK(check_origin(request.http));
  if (equals_ignoring_case(trim(request.http.header("content-type")), "application/json")) {
    return ok();
  }
  return fail(Code::invalid, "Content-Type must be application/json");
}

Result<identity::CodeLogin*> code_login(const AdminWorld& world) {
  if (world.code_login != nullptr) return world.code_login;
  return fail(Code::not_found, "no OpenID provider is set up for the portal (oidc.client_id)");
}

// The session that this browser had before ends: its secret may be known to whoever made it sign
// in anew (session fixation).
void end_former_session(const AdminWorld& world, const AdminRequest& request) {
  const std::string_view cookie =
      read_cookie(request.http, Cookie::session, secure(world, request));
  const auto former = world.directory.check_session(cookie);
  if (former == nullptr) return;
  // When it cannot be ended now, it ends with its time.
  (void)world.directory.end_session(former->tenant, former->principal, former->session_id);
}

Reply begun(const AdminWorld& world, const AdminRequest& request,
            const identity::IssuedSession& issued, std::string_view return_to) {
  const std::string_view cookie = issued.cookie.reveal(RevealToken());
  const auto caller = world.directory.check_session(cookie);
  if (caller == nullptr) return fail(Code::denied, "the session ended at once");
  end_former_session(world, request);
  MC_TRY(json::Object session, describe_session(world, *caller, cookie));
  if (!return_to.empty()) session.set("return_to", return_to);
  net::Response out = json_reply(201, json::Value(std::move(session)));
  out.headers.emplace_back("Set-Cookie", session_cookie(world, request, cookie));
  return out;
}

}  // namespace

std::string session_cookie(const AdminWorld& world, const AdminRequest& request,
                           std::string_view secret) {
  return write_cookie(Cookie::session, secret, secure(world, request));
}

identity::StepUp step_up_rule(const AdminWorld& world) {
  identity::StepUp out;
  if (world.portal != nullptr) out.max_age = world.portal->step_up_max_age;
  if (world.oidc != nullptr) out.acr = world.oidc->step_up_acr;
  return out;
}

std::optional<net::Response> challenge(const AdminWorld& world, const AdminRequest& request) {
  if (!request.caller->proof) return std::nullopt;
  const identity::StepUp rule = step_up_rule(world);
  const Status proved = check_proof(*request.caller->proof, rule, world.clock.wall());
  if (proved) return std::nullopt;
  std::string header = "Bearer error=\"insufficient_user_authentication\", error_description=\"";
  header.append(proved.error().what).append("\"");
  if (rule.max_age.count > 0) {
    header.append(", max_age=\"").append(std::to_string(to_millis(rule.max_age) / 1'000)) += '"';
  }
  std::string acr;
  for (const std::string& each : rule.acr) acr.append(acr.empty() ? "" : " ").append(each);
  if (!acr.empty()) header.append(", acr_values=\"").append(acr) += '"';
  net::Response out = problem(401, proved.error(), request.request_id);
  out.headers.emplace_back("WWW-Authenticate", header);
  return out;
}

Reply get_sign_in(const AdminWorld& world, const AdminRequest&) {
  json::Object out;
  if (world.oidc != nullptr && world.oidc->enabled()) {
    json::Object provider;
    provider.set("issuer", world.oidc->issuer);
    provider.set("audience", world.oidc->audience);
    const std::string& client = world.oidc->cli_client_id;
    provider.set("cli_client_id", client.empty() ? json::Value() : json::Value(client));
    provider.set("portal", world.code_login != nullptr);
    out.set("oidc", json::Value(std::move(provider)));
  } else {
    out.set("oidc", json::Value());
  }
  return json_reply(200, json::Value(std::move(out)));
}

Reply sign_in(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY_OK(check_own_page(request));
  MC_TRY(const SignInBody body, read_body<SignInBody>(request));
  MC_TRY(const identity::IssuedSession issued,
         world.directory.sign_in(body.link, where_from(request)));
  return begun(world, request, issued, "");
}

Reply begin_code_login(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY_OK(check_own_page(request));
  MC_TRY(identity::CodeLogin* const login, code_login(world));
  MC_TRY(CodeLoginBody body, read_body<CodeLoginBody>(request));
  identity::CodeLoginStart start{std::move(body.return_to), {}, where_from(request).peer};
  if (body.step_up) start.step_up = step_up_rule(world);
  MC_TRY(const identity::StartedCodeLogin started, login->begin(start));
  json::Object out;
  out.set("authorization_url", started.url);
  net::Response reply = json_reply(201, json::Value(std::move(out)));
  reply.headers.emplace_back(
      "Set-Cookie",
      write_cookie(Cookie::sign_in, started.binding.reveal(RevealToken()), secure(world, request)));
  return reply;
}

Reply finish_code_login(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY_OK(check_own_page(request));
  MC_TRY(identity::CodeLogin* const login, code_login(world));
  MC_TRY(CodeBody body, read_body<CodeBody>(request));
  const bool tls = secure(world, request);
  const std::string_view binding = read_cookie(request.http, Cookie::sign_in, tls);
  MC_TRY(const identity::FinishedCodeLogin finished,
         login->finish({std::move(body.state), std::move(body.code), std::move(body.iss)}, binding,
                       where_from(request)));
  MC_TRY(net::Response out, begun(world, request, finished.session, finished.return_to));
  out.headers.emplace_back("Set-Cookie", write_cookie(Cookie::sign_in, "", tls));
  return out;
}

}  // namespace mc::api
