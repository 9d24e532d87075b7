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
  bool backwards = false;  // `before` was given
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
constexpr std::array<TextFilter, 6> kTexts = {{{"type", &search::Query::type},
                                               {"actor", &search::Query::actor},
                                               {"action", &search::Query::action},
                                               {"purpose", &search::Query::purpose},
                                               {"warrant", &search::Query::warrant},
                                               {"reason", &search::Query::reason}}};

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
    out.backwards = true;
  } else if (name == "after") {
    if (!number || *number < -1) {
      return fail(Code::invalid, "after: it is a record's number, or -1 for the first one");
    }
    out.query.after = *number;
  } else if (name == "limit") {
    if (!number || *number < 1) return fail(Code::invalid, "limit: it is a number from 1");
    out.query.limit = *number;
    out.limited = true;
  } else {
    return fail(Code::invalid,
                "the query has type, actor, action, purpose, warrant, reason, from, to, form, "
                "before, after and limit, not '" +
                    excerpt(name) + "'");
  }
  return ok();
}

Result<Asked> read_asked(const AdminRequest& request) {
  Asked out;
  for (const auto& [name, value] : request.query) MC_TRY_OK(read_one(name, value, out));
  if (out.query.after && out.backwards) {
    return fail(Code::invalid, "after, before: a list goes one way, so only one of them is given");
  }
  if (out.query.from && out.query.to && *out.query.from >= *out.query.to) {
    return fail(Code::invalid, "from: it is not before to");
  }
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

// All records of the log by their numbers, which are dense.
search::Found list_all(const search::Query& query, std::uint64_t size) {
  const auto limit = static_cast<std::size_t>(query.limit);
  search::Found out;
  if (query.after) {
    std::uint64_t seq = static_cast<std::uint64_t>(*query.after + 1);
    while (seq < size && out.records.size() < limit) out.records.push_back(seq++);
    out.more = seq < size;
    return out;
  }
  std::uint64_t seq = std::min(query.before, size);
  while (seq > 0 && out.records.size() < limit) out.records.push_back(--seq);
  out.more = seq > 0;
  return out;
}

// Without a filter no index is needed.
Result<search::Found> find(const AdminWorld& world, const std::string& log,
                           const search::Query& query, std::uint64_t size) {
  if (asks_for_all(query)) return list_all(query, size);
  if (size == 0) return search::Found{};
  if (world.index == nullptr) return fail(Code::unavailable, "only a running server searches");
  return world.index->find(log, query);
}

// Where who asks with `after` goes on: everything up to this number was looked at.
std::int64_t next_after(const search::Query& query, const search::Found& found,
                        std::uint64_t size) {
  const std::int64_t last =
      found.records.empty() ? -1 : static_cast<std::int64_t>(found.records.back());
  if (found.more) return last;
  // What the index found may be newer than the size that was read before.
  return std::max({*query.after, static_cast<std::int64_t>(size) - 1, last});
}

json::Object to_item(transparency::ReadableRecord record) {
  const ledger::Header& header = record.header;
  json::Object out;
  out.set("record", static_cast<std::int64_t>(header.seq));
  out.set("at", format_rfc3339(header.time));
  out.set("type", header.type);
  out.set("actor", header.actor);
  out.set("action", header.action);
  out.set("purpose", header.purpose);
  out.set("warrant", header.warrant.empty() ? json::Value() : json::Value(header.warrant));
  out.set("erased", record.erased);
  out.set("payload", std::move(record.payload));
  return out;
}

// One answer: what was asked, and where it was found.
struct Listing {
  const Asked& asked;
  const ledger::Store& store;
  std::string log;
  std::uint64_t size = 0;  // of the log
  search::Found found = {};
};

Reply as_lines(const Listing& listing, const std::string& tenant) {
  const bool csv = listing.asked.form == Form::csv;
  net::Response out;
  out.body = csv ? transparency::csv_header() : "";
  for (const std::uint64_t seq : listing.found.records) {
    MC_TRY(const transparency::ReadableRecord record,
           transparency::read_record(listing.store, listing.log, seq));
    out.body += csv ? transparency::print_csv(record) : transparency::print_ocsf(record);
  }
  const std::string name = "records-" + tenant + (csv ? ".csv" : ".ocsf.jsonl");
  out.headers = {{"Content-Type", csv ? "text/csv; charset=utf-8" : "application/x-ndjson"},
                 {"Cache-Control", "no-store"},
                 {"Content-Disposition", "attachment; filename=\"" + name + "\""}};
  if (listing.asked.query.after) {
    out.headers.emplace_back(
        "X-Next-After",
        std::to_string(next_after(listing.asked.query, listing.found, listing.size)));
    out.headers.emplace_back("X-Total", std::to_string(listing.size));
  }
  return out;
}

// The numbers with which the next page is asked for; null where there is none, or the other way.
void set_next(const Listing& listing, json::Object& out) {
  const search::Query& query = listing.asked.query;
  const search::Found& found = listing.found;
  const bool older = !query.after && found.more;
  out.set("next_before",
          older ? json::Value(static_cast<std::int64_t>(found.records.back())) : json::Value());
  out.set("next_after",
          query.after ? json::Value(next_after(query, found, listing.size)) : json::Value());
}

}  // namespace

Reply list_records(const AdminWorld& world, const AdminRequest& request) {
  const TenantId tenant(request.path[1]);
  MC_TRY_OK(check_reads(request, tenant));
  MC_TRY_OK(check_known(world, tenant));
  MC_TRY(const Asked asked, read_asked(request));
  MC_TRY(const ledger::Ledger* ledger, ledger_of(world));
  const ledger::Store& store = ledger->store();
  Listing listing{asked, store, transparency::log_of(tenant)};
  const Result<tlog::TreeHead> head = store.head(listing.log);
  listing.size = head ? head->size : 0;
  MC_TRY(listing.found, find(world, listing.log, asked.query, listing.size));
  if (asked.form != Form::json) return as_lines(listing, tenant.get());
  json::Array items;
  for (const std::uint64_t seq : listing.found.records) {
    MC_TRY(transparency::ReadableRecord record, transparency::read_record(store, listing.log, seq));
    items.emplace_back(to_item(std::move(record)));
  }
  json::Object out;
  out.set("items", json::Value(std::move(items)));
  out.set("total", static_cast<std::int64_t>(listing.size));
  set_next(listing, out);
  MC_TRY(const std::vector<tlog::NoteSigner> signers, ledger->signers_of(listing.log));
  out.set("key", signers.front().key().print());
  return json_reply(200, json::Value(std::move(out)));
}

}  // namespace mc::api
