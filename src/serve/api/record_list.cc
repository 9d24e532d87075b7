// The records of a tenant as a list: searched, in pages, in several forms.
#include <algorithm>
#include <array>

#include "api/handlers.h"
#include "api/wire.h"
#include "json/json.h"

namespace mc::api {
namespace {

constexpr std::int64_t kLimitMax = 200;
constexpr std::int64_t kExportMax = 10'000;

enum class Form : std::uint8_t { json, csv, ocsf };

struct Asked {
  search::Query query;
  Form form = Form::json;
  bool limited = false;
};

Result<Form> parse_form(const std::string& text) {
  if (text == "json") return Form::json;
  if (text == "csv") return Form::csv;
  if (text == "ocsf") return Form::ocsf;
  return fail(Code::invalid, "form: it is json, csv or ocsf");
}

struct TextFilter {
  std::string_view name;
  std::string search::Query::* place;
};
constexpr std::array<TextFilter, 5> kTexts = {{{"type", &search::Query::type},
                                               {"actor", &search::Query::actor},
                                               {"action", &search::Query::action},
                                               {"purpose", &search::Query::purpose},
                                               {"warrant", &search::Query::warrant}}};

Status read_one(const std::string& name, const std::string& value, Asked& out) {
  const auto* text = std::find_if(kTexts.begin(), kTexts.end(),
                                  [&](const TextFilter& each) { return each.name == name; });
  const Result<std::int64_t> number = parse_int(value);
  if (text != kTexts.end()) {
    out.query.*(text->place) = value;
  } else if (name == "from") {
    MC_TRY(out.query.from, time_in(name, value));
  } else if (name == "to") {
    MC_TRY(out.query.to, time_in(name, value));
  } else if (name == "form") {
    MC_TRY(out.form, parse_form(value));
  } else if (name == "before") {
    if (!number || *number < 0) return fail(Code::invalid, "before: it is no record's number");
    out.query.before = static_cast<std::uint64_t>(*number);
  } else if (name == "limit") {
    if (!number || *number < 1) return fail(Code::invalid, "limit: it is a number from 1");
    out.query.limit = *number;
    out.limited = true;
  } else {
    return fail(Code::invalid,
                "the query has type, actor, action, purpose, warrant, from, to, form, before and "
                "limit, not '" +
                    excerpt(name) + "'");
  }
  return ok();
}

Result<Asked> read_asked(const AdminRequest& request) {
  Asked out;
  for (const auto& [name, value] : request.query) MC_TRY_OK(read_one(name, value, out));
  const std::int64_t most = out.form == Form::json ? kLimitMax : kExportMax;
  if (out.query.limit > most) {
    return fail(Code::invalid, "limit: it is 1 to " + std::to_string(most));
  }
  if (!out.limited && out.form != Form::json) out.query.limit = kExportMax;
  return out;
}

bool asks_for_all(const search::Query& query) {
  return !query.from && !query.to &&
         std::all_of(kTexts.begin(), kTexts.end(),
                     [&](const TextFilter& each) { return (query.*each.place).empty(); });
}

// Without a filter no index is needed.
Result<search::Found> find(const AdminWorld& world, const std::string& log,
                           const search::Query& query, std::uint64_t size) {
  if (asks_for_all(query)) {
    search::Found out;
    std::uint64_t seq = std::min(query.before, size);
    while (seq > 0 && out.records.size() < static_cast<std::size_t>(query.limit)) {
      out.records.push_back(--seq);
    }
    out.more = seq > 0;
    return out;
  }
  if (size == 0) return search::Found{};
  if (world.index == nullptr) return fail(Code::unavailable, "only a running server searches");
  return world.index->find(log, query);
}

Result<transparency::ReadableRecord> read_record(const ledger::Store& store, const std::string& log,
                                                 std::uint64_t seq, bool& erased) {
  MC_TRY(const ledger::ReadRecord record, store.read(log, seq));
  transparency::ReadableRecord out;
  MC_TRY(out.header, ledger::parse_leaf(record.leaf));
  erased = record.erased;
  if (erased) return out;
  Result<json::Value> payload = json::parse(record.payload);
  // It would look like an erased one.
  if (!payload) {
    return fail(Code::corrupt,
                "record " + std::to_string(seq) + ": its payload: " + payload.error().what);
  }
  out.payload = std::move(*payload);
  return out;
}

json::Object to_item(transparency::ReadableRecord record, bool erased) {
  const ledger::Header& header = record.header;
  json::Object out;
  out.set("record", static_cast<std::int64_t>(header.seq));
  out.set("at", format_rfc3339(header.time));
  out.set("type", header.type);
  out.set("actor", header.actor);
  out.set("action", header.action);
  out.set("purpose", header.purpose);
  out.set("warrant", header.warrant.empty() ? json::Value() : json::Value(header.warrant));
  out.set("erased", erased);
  out.set("payload", std::move(record.payload));
  return out;
}

Reply as_lines(const ledger::Store& store, const std::string& log, const search::Found& found,
               Form form, const std::string& tenant) {
  const bool csv = form == Form::csv;
  net::Response out;
  out.body = csv ? transparency::csv_header() : "";
  for (const std::uint64_t seq : found.records) {
    bool erased = false;
    MC_TRY(const transparency::ReadableRecord record, read_record(store, log, seq, erased));
    out.body += csv ? transparency::print_csv(record) : transparency::print_ocsf(record);
  }
  const std::string name = "records-" + tenant + (csv ? ".csv" : ".ocsf.jsonl");
  out.headers = {{"Content-Type", csv ? "text/csv; charset=utf-8" : "application/x-ndjson"},
                 {"Cache-Control", "no-store"},
                 {"Content-Disposition", "attachment; filename=\"" + name + "\""}};
  return out;
}

}  // namespace

Reply list_records(const AdminWorld& world, const AdminRequest& request) {
  const TenantId tenant(request.path[1]);
  MC_TRY_OK(check_reads(request, tenant));
  MC_TRY_OK(check_known(world, tenant));
  MC_TRY(const Asked asked, read_asked(request));
  MC_TRY(const ledger::Ledger* ledger, ledger_of(world));
  const ledger::Store& store = ledger->store();
  const std::string log = transparency::log_of(tenant);
  const Result<tlog::TreeHead> head = store.head(log);
  const std::uint64_t size = head ? head->size : 0;
  MC_TRY(const search::Found found, find(world, log, asked.query, size));
  if (asked.form != Form::json) return as_lines(store, log, found, asked.form, tenant.get());
  json::Array items;
  for (const std::uint64_t seq : found.records) {
    bool erased = false;
    MC_TRY(transparency::ReadableRecord record, read_record(store, log, seq, erased));
    items.emplace_back(to_item(std::move(record), erased));
  }
  json::Object out;
  out.set("items", json::Value(std::move(items)));
  out.set("total", static_cast<std::int64_t>(size));
  out.set("next_before", found.more ? json::Value(static_cast<std::int64_t>(found.records.back()))
                                    : json::Value());
  MC_TRY(const tlog::NoteSigner signer, ledger->signer_of(log));
  out.set("key", signer.key().print());
  return json_reply(200, json::Value(std::move(out)));
}

}  // namespace mc::api
