// maestro ledger: what was recorded, the receipts of it, and whether all of it is still there.
#include <memory>
#include <thread>

#include "maestro/admin_client.h"
#include "maestro/command.h"
#include "maestro/own_ledger.h"
#include "maestro/record_query.h"

namespace mc::app {
namespace {

struct Flags {
  std::string tenant;
  std::string before;
  std::string after;
  std::string limit;
  std::string record;
  std::string form = "json";
  RecordFilters filters;
  std::string as;
  std::string reason;
  std::string from;
  std::string to;
};

Status show_receipt(Context& context, const Flags& flags) {
  const std::string path = v1_path({"tenants", flags.tenant, "records", flags.record, "receipt"}) +
                           query_of({{"form", flags.form}});
  MC_TRY(const std::string receipt, call_for_text(context, {.path = path}));
  print_out(receipt);  // its bytes, nothing behind them
  return ok();
}

Status show_range(Context& context, const Flags& flags) {
  const std::string path = v1_path({"tenants", flags.tenant, "receipts"}) +
                           query_of({{"from", flags.from}, {"to", flags.to}, {"form", flags.form}});
  MC_TRY(const std::string receipt, call_for_text(context, {.path = path}));
  print_out(receipt);
  return ok();
}

Status show_records(Context& context, const Flags& flags) {
  const bool lines = flags.as == "csv" || flags.as == "ocsf";
  Fields query = flags.filters.fields();
  query.emplace_back("before", flags.before);
  query.emplace_back("after", flags.after);
  query.emplace_back("limit", flags.limit);
  query.emplace_back("form", flags.as);
  const std::string path = v1_path({"tenants", flags.tenant, "records"}) + query_of(query);
  if (!lines)
    return show_list(context, path, {"record", "at", "type", "actor", "action", "purpose"});
  MC_TRY(const std::string text, call_for_text(context, {.path = path}));
  print_out(text);
  return ok();
}

void add_records(cli::Command& noun, Context& context) {
  auto flags = std::make_shared<Flags>();
  cli::Command& records = noun.add("records", "The records of a tenant, newest first");
  records.option("--tenant", flags->tenant, "Tenant").required();
  flags->filters.add_to(records);
  records.option("--before", flags->before, "Only records before this number");
  records.option("--after", flags->after, "Only records behind this number, oldest first; or -1");
  records.option("--limit", flags->limit, "At most this many: 200, of csv and ocsf 10,000");
  records.option("--form", flags->as, "csv, or ocsf: an OCSF event a line")
      .one_of({"json", "csv", "ocsf"});
  records.runs([&context, flags] { return show_records(context, *flags); });
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
  if (report.torn > 0) {
    print_out(std::to_string(report.torn) +
              " bytes behind them are no batch: one that was never acknowledged\n");
  }
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
  ledger::VerifyOptions options;
  options.threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  options.progress = [&context](std::size_t done, std::size_t all) {
    print_talk(context, "segment " + std::to_string(done) + " of " + std::to_string(all) + "\n");
  };
  MC_TRY(options.signed_head, signed_head(context.machine, loaded.value));
  MC_TRY(const ledger::VerifyReport report,
         ledger::verify(*context.machine.files, folder, options));
  print_verified(context, report);
  return ok();
}

Status fence(const Context& context) {
  MC_TRY(const config::Loaded<Settings> loaded, load_settings(context));
  const std::string& url = loaded.value.ledger.url;
  if (url.empty()) {
    return fail(Code::invalid, "ledger.url: the ledger of this server is not shared");
  }
  MC_TRY(const std::unique_ptr<sql::Connection> connection, context.machine.drivers.open(url));
  MC_TRY(const std::int64_t epoch, ledger::fence(*connection));
  if (context.json) {
    json::Object out;
    out.set("epoch", epoch);
    print_out(json::print(out) + "\n");
    return ok();
  }
  print_out("fenced: epoch " + std::to_string(epoch) +
            "; every server of this ledger has to be started again\n");
  return ok();
}

}  // namespace

void add_ledger(cli::Command& app, Context& context) {
  cli::Command& noun = app.add("ledger", "Who did what, recorded so that it can be proven");
  auto flags = std::make_shared<Flags>();
  noun.add("status", "Its key, its newest checkpoint, and whether it records").runs([&context] {
    return show_one(context, {.path = "/v1/ledger"}, "ledger shown");
  });
  add_records(noun, context);
  add_follow(noun, context);
  cli::Command& receipt = noun.add("receipt", "The receipt of a record, for maestro verify");
  receipt.option("RECORD", flags->record, "Number of the record").required();
  receipt.option("--tenant", flags->tenant, "Tenant").required();
  receipt
      .option("--form", flags->form,
              "json; bundle: Sigstore's; tlog-proof: c2sp.org's; pdf: sealed; html: checks itself")
      .one_of({"json", "bundle", "tlog-proof", "pdf", "html"});
  receipt.runs([&context, flags] { return show_receipt(context, *flags); });
  cli::Command& range = noun.add("export", "All records between two times, proven complete");
  range.option("--tenant", flags->tenant, "Tenant").required();
  range.option("--from", flags->from, "RFC 3339, inside: 2026-09-01T00:00:00Z").required();
  range.option("--to", flags->to, "RFC 3339, not inside; now when it is absent");
  range.option("--form", flags->form, "json; pdf: a list for people, sealed")
      .one_of({"json", "pdf"});
  range.runs([&context, flags] { return show_range(context, *flags); });
  cli::Command& erase = noun.add("erase", "Erase the payload of a record for good; proofs stay");
  erase.option("RECORD", flags->record, "Number of the record").required();
  erase.option("--tenant", flags->tenant, "Tenant").required();
  erase.option("--reason", flags->reason, "Why; it stands in the redaction").required();
  erase.runs([&context, flags] {
    const std::string path = v1_path({"tenants", flags->tenant, "records", flags->record, "erase"});
    return show_one(context, {"POST", path, to_body({{"reason", flags->reason}}), {}},
                    "payload erased");
  });
  noun.add("trusted-root", "What verifies signatures that were logged here, as Sigstore has it")
      .runs([&context]() -> Status {
        MC_TRY(const std::string root, call_for_text(context, {.path = "/signing/trusted_root.json",
                                                               .may_lack_token = true}));
        print_out(root);
        return ok();
      });
  noun.add("verify", "Read the whole ledger of the data directory and check everything")
      .runs([&context] { return verify(context); });
  add_ledger_keys(noun, context);
  noun.add("fence", "Of a shared ledger: end what servers that run may append and sign")
      .runs([&context] { return fence(context); });
}

}  // namespace mc::app
