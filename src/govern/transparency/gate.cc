#include "json/json.h"
#include "transparency/transparency.h"

namespace mc::transparency {
namespace {

std::string_view event_of(const Access& access) {
  if (access.kind == Kind::denied) return "mc.access.denied";
  if (access.passage.reason == kNoWarrant) return "mc.access.unwarranted";
  return access.kind == Kind::access ? "mc.access.read" : "mc.access.change";
}

}  // namespace

Result<Passage> Gate::pass(const Reaching& reaching) {
  const TenantId& tenant = reaching.tenant;
  const std::string& named = reaching.named;
  MC_TRY(const identity::Tenant held, world_.directory.tenant(tenant));
  bool reserved = false;  // for the tenant's own
  if (reaching.gives_rights) {
    MC_TRY(reserved, world_.directory.has_administrator(tenant));
  }
  // To try out what gives rights takes the warrant that giving them does.
  const bool reads = reaching.kind == Kind::access && !reaching.gives_rights;
  std::optional<Warrant> warrant;
  AccessSetting setting;
  MC_TRY_OK(lend([&](Warrants& warrants) -> Status {
    MC_TRY(setting, warrants.setting(tenant));
    MC_TRY(warrant, warrants.use(tenant, reaching.caller.principal.get(), reads ? "read" : "change",
                                 named, reserved ? Opens::approval : Opens::any));
    return ok();
  }));
  // Who names a warrant means that one.
  if (!warrant && (reserved || reaching.needs_warrant || !named.empty())) {
    const std::string_view reason = reserved         ? kHasAdministrator
                                    : !named.empty() ? kWarrantInvalid
                                                     : kNoWarrant;
    return Passage{.allowed = false,
                   .reason = std::string(reason),
                   .warrant = is_readable_line(named) ? excerpt(named) : ""};
  }
  const Decision decision = decide(policy_, {reaching.action, reaching.caller.region, held.region,
                                             warrant, setting.approval_required});
  Passage out;
  out.allowed = decision.allowed;
  out.reason = decision.reason;
  if (warrant) {
    out.warrant = warrant->id;
    out.reference = warrant->reference;
  } else if (out.allowed) {
    const std::lock_guard lock(mutex_);
    ++unwarranted_[tenant.get()];
  }
  return out;
}

Status Gate::tell(const Access& access, const ledger::Recorded& recorded) {
  json::Object data;
  data.set("action", access.action);
  data.set("actor", access.caller.principal.get() + "@" + access.caller.tenant.get());
  data.set("purpose", access.stated());
  data.set("reason", access.passage.reason);
  data.set("record", static_cast<std::int64_t>(recorded.seq));
  data.set("reference", access.passage.reference);
  data.set("request_id", access.request_id);
  data.set("warrant", access.passage.warrant);
  return world_.directory.announce(access.tenant, event_of(access), std::to_string(recorded.seq),
                                   std::move(data));
}

Status Gate::lend(const std::function<Status(Warrants&)>& use) {
  return world_.directory.lend([&](sql::Connection& connection) {
    Warrants warrants(connection, world_.clock, world_.random);
    return use(warrants);
  });
}

std::map<std::string, std::uint64_t> Gate::unwarranted() const {
  const std::lock_guard lock(mutex_);
  return unwarranted_;
}

}  // namespace mc::transparency
