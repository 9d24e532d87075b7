// A slow twin that keeps every charge in a list and adds all of them up for each decision, under
// random operations on a clock that only the test moves.
#include <doctest/doctest.h>

#include <algorithm>

#include "contract/accountant_contract.h"

namespace mc::accountant::contract {
namespace {

struct TwinTopUp {
  std::string id, purpose, tenant;
  WallTime window{}, expires{};
  std::int64_t amount = 0;
};

struct TwinCharge {
  std::string tenant, purpose, key;
  WallTime window{};
  std::int64_t cost = 0;
  bool tenant_only = false;
  State state = State::reserved;
  ChargeRef ref{};
  std::string result{};
};

struct Twin {
  static constexpr std::int64_t kWindow = 2'000'000'000, kAll = 5'000'000'000,
                                kLifetime = 30'000'000'000;
  using Account = std::tuple<std::string, std::string, WallTime>;  // of a window
  std::vector<TwinCharge> charges;
  std::vector<TwinTopUp> active;
  std::map<Account, std::int64_t> ended_used;

  static bool counts(State state) { return state != State::released; }

  std::int64_t used(const std::function<bool(const TwinCharge&)>& which) const {
    std::int64_t out = 0;
    for (const TwinCharge& each : charges) {
      if (counts(each.state) && which(each)) out += each.cost;
    }
    return out;
  }
  std::int64_t used_of(const Account& account) const {
    return used(
        [&](const TwinCharge& c) { return Account(c.tenant, c.purpose, c.window) == account; });
  }
  std::int64_t top_up(const Account& account) {
    std::int64_t out = ended_used[account];
    for (const TwinTopUp& each : active) {
      if (Account(each.tenant, each.purpose, each.window) == account) out += each.amount;
    }
    return out;
  }
  void shrink(const Account& account) {
    ended_used[account] =
        std::clamp<std::int64_t>(used_of(account) - kWindow, 0, ended_used[account]);
  }
  std::int64_t end(const std::string& id) {
    const auto found = std::find_if(active.begin(), active.end(),
                                    [&](const TwinTopUp& each) { return each.id == id; });
    const Account account(found->tenant, found->purpose, found->window);
    const std::int64_t before = top_up(account);
    ended_used[account] += found->amount;
    active.erase(found);
    shrink(account);
    return before - top_up(account);
  }
  void expire(WallTime now) {
    for (std::size_t i = 0; i < active.size();) {
      if (active[i].expires <= now) {
        end(active[i].id);
      } else {
        ++i;
      }
    }
  }
  // "" when it fits.
  std::string short_of(const TwinCharge& wanted) {
    const Account account(wanted.tenant, wanted.purpose, wanted.window);
    if (used_of(account) + wanted.cost > kWindow + top_up(account)) return "window";
    const std::int64_t of_dataset =
        used([&](const TwinCharge& c) { return c.window == wanted.window && !c.tenant_only; });
    if (!wanted.tenant_only && of_dataset + wanted.cost > kAll) return "dataset";
    const std::int64_t ever = used([&](const TwinCharge& c) { return c.tenant == wanted.tenant; });
    return ever + wanted.cost > kLifetime ? "lifetime" : "";
  }
};

class Game {
 public:
  Game(const Fresh& fresh, std::uint64_t seed) : world_(fresh()), dice_(seed) {
    world_.settings.other_datasets.length = *WindowLength::parse("day");
    world_.settings.other_datasets.all_tenants.epsilon = NanoEpsilon(Twin::kAll);
    world_.settings.other_datasets.lifetime.epsilon = NanoEpsilon(Twin::kLifetime);
    world_.settings.plans["default"].window.epsilon = NanoEpsilon(Twin::kWindow);
    world_.settings.plans["default"].top_up_lifetime_max = epsilon("100000");
    world_.settings.plans["default"].top_up_window_max = epsilon("100000");
    accountant_ = world_.open();
  }
  void play() {
    twin_.expire(world_.clock.wall());
    switch (below(16)) {
      case 0:
        world_.clock.advance(seconds(static_cast<std::int64_t>(below(20'000))));
        break;
      case 1:
        add_top_up();
        break;
      case 2:
        revoke();
        break;
      case 3:
        if (below(10) == 0) restart();
        break;
      case 4:
      case 5:
      case 6:
      case 7:
      case 8:
        reserve();
        break;
      default:
        if (!twin_.charges.empty()) move_on(twin_.charges[pick()]);
    }
  }
  void check() {
    check_books(*world_.connect(sql::Access::read_only));
    for (const TwinCharge& each : twin_.charges) {
      const auto stored = accountant_->reports().charge(each.ref);
      REQUIRE(stored.has_value());
      CHECK(name_of(stored->state) == name_of(each.state));
      CHECK(stored->result == each.result);
    }
  }

 private:
  std::uint64_t below(std::uint64_t n) { return dice_.next_u64() % n; }
  std::size_t pick() {  // mostly one of the latest
    const std::size_t size = twin_.charges.size();
    const std::size_t back = below(below(4) == 0 ? size : std::min<std::size_t>(size, 6));
    return size - 1 - back;
  }
  WallTime window() { return window_at(*WindowLength::parse("day"), world_.clock.wall()).start; }

  void reserve() {
    TwinCharge wanted;
    wanted.tenant = below(2) == 0 ? "alpha" : "beta";
    wanted.purpose = below(3) == 0 ? "support" : "research";
    wanted.key = "k" + std::to_string(++number_);
    wanted.window = window();
    wanted.cost = static_cast<std::int64_t>(1 + below(8)) * 125'000'000;
    wanted.tenant_only = below(8) == 0;
    Charge charge = count_of("1", wanted.key);
    charge.tenant = TenantId(wanted.tenant);
    charge.purpose = wanted.purpose;
    charge.cost.epsilon = NanoEpsilon(wanted.cost);
    charge.reach = wanted.tenant_only ? Reach::tenant : Reach::tenant_and_dataset;
    const std::string expected = twin_.short_of(wanted);
    const auto reply = accountant_->reserve(charge);
    REQUIRE_MESSAGE(reply.has_value(), reply.error().what);
    if (const auto* refusal = std::get_if<Refusal>(&*reply)) {
      CHECK(name_of(refusal->account.scope) == expected);
      return;
    }
    CHECK(expected == "");
    wanted.ref = std::get<Reservation>(*reply).charge;
    twin_.charges.push_back(std::move(wanted));
  }

  void move_on(TwinCharge& charge) {
    const State before = charge.state;
    const bool open = before == State::reserved || before == State::executing;
    const Twin::Account account(charge.tenant, charge.purpose, charge.window);
    switch (below(6)) {
      case 0:
      case 1:
        CHECK(accountant_->execute(charge.ref).has_value() == (before == State::reserved));
        if (before == State::reserved) charge.state = State::executing;
        break;
      case 2:
      case 3: {
        const std::string result = "r" + std::to_string(dice_.next_u64());
        CHECK(accountant_->commit(charge.ref, result).has_value() == (before == State::executing));
        if (before != State::executing) break;
        charge.state = State::committed;
        charge.result = result;
        break;
      }
      case 4:
        CHECK(accountant_->release(charge.ref, "why").has_value() == (before == State::reserved));
        if (before == State::reserved) charge.state = State::released;
        break;
      default:
        if (below(2) == 0) {
          CHECK(accountant_->refund(charge.ref, DataIndependent::snapshot_gone).has_value() ==
                open);
          if (open) charge.state = State::released;
        } else {
          CHECK(accountant_->abandon(charge.ref).has_value());
          if (open) {
            charge.state = before == State::reserved ? State::released : State::burned;
          }
        }
    }
    twin_.shrink(account);
  }

  void add_top_up() {
    TwinTopUp more{"t" + std::to_string(++number_),
                   below(2) == 0 ? "support" : "research",
                   below(2) == 0 ? "alpha" : "beta",
                   window(),
                   {},
                   0};
    more.amount = static_cast<std::int64_t>(1 + below(4)) * 250'000'000;
    const WallTime day_end = more.window + seconds(86'400);
    more.expires = std::min(
        day_end, whole_ms(world_.clock.wall() + seconds(static_cast<std::int64_t>(below(30'000)))));
    const Status added =
        accountant_->add_top_up({TenantId(more.tenant), more.id, "visits", more.purpose, "default",
                                 NanoEpsilon(more.amount), more.window, more.expires, more.id});
    CHECK(added.has_value() == (more.expires > world_.clock.wall()));
    if (added) twin_.active.push_back(more);
  }
  void revoke() {
    if (twin_.active.empty()) return;
    const TwinTopUp one = twin_.active[below(twin_.active.size())];
    const std::int64_t taken = twin_.end(one.id);
    const auto revoked = accountant_->revoke_top_up(TenantId(one.tenant), one.id);
    REQUIRE_MESSAGE(revoked.has_value(), revoked.error().what);
    CHECK(revoked->get() == taken);
  }
  void restart() {
    accountant_.reset();
    accountant_ = world_.open();
    for (TwinCharge& each : twin_.charges) {
      if (each.state == State::executing) each.state = State::burned;
      if (each.state != State::reserved) continue;
      each.state = State::released;
      twin_.shrink({each.tenant, each.purpose, each.window});
    }
  }

  World world_;
  sim::SimRandom dice_;
  std::unique_ptr<Accountant> accountant_;
  Twin twin_;
  int number_ = 0;
};

}  // namespace

void run_oracle(const Fresh& fresh, std::uint64_t seed, int operations) {
  CAPTURE(seed);
  Game game(fresh, seed);
  for (int i = 0; i < operations; ++i) game.play();
  game.check();
}

}  // namespace mc::accountant::contract
