#include "export/core.h"

#include <algorithm>

#include "crypto/crypto.h"
#include "transparency/transparency.h"

namespace mc::exporting {
namespace {

constexpr std::string_view kType = "export";
constexpr std::string_view kNotStated = "not stated";
constexpr std::string_view kException = "export.exception";
constexpr std::string_view kHoldRefused = "export.hold_refused";

// Once for each act of an export, however often a step runs; of an exception, for what it lets out;
// of a refused approval, for whose and why.
ledger::RepeatKey key_of(std::string_view action, const Run& run, std::string_view why) {
  crypto::Sha256 hash;
  hash.add(action).add(" ").add(run.tenant.get()).add(" ").add(run.id);
  if (run.hold && !run.hold->approved_by.empty()) hash.add(" ").add(run.hold->approved_by);
  if (action == kException) {
    for (const Item& item : run.outcome.items) hash.add(" ").add(item.sha256);
  }
  if (action == kHoldRefused) hash.add(" ").add(why);
  const crypto::Digest digest = hash.finish();
  ledger::RepeatKey out{};
  std::transform(digest.begin(), digest.begin() + out.size(), out.begin(),
                 [](std::uint8_t byte) { return static_cast<char>(byte); });
  return out;
}

json::Object hold_of(const Hold& hold, Format format) {
  json::Array columns;
  for (const std::string& each : hold.columns) columns.emplace_back(each);
  json::Object out;
  out.set("pet", kNoPet);
  out.set("reference", hold.reference);
  out.set("reason", hold.reason);
  out.set("columns", std::move(columns));
  out.set("format", format_name(format));
  if (!hold.approved_by.empty()) out.set("approved_by", hold.approved_by);
  return out;
}

json::Object payload_of(const Run& run, const std::string& why) {
  json::Object out;
  out.set("export", run.id);
  out.set("kind", kind_name(run.kind));
  out.set("dataset", run.dataset);
  out.set("profile", run.profile);
  out.set("requester", run.requester);
  out.set("decision", run.decision);
  if (run.hold) out.set("hold", hold_of(*run.hold, run.format));
  if (!why.empty()) out.set("why", why);
  if (run.outcome.items.empty()) return out;
  json::Array items;
  for (const Item& item : run.outcome.items) {
    json::Object one;
    one.set("name", item.name);
    one.set("sha256", item.sha256);
    items.emplace_back(std::move(one));
  }
  out.set("items", std::move(items));
  if (!run.outcome.manifest.empty()) out.set("manifest", run.outcome.manifest);
  out.set("rows", run.outcome.rows_out);
  return out;
}

}  // namespace

Result<Task> read_task(const json::Value& input) {
  return json::read<Task>(input);
}

json::Value to_json(const Task& task) {
  return json::to_value(task);
}

Result<std::int64_t> Exports::Core::record(std::string_view act, const Run& run,
                                           const std::string& actor, const std::string& why) {
  ledger::Entry entry;
  entry.log = transparency::log_of(run.tenant);
  entry.type = kType;
  entry.actor = actor;
  entry.tenant = run.tenant.get();
  entry.action = std::string(kType) + "." + std::string(act);
  entry.purpose = run.purpose.empty() ? kNotStated : run.purpose;
  entry.payload = json::canonical(payload_of(run, why));
  entry.key = key_of(entry.action, run, entry.actor + " " + why);
  const Result<ledger::Recorded> recorded = world.ledger.append(std::move(entry));
  if (recorded) return static_cast<std::int64_t>(recorded->seq);
  return fail(Code::unavailable,
              "no export goes on without a record, and the ledger says: " + recorded.error().what);
}

Status Exports::Core::end(Run run, State to, const std::string& actor, const std::string& why) {
  const State from = run.state;
  run.state = to;
  run.reason = why;
  run.changed = now();
  MC_TRY(run.record, record(state_name(to), run, actor, why));
  const Status changed = with_store([&](Store& store) -> Status {
    MC_TRY_OK(store.change(run, from));
    // What nobody can have been given is held against nobody.
    return to == State::expired ? ok() : store.forget(run.tenant, run.id);
  });
  MC_TRY_OK(changed);
  if (to == State::refused) ++counts.refused;
  if (to == State::failed) ++counts.failed;
  if (to == State::cancelled) ++counts.cancelled;
  world.log.event(
      "export.ended",
      {{"tenant", run.tenant}, {"export", run.id}, {"state", state_name(to)}, {"why", why}});
  return blobs.remove({run.tenant, run.id});
}

}  // namespace mc::exporting
