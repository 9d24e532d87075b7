#include "maestro/privacy_reports.h"

#include "accountant/replay.h"
#include "planner/answer.h"

namespace mc::app {
namespace {

std::string text_of(const json::Value& key) {
  const std::string* const text = key.as_string();
  return text != nullptr ? *text : json::print(key);
}

exporting::DpAnswer told(const accountant::ChargeRecord& charge, planner::KeptAnswer kept) {
  exporting::DpAnswer out;
  out.costs.release = charge.id.get();
  out.costs.epsilon = accountant::to_decimal(kept.cost.epsilon);
  out.costs.delta = accountant::to_decimal(kept.cost.delta);
  out.costs.mechanism = kept.noise;
  out.costs.snapshot = kept.snapshot;
  out.query = kept.aggregate + " " + kept.question;
  for (dataset::PrivateRow& row : kept.rows) {
    exporting::DpRow& to = out.rows.emplace_back();
    for (const json::Value& key : row.key) to.key.push_back(text_of(key));
    to.value = std::move(row.value);
    to.low = std::move(row.low);
    to.high = std::move(row.high);
  }
  return out;
}

}  // namespace

Result<exporting::DpReport> PrivacyReports::report(const TenantId& tenant,
                                                   const std::string& dataset,
                                                   const std::vector<std::string>& releases) {
  const dataset::Dataset* const described = model_.dataset(dataset);
  if (described == nullptr || !described->privacy) {
    return fail(Code::not_found, "dataset '" + excerpt(dataset) + "' has no private answers");
  }
  exporting::DpReport out;
  out.unit = described->privacy->unit;
  accountant::Amount sum;
  for (const std::string& release : releases) {
    const Result<accountant::ChargeRecord> charge =
        accountant_.reports().charge({tenant, accountant::ChargeId(release)});
    const bool theirs = charge && charge->charge.dataset == dataset &&
                        charge->state == accountant::State::committed;
    if (!charge && charge.error().code != Code::not_found) {
      return tl::unexpected<Error>(charge.error());
    }
    if (!theirs) {
      return fail(Code::not_found, "releases: '" + excerpt(release) +
                                       "' is no answer of this dataset to this tenant");
    }
    MC_TRY(planner::KeptAnswer kept, planner::read_answer(charge->result));
    MC_TRY_OK(sum.add({kept.cost.epsilon, kept.cost.delta, kept.cost.rho, {}}));
    out.answers.push_back(told(*charge, std::move(kept)));
  }
  out.epsilon = accountant::to_decimal(sum.epsilon);
  out.delta = accountant::to_decimal(sum.delta);
  MC_TRY(const accountant::Reports::Ledger ledger,
         accountant_.reports().accountant_hash(tenant, dataset));
  out.accountant = accountant::digest_text(ledger.hash);
  return out;
}

}  // namespace mc::app
