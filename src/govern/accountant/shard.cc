#include "accountant/shard.h"

#include <algorithm>
#include <set>

#include "accountant/replay.h"
#include "json/json.h"

namespace mc::accountant {
namespace {

constexpr int kPage = 5'000;

std::string text_digest(std::string_view text) {
  return digest_text(crypto::Sha256().add(text).finish());
}

// The same for the same shard, so that the key stands for one question (Charge::asks_same).
Charge opening_charge(const Opening& opening) {
  const Shard& shard = opening.shard;
  Charge out;
  out.tenant = shard.tenant;
  out.dataset = shard.dataset;
  out.purpose = shard.purpose;
  out.plan = opening.plan;
  out.analyst = opening.opened_by;
  out.query_type = out.mechanism = "shard";
  out.cost = {shard.epsilon, shard.delta, {}};
  // As a grant without an id, whose window is the first one of all.
  out.query = text_digest(print_grant({shard, ChargeId(), {opening.window_start}, {}, {}}));
  Shard place = shard;
  place.cell_key.clear();
  place.epsilon = NanoEpsilon();
  place.delta = AttoDelta();
  out.key =
      "shard:" + text_digest(print_grant({place, ChargeId(), {opening.window_start}, {}, {}}));
  out.reach = Reach::shard;
  return out;
}

std::string message_of(const ShardReport& report) {
  return "mc.dp-shard-report/v1\n" + signed_text(report);
}

tl::unexpected<Error> refused(const ShardReport& report, const std::string& why) {
  return fail(Code::invalid, "shard " + excerpt(report.shard.get()) + ": " + why);
}

// What is in the shard's own account, one after the other and each once.
Status check_charge(const ShardReport& report, const Grant& grant, std::size_t place) {
  const ChargeRecord& each = report.charges[place];
  const Charge& charge = each.charge;
  const Shard& shard = grant.shard;
  const std::string name = "charge " + excerpt(each.id.get());
  const bool own = charge.tenant == shard.tenant && charge.dataset == shard.dataset &&
                   charge.purpose == shard.purpose && each.window.start == grant.window.start;
  const bool timely = grant.window.start <= each.reserved_at && each.reserved_at < grant.window.end;
  if (!own || !timely) return refused(report, name + " is not of this shard's account");
  if (each.state != State::committed && each.state != State::burned) {
    return refused(report, name + " is not settled");
  }
  const bool last = place + 1 == report.charges.size();
  const bool ends = charge.reach == Reach::shard_end && charge.query == grant.id.get();
  if (last ? !ends : charge.reach > Reach::tenant) {
    return refused(report, "it does not end with the shard's end, or " + name + " is none");
  }
  const std::int64_t before = place == 0 ? 0 : report.charges[place - 1].seq;
  if (each.seq <= before) return refused(report, name + " is there twice, or out of order");
  return ok();
}

// What all but the last one have spent, and the last one's, which has to be all the rest.
Result<Merged> check_charges(const ShardReport& report, const Grant& grant) {
  Amount spent{};
  std::set<std::string> ids;
  for (std::size_t i = 0; i < report.charges.size(); ++i) {
    MC_TRY_OK(check_charge(report, grant, i));
    const ChargeRecord& each = report.charges[i];
    if (!ids.insert(each.id.get()).second) {
      return refused(report, "charge " + excerpt(each.id.get()) + " is there twice");
    }
    if (i + 1 == report.charges.size()) break;
    MC_TRY(const Amount amount, amount_of(each.charge.cost, grant.filter));
    MC_TRY_OK(spent.add(amount));
  }
  if (report.charges.empty()) return refused(report, "it does not end with the shard's end");
  const Shard& shard = grant.shard;
  if (spent.epsilon > shard.epsilon || spent.delta > shard.delta) {
    return refused(report, "it is overspent: " + to_decimal(spent.epsilon) + " of epsilon of " +
                               to_decimal(shard.epsilon) + ", " + to_decimal(spent.delta) +
                               " of delta of " + to_decimal(shard.delta));
  }
  const Cost& rest = report.charges.back().charge.cost;
  if (spent.epsilon + rest.epsilon != shard.epsilon || spent.delta + rest.delta != shard.delta) {
    return refused(report, "what was spent and what is left are not the shard");
  }
  return Merged{static_cast<std::int64_t>(report.charges.size()) - 1, spent.epsilon, spent.delta,
                rest.epsilon, rest.delta};
}

// What the journal keeps of a report.
std::string summary_of(const Merged& merged, std::string_view report) {
  std::string text;
  json::Writer out(text);
  out.begin_object();
  out.member("charges", merged.charges);
  out.member("delta", to_decimal(merged.delta));
  out.member("epsilon", to_decimal(merged.epsilon));
  out.member("kind", "mc.dp-shard-rest/v1");
  out.member("report", text_digest(report));
  out.end_object();
  return text;
}

}  // namespace

Result<ReleasedResult> open_shard(Accountant& mother, const Opening& opening) {
  MC_TRY_OK(opening.shard.check());
  const Charge charge = opening_charge(opening);
  MC_TRY_OK(charge.check());
  MC_TRY(const Outcome outcome,
         mother.perform(OpenShard{charge, opening.shard, opening.window_start}));
  if (const auto* grant = std::get_if<ReleasedResult>(&outcome)) return *grant;
  return tl::unexpected<Error>(std::get<Refusal>(std::get<Reply>(outcome)).error());
}

Result<Settings> cell_settings(const std::vector<Grant>& grants) {
  if (grants.empty()) return fail(Code::invalid, "a cell has at least one grant");
  Settings out;
  out.grants = grants;
  for (const Grant& each : grants) {
    DatasetRules& rules = out.datasets[each.shard.dataset];
    rules.filter = each.filter;
    rules.length = each.length;
  }
  Plan& plan = out.plans["default"];
  plan.window = {.epsilon = kEpsilonMax, .delta = kDeltaMax};
  plan.query_max = kEpsilonMax;
  MC_TRY_OK(out.check());
  return out;
}

Result<std::string> close_shard(Accountant& cell, const Grant& grant,
                                const crypto::SigningKey& key) {
  const Shard& shard = grant.shard;
  if (to_hex(key.public_key().raw_ed25519()) != shard.cell_key) {
    return fail(Code::invalid, "shard: the key is not that of the grant");
  }
  MC_TRY([[maybe_unused]] const Outcome ended, cell.perform(EndShard{grant}));
  ShardReport report{
      shard.tenant, grant.id, crypto::Sha256().add(print_grant(grant)).finish(), {}, {}};
  std::int64_t after = 0;
  while (true) {
    MC_TRY(std::vector<ChargeRecord> page,
           cell.reports().settled(shard.tenant, shard.dataset, after, kPage));
    if (page.empty()) break;
    after = page.back().seq;
    for (ChargeRecord& each : page) {
      const bool own =
          each.charge.purpose == shard.purpose && each.window.start == grant.window.start;
      if (own) report.charges.push_back(std::move(each));
    }
  }
  MC_TRY(report.signature, key.sign(message_of(report)));
  return print_report(report);
}

Result<Merged> merge_shard(Accountant& mother, std::string_view text) {
  MC_TRY(const ShardReport report, parse_report(text));
  const ChargeRef ref{report.tenant, report.shard};
  MC_TRY(const ChargeRecord opened, mother.reports().charge(ref));
  if (opened.charge.reach != Reach::shard) return refused(report, "it is no shard");
  MC_TRY(const Grant grant, parse_grant(opened.result));
  const auto bytes = from_hex(grant.shard.cell_key);
  MC_TRY(const crypto::PublicKey key, crypto::PublicKey::ed25519(bytes ? *bytes : ""));
  if (!key.verify(message_of(report), report.signature)) {
    return fail(Code::denied, "shard " + excerpt(report.shard.get()) +
                                  ": the report is not signed by the cell that it was given to");
  }
  if (report.grant != opened.result_hash) return refused(report, "the cell had another grant");
  MC_TRY(const Merged merged, check_charges(report, grant));
  MC_TRY([[maybe_unused]] const Outcome done,
         mother.perform(MergeShard{ref, report.grant, merged.epsilon_back, merged.delta_back,
                                   summary_of(merged, text)}));
  return merged;
}

}  // namespace mc::accountant
