// maestro ledger: what was recorded, the receipts of it, and whether all of it is still there.
#include <memory>
#include <thread>

#include "maestro/admin_client.h"
#include "maestro/command.h"
#include "maestro/own_ledger.h"

namespace mc::app {
namespace {

struct Flags {
  std::string tenant;
  std::string before;
  std::string limit = "50";
  std::string record;
  std::string reason;
  std::string from;
  std::string to;
};

Status show_receipt(Context& context, const Flags& flags) {
  const std::string path = "/v1/tenants/" + flags.tenant + "/records/" + flags.record + "/receipt";
  MC_TRY(const json::Value receipt, call_admin(context, {.path = path}));
  print_out(json::canonical(receipt));  // the bytes of the receipt, nothing behind them
  return ok();
}

Status show_range(Context& context, const Flags& flags) {
  const auto query = [](const std::string& time) {
    std::string out;  // the offset of a time may have a plus
    for (const char c : time) out += c == '+' ? "%2B" : std::string(1, c);
    return out;
  };
  std::string path = "/v1/tenants/" + flags.tenant + "/receipts?from=" + query(flags.from);
  if (!flags.to.empty()) path += "&to=" + query(flags.to);
  MC_TRY(const json::Value receipt, call_admin(context, {.path = path}));
  print_out(json::canonical(receipt));
  return ok();
}

void print_verified(const Context& context, const ledger::VerifyReport& report) {
  json::Object heads;
  for (const auto& [log, head] : report.heads) {
    json::Object one;
    one.set("size", static_cast<std::int64_t>(head.size));
    one.set("root", to_hex({reinterpret_cast<const char*>(head.root.data()), head.root.size()}));
    heads.set(log, std::move(one));
  }
  if (context.json) {
    json::Object out;
    out.set("verified", true);
    out.set("segments", static_cast<std::int64_t>(report.segments));
    out.set("batches", static_cast<std::int64_t>(report.batches));
    out.set("records", static_cast<std::int64_t>(report.records));
    out.set("erased", static_cast<std::int64_t>(report.erased));
    out.set("torn_bytes", static_cast<std::int64_t>(report.torn));
    out.set("heads", std::move(heads));
    print_out(json::print(out) + "\n");
    return;
  }
  print_out("verified: " + std::to_string(report.records) + " records in " +
            std::to_string(report.batches) + " batches, " + std::to_string(report.erased) +
            " erased\n");
  std::vector<std::vector<std::string>> rows;
  for (const json::Member& head : heads.members()) {
    rows.push_back({head.name, text_of(head.value, "size"), text_of(head.value, "root")});
  }
  print_table({"log", "size", "root"}, rows);
}

Status verify(const Context& context) {
  MC_TRY(const config::Loaded<Settings> loaded, load_settings(context));
  const std::string folder = ledger_folder(loaded.value);
  MC_TRY(const bool there, context.machine.files->exists(folder));
  if (!there) return fail(Code::not_found, "there is no ledger in " + folder);
  const int threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  MC_TRY(const ledger::VerifyReport report,
         ledger::verify(*context.machine.files, folder, threads,
                        [&context](std::size_t done, std::size_t all) {
                          print_talk(context, "segment " + std::to_string(done) + " of " +
                                                  std::to_string(all) + "\n");
                        }));
  print_verified(context, report);
  return ok();
}

}  // namespace

void add_ledger(cli::Command& app, Context& context) {
  cli::Command& noun = app.add("ledger", "Who did what, recorded so that it can be proven");
  auto flags = std::make_shared<Flags>();
  noun.add("status", "Its key, its newest checkpoint, and whether it records").runs([&context] {
    return show_one(context, {.path = "/v1/ledger"}, "ledger shown");
  });
  cli::Command& records = noun.add("records", "The records of a tenant, newest first");
  records.option("--tenant", flags->tenant, "Tenant").required();
  records.option("--before", flags->before, "Only records before this number");
  records.option("--limit", flags->limit, "At most this many, 1 to 200");
  records.runs([&context, flags] {
    const std::string before = flags->before.empty() ? "" : "&before=" + flags->before;
    return show_list(context,
                     "/v1/tenants/" + flags->tenant + "/records?limit=" + flags->limit + before,
                     {"record", "at", "type", "actor", "action", "purpose"});
  });
  cli::Command& receipt = noun.add("receipt", "The receipt of a record, for maestro verify");
  receipt.option("RECORD", flags->record, "Number of the record").required();
  receipt.option("--tenant", flags->tenant, "Tenant").required();
  receipt.runs([&context, flags] { return show_receipt(context, *flags); });
  cli::Command& range = noun.add("export", "All records between two times, proven complete");
  range.option("--tenant", flags->tenant, "Tenant").required();
  range.option("--from", flags->from, "RFC 3339, inside: 2026-09-01T00:00:00Z").required();
  range.option("--to", flags->to, "RFC 3339, not inside; now when it is absent");
  range.runs([&context, flags] { return show_range(context, *flags); });
  cli::Command& erase = noun.add("erase", "Erase the payload of a record for good; proofs stay");
  erase.option("RECORD", flags->record, "Number of the record").required();
  erase.option("--tenant", flags->tenant, "Tenant").required();
  erase.option("--reason", flags->reason, "Why; it stands in the redaction").required();
  erase.runs([&context, flags] {
    const std::string path =
        "/v1/tenants/" + flags->tenant + "/records/" + flags->record + "/erase";
    return show_one(context, {"POST", path, to_body({{"reason", flags->reason}}), {}},
                    "payload erased");
  });
  noun.add("verify", "Read the whole ledger of the data directory and check everything")
      .runs([&context] { return verify(context); });
}

}  // namespace mc::app
