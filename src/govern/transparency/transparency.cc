#include "transparency/transparency.h"

#include "json/json.h"

namespace mc::transparency {
namespace {

constexpr std::size_t kObjectBytesMax = 512;
constexpr std::size_t kFieldsBytesMax = 2'000;

ledger::Entry entry_of(const Access& access, std::string_view type, std::string payload) {
  ledger::Entry out;
  out.log = log_of(access.tenant);
  out.type = type;
  out.actor = access.caller.principal.get() + "@" + access.caller.tenant.get();
  out.tenant = access.tenant.get();
  out.action = access.action;
  out.purpose = access.stated().empty() ? "not stated" : access.stated();
  out.warrant = access.passage.reference;
  out.payload = std::move(payload);
  return out;
}

// Without a gate: the caller's own, or what the tenant's contract opens.
std::string reason_of(const Access& access) {
  if (!access.passage.reason.empty()) return access.passage.reason;
  return std::string(access.caller.tenant == access.tenant ? kOwnData : kContract);
}

void set_served(const Served& served, json::Object& out) {
  out.set("status", std::int64_t{served.status});
  out.set("rows", served.rows);
  out.set("fields", excerpt(served.fields, kFieldsBytesMax));
}

std::string payload_of(const Access& access) {
  json::Object out;
  if (access.served) set_served(*access.served, out);
  out.set("object", excerpt(access.object, kObjectBytesMax));
  out.set("reason", reason_of(access));
  if (!access.passage.warrant.empty()) out.set("warrant", access.passage.warrant);
  if (!access.peer.empty()) out.set("peer", access.peer);
  out.set("region", access.caller.region);
  out.set("request_id", access.request_id);
  out.set("roles", identity::join(access.caller.roles));
  out.set("scopes", identity::join(access.caller.scopes));
  if (!access.caller.token_id.empty()) out.set("token", access.caller.token_id);
  if (!access.caller.session_id.empty()) out.set("session", access.caller.session_id);
  return json::canonical(out);
}

}  // namespace

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::access:
      return "access";
    case Kind::change:
      return "change";
    case Kind::denied:
      return "denied";
  }
  return "";
}

std::string log_of(const TenantId& tenant) {
  return "audit/" + tenant.get();
}

Result<ledger::Recorded> Recorder::record(const Access& access) {
  Result<ledger::Recorded> out =
      ledger_.append(entry_of(access, kind_name(access.kind), payload_of(access)));
  if (out && access.takes_away && access.kind == Kind::access) {
    const std::lock_guard lock(mutex_);
    ++downloads_[access.tenant.get()];
  }
  if (out) return out;
  return fail(
      Code::unavailable,
      "nothing is served that cannot be recorded, and the ledger says: " + out.error().what);
}

std::map<std::string, std::uint64_t> Recorder::downloads() const {
  const std::lock_guard lock(mutex_);
  return downloads_;
}

void Recorder::record_outcome(const Access& access, const ledger::Recorded& recorded,
                              const Served& served) {
  json::Object payload;
  payload.set("of", static_cast<std::int64_t>(recorded.seq));
  payload.set("request_id", access.request_id);
  set_served(served, payload);
  // A ledger that fails here refuses the next request.
  ledger_.append(entry_of(access, "outcome", json::canonical(payload)),
                 [](const Result<ledger::Recorded>&) {});
}

Result<ledger::Recorded> Recorder::redact(const Access& access, std::uint64_t seq,
                                          const std::string& why) {
  json::Object payload;
  payload.set("record", static_cast<std::int64_t>(seq));
  payload.set("reason", why);
  payload.set("request_id", access.request_id);
  return ledger_.redact(log_of(access.tenant), seq, entry_of(access, "", json::canonical(payload)));
}

}  // namespace mc::transparency
