// Decides operations, one after the other, within one transaction. Private to the module.
//
// begin() reads what a batch goes by, in one order for all servers so that none waits for another
// in a circle; apply() decides and writes charges; finish() writes the accounts that have changed.
// What it knows stays for the next transaction where nobody else writes. For one thread at a time.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "accountant/accountant.h"
#include "accountant/store.h"

namespace mc::accountant {

// The accounts that a charge touches, in the order of Scope.
std::vector<AccountKey> keys_of(const Charge& charge, const Window& window,
                                const std::vector<WallTime>& blocks);
// The first moments of the blocks that it reaches. `invalid`: it does not say which, or too many.
Result<std::vector<WallTime>> blocks_of(const Charge& charge, const DatasetRules& rules);
// Of an account: that of the window, or of all time.
WallTime end_of(const AccountKey& key, const Window& window);
// As the configuration has it now, under the name of a plan.
Limit limit_of(const AccountKey& key, const std::string& plan, const Settings& settings);
// One that nothing was charged to yet.
Account new_account(const AccountKey& key, Filter filter, WallTime end);
Refusal refusal_of(const Account& account, Account::Short what, const Amount& amount);
// What the plan says against it, whatever is left.
Status check_policy(const Charge& charge, const Settings& settings);

class Desk {
 public:
  enum class Memory : std::uint8_t { keeps, forgets };
  // All outlive it.
  struct World {
    Store& store;
    const Settings& settings;
    sys::Clock& clock;
    sys::IdMaker& ids;
  };
  Desk(const World& world, std::string node, Memory memory)
      : world_(world), node_(std::move(node)), memory_(memory) {}

  void note_latest(WallTime latest) { latest_ = std::max(latest_, latest); }

  // Errors of begin() and finish(), and broken() after apply(), are the database's: the transaction
  // has to be rolled back, and forget() called.
  Status begin(std::span<const Operation* const> batch);
  Result<Outcome> apply(const Operation& operation);
  const std::optional<Error>& broken() const { return broken_; }
  Status finish();
  void forget();

  // As of the last finish(): what has changed since begin().
  std::vector<const Account*> changed() const;

 private:
  struct Held {
    Account account;
    bool dirty = false;
  };
  template <class T>
  Result<T> of_store(Result<T> answer) {
    if (!answer) broken_ = answer.error();
    return answer;
  }

  Result<Held*> hold(const AccountKey& key, WallTime end, Filter filter);
  Result<Held*> touch(const AccountKey& key, const Charge& charge, WallTime end);
  Status expire(Held& held);
  void mark(Held& held);  // that it has changed
  Result<ChargeRecord*> find(const ChargeRef& ref);
  Status check_clock(const Account& lifetime) const;
  Status load_charges(std::span<const Operation* const> batch);
  Status load_accounts(std::span<const Operation* const> batch);

  Result<Outcome> run(const Reserve& operation);
  Result<Outcome> run(const Execute& operation);
  Result<Outcome> run(const Commit& operation);
  Result<Outcome> run(const Release& operation);
  Result<Outcome> run(const Refund& operation);
  Result<Outcome> run(const Abandon& operation);
  Result<Outcome> run(const AddTopUp& operation);
  Result<Outcome> run(const RevokeTopUp& operation);
  Result<Outcome> run(const OpenShard& operation);
  Result<Outcome> run(const EndShard& operation);
  Result<Outcome> run(const MergeShard& operation);

  struct Part {
    Held* held = nullptr;
    Amount amount;
  };
  Result<std::vector<Part>> parts_of(const ChargeRecord& record);
  Result<std::vector<Part>> new_parts(const ChargeRecord& record);
  Result<Outcome> earlier(const Charge& charge, const Result<Outcome>& otherwise);
  Result<Outcome> try_reserve(const Reserve& operation);
  Status settle(ChargeRecord& record, State state);
  // Shards: what was stored under the key of `record`, else `record` itself, committed with
  // `result`, which `change` puts on its accounts.
  using Change = void (*)(Account& account, const Amount& amount);
  Result<Outcome> enter(ChargeRecord record, std::string result, Change change);

  const World world_;
  const std::string node_;
  const Memory memory_;
  std::map<AccountKey, Held> accounts_;
  std::map<std::pair<std::string, std::string>, ChargeRecord> charges_;  // by tenant and id
  std::vector<Held*> changed_;                                           // since begin()
  WallTime latest_{};                                                    // of the last charge
  WallTime wall_{};  // of the batch, as the clock says
  WallTime now_{};   // the same, never before the last charge
  std::optional<Error> broken_;
};

}  // namespace mc::accountant
