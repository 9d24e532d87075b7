#include "accountant/replay.h"

#include "accountant/charge_json.h"
#include "json/json.h"

namespace mc::accountant {
namespace {

std::string_view bytes_of(const crypto::Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

Amount amount_as_charged(const Cost& cost) {
  return {cost.epsilon, cost.delta, cost.rho, {}};
}

}  // namespace

std::string digest_text(const crypto::Digest& digest) {
  return "sha256:" + to_hex(bytes_of(digest));
}

Result<crypto::Digest> parse_digest(std::string_view text) {
  const std::string_view prefix = "sha256:";
  crypto::Digest out{};
  const auto bytes = text.starts_with(prefix) ? from_hex(text.substr(prefix.size()))
                                              : Result<std::string>(std::string());
  if (!bytes || bytes->size() != out.size()) {
    return fail(Code::corrupt, "'" + excerpt(text, 80) + "' is not sha256: and 64 digits");
  }
  std::copy(bytes->begin(), bytes->end(), out.begin());
  return out;
}

crypto::Digest charge_hash(const ChargeRecord& charge) {
  return crypto::Sha256().add(settled_json(charge)).finish();
}

Replay::Replay(std::string policy_version) : policy_version_(std::move(policy_version)) {
  text_.add(R"({"charges":[)");
}

Status Replay::add(const ChargeRecord& record, const crypto::Digest& hash) {
  const Charge& charge = record.charge;
  if (record.state != State::committed && record.state != State::burned) {
    return fail(Code::corrupt, "charge " + excerpt(record.id.get()) + " is not settled");
  }
  if (record.seq != charges_ + 1) {
    return fail(Code::corrupt, "charge " + excerpt(record.id.get()) + " has place " +
                                   std::to_string(record.seq) + " of the journal, not " +
                                   std::to_string(charges_ + 1));
  }
  if (charges_ == 0) {
    tenant_ = charge.tenant.get();
    dataset_ = charge.dataset;
  } else if (charge.tenant.get() != tenant_ || charge.dataset != dataset_) {
    return fail(Code::corrupt, "charge " + excerpt(record.id.get()) + " is of another journal");
  }
  MC_TRY_OK(add_amount(record));
  text_.add(charges_ == 0 ? R"(")" : R"(,")").add(digest_text(hash)).add(R"(")");
  ++charges_;
  return ok();
}

Status Replay::add_amount(const ChargeRecord& record) {
  const Charge& charge = record.charge;
  const Amount amount = amount_as_charged(charge.cost);
  const WindowKey window(charge.purpose, record.window.start);
  const std::pair<std::string, WindowKey> shard(charge.query, window);
  if (charge.reach == Reach::shard_rest) {
    const auto open = shards_.find(shard);
    const bool fits = open != shards_.end() && amount.epsilon <= open->second.epsilon &&
                      amount.delta <= open->second.delta && amount.rho <= open->second.rho;
    if (!fits) {
      return fail(Code::corrupt, "charge " + excerpt(record.id.get()) + " is a rest of no shard");
    }
    shards_.erase(open);
    spent_.subtract(amount);
    windows_[window].subtract(amount);
    return ok();
  }
  MC_TRY_OK(spent_.add(amount));
  // Of the parts of a sum that fits, each fits.
  MC_CHECK(windows_[window].add(amount).has_value());
  if (charge.reach == Reach::shard) shards_[shard] = charge.cost;
  return ok();
}

crypto::Digest Replay::hash() const {
  std::string rest;
  rest += R"(],"kind":"mc.dp-accountant/v1","policy_version":)";
  json::append_quoted(rest, policy_version_);
  rest += R"(,"totals":)";
  json::Writer out(rest);
  out.begin_object();
  out.member("charges", charges_);
  out.member("delta", to_decimal(spent_.delta));
  out.member("epsilon", to_decimal(spent_.epsilon));
  out.member("rho", to_decimal(spent_.rho));
  out.end_object();
  rest += "}";
  crypto::Sha256 text = text_;
  return text.add(rest).finish();
}

}  // namespace mc::accountant
