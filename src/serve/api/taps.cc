// Emergency taps: what is held back now, set and lifted by the operator's people.
//
// The desk records what it does itself, when the ledger takes it; so these work without one.
#include "api/handlers.h"
#include "tap/desk.h"
#include "tap/line.h"

namespace mc::api {
namespace {

Result<tap::Desk*> desk_of(const AdminWorld& world) {
  if (world.taps != nullptr) return world.taps;
  return fail(Code::unavailable, "only a running server has taps");
}

// Whom a tap is for is no tenant's business, its own neither: it would tell what is known of it.
Status check_sees(const AdminRequest& request) {
  if (!request.caller->may(identity::Scope::admin_read)) {
    return fail(Code::denied, "the token lacks the scope 'admin:read'");
  }
  if (request.caller->reads_other_tenants()) return ok();
  return fail(Code::denied, "only the operator's people see and set taps");
}

Status check_sets(const AdminRequest& request) {
  MC_TRY_OK(check_sees(request));
  if (request.caller->may(identity::Scope::admin_write)) return ok();
  return fail(Code::denied, "the token lacks the scope 'admin:write'");
}

tap::Run run_of(const AdminRequest& request) {
  return request.dry_run ? tap::Run::dry : tap::Run::real;
}

tap::Actor actor_of(const AdminRequest& request) {
  const identity::Caller& caller = *request.caller;
  return {caller.principal.get() + "@" + caller.tenant.get(), "api", caller.purpose,
          std::string(request.request_id)};
}

}  // namespace

Reply list_taps(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY_OK(check_sees(request));
  MC_TRY(const tap::Desk* desk, desk_of(world));
  return json_reply(200, json::Value(tap::list_of(*desk)));
}

Reply get_tap(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY_OK(check_sees(request));
  MC_TRY(const tap::Desk* desk, desk_of(world));
  MC_TRY(const tap::Shown found, desk->find(request.path[1]));
  return json_reply(200, json::Value(tap::to_json(found)));
}

Reply set_tap(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY_OK(check_sets(request));
  MC_TRY(tap::Desk * desk, desk_of(world));
  MC_TRY(const tap::Body body, read_body<tap::Body>(request));
  MC_TRY(const tap::Wanted wanted, tap::read_wanted(body, world.clock.wall()));
  MC_TRY(const tap::Shown made, desk->set(wanted, actor_of(request), run_of(request)));
  return json_reply(request.dry_run ? 200 : 201, json::Value(tap::to_json(made)));
}

Reply lift_tap(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY_OK(check_sets(request));
  MC_TRY(tap::Desk * desk, desk_of(world));
  MC_TRY(const tap::Shown lifted, desk->lift(request.path[1], actor_of(request), run_of(request)));
  return json_reply(200, json::Value(tap::to_json(lifted)));
}

}  // namespace mc::api
