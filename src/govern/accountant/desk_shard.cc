// Shards: each of their three steps is one settled charge, in one transaction.
#include <algorithm>
#include <utility>

#include "accountant/desk.h"

namespace mc::accountant {
namespace {

ReleasedResult released_of(const Reservation& made) {
  return {made.result, made.result_hash, 0};
}

Amount amount_of_shard(const Cost& cost) {
  return {cost.epsilon, cost.delta, {}, {}};
}

}  // namespace

// One that is committed as soon as it is made; its accounts come in the order of Scope.
Result<Outcome> Desk::enter(ChargeRecord record, std::string result, Change change) {
  const Charge& charge = record.charge;
  MC_TRY(const std::optional<ChargeRecord> stored,
         of_store(world_.store.by_key(charge.tenant, charge.key)));
  if (stored) {
    if (stored->result == result) {
      return Outcome(ReleasedResult{stored->result, stored->result_hash, stored->seq});
    }
    return fail(Code::conflict, "shard " + excerpt(charge.key) + ": was ended with other contents");
  }
  record.state = State::executing;
  record.holder = node_;
  MC_TRY(const bool inserted, of_store(world_.store.insert(record)));
  if (!inserted) return fail(Code::conflict, "shard: somebody else ends it just now");
  const Filter filter = world_.settings.dataset(charge.dataset).filter;
  for (const AccountKey& key : keys_of(charge, record.window, record.blocks)) {
    const WallTime end = end_of(key, record.window);
    // At a cell by its limits of now: its database may have had others before it was one.
    const bool at_cell = charge.reach == Reach::shard_end;
    MC_TRY(Held* const held, at_cell ? touch(key, charge, end) : hold(key, end, filter));
    change(held->account, amount_of_shard(charge.cost));
    if (key.scope == Scope::lifetime) record.seq = ++held->account.seq;
    mark(*held);
  }
  record.state = State::committed;
  record.settled_at = record.reserved_at;
  record.result = std::move(result);
  record.result_hash = crypto::Sha256().add(record.result).finish();
  const Status done = world_.store.settle(record);
  if (!done) {
    broken_ = done.error();
    return tl::unexpected<Error>(done.error());
  }
  return Outcome(ReleasedResult{record.result, record.result_hash, record.seq});
}

Result<Outcome> Desk::run(const OpenShard& operation) {
  const Charge& charge = operation.charge;
  const DatasetRules& rules = world_.settings.dataset(charge.dataset);
  const Window window = window_at(rules.length, now_);
  const auto reserved = [&]() -> Result<Outcome> {
    if (!world_.settings.grants.empty()) {
      return fail(Code::denied, "shard: a cell gives none");
    }
    if (rules.filter != Filter::pure && rules.filter != Filter::approx) {
      return fail(Code::invalid, "shard: dataset '" + excerpt(charge.dataset) +
                                     "' has the filter " + std::string(name_of(rules.filter)) +
                                     ", whose sums cannot be given out in parts");
    }
    if (operation.window_start != window.start) {
      return fail(Code::denied, "shard: its window begins at " +
                                    format_rfc3339(operation.window_start) +
                                    ", the present one at " + format_rfc3339(window.start));
    }
    return try_reserve({charge, Then::execute});
  }();
  if (broken_) return reserved;
  const auto* reply = reserved ? std::get_if<Reply>(&*reserved) : nullptr;
  const auto* made = reply != nullptr ? std::get_if<Reservation>(reply) : nullptr;
  if (made != nullptr) {
    const ChargeRef ref = made->charge;
    const Grant grant{operation.shard, ref.id, window, rules.length, rules.filter};
    Result<Outcome> out = run(Commit{ref, print_grant(grant)});
    charges_.erase({ref.tenant.get(), ref.id.get()});  // it is settled
    return out;
  }
  MC_TRY(const Outcome before, earlier(charge, reserved));
  const auto* told = std::get_if<Reply>(&before);
  const auto* there = told != nullptr ? std::get_if<Reservation>(told) : nullptr;
  if (there == nullptr) return before;  // refused
  return Outcome(released_of(*there));
}

// At the cell. What is left of the shard is spent, so nothing else can spend it.
Result<Outcome> Desk::run(const EndShard& operation) {
  const Grant& asked = operation.grant;
  const Shard& shard = asked.shard;
  const Grant* grant =
      world_.settings.grant(shard.tenant.get(), shard.dataset, shard.purpose, asked.window.start);
  if (grant == nullptr || !(*grant == asked)) {
    return fail(Code::not_found, "this cell has no shard " + excerpt(asked.id.get()));
  }
  // Its last charge is of the window, and the mother takes no other.
  if (now_ < asked.window.start) {
    return fail(Code::unavailable, "shard " + excerpt(asked.id.get()) + ": its window begins at " +
                                       format_rfc3339(asked.window.start));
  }
  ChargeRecord record;
  Charge& charge = record.charge;
  charge.tenant = shard.tenant;
  charge.dataset = shard.dataset;
  charge.purpose = shard.purpose;
  charge.analyst = PrincipalId(shard.cell);
  charge.query_type = charge.mechanism = "shard";
  charge.query = asked.id.get();
  charge.key = "shard-end:" + asked.id.get();
  charge.reach = Reach::shard_end;
  record.id = ChargeId(world_.ids.make("chg_"));
  record.window = asked.window;
  record.reserved_at = std::min(now_, record.window.end - millis(1));
  const std::string result = R"({"kind":"mc.dp-shard-end/v1"})";
  const AccountKey key = keys_of(charge, record.window, {}).front();
  MC_TRY(Held* const held, touch(key, charge, record.window.end));
  const Account& account = held->account;
  if (account.reserved != Amount{}) {
    return fail(Code::conflict, "shard " + excerpt(asked.id.get()) + ": charges of it are open");
  }
  charge.cost.epsilon = std::max(shard.epsilon - account.spent.epsilon, NanoEpsilon());
  charge.cost.delta = std::max(shard.delta - account.spent.delta, AttoDelta());
  return enter(std::move(record), result, [](Account& each, const Amount& amount) {
    each.reserve(amount);
    each.settle(amount);
  });
}

Result<Outcome> Desk::run(const MergeShard& operation) {
  MC_TRY(const ChargeRecord* const opened, find(operation.charge));
  if (opened->charge.reach != Reach::shard || opened->result_hash != operation.grant) {
    return fail(Code::invalid, "shard: the report is of another grant than that of charge " +
                                   excerpt(operation.charge.id.get()));
  }
  const Cost& given = opened->charge.cost;
  if (operation.epsilon > given.epsilon || operation.delta > given.delta) {
    return fail(Code::invalid, "shard: more is left than was given");
  }
  ChargeRecord record;
  record.charge = opened->charge;
  record.charge.reach = Reach::shard_rest;
  record.charge.key = "shard-rest:" + operation.charge.id.get();
  record.charge.cost = {operation.epsilon, operation.delta, {}};
  record.id = ChargeId(world_.ids.make("chg_"));
  record.window = opened->window;
  record.blocks = opened->blocks;
  // A correction of that charge: what was spent when goes by its time.
  record.reserved_at = opened->reserved_at;
  return enter(std::move(record), operation.summary,
               [](Account& each, const Amount& amount) { each.take_back(amount); });
}

}  // namespace mc::accountant
