// What becomes of charges and top-ups.
#include <algorithm>
#include <utility>

#include "accountant/desk.h"

namespace mc::accountant {
namespace {

tl::unexpected<Error> wrong_state(const ChargeRecord& record, std::string_view wanted) {
  return fail(Code::conflict, "charge " + excerpt(record.id.get()) + " is " +
                                  std::string(name_of(record.state)) + ", not " +
                                  std::string(wanted));
}

Reservation reservation_of(const ChargeRecord& record) {
  Reservation out;
  out.charge = {record.charge.tenant, record.id};
  out.state = record.state;
  out.window = record.window;
  out.result = record.result;
  out.result_hash = record.result_hash;
  out.why = record.why;
  return out;
}

ReleasedResult released_of(const ChargeRecord& record) {
  return {record.result, record.result_hash, record.seq};
}

// A cell spends what it was granted, in its time, and nothing else.
Status check_grant(const Charge& charge, const Window& window, const Settings& settings) {
  if (settings.grants.empty()) return ok();
  if (settings.grant(charge.tenant.get(), charge.dataset, charge.purpose, window.start) !=
      nullptr) {
    return ok();
  }
  return fail(Code::denied, "this cell has no shard of dataset '" + excerpt(charge.dataset) +
                                "' for '" + excerpt(charge.purpose) +
                                "' in the window that began at " + format_rfc3339(window.start));
}

}  // namespace

Refusal refusal_of(const Account& account, Account::Short what, const Amount& amount) {
  Refusal out;
  out.account = account.key;
  out.what = what;
  out.requested = amount.epsilon;
  out.epsilon_left = account.epsilon_left().value_or(NanoEpsilon());
  out.rho_left = account.rho_left().value_or(PicoRho());
  if (account.end != kAllTime.end) out.resets_at = account.end;
  return out;
}

// Whatever a request comes to, one that was made before under its key comes first.
Result<Outcome> Desk::earlier(const Charge& charge, const Result<Outcome>& otherwise) {
  MC_TRY(const std::optional<ChargeRecord> stored,
         of_store(world_.store.by_key(charge.tenant, charge.key)));
  if (!stored) return otherwise;
  if (!stored->charge.asks_same(charge)) {
    return fail(Code::conflict,
                "another request was made under the idempotency key '" + excerpt(charge.key) + "'");
  }
  Reservation out = reservation_of(*stored);
  out.earlier = true;
  return Outcome(Reply(std::move(out)));
}

Result<Outcome> Desk::run(const Reserve& operation) {
  const Charge& charge = operation.charge;
  MC_TRY_OK(charge.check());
  const bool of_shard = charge.reach > Reach::tenant || charge.key.starts_with("shard:") ||
                        charge.key.starts_with("shard-end:") ||
                        charge.key.starts_with("shard-rest:");
  if (of_shard) return fail(Code::invalid, "charge: shards and their keys are not asked for");
  Result<Outcome> out = try_reserve(operation);
  if (broken_) return out;
  const auto* reply = out ? std::get_if<Reply>(&*out) : nullptr;
  const bool made = reply != nullptr && std::holds_alternative<Reservation>(*reply);
  return made ? std::move(out) : earlier(charge, out);
}

Result<Outcome> Desk::try_reserve(const Reserve& operation) {
  const Charge& charge = operation.charge;
  MC_TRY_OK(check_policy(charge, world_.settings));
  const DatasetRules& rules = world_.settings.dataset(charge.dataset);
  ChargeRecord record;
  record.charge = charge;
  record.state = operation.then == Then::execute ? State::executing : State::reserved;
  record.holder = node_;
  record.window = window_at(rules.length, now_);
  record.reserved_at = now_;
  MC_TRY(record.blocks, blocks_of(charge, rules));
  MC_TRY_OK(check_grant(charge, record.window, world_.settings));
  MC_TRY(const std::vector<Part> parts, new_parts(record));
  for (const auto& [held, amount] : parts) {
    if (held->account.key.scope == Scope::lifetime) MC_TRY_OK(check_clock(held->account));
  }
  for (const auto& [held, amount] : parts) {
    const Account::Short what = held->account.short_of(amount);
    if (what == Account::Short::nothing) continue;
    return Outcome(Reply(refusal_of(held->account, what, amount)));
  }
  record.id = ChargeId(world_.ids.make("chg_"));
  MC_TRY(const bool inserted, of_store(world_.store.insert(record)));
  if (!inserted) return Outcome();  // its key is taken
  for (const auto& [held, amount] : parts) {
    held->account.reserve(amount);
    held->account.changed_at = std::max(held->account.changed_at, now_);
    mark(*held);
  }
  note_latest(now_);
  const Reservation out = reservation_of(record);
  charges_.emplace(std::pair(charge.tenant.get(), record.id.get()), std::move(record));
  return Outcome(Reply(out));
}

Result<std::vector<Desk::Part>> Desk::new_parts(const ChargeRecord& record) {
  std::vector<Part> out;
  for (const AccountKey& key : keys_of(record.charge, record.window, record.blocks)) {
    MC_TRY(Held* const held, touch(key, record.charge, end_of(key, record.window)));
    MC_TRY(const Amount amount, amount_of(record.charge.cost, held->account.filter));
    out.push_back({held, amount});
  }
  return out;
}

Result<std::vector<Desk::Part>> Desk::parts_of(const ChargeRecord& record) {
  std::vector<Part> out;
  const Filter filter = world_.settings.dataset(record.charge.dataset).filter;
  for (const AccountKey& key : keys_of(record.charge, record.window, record.blocks)) {
    MC_TRY(Held* const held, hold(key, end_of(key, record.window), filter));
    // An account may be pure now that was approx when the charge was reserved.
    const bool pure = held->account.filter == Filter::pure;
    MC_TRY(const Amount amount,
           amount_of(record.charge.cost, pure ? Filter::approx : held->account.filter));
    out.push_back({held, amount});
  }
  return out;
}

// From RESERVED or EXECUTING to one of the others, on all of its accounts.
Status Desk::settle(ChargeRecord& record, State state) {
  MC_TRY(const std::vector<Part> parts, parts_of(record));
  record.state = state;
  const bool spends = state != State::released;
  // How long it took depends on the rows that were read, and is nobody's business.
  record.settled_at = spends ? record.reserved_at : now_;
  for (const auto& [held, amount] : parts) {
    Account& account = held->account;
    if (spends) {
      account.settle(amount);
    } else {
      account.release(amount);
    }
    if (spends && account.key.scope == Scope::lifetime) record.seq = ++account.seq;
    mark(*held);
  }
  const Status done = world_.store.settle(record);
  if (!done) broken_ = done.error();
  return done;
}

Result<Outcome> Desk::run(const Execute& operation) {
  MC_TRY(ChargeRecord* const record, find(operation.charge));
  if (record->state != State::reserved) return wrong_state(*record, "reserved");
  MC_TRY(const bool executing, of_store(world_.store.execute(operation.charge, node_)));
  if (!executing) return wrong_state(*record, "there any more");
  record->state = State::executing;
  record->holder = node_;
  return Outcome();
}

Result<Outcome> Desk::run(const Commit& operation) {
  if (operation.result.size() > kResultBytesMax) {
    return fail(Code::invalid,
                "the result has more than " + std::to_string(kResultBytesMax) + " bytes");
  }
  MC_TRY(ChargeRecord* const record, find(operation.charge));
  const crypto::Digest hash = crypto::Sha256().add(operation.result).finish();
  if (record->state == State::committed && record->result_hash == hash) {
    return Outcome(ReleasedResult{operation.result, hash, record->seq});
  }
  if (record->state != State::executing) return wrong_state(*record, "executing");
  record->result = operation.result;
  record->result_hash = hash;
  MC_TRY_OK(settle(*record, State::committed));
  const ReleasedResult out = released_of(*record);
  return Outcome(out);
}

Result<Outcome> Desk::run(const Release& operation) {
  if (operation.why.empty() || operation.why.size() > kNameBytesMax ||
      !is_one_line(operation.why)) {
    return fail(Code::invalid, "the reason of a release is not one line of 1 to 200 bytes");
  }
  MC_TRY(ChargeRecord* const record, find(operation.charge));
  if (record->state != State::reserved) return wrong_state(*record, "reserved");
  record->why = operation.why;
  MC_TRY_OK(settle(*record, State::released));
  return Outcome();
}

Result<Outcome> Desk::run(const Refund& operation) {
  MC_TRY(ChargeRecord* const record, find(operation.charge));
  const bool open = record->state == State::reserved || record->state == State::executing;
  if (!open) return wrong_state(*record, "reserved or executing");
  record->why = name_of(operation.why);
  MC_TRY_OK(settle(*record, State::released));
  return Outcome();
}

Result<Outcome> Desk::run(const Abandon& operation) {
  MC_TRY(ChargeRecord* const record, find(operation.charge));
  if (record->state == State::reserved) {
    record->why = "abandoned before it was executed";
    MC_TRY_OK(settle(*record, State::released));
  } else if (record->state == State::executing) {
    MC_TRY_OK(settle(*record, State::burned));
  }
  return Outcome();
}

Result<Outcome> Desk::run(const AddTopUp& operation) {
  TopUp top_up = operation.top_up;
  MC_TRY_OK(top_up.check());
  if (!world_.settings.grants.empty()) return fail(Code::denied, "top-up: this is a cell's budget");
  const Plan& plan = world_.settings.plan(top_up.plan);
  const DatasetRules& rules = world_.settings.dataset(top_up.dataset);
  const Window window = window_at(rules.length, now_);
  top_up.expires_at = std::min(whole_ms(top_up.expires_at), window.end);
  const AccountKey key{top_up.tenant.get(), top_up.dataset, top_up.purpose, Scope::window,
                       window.start};
  if (top_up.window_start != window.start) {
    return fail(Code::denied, "top-up: its window begins at " +
                                  format_rfc3339(top_up.window_start) + ", the present one at " +
                                  format_rfc3339(window.start));
  }
  if (top_up.expires_at <= now_) {
    return fail(Code::denied, "top-up: it expired at " + format_rfc3339(top_up.expires_at));
  }
  Charge like;
  like.dataset = top_up.dataset;
  like.plan = top_up.plan;
  MC_TRY(Held* const held, touch(key, like, window.end));
  if (!held->account.limit.epsilon) {
    return fail(Code::denied, "top-up: the account has no limit of epsilon to add to");
  }
  // This account is changed too, so that of two at once the second sees the first.
  MC_TRY(Held* const lifetime, hold({key.tenant, key.dataset, "", Scope::lifetime, WallTime{}},
                                    kAllTime.end, rules.filter));
  mark(*lifetime);
  MC_TRY(const NanoEpsilon of_window, of_store(world_.store.topped_up(top_up, window.start)));
  MC_TRY(const NanoEpsilon ever, of_store(world_.store.topped_up(top_up, WallTime{})));
  if (of_window + top_up.epsilon > plan.top_up_window_max ||
      ever + top_up.epsilon > plan.top_up_lifetime_max) {
    return fail(Code::denied, "top-up: with it there would be over " +
                                  to_decimal(plan.top_up_window_max) + " in the window, or over " +
                                  to_decimal(plan.top_up_lifetime_max) + " for good");
  }
  MC_TRY(const bool inserted, of_store(world_.store.insert(top_up, now_)));
  if (!inserted) {
    return fail(Code::conflict, "top-up: its id or its record was used before");
  }
  held->account.add(top_up);
  mark(*held);
  return Outcome();
}

Result<Outcome> Desk::run(const RevokeTopUp& operation) {
  MC_TRY(const std::optional<Store::StoredTopUp> stored,
         of_store(world_.store.top_up(operation.tenant, operation.id)));
  if (!stored) return fail(Code::not_found, "there is no top-up " + excerpt(operation.id));
  const TopUp& top_up = stored->top_up;
  const DatasetRules& rules = world_.settings.dataset(top_up.dataset);
  const AccountKey key{top_up.tenant.get(), top_up.dataset, top_up.purpose, Scope::window,
                       top_up.window_start};
  const WallTime end = window_at(rules.length, top_up.window_start).end;
  MC_TRY(Held* const held, hold(key, end, rules.filter));
  MC_TRY_OK(expire(*held));
  if (!held->account.top_ups.contains(operation.id)) {
    return fail(Code::conflict, "top-up " + excerpt(operation.id) + " is not active any more");
  }
  const NanoEpsilon taken = held->account.end_top_up(operation.id);
  mark(*held);
  const Status ended = world_.store.end(top_up, TopUpState::revoked, taken, now_);
  if (!ended) {
    broken_ = ended.error();
    return tl::unexpected<Error>(ended.error());
  }
  return Outcome(taken);
}

}  // namespace mc::accountant
