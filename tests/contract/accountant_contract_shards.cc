// Shards: two ledgers that were apart, and what is spent when they meet.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "accountant/replay.h"
#include "accountant/shard.h"
#include "contract/accountant_contract.h"

namespace mc::accountant::contract {
namespace {

crypto::SigningKey key_of(int cell) {
  return *crypto::SigningKey::ed25519(Secret(std::string(32, static_cast<char>(cell + 1))));
}

Opening opening_of(World& mother, const char* amount, int cell) {
  const Charge like = count_of("1", "");
  Opening out;
  out.shard = {.cell = "cell " + std::to_string(cell),
               .cell_key = to_hex(key_of(cell).public_key().raw_ed25519()),
               .tenant = like.tenant,
               .dataset = like.dataset,
               .purpose = like.purpose,
               .epsilon = epsilon(amount)};
  out.opened_by = PrincipalId("ops");
  out.window_start = window_at(WindowLength(), mother.clock.wall()).start;
  return out;
}

Grant granted(Accountant& mother, const Opening& opening) {
  const auto bytes = open_shard(mother, opening);
  REQUIRE_MESSAGE(bytes.has_value(), bytes.error().what);
  const auto grant = parse_grant(bytes->bytes);
  REQUIRE_MESSAGE(grant.has_value(), grant.error().what);
  return *grant;
}

Settings settings_of(const Grant& grant) {
  const auto out = cell_settings({grant});
  REQUIRE_MESSAGE(out.has_value(), out.error().what);
  return *out;
}

std::string closed(Accountant& cell, const Grant& grant, int number) {
  const auto out = close_shard(cell, grant, key_of(number));
  REQUIRE_MESSAGE(out.has_value(), out.error().what);
  return *out;
}

Merged merged(Accountant& mother, const std::string& report) {
  const auto out = merge_shard(mother, report);
  REQUIRE_MESSAGE(out.has_value(), out.error().what);
  return *out;
}

NanoEpsilon spent_of(Accountant& accountant) {
  return standing(accountant, Scope::window, count_of("1", "")).spent.epsilon;
}

// The accountant's hash is that of the journal, run again; its sum is what was spent.
void check_replay(Accountant& accountant, NanoEpsilon spent) {
  const auto told = accountant.reports().accountant_hash(TenantId("alpha"), "visits");
  REQUIRE_MESSAGE(told.has_value(), told.error().what);
  Replay replay("1");
  const auto journal = accountant.reports().settled(TenantId("alpha"), "visits", 0, 10'000);
  REQUIRE(journal.has_value());
  for (const ChargeRecord& each : *journal) {
    const Status added = replay.add(each);
    REQUIRE_MESSAGE(added.has_value(), added.error().what);
  }
  CHECK(replay.hash() == told->hash);
  CHECK(replay.spent().epsilon == spent);
}

void lives_and_is_merged(const Fresh& fresh) {
  World mother(fresh());
  mother.settings.plans["default"].query_max = epsilon("10");
  const auto here = mother.open();
  spent(*here, count_of("1", "before"), "1");
  const Opening opening = opening_of(mother, "2", 1);
  const Grant grant = granted(*here, opening);
  CHECK(granted(*here, opening) == grant);  // once
  CHECK(spent_of(*here) == epsilon("3"));
  check_replay(*here, epsilon("3"));
  CHECK(refused(*here, count_of("7.000000001", "x")).epsilon_left == epsilon("7"));

  World away(fresh(), settings_of(grant));
  std::string report;
  {
    const auto cell = away.open();
    spent(*cell, count_of("0.5", "a"), "1");
    const Reservation burning = reserved(*cell, count_of("0.25", "b"));
    REQUIRE(cell->execute(burning.charge).has_value());
    CHECK(close_shard(*cell, grant, key_of(1)).error().code == Code::conflict);  // one is open
    CHECK(refused(*cell, count_of("1.250000001", "c")).epsilon_left == epsilon("1.25"));
    REQUIRE(cell->abandon(burning.charge).has_value());
    report = closed(*cell, grant, 1);
    CHECK(refused(*cell, count_of("0.000000001", "d")).epsilon_left == NanoEpsilon());
    CHECK(closed(*cell, grant, 1) == report);
  }
  CHECK(closed(*away.open(), grant, 1) == report);  // also after a start
  check_books(*away.connect(sql::Access::read_only));

  const Merged expected{2, epsilon("0.75"), {}, epsilon("1.25"), {}};
  CHECK(merged(*here, report) == expected);
  CHECK(merged(*here, report) == expected);
  CHECK(spent_of(*here) == epsilon("1.75"));
  check_replay(*here, epsilon("1.75"));
  check_books(*mother.connect(sql::Access::read_only));
  const auto days = here->reports().spend({grant.shard.tenant, "visits", ""}, SpendBy::day,
                                          window_at(WindowLength(), mother.clock.wall()));
  REQUIRE(days.has_value());
  CHECK(days->front().epsilon == epsilon("1.75"));
  spent(*here, count_of("5", "y"), "1");
  CHECK(refused(*here, count_of("3.250000001", "z")).epsilon_left == epsilon("3.25"));
}

void a_cell_spends_its_shard_and_nothing_else(const Fresh& fresh) {
  World mother(fresh());
  const auto here = mother.open();
  const Grant grant = granted(*here, opening_of(mother, "1", 1));
  World away(fresh(), settings_of(grant));
  const auto cell = away.open();
  const auto code_of = [&](const std::function<void(Charge&)>& change) {
    Charge charge = count_of("0.1", "k");
    change(charge);
    const auto reply = cell->reserve(charge);
    return reply ? std::string("none") : std::string(code_name(reply.error().code));
  };
  CHECK(code_of([](Charge& c) { c.tenant = TenantId("beta"); }) == "denied");
  CHECK(code_of([](Charge& c) { c.dataset = "orders"; }) == "denied");
  CHECK(code_of([](Charge& c) { c.purpose = "support"; }) == "denied");
  CHECK(code_of([](Charge& c) { c.reach = Reach::shard; }) == "invalid");
  CHECK(code_of([](Charge& c) { c.reach = Reach::shard_rest; }) == "invalid");
  CHECK(code_of([&](Charge& c) { c.key = "shard-end:" + grant.id.get(); }) == "invalid");
  const auto given = open_shard(*cell, opening_of(away, "0.1", 2));
  CHECK(given.error().code == Code::denied);
  TopUp more{.tenant = TenantId("alpha"),
             .id = "top_1",
             .dataset = "visits",
             .purpose = "research",
             .epsilon = epsilon("1"),
             .window_start = grant.window.start,
             .expires_at = grant.window.end,
             .record = "r"};
  CHECK(cell->add_top_up(more).error().code == Code::denied);
  Grant larger = grant;
  larger.shard.epsilon = epsilon("9");
  CHECK(close_shard(*cell, larger, key_of(1)).error().code == Code::not_found);
  CHECK(close_shard(*cell, grant, key_of(2)).error().code == Code::invalid);
  away.clock.advance(grant.window.end - away.clock.wall());
  CHECK(code_of([](Charge&) {}) == "denied");  // its window is over
  CHECK(merged(*here, closed(*cell, grant, 1)).epsilon_back == epsilon("1"));
  CHECK(spent_of(*here) == NanoEpsilon());
}

void opens_what_there_is(const Fresh& fresh) {
  World mother(fresh());
  mother.settings.datasets["noisy"].filter = Filter::zcdp;
  mother.settings.plans["default"].window.rho = *parse_rho("1");
  const auto here = mother.open();
  const auto code_of = [&](const std::function<void(Opening&)>& change) {
    Opening opening = opening_of(mother, "6", 7);
    change(opening);
    const auto out = open_shard(*here, opening);
    return out ? std::string("none") : std::string(code_name(out.error().code));
  };
  CHECK(code_of([](Opening& o) { o.shard.dataset = "noisy"; }) == "invalid");
  CHECK(code_of([](Opening& o) { o.shard.delta = *parse_delta("1e-9"); }) == "invalid");
  CHECK(code_of([](Opening& o) { o.shard.cell_key = "00"; }) == "invalid");
  CHECK(code_of([](Opening& o) { o.shard.epsilon = NanoEpsilon(); }) == "invalid");
  CHECK(code_of([](Opening& o) { o.window_start = WallTime{}; }) == "denied");
  CHECK(code_of([](Opening& o) { o.shard.epsilon = epsilon("10.000000001"); }) == "exhausted");
  CHECK(spent_of(*here) == NanoEpsilon());
  CHECK(code_of([](Opening&) {}) == "none");
  // Of another size it is another shard of the same cell, of which there is one.
  CHECK(code_of([](Opening& o) { o.shard.epsilon = epsilon("1"); }) == "conflict");
  CHECK(code_of([](Opening& o) { o.shard.cell = "other"; }) == "exhausted");
  CHECK(spent_of(*here) == epsilon("6"));
  mother.clock.advance(seconds(30 * 86'400));
  CHECK(code_of([](Opening&) {}) == "none");
}

// A report of the cell's own hand, changed and signed again.
std::string signed_by(ShardReport report, int cell) {
  report.signature = *key_of(cell).sign("mc.dp-shard-report/v1\n" + signed_text(report));
  return print_report(report);
}

// "merged", or the code and the reason.
std::string told_of(Accountant& mother, const std::string& report) {
  const auto out = merge_shard(mother, report);
  if (out) return "merged";
  return std::string(code_name(out.error().code)) + " " + out.error().what;
}

void refuses_what_is_not_the_shards(const Fresh& fresh) {
  World mother(fresh());
  const auto here = mother.open();
  const Grant grant = granted(*here, opening_of(mother, "2", 1));
  const Grant other = granted(*here, opening_of(mother, "2", 2));
  World away(fresh(), settings_of(grant));
  const auto cell = away.open();
  spent(*cell, count_of("0.5", "a"), "1");
  spent(*cell, count_of("0.25", "b"), "2");
  const std::string report = closed(*cell, grant, 1);
  const ShardReport good = *parse_report(report);
  CHECK(signed_by(good, 1) == report);
  const auto told = [&](const std::string& text) { return told_of(*here, text); };
  CHECK(told(signed_by(good, 2)).find("not signed by the cell") != std::string::npos);
  ShardReport unsigned_change = good;
  unsigned_change.charges[0].charge.cost.epsilon = epsilon("0.1");
  CHECK(told(print_report(unsigned_change)).find("not signed") != std::string::npos);
  CHECK(told(report + " ").starts_with("invalid"));

  struct Row {
    const char* why;
    std::function<void(ShardReport&)> change;
  };
  const Row rows[] = {
      {"overspent", [](ShardReport& r) { r.charges[0].charge.cost.epsilon = epsilon("2"); }},
      {"are not the shard",
       [](ShardReport& r) { r.charges[0].charge.cost.epsilon = epsilon("0.1"); }},
      {"are not the shard", [](ShardReport& r) { r.charges.erase(r.charges.begin()); }},
      {"are not the shard",
       [](ShardReport& r) { r.charges.back().charge.cost.epsilon = epsilon("2"); }},
      {"shard's end", [](ShardReport& r) { r.charges.pop_back(); }},
      {"shard's end", [](ShardReport& r) { r.charges.clear(); }},
      {"shard's end", [](ShardReport& r) { r.charges[0].charge.reach = Reach::shard_rest; }},
      {"shard's end", [&](ShardReport& r) { r.charges.back().charge.query = other.id.get(); }},
      {"there twice", [](ShardReport& r) { r.charges.insert(r.charges.begin(), r.charges[0]); }},
      {"there twice", [](ShardReport& r) { r.charges[1].id = r.charges[0].id; }},
      {"out of order", [](ShardReport& r) { std::swap(r.charges[0], r.charges[1]); }},
      {"this shard's account",
       [](ShardReport& r) { r.charges[0].charge.tenant = TenantId("beta"); }},
      {"this shard's account", [](ShardReport& r) { r.charges[0].charge.dataset = "orders"; }},
      {"this shard's account", [](ShardReport& r) { r.charges[0].charge.purpose = "support"; }},
      {"this shard's account", [](ShardReport& r) { r.charges[0].window.start = WallTime{}; }},
      {"this shard's account",
       [&](ShardReport& r) { r.charges[0].reserved_at = grant.window.end; }},
      {"with a delta", [](ShardReport& r) { r.charges[0].charge.cost.delta = AttoDelta(1); }},
      {"another grant", [](ShardReport& r) { r.grant[0] ^= 1; }},
      {"not signed by the cell", [&](ShardReport& r) { r.shard = other.id; }},
      {"no charge", [](ShardReport& r) { r.shard = ChargeId("chg_none"); }},
      {"no charge", [](ShardReport& r) { r.tenant = TenantId("beta"); }},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    ShardReport bad = good;
    row.change(bad);
    const std::string what = told(signed_by(bad, 1));
    CHECK_MESSAGE(what.find(row.why) != std::string::npos, what);
  }
  CHECK(spent_of(*here) == epsilon("4"));
  CHECK(told(report) == "merged");
  // A second word about it, even of the cell's own, comes too late.
  ShardReport late = good;
  late.charges[0].charge.cost.epsilon = epsilon("0.25");
  late.charges.back().charge.cost.epsilon = epsilon("1.5");
  CHECK(told(signed_by(late, 1)).starts_with("conflict"));
  CHECK(spent_of(*here) == epsilon("2.75"));
  check_books(*mother.connect(sql::Access::read_only));
}

// Every statement of opening and of merging fails once, with and without having been run; asked
// again, and after a start, the outcome is the one.
void survives_faults(const Fresh& fresh) {
  using Fault = sim::FaultyConnection::Fault;
  for (const Fault fault : {Fault::not_run, Fault::run_but_reported_failed}) {
    World mother(fresh());
    mother.settings.plans["default"].window.epsilon = epsilon("100");
    NanoEpsilon expected{};
    int number = 0, failed = 1;
    for (std::int64_t n = 1; failed > 0; ++n) {
      failed = 0;
      const Opening opening = opening_of(mother, "2", ++number);
      Grant grant;
      std::string report;
      for (const bool opens : {true, false}) {
        auto owner = std::make_unique<FaultyOwner>(mother.connect(sql::Access::read_write));
        FaultyOwner& connection = *owner;
        {
          const auto here = mother.open_on(std::move(owner));
          connection.faulty.fail_at(n, fault);
          const bool done = opens ? open_shard(*here, opening).has_value()
                                  : merge_shard(*here, report).has_value();
          if (!done) ++failed;
        }
        const auto here = mother.open();
        if (!opens) {
          CHECK(merged(*here, report).epsilon_back == epsilon("1.5"));
          break;
        }
        grant = granted(*here, opening);
        World away(fresh(), settings_of(grant));
        const auto cell = away.open();
        spent(*cell, count_of("0.5", "a"), "1");
        report = closed(*cell, grant, number);
      }
      expected = expected + epsilon("0.5");
      const auto here = mother.open();
      CHECK(spent_of(*here) == expected);
      check_replay(*here, expected);
      check_books(*mother.connect(sql::Access::read_only));
    }
    CHECK(number > 5);
  }
}

// The same at the cell: what was closed stays closed, and is reported as it was spent.
void survives_faults_at_the_cell(const Fresh& fresh) {
  using Fault = sim::FaultyConnection::Fault;
  for (const Fault fault : {Fault::not_run, Fault::run_but_reported_failed}) {
    bool failed = true;
    std::int64_t n = 1;
    for (; failed; ++n) {
      World mother(fresh());
      const auto here = mother.open();
      const Grant grant = granted(*here, opening_of(mother, "2", 1));
      World away(fresh(), settings_of(grant));
      auto owner = std::make_unique<FaultyOwner>(away.connect(sql::Access::read_write));
      FaultyOwner& connection = *owner;
      {
        const auto cell = away.open_on(std::move(owner));
        spent(*cell, count_of("0.5", "a"), "1");
        connection.faulty.fail_at(n, fault);
        failed = !close_shard(*cell, grant, key_of(1));
      }
      const auto cell = away.open();
      const bool more = cell->reserve(count_of("0.5", "b")).has_value();
      CHECK(more);
      REQUIRE(cell->settle_left_open().has_value());
      const auto open = cell->reserve(count_of("0.5", "b"));
      const auto* held = std::get_if<Reservation>(&*open);
      if (held != nullptr) REQUIRE(cell->release(held->charge, "not needed").has_value());
      CHECK(merged(*here, closed(*cell, grant, 1)).epsilon == epsilon("0.5"));
      CHECK(spent_of(*here) == epsilon("0.5"));
    }
    CHECK(n > 5);
  }
}

// Cells that are opened, spend, are lost, closed, and merged in any order, more than once; the
// mother spends meanwhile. What was spent in truth is never more than the limit.
class Apart {
 public:
  Apart(const Fresh& fresh, std::uint64_t seed) : fresh_(fresh), mother_(fresh()), dice_(seed) {
    here_ = mother_.open();
  }
  void play() {
    const std::uint64_t choice = below(10);
    if (choice < 2) {
      open();
    } else if (choice < 5 && !cells_.empty()) {
      spend_away(cells_[below(cells_.size())]);
    } else if (choice == 5 && !cells_.empty()) {
      close(cells_[below(cells_.size())]);
    } else if (choice < 8 && !reports_.empty()) {
      merge(reports_[below(reports_.size())]);
    } else if (choice == 8) {
      spend_here();
    } else if (below(4) == 0) {
      here_.reset();
      here_ = mother_.open();
    }
    check();
  }
  void check() {
    NanoEpsilon truly = own_, counted = own_;
    for (const Cell& each : cells_) {
      truly = truly + each.spent;
      counted = counted + (each.merged ? each.spent : each.grant.shard.epsilon);
    }
    CHECK(truly <= epsilon("10"));
    CHECK(spent_of(*here_) == counted);
    CHECK(counted <= epsilon("10"));
  }
  void finish() {
    check_books(*mother_.connect(sql::Access::read_only));
    check_replay(*here_, spent_of(*here_));
    CHECK(cells_.size() > 2);
    CHECK(merges_ > 0);
  }

 private:
  struct Cell {
    int number;
    Grant grant;
    std::unique_ptr<World> world;
    NanoEpsilon spent{};
    bool closed = false, merged = false;
  };
  std::uint64_t below(std::uint64_t n) { return dice_.next_u64() % n; }
  std::string some(std::uint64_t most) {
    return to_decimal(NanoEpsilon(static_cast<std::int64_t>(1 + below(most)) * 125'000'000));
  }

  void open() {
    const int number = static_cast<int>(cells_.size()) + 1;
    const Opening opening = opening_of(mother_, some(16).c_str(), number);
    const auto bytes = open_shard(*here_, opening);
    if (!bytes) {
      CHECK(bytes.error().code == Code::exhausted);
      return;
    }
    const Grant grant = *parse_grant(bytes->bytes);
    cells_.push_back({number, grant, std::make_unique<World>(fresh_(), settings_of(grant))});
  }
  void spend_away(Cell& cell) {
    const auto accountant = cell.world->open();
    const std::string cost = some(8);
    const auto reply = accountant->reserve(count_of(cost.c_str(), std::to_string(++number_)));
    REQUIRE(reply.has_value());
    const auto* made = std::get_if<Reservation>(&*reply);
    const bool fits = cell.spent + epsilon(cost.c_str()) <= cell.grant.shard.epsilon;
    CHECK((made != nullptr) == (fits && !cell.closed));
    if (made == nullptr) return;
    REQUIRE(accountant->execute(made->charge).has_value());
    if (below(3) > 0) REQUIRE(accountant->commit(made->charge, "1").has_value());
    cell.spent = cell.spent + epsilon(cost.c_str());  // else it dies, and that burns
  }
  void close(Cell& cell) {
    reports_.emplace_back(&cell - cells_.data(),
                          closed(*cell.world->open(), cell.grant, cell.number));
    cell.closed = true;
  }
  void merge(const std::pair<std::ptrdiff_t, std::string>& report) {
    Cell& cell = cells_[static_cast<std::size_t>(report.first)];
    CHECK(merged(*here_, report.second).epsilon == cell.spent);
    cell.merged = true;
    ++merges_;
  }
  void spend_here() {
    const std::string cost = some(6);
    const Charge charge = count_of(cost.c_str(), "m" + std::to_string(++number_));
    const auto reply = here_->reserve(charge, Then::execute);
    REQUIRE(reply.has_value());
    const auto* made = std::get_if<Reservation>(&*reply);
    if (made == nullptr) return;
    REQUIRE(here_->commit(made->charge, "1").has_value());
    own_ = own_ + epsilon(cost.c_str());
  }

  const Fresh& fresh_;
  World mother_;
  sim::SimRandom dice_;
  std::unique_ptr<Accountant> here_;
  std::vector<Cell> cells_;
  std::vector<std::pair<std::ptrdiff_t, std::string>> reports_;
  NanoEpsilon own_{};
  int number_ = 0, merges_ = 0;
};

}  // namespace

// A database that served before it was a cell's has accounts with the limits of that time.
void ends_beside_what_was_spent_before(const Fresh& fresh) {
  World mother(fresh());
  const auto here = mother.open();
  const Grant grant = granted(*here, opening_of(mother, "2", 1));
  World away(fresh());
  away.settings.other_datasets.lifetime.epsilon = epsilon("1");
  Charge other = count_of("0.5", "k");
  other.purpose = "support";
  spent(*away.open(), other, "1");
  away.settings = settings_of(grant);
  const auto cell = away.open();
  CHECK(merged(*here, closed(*cell, grant, 1)).epsilon_back == epsilon("2"));
  check_books(*away.connect(sql::Access::read_only));
}

// Its end would be a charge of another window: the mother could never take it.
void ends_no_earlier_than_its_window_begins(const Fresh& fresh) {
  World mother(fresh());
  const auto here = mother.open();
  const Grant grant = granted(*here, opening_of(mother, "1", 1));
  World away(fresh(), settings_of(grant));
  away.clock.jump_wall(grant.window.start - away.clock.wall() - seconds(60));
  const auto cell = away.open();
  const auto early = close_shard(*cell, grant, key_of(1));
  REQUIRE_FALSE(early.has_value());
  CHECK(early.error().code == Code::unavailable);
  away.clock.advance(seconds(61));
  CHECK(merged(*here, closed(*cell, grant, 1)).epsilon_back == epsilon("1"));
}

void run_shards(const Fresh& fresh) {
  SUBCASE("ends beside what was spent before") {
    ends_beside_what_was_spent_before(fresh);
  }
  SUBCASE("ends no earlier than its window begins") {
    ends_no_earlier_than_its_window_begins(fresh);
  }
  SUBCASE("lives and is merged") {
    lives_and_is_merged(fresh);
  }
  SUBCASE("a cell spends its shard and nothing else") {
    a_cell_spends_its_shard_and_nothing_else(fresh);
  }
  SUBCASE("opens what there is") {
    opens_what_there_is(fresh);
  }
  SUBCASE("refuses what is not the shard's") {
    refuses_what_is_not_the_shards(fresh);
  }
  SUBCASE("survives faults") {
    survives_faults(fresh);
  }
  SUBCASE("survives faults at the cell") {
    survives_faults_at_the_cell(fresh);
  }
  SUBCASE("any order of any cells") {
    for (std::uint64_t seed = 1; seed <= 2; ++seed) {
      CAPTURE(seed);
      Apart apart(fresh, seed);
      for (int i = 0; i < 120; ++i) apart.play();
      apart.finish();
    }
  }
}

}  // namespace mc::accountant::contract
