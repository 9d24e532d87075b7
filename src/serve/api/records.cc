// The ledger as its readers see it: its key and checkpoint, the records of a tenant, receipts.
#include <algorithm>
#include <optional>

#include "api/handlers.h"
#include "api/receipt_forms.h"
#include "api/recorded.h"
#include "api/wire.h"
#include "json/json.h"
#include "proof/proof.h"

namespace mc::api {
namespace {

constexpr std::size_t kDayBytes = 10;

json::Value text_or_null(std::string text) {
  return text.empty() ? json::Value() : json::Value(std::move(text));
}

Result<std::uint64_t> record_in(const AdminRequest& request) {
  const std::string& text = request.path[3];
  const Result<std::int64_t> seq = parse_int(text);
  // One name each: no 00, no -0.
  if (seq && *seq >= 0 && std::to_string(*seq) == text) return static_cast<std::uint64_t>(*seq);
  return fail(Code::not_found, "no record '" + excerpt(text) + "'");
}

// What `make` gives under the newest checkpoint that witnesses cosigned, when it has the records
// already, else under one that is signed now.
template <class Make>
auto under_newest(ledger::Ledger& ledger, const Make& make) {
  if (std::string cosigned = ledger.cosigned(); !cosigned.empty()) {
    auto out = make(std::move(cosigned));
    if (out || out.error().code != Code::conflict) return out;
  }
  Result<std::string> checkpoint = ledger.publish();
  if (checkpoint) return make(std::move(*checkpoint));
  return decltype(make(std::string()))(tl::unexpected<Error>(checkpoint.error()));
}

// All that the heads were signed with, in the order in which they began.
Result<json::Array> keys_of(const ledger::Ledger& ledger) {
  MC_TRY(const ledger::KeyTimes times, ledger::read_keys(ledger.store()));
  json::Array out;
  for (const ledger::KeyTime& each : times.keys()) {
    json::Object one;
    one.set("key", each.key.print());
    one.set("begin", format_rfc3339(each.begin));
    one.set("end", each.end ? json::Value(format_rfc3339(*each.end)) : json::Value());
    out.emplace_back(std::move(one));
  }
  return out;
}

struct RangeAsked {
  proof::TimeRange range;
  const RangeForm* form = nullptr;
};

// Up to the newest record of the log, which is that of this very request, when the query does not
// say: so far the log can show that it is complete.
Result<RangeAsked> range_in(const AdminRequest& request, const ledger::Store& store,
                            const std::string& log) {
  MC_TRY(const tlog::TreeHead head, store.head(log));
  MC_TRY(const ledger::ReadRecord newest, store.read(log, head.size - 1));
  MC_TRY(const ledger::Header header, ledger::parse_leaf(newest.leaf));
  std::optional<WallTime> from;
  RangeAsked asked{{{}, header.time}};
  MC_TRY(asked.form, range_form_named("json"));
  proof::TimeRange& out = asked.range;
  for (const auto& [name, value] : request.query) {
    if (name == "from") {
      MC_TRY(from, time_in(name, value));
    } else if (name == "to") {
      MC_TRY(out.to, time_in(name, value));
    } else if (name == "form") {
      MC_TRY(asked.form, range_form_named(value));
    } else if (name != "tenant" || value != request.path[1]) {
      return fail(Code::invalid, "the query has from, to and form, not '" + excerpt(name) + "'");
    }
  }
  if (!from) return fail(Code::invalid, "from: it is missing");
  out.to = std::min(out.to, header.time);
  if (*from >= out.to) return fail(Code::invalid, "from: it is not before to");
  out.from = *from;
  return asked;
}

}  // namespace

Result<ledger::Ledger*> ledger_of(const AdminWorld& world) {
  if (world.recorder != nullptr) return &world.recorder->ledger();
  return fail(Code::unavailable, "there is no ledger here");
}

Status check_known(const AdminWorld& world, const TenantId& tenant) {
  MC_TRY(const bool known, is_known(world, tenant));
  if (known) return ok();
  return fail(Code::not_found, "no tenant '" + excerpt(tenant.get()) + "'");
}

Result<WallTime> time_in(std::string_view name, const std::string& text) {
  // A day is its beginning, in UTC.
  const bool day = text.size() == kDayBytes && text.find('T') == std::string::npos;
  const Result<WallTime> out = parse_rfc3339(day ? text + "T00:00:00Z" : text);
  if (!out) return fail(Code::invalid, std::string(name) + ": " + out.error().what);
  return whole_ms(*out);
}

Reply get_ledger(const AdminWorld& world, const AdminRequest& request) {
  MC_TRY(ledger::Ledger * ledger, ledger_of(world));
  const tlog::NoteKey& key = ledger->key();
  json::Object out;
  out.set("origin", key.name());
  out.set("key", key.print());
  MC_TRY(json::Array keys, keys_of(*ledger));
  out.set("keys", std::move(keys));
  out.set("checkpoint", ledger->checkpoint());
  out.set("cosigned", text_or_null(ledger->cosigned()));
  out.set("witness",
          world.witness == nullptr ? json::Value() : json::Value(world.witness->key().print()));
  out.set("signer",
          world.signing == nullptr ? json::Value() : json::Value(world.signing->signer().to_pem()));
  const Status state = ledger->state();
  out.set("state", state ? "recording" : "stopped");
  const bool ours = request.caller->tenant.get() == identity::kSystemTenant;
  const std::string_view why =
      ours && !state ? std::string_view(state.error().what) : kLedgerStopped;
  out.set("why", state ? json::Value() : json::Value(why));
  return json_reply(200, json::Value(std::move(out)));
}

Reply get_receipt(const AdminWorld& world, const AdminRequest& request) {
  const TenantId tenant(request.path[1]);
  MC_TRY_OK(check_reads(request, tenant));
  MC_TRY_OK(check_known(world, tenant));
  MC_TRY(const std::uint64_t seq, record_in(request));
  MC_TRY(const ReceiptForm* form, receipt_form_in(request));
  MC_TRY(ledger::Ledger * ledger, ledger_of(world));
  const std::string log = transparency::log_of(tenant);
  MC_TRY(const proof::Receipt receipt, under_newest(*ledger, [&](std::string checkpoint) {
           return proof::make_receipt(ledger->store(), log, seq, std::move(checkpoint));
         }));
  MC_TRY(std::string body, form->make(world, request, receipt));
  return as_file(std::move(body),
                 "receipt-" + tenant.get() + "-" + std::to_string(seq) + std::string(form->suffix),
                 form->type);
}

Reply get_range_receipt(const AdminWorld& world, const AdminRequest& request) {
  const TenantId tenant(request.path[1]);
  MC_TRY_OK(check_reads(request, tenant));
  MC_TRY_OK(check_known(world, tenant));
  MC_TRY(ledger::Ledger * ledger, ledger_of(world));
  const std::string log = transparency::log_of(tenant);
  MC_TRY(const RangeAsked asked, range_in(request, ledger->store(), log));
  MC_TRY(const proof::RangeReceipt receipt, under_newest(*ledger, [&](std::string checkpoint) {
           return proof::make_range_receipt(ledger->store(), log, asked.range,
                                            std::move(checkpoint));
         }));
  MC_TRY(std::string body, asked.form->make(world, request, receipt));
  return as_file(std::move(body), "receipts-" + tenant.get() + std::string(asked.form->suffix),
                 asked.form->type);
}

// Only the tenant's own: nobody else decides what its log no longer says. Of the operator's tenant
// neither do its operators, whose own doings stand there.
Reply erase_record(const AdminWorld& world, const AdminRequest& request) {
  const TenantId tenant(request.path[1]);
  MC_TRY_OK(check_writes(request, tenant));
  if (request.caller->tenant != tenant ||
      !request.caller->roles.has(identity::Role::tenant_admin)) {
    return fail(
        Code::denied,
        "only the tenant's own administrators (role tenant-admin) erase what is in its log");
  }
  MC_TRY(const EraseBody body, read_body<EraseBody>(request));
  if (!is_readable_line(body.reason)) {
    return fail(Code::invalid, "reason: it must be one line of text, without direction marks");
  }
  MC_TRY(const std::uint64_t seq, record_in(request));
  MC_TRY(ledger::Ledger * ledger, ledger_of(world));
  json::Object out;
  out.set("record", static_cast<std::int64_t>(seq));
  if (request.dry_run) {
    MC_TRY(const ledger::ReadRecord held, ledger->store().read(transparency::log_of(tenant), seq));
    if (held.erased) return fail(Code::conflict, "the record is erased already");
    out.set("redaction", json::Value());
    return json_reply(200, json::Value(std::move(out)));
  }
  const transparency::Access access{
      transparency::Kind::change,     tenant, *request.caller, "", std::string(request.http.path),
      std::string(request.request_id)};
  MC_TRY(const ledger::Recorded redaction, world.recorder->redact(access, seq, body.reason));
  out.set("redaction", static_cast<std::int64_t>(redaction.seq));
  return json_reply(200, json::Value(std::move(out)));
}

}  // namespace mc::api
