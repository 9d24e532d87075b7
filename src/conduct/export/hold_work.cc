// The steps of an export for a legal hold, behind the reading of its rows.
#include "export/hold.h"
#include "export/work.h"

namespace mc::exporting {
namespace {

constexpr std::string_view kCsvType = "text/csv";
constexpr std::string_view kLinesType = "application/x-ndjson";
const std::string kActor = "export@system";

}  // namespace

// Nothing leaves that a second person has not approved, nor when one of both may not any more.
Status Work::ask_holders(const Now& now) {
  if (!now.run.hold || now.run.hold->approved_by.empty()) {
    return fail(Code::denied, "export-hold: nobody has approved it");
  }
  if (now.run.hold->approved_by == now.run.requester) {
    return fail(Code::denied, "export-hold: it was approved by who asked for it");
  }
  identity::Caller caller;
  MC_TRY_OK(fill_caller(now.run.tenant, now.task.requester, caller));
  MC_TRY([[maybe_unused]] const std::string decision,
         check_holder(core_, now.run,
                      {caller, now.run.purpose, now.run.id, now.task.requester.stepped_up}));
  const Requester& from = now.run.hold->approver;
  identity::Caller approver;
  MC_TRY_OK(fill_caller(now.run.tenant, from, approver));
  const Result<std::string> approves =
      check_holder(core_, now.run, {approver, now.run.purpose, now.run.id, from.stepped_up});
  if (approves) return ok();
  return fail(approves.error().code, "who approved it: " + approves.error().what);
}

Result<bool> Work::is_as_read(const Now& now, const Wanted& wanted,
                              const std::vector<std::string>& masked) {
  identity::Caller caller;
  MC_TRY_OK(fill_caller(now.run.tenant, now.task.requester, caller));
  RowGate gate = gate_of(now, caller, wanted);
  MC_TRY([[maybe_unused]] const dataset::DatasetAccess access,
         gate.enter(wanted.dataset, dataset::Use::read));
  return gate.masked() == masked;
}

// Of a hold: how the policies masked its columns is in the checkpoint.
Result<bool> Work::is_as_kept(const Now& now) {
  if (!now.run.hold) return true;
  const json::Value* const kept = now.job.checkpoint.find("masked");
  if (kept == nullptr || kept->as_array() == nullptr) return false;
  std::vector<std::string> masked;
  for (const json::Value& each : *kept->as_array()) {
    if (each.as_string() == nullptr) return false;
    masked.push_back(*each.as_string());
  }
  MC_TRY(const Wanted wanted,
         wanted_of_hold(core_.world.catalog->model(), now.run.dataset, now.run.hold->columns));
  return is_as_read(now, wanted, masked);
}

Result<std::vector<Item>> Work::write_rows(const Now& now, const Doing& doing) {
  const BlobPlace place{now.run.tenant, now.run.id};
  const std::int64_t most = core_.settings.bytes_max;
  std::vector<Item> out;
  MC_TRY(Item table,
         core_.blobs.put(place, {std::string(kTableFile), std::string(kCsvType), most},
                         [&](const auto& sink) { return doing.held->write_csv(sink); }));
  out.push_back(std::move(table));
  if (now.run.format == Format::jsonl) {
    MC_TRY(Item lines,
           core_.blobs.put(place, {std::string(kLinesFile), std::string(kLinesType), most},
                           [&](const auto& sink) { return doing.held->write_jsonl(sink); }));
    out.push_back(std::move(lines));
  }
  for (Item& item : out) item.rows = doing.held->rows();
  return out;
}

// The exception is recorded before the manifest that names its record, and so before anything can
// be had.
Result<job::Step> Work::write_hold(Now& now, Doing& doing) {
  MC_TRY_OK(ask_holders(now));
  const std::vector<std::string> masked = doing.masked.value_or(std::vector<std::string>());
  MC_TRY(const bool same, is_as_read(now, doing.wanted, masked));
  if (!same) {
    doing_.erase(now.job.id);
    return job::Step{.checkpoint = json::Value(),
                     .progress = {.unit = "rows", .message = "reading"}};
  }
  Outcome outcome;
  MC_TRY(outcome.items, write_rows(now, doing));
  outcome.rows_in = outcome.rows_out = doing.held->rows();
  Run told = now.run;
  told.outcome = outcome;
  MC_TRY(outcome.exception, core_.record("exception", told, kActor));
  Manifest manifest = manifest_of(now);
  // The digest is that of the table, which has no salt either.
  manifest.input = {doing.wanted.names, doing.held->rows(), outcome.items.front().sha256};
  manifest.label.handling = kUnprotected;
  manifest.hold = part_of(now.run, masked, outcome.exception);
  MC_TRY_OK(sign(now, manifest, outcome));
  doing_.erase(now.job.id);
  job::Step out = written(outcome);
  json::Object checkpoint = *out.checkpoint.as_object();
  json::Array kept;
  for (const std::string& each : masked) kept.emplace_back(each);
  checkpoint.set("masked", std::move(kept));
  out.checkpoint = json::Value(std::move(checkpoint));
  return out;
}

}  // namespace mc::exporting
