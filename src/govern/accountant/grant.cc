#include "accountant/grant.h"

#include "accountant/charge_json.h"
#include "accountant/replay.h"
#include "json/json.h"

namespace mc::accountant {
namespace {

constexpr std::string_view kGrantKind = "mc.dp-shard/v1";
constexpr std::string_view kReportKind = "mc.dp-shard-report/v1";
constexpr std::size_t kSignatureBytes = 64;

tl::unexpected<Error> not_so(std::string_view what) {
  return fail(Code::invalid, std::string(what) + " is not as this service prints it");
}

// "" when it is no text.
std::string text_at(const json::Value& value, std::string_view name) {
  const json::Value* found = value.find(name);
  const std::string* text = found == nullptr ? nullptr : found->as_string();
  return text == nullptr ? std::string() : *text;
}

json::Value member_of(const json::Value& value, std::string_view name) {
  const json::Value* found = value.find(name);
  return found == nullptr ? json::Value() : *found;
}

Result<json::Value> read(std::string_view text, std::size_t bytes_max) {
  return json::parse(text, {.bytes_max = bytes_max, .depth_max = 6, .values_max = 4'000'000});
}

}  // namespace

Status Shard::check() const {
  const std::pair<std::string_view, const std::string*> names[] = {
      {"cell", &cell}, {"tenant", &tenant.get()}, {"dataset", &dataset}, {"purpose", &purpose}};
  for (const auto& [name, text] : names) {
    if (text->empty() || text->size() > kNameBytesMax || !is_one_line(*text)) {
      return fail(Code::invalid,
                  "shard: " + std::string(name) + " is not one line of 1 to 200 bytes");
    }
  }
  const auto key = from_hex(cell_key);
  if (!key || to_hex(*key) != cell_key || !crypto::PublicKey::ed25519(*key)) {
    return fail(Code::invalid, "shard: cell_key is no Ed25519 key of 64 hexadecimal digits");
  }
  if (epsilon <= NanoEpsilon() || epsilon > kEpsilonMax) {
    return fail(Code::invalid, "shard: epsilon is not more than 0, or over the maximum");
  }
  if (delta < AttoDelta() || delta > kDeltaMax) {
    return fail(Code::invalid, "shard: delta is not from 0 to 1");
  }
  return ok();
}

std::string print_grant(const Grant& grant) {
  const Shard& shard = grant.shard;
  std::string text;
  json::Writer out(text);
  out.begin_object();
  out.member("cell", shard.cell);
  out.member("cell_key", shard.cell_key);
  out.member("dataset", shard.dataset);
  out.member("delta", to_decimal(shard.delta));
  out.member("epsilon", to_decimal(shard.epsilon));
  out.member("filter", name_of(grant.filter));
  out.member("id", grant.id.get());
  out.member("kind", kGrantKind);
  out.member("length", grant.length.text());
  out.member("purpose", shard.purpose);
  out.member("tenant", shard.tenant.get());
  out.member("window_end", format_rfc3339(grant.window.end));
  out.member("window_start", format_rfc3339(grant.window.start));
  out.end_object();
  return text;
}

Result<Grant> parse_grant(std::string_view text) {
  MC_TRY(const json::Value value, read(text, kGrantBytesMax));
  Grant out;
  Shard& shard = out.shard;
  shard.cell = text_at(value, "cell");
  shard.cell_key = text_at(value, "cell_key");
  shard.tenant = TenantId(text_at(value, "tenant"));
  shard.dataset = text_at(value, "dataset");
  shard.purpose = text_at(value, "purpose");
  MC_TRY(shard.epsilon, parse_epsilon(text_at(value, "epsilon")));
  MC_TRY(shard.delta, parse_delta(text_at(value, "delta")));
  MC_TRY_OK(shard.check());
  out.id = ChargeId(text_at(value, "id"));
  MC_TRY(out.filter, parse_filter(text_at(value, "filter")));
  MC_TRY(out.length, WindowLength::parse(text_at(value, "length")));
  MC_TRY(out.window.start, parse_rfc3339(text_at(value, "window_start")));
  MC_TRY(out.window.end, parse_rfc3339(text_at(value, "window_end")));
  if (out.window != window_at(out.length, out.window.start)) {
    return fail(Code::invalid, "shard: the window is none of its length");
  }
  if (print_grant(out) != text) return not_so("the grant of a shard");
  return out;
}

std::string signed_text(const ShardReport& report) {
  std::string text;
  json::Writer out(text);
  out.begin_object();
  out.key("charges").begin_array();
  for (const ChargeRecord& each : report.charges) out.raw(settled_json(each));
  out.end_array();
  out.member("grant", digest_text(report.grant));
  out.member("shard", report.shard.get());
  out.member("tenant", report.tenant.get());
  out.end_object();
  return text;
}

std::string print_report(const ShardReport& report) {
  std::string text;
  json::Writer out(text);
  out.begin_object();
  out.member("kind", kReportKind);
  out.key("report").raw(signed_text(report));
  out.member("signature", to_hex(report.signature));
  out.end_object();
  return text;
}

Result<ShardReport> parse_report(std::string_view text) {
  MC_TRY(const json::Value value, read(text, kReportBytesMax));
  const json::Value inner = member_of(value, "report");
  ShardReport out;
  out.tenant = TenantId(text_at(inner, "tenant"));
  out.shard = ChargeId(text_at(inner, "shard"));
  const auto grant = parse_digest(text_at(inner, "grant"));
  const auto signature = from_hex(text_at(value, "signature"));
  const json::Value charges = member_of(inner, "charges");
  const bool whole =
      grant && signature && signature->size() == kSignatureBytes && charges.as_array() != nullptr;
  if (!whole) return not_so("the report of a shard");
  out.grant = *grant;
  out.signature = *signature;
  for (const json::Value& each : *charges.as_array()) {
    MC_TRY(ChargeRecord charge, parse_settled(each));
    out.charges.push_back(std::move(charge));
  }
  if (print_report(out) != text) return not_so("the report of a shard");
  return out;
}

}  // namespace mc::accountant
