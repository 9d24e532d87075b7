// What one tenant can learn of others from its answers, generated: pairs of worlds that differ in
// what others do, and all that one tenant gets, byte for byte, with the virtual time of it.
#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <list>
#include <queue>
#include <set>
#include <vector>

#include "contract/isolation_world.h"

namespace mc::gateway::isolation {
namespace {

using sim::header_of;

// ---- generated scripts ----

struct Asked {
  std::int64_t at_us = 0;
  std::string tenant, user, body;
  std::size_t route = 0;
  bool fresh = false;  // its document is new
  std::int64_t takes_us = 0, bytes = 0;
};

const std::array<std::string, 4> kKnown = {
    guarded::body_of("{ a }"), guarded::body_of("{ a b c d e f g h }"),
    "[" + guarded::body_of("{ a }") + "," + guarded::body_of("{ a }") + "]",
    "[" + guarded::body_of("{ a }") + "," + guarded::body_of("{ a }") + "," +
        guarded::body_of("{ a }") + "," + guarded::body_of("{ a }") + "," +
        guarded::body_of("{ a }") + "]"};

std::vector<Asked> script(Dice& dice, const std::string& tenant, int count, std::int64_t lasts_us) {
  std::vector<Asked> out;
  for (int i = 0; i < count; ++i) {
    Asked one;
    one.at_us = dice.pick(1, lasts_us);
    one.tenant = tenant;
    one.user = dice.once_in(3) ? "ben" : "ada";
    one.route = dice.once_in(3) ? 1 : 0;
    one.body = kKnown[static_cast<std::size_t>(dice.pick(0, 3))];
    one.fresh = dice.once_in(6);
    if (one.fresh)
      one.body = guarded::body_of("{ a f" + std::to_string(dice.pick(1, 1 << 30)) + " }");
    if (dice.once_in(12)) one.body = guarded::body_of("{ a(");
    one.takes_us = dice.pick(500, 300'000);
    one.bytes = dice.pick(10, 900);
    out.push_back(one);
  }
  return out;
}

// Sends all of it, and writes down what `who` gets.
class Play {
 public:
  Play(const Setting& setting, std::vector<Asked> all, std::string who)
      : bench_(setting), all_(std::move(all)), who_(std::move(who)) {
    std::ranges::sort(all_, {}, [](const Asked& one) { return one.at_us; });
    std::set<std::string> tenants = {who_};
    for (const Asked& one : all_) tenants.insert(one.tenant);
    for (const std::string& tenant : tenants) {
      for (const std::string& body : kKnown) {
        for (std::size_t route = 0; route < kPaths.size(); ++route) {
          bench_.learn(tenant, body, route);
          bench_.pass(seconds(10));
        }
      }
    }
    bench_.pass(seconds(60));
    std::size_t next = 0;
    while (next < all_.size() || !ends_.empty()) {
      const bool ends =
          !ends_.empty() && (next == all_.size() || ends_.top().at_us <= all_[next].at_us);
      const std::int64_t at_us = ends ? ends_.top().at_us : all_[next].at_us;
      bench_.pass(micros(at_us - now_us_));
      now_us_ = at_us;
      if (ends) {
        end(ends_.top());
      } else {
        send(all_[next++]);
      }
    }
  }

  std::string text;
  std::map<int, int> statuses;         // of `who`; 200 = it ran
  std::map<int, int> others_statuses;  // of all others
  std::set<std::string> policies;      // that stood against `who`

 private:
  struct End {
    std::int64_t at_us = 0;
    std::size_t order = 0;
    const Asked* asked = nullptr;
    Exchange exchange;
    bool operator<(const End& other) const {
      return at_us != other.at_us ? at_us > other.at_us : order > other.order;
    }
  };
  void send(const Asked& one) {
    const Exchange sent = bench_.send(one.tenant, one.body, one.user, one.route);
    // A parser's thread says what becomes of it, at the same virtual time.
    if (one.fresh || one.body.find("{ a(") != std::string::npos) REQUIRE(sent->wait());
    const bool own = one.tenant == who_;
    if (own) text += std::to_string(now_us_) + " " + one.body + "\n  ";
    // At once, as there are seats for all.
    REQUIRE((sent->forwarded() || is_answered(sent)));
    ++(own ? statuses : others_statuses)[sent->forwarded() ? 200 : sent->response().status];
    if (sent->forwarded()) {
      ends_.push({now_us_ + one.takes_us, ++order_, &one, sent});
      if (own) text += without_ids(std::string(sent->forwarding().response_fields.text())) + "\n";
      return;
    }
    if (!own) return;
    text += told(sent->response()) + "\n";
    const std::string limit = header_of(sent->response().headers, "RateLimit");
    if (sent->response().status == 429) policies.insert(limit.substr(0, limit.find(';')));
  }
  void end(const End& end) {
    const Exchange exchange = end.exchange;
    const std::int64_t bytes = end.asked->bytes;
    if (end.asked->tenant == who_) text += std::to_string(now_us_) + " ends\n";
    ends_.pop();
    Bench::answer(*exchange, bytes);
  }

  Bench bench_;
  std::vector<Asked> all_;
  std::string who_;
  std::priority_queue<End> ends_;
  std::int64_t now_us_ = 0;
  std::size_t order_ = 0;
};

budget::BudgetSettings own_limits(Dice& dice) {
  budget::BudgetSettings out;
  budget::PlanSettings& starter = out.plans["starter"];
  if (dice.once_in(2)) starter.gql_qps = dice.pick(4, 8);
  if (dice.once_in(3)) starter.users.credits_per_day = 100'000;
  if (dice.once_in(3)) starter.seats = dice.pick(1, 3);
  if (dice.once_in(3)) starter.bytes_per_s = dice.pick(300, 3'000);
  if (dice.once_in(3)) starter.credits_per_s = dice.pick(9, 40);
  if (dice.once_in(4)) starter.credits_per_day = dice.pick(100, 400);
  if (dice.once_in(3)) starter.users.gql_qps = dice.pick(2, 5);
  if (dice.once_in(3)) starter.routes[kPaths[1]].gql_qps = dice.pick(1, 4);
  if (dice.once_in(2)) starter.burst = 2;
  out.plans["pro"].gql_qps = dice.pick(3, 50);
  // Of what all share there is enough.
  if (dice.once_in(2)) out.admission.global.credits_per_day = 6'000;
  if (dice.once_in(2)) out.admission.global.gql_qps = 100'000;
  if (dice.once_in(2)) out.admission.routes[kPaths[0]].credits_per_s = 1'000'000;
  if (dice.once_in(2)) starter.together.gql_qps = 100'000;
  return out;
}

TEST_CASE("isolation: while there is enough, no answer and no time of it depends on others") {
  std::map<int, int> statuses, others;
  std::set<std::string> policies;
  for (std::uint32_t seed = 1; seed <= 12; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    Setting setting;
    setting.seats = seats_of(512);
    setting.budgets = own_limits(dice);
    setting.plans = {
        {"alpha", "starter"}, {"bravo", "starter"}, {"carla", "pro"}, {"dora", "enterprise"}};
    constexpr std::int64_t kLasts = 3'000'000;
    const std::vector<Asked> own = script(dice, "alpha", 60, kLasts);
    const std::vector<Asked> load =
        script(dice, "bravo", static_cast<int>(dice.pick(20, 150)), kLasts);
    const auto beside = [&](const std::vector<std::string>& tenants, const char* user) {
      std::vector<Asked> all = own;
      for (std::size_t i = 0; i < load.size() && !tenants.empty(); ++i) {
        all.push_back(load[i]);
        all.back().tenant = tenants[i % tenants.size()];
        if (*user != '\0') all.back().user = user;
        if (*user != '\0') all.back().route = 1 - all.back().route;
      }
      Play play(setting, std::move(all), "alpha");
      for (const auto& [status, count] : play.statuses) statuses[status] += count;
      for (const auto& [status, count] : play.others_statuses) others[status] += count;
      policies.insert(play.policies.begin(), play.policies.end());
      return play.text;
    };
    const std::string alone = beside({}, "");
    CHECK(beside({"bravo"}, "") == alone);    // of the same plan
    CHECK(beside({"carla"}, "") == alone);    // of another one
    CHECK(beside({"dora"}, "zoe") == alone);  // of none, elsewhere, other people
    CHECK(beside({"bravo", "carla", "dora"}, "") == alone);
  }
  for (const int status : {200, 400, 429}) {
    CAPTURE(status);
    CHECK(statuses[status] > 50);
    CHECK(others[status] > 50);
  }
  CHECK(policies.size() >= 6);
}

// ---- what its own budgets say, whatever others do ----

struct Limit {
  std::string name;
  bool of_costs = false;  // known once the document is, so asked in a second step
  std::function<void(budget::BudgetSettings&)> set;
};

std::vector<Limit> own_kinds() {
  return {{"requests", false, [](auto& of) { of.plans["starter"].gql_qps = 2; }},
          {"user", false, [](auto& of) { of.plans["starter"].users.gql_qps = 2; }},
          {"route", false, [](auto& of) { of.plans["starter"].routes[kPaths[0]].gql_qps = 2; }},
          {"bytes", false, [](auto& of) { of.plans["starter"].bytes_per_s = 700; }},
          {"seats", false, [](auto& of) { of.plans["starter"].seats = 2; }},
          {"credits", true, [](auto& of) { of.plans["starter"].credits_per_s = 4; }},
          {"day", true, [](auto& of) { of.plans["starter"].credits_per_day = 40; }}};
}
std::vector<Limit> shared_kinds() {
  return {{"", true, [](auto&) {}},
          {"global rate", false, [](auto& of) { of.admission.global.gql_qps = 60; }},
          {"slow global rate", true,
           [](auto& of) {
             of.admission.global.credits_per_s = 2;
             of.admission.global.burst = 30;
           }},
          {"global day", true, [](auto& of) { of.admission.global.credits_per_day = 60; }},
          {"global month", true, [](auto& of) { of.admission.global.credits_per_month = 60; }},
          {"plan's seats", false, [](auto& of) { of.plans["starter"].together.seats = 6; }},
          {"route's seats", false, [](auto& of) { of.admission.routes[kPaths[0]].seats = 30; }},
          {"global seats", false, [](auto& of) { of.admission.global.seats = 30; }}};
}

struct Told {
  std::string text;
  bool at_once = false;
  int others_503 = 0;
};

// Alpha uses up what is its own; then others what is shared, and the seats and the queue for them
// where there are few; then alpha asks again.
Told own_denial(const Setting& setting, const Limit& own, bool others_come) {
  Bench bench(setting);
  const std::string& body = kKnown[0];
  for (const auto& [tenant, plan] : setting.plans) bench.learn(tenant, body);
  bench.pass(seconds(5));
  std::vector<Exchange> running;
  for (int i = 0; i < 60; ++i) {
    running.push_back(bench.send("alpha", body));
    if (!running.back()->forwarded()) break;
    if (own.name != "seats") Bench::answer(*running.back(), 600);
  }
  REQUIRE(running.back()->response().status == 429);
  Told out;
  for (int i = 0; others_come && i < 12; ++i) {
    for (const auto& [tenant, plan] : setting.plans) {
      for (int k = 0; tenant != "alpha" && k < (plan == "pro" ? 10 : 1); ++k) {
        running.push_back(bench.send(tenant, body));
        out.others_503 += running.back()->response().status == 503 ? 1 : 0;
      }
    }
  }
  const Exchange last = bench.send("alpha", own.of_costs ? body : guarded::body_of("{ a new }"));
  out.at_once = is_answered(last);
  out.text = told(last->response());
  for (const Exchange& one : running) {
    if (one->forwarded()) Bench::answer(*one, 1);
  }
  return out;
}

// But for what costs when not even the request itself is let in by what is shared: then nobody
// looks at what it would cost.
TEST_CASE("isolation: its own 429 is given at once and is the same, whatever else is used up") {
  std::set<std::string> seen;
  for (const Limit& own : own_kinds()) {
    for (const Limit& shared : shared_kinds()) {
      for (const bool few_seats : {false, true}) {
        CAPTURE(own.name);
        CAPTURE(shared.name);
        CAPTURE(few_seats);
        Setting setting;
        if (few_seats && !shared.name.empty()) continue;
        setting.plans = {{"alpha", "starter"}, {"bravo", "starter"}, {"carla", "pro"},
                         {"dora", "starter"},  {"emil", "starter"},  {"fia", "starter"}};
        own.set(setting.budgets);
        shared.set(setting.budgets);
        setting.seats = few_seats ? seats_of(20, 10) : seats_of(512);
        const Told alone = own_denial(setting, own, false);
        const Told beside = own_denial(setting, own, true);
        CHECK(alone.text.starts_with("429"));
        if (own.of_costs && !shared.of_costs) {
          CHECK(beside.text.starts_with("503"));
        } else {
          CHECK(beside.text == alone.text);
        }
        CHECK(beside.at_once);
        if (few_seats || !shared.name.empty()) CHECK(beside.others_503 > 0);
        seen.insert(alone.text);
      }
    }
  }
  CHECK(seen.size() >= own_kinds().size());
}

// ---- what is said when the server as a whole has no more ----

struct Seen {
  std::set<std::string> texts;
  std::map<std::int64_t, int> waits;  // by Retry-After
  int count = 0;

  void add(const Exchange& exchange) {
    const net::Response reply = exchange->response();
    texts.insert(told(reply));
    ++waits[std::stoll(header_of(reply.headers, "Retry-After"))];
    ++count;
  }
};
constexpr int kTimes = 90;

Setting crowded(std::size_t waiting_max, std::size_t of_tenant_max) {
  Setting out;
  out.seats = seats_of(1, waiting_max);
  out.seats.queue.of_tenant_max = of_tenant_max;
  out.seats.cursor.wait = seconds(60);  // nobody is shed
  out.plans = {{"alpha", "starter"}, {"bravo", "starter"}};
  return out;
}

// Bravo has the seat; `round` makes one of alpha's be turned away.
Seen turned_away(const Setting& setting, const std::string& why,
                 const std::function<Exchange(Bench&)>& round) {
  Bench bench(setting);
  for (const char* tenant : {"alpha", "bravo"}) bench.learn(tenant, kKnown[0]);
  Seen out;
  const Exchange running = bench.send("bravo", kKnown[0]);
  REQUIRE(running->forwarded());
  while (out.count < kTimes) {
    const Exchange one = round(bench);
    REQUIRE(is_answered(one));
    out.add(one);
    bench.pass(seconds(1));  // nobody waits any more
  }
  CHECK(bench.turned_away(why) >= kTimes);
  Bench::answer(*running, 1);
  return out;
}

std::map<std::string, Seen> seats_refused() {
  std::map<std::string, Seen> out;
  const auto ask = [](Bench& bench, const char* tenant) { return bench.send(tenant, kKnown[0]); };
  out["expired"] = turned_away(crowded(100, 100), "expired", [&](Bench& bench) {
    const Exchange one = ask(bench, "alpha");
    bench.pass(millis(250));
    return one;
  });
  out["tenant_full"] = turned_away(crowded(100, 1), "tenant_full", [&](Bench& bench) {
    ask(bench, "alpha");
    return ask(bench, "alpha");
  });
  out["queue_full"] = turned_away(crowded(2, 100), "queue_full", [&](Bench& bench) {
    ask(bench, "alpha");
    ask(bench, "alpha");
    return ask(bench, "alpha");
  });
  out["evicted"] = turned_away(crowded(2, 100), "evicted", [&](Bench& bench) {
    ask(bench, "alpha");
    const Exchange one = ask(bench, "alpha");
    ask(bench, "bravo");
    return one;
  });
  return out;
}

// By the cursor: alpha has more than its share, and waits too long.
Seen shed() {
  Setting setting = crowded(10'000, 10'000);
  setting.seats.cursor = {.window = millis(100), .window_requests = 200, .wait = millis(1)};
  Bench bench(setting);
  bench.learn("alpha", kKnown[0]);
  Seen out;
  std::list<Exchange> all = {bench.send("alpha", kKnown[0])};
  double before = 0;
  for (int i = 0; i < 20'000 && out.count < kTimes; ++i) {
    const Exchange one = bench.send("alpha", kKnown[0]);
    const double now = bench.turned_away("shed");
    if (now > before) out.add(one);
    before = now;
    all.push_back(one);
    if (i % 8 != 0) continue;
    bench.pass(millis(4));
    for (auto at = all.begin(); at != all.end();) {
      const bool runs = (*at)->forwarded();
      if (runs) Bench::answer(**at, 1);
      if (runs || is_answered(*at)) {
        at = all.erase(at);
      } else {
        ++at;
      }
    }
  }
  CHECK(out.count == kTimes);
  return out;
}

// No room among the documents that are to be parsed, beside one that takes long.
Seen parsers_full() {
  Setting setting = crowded(100, 100);
  setting.gateway.parser_queue_max = 1;
  Bench bench(setting);
  std::string fields;
  for (int i = 0; i < 14'000; ++i) fields += " a";
  Seen out;
  for (int round = 0; round < 2'000 && out.count < kTimes; ++round) {
    std::vector<Exchange> sent = {
        bench.send("bravo", guarded::body_of("{" + fields + " b" + std::to_string(round) + " }"))};
    for (int i = 0; i < 8; ++i) {
      sent.push_back(bench.send("alpha", guarded::body_of("{ a" + std::to_string(round) + "b" +
                                                          std::to_string(i) + " }")));
      if (is_answered(sent.back())) break;
    }
    if (is_answered(sent.back())) out.add(sent.back());
    for (const Exchange& one : sent) {
      if (one->wait() && one->forwarded()) Bench::answer(*one, 1);
    }
  }
  CHECK(out.count == kTimes);
  return out;
}

TEST_CASE("isolation: a 503 says the same, and to come back as soon, for whatever reason") {
  std::map<std::string, Seen> all = seats_refused();
  all["shed"] = shed();
  all["parsers"] = parsers_full();
  for (const auto& [why, seen] : all) {
    CAPTURE(why);
    CHECK(seen.texts == all.at("expired").texts);
    CHECK(seen.texts.size() == 1);
    // A third each: 30 of 90, with a standard deviation of 4.5.
    for (const std::int64_t wait : {1, 2, 3}) {
      CAPTURE(wait);
      CHECK(seen.waits.contains(wait));
      CHECK(seen.waits.at(wait) > 30 - 5 * 4.5);
      CHECK(seen.waits.at(wait) < 30 + 5 * 4.5);
    }
  }
  const std::string text = *all.at("expired").texts.begin();
  for (const char* word : {"bravo", "queue", "full", "expired", "wait", "shed", "RateLimit"}) {
    CAPTURE(word);
    CHECK(text.find(word) == std::string::npos);
  }
}

// ---- ids and tokens ----

// An id has the time and a hash of a count: its first 63 bits are those of the time alone.
TEST_CASE("isolation: the ids of requests do not count those of others") {
  const auto ids_beside = [](int load) {
    Setting setting;
    setting.seats = seats_of(512);
    setting.plans = {{"alpha", "starter"}, {"bravo", "starter"}};
    Bench bench(setting);
    std::vector<std::string> out;
    for (int round = 0; round < 20; ++round) {
      for (int i = 0; i < load; ++i) bench.send("bravo", guarded::body_of("{ a("))->wait();
      const Exchange one = bench.send("alpha", guarded::body_of("{ a("));
      one->wait();
      out.push_back(header_of(one->response().headers, "X-Request-Id"));
      bench.pass(micros(700));
    }
    return out;
  };
  const std::vector<std::string> alone = ids_beside(0), beside = ids_beside(97);
  std::set<std::string> rests;
  for (std::size_t i = 0; i < alone.size(); ++i) {
    REQUIRE(alone[i].size() == kIdBytes);
    CHECK(alone[i].substr(0, 17) == beside[i].substr(0, 17));
    rests.insert(alone[i].substr(18));
  }
  CHECK(rests.size() == alone.size());
}

TEST_CASE("isolation: a token that is none says nothing of who is here") {
  std::set<std::string> seen;
  for (const bool others : {false, true}) {
    Setting setting;
    setting.plans = {{"alpha", "starter"}};
    if (others) setting.plans["zulu"] = "pro";
    setting.seats = seats_of(8);
    Bench bench(setting);
    std::vector<std::string> tokens = {"mct_", "mct_zulu", "zulu", std::string(43, 'x')};
    if (others) {
      const std::string good = bench.token("zulu", "ada");
      tokens.push_back(good.substr(0, good.size() - 1) + (good.back() == 'a' ? "b" : "a"));
      const auto all = bench.world->directory().tokens(TenantId("zulu"));
      REQUIRE(all.has_value());
      REQUIRE(bench.world->directory().revoke(TenantId("zulu"), all->front().id).has_value());
      tokens.push_back(good);
      const std::string other = bench.token("zulu", "ben");
      auto zulu = bench.world->directory().tenant(TenantId("zulu"));
      REQUIRE(zulu.has_value());
      zulu->state = "suspended";
      REQUIRE(bench.world->directory().update_tenant(*zulu).has_value());
      tokens.push_back(other);
    }
    for (const std::string& token : tokens) {
      seen.insert(told(bench.world->query("{ a }", token)));
    }
  }
  CHECK(seen.size() == 1);
  CHECK(seen.begin()->starts_with("401"));
}

}  // namespace
}  // namespace mc::gateway::isolation
