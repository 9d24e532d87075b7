// Budgets shared over a real Redis that is killed, cut off, slow, restarted empty or something
// else: how much more than burst + rate * w was admitted in any time w, against the bounds of
// share.h.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <random>

#include "redis_world.h"
#include "share/memory_store.h"

namespace mc::redis::test {
namespace {

using share::Kind;
using share::OnLoss;
using share::contract::rate_spec;

constexpr std::int64_t kRate = 600, kBurst = 300, kCount = 3;
constexpr std::int64_t kHeldByAll = kCount * kRate / 10;
// From the end of a fault until every node knows: a probe, its answer, a turn.
constexpr Nanos kNoticed = millis(250);

void tell(const std::string& mode, const Nodes& nodes, const std::string& bound) {
  std::int64_t alone = 0;
  for (const auto& node : nodes.nodes) alone += node->alone;
  std::vector<std::int64_t> waits = nodes.waits_ns;
  std::ranges::sort(waits);
  const double p99 = waits.empty() ? 0 : static_cast<double>(waits[waits.size() * 99 / 100]) / 1e6;
  std::printf("%s: admitted %lld (%lld alone), over %lld, bound %s, p99 of the wait %.2f ms\n",
              mode.c_str(), static_cast<long long>(nodes.meter.admitted),
              static_cast<long long>(alone), static_cast<long long>(nodes.meter.over),
              bound.c_str(), p99);
}

void check(const std::string& mode, const Nodes& nodes, std::int64_t bound) {
  tell(mode, nodes, std::to_string(bound));
  CHECK(nodes.meter.over <= bound);
}

// What `cut` nodes may admit beyond the limit when they do not reach the store for `time`.
std::int64_t bound_of(OnLoss on_loss, std::int64_t cut, Nanos time,
                      const std::vector<std::int64_t>& own_in_4s) {
  const std::int64_t ms = to_millis(time);
  if (on_loss == OnLoss::local_share) {
    return cut * (kBurst / kCount) + cut * kRate * ms / 1'000 / kCount;
  }
  std::int64_t out = 0;
  if (on_loss == OnLoss::last_known) {
    // The rate is that of 2 to 4 s: at most what there was in 4 s, in 2 s.
    for (std::int64_t i = 0; i < cut; ++i) {
      out += own_in_4s[static_cast<std::size_t>(i)] * (ms + 1'000) / 2'000;
    }
  }
  return out;
}

std::vector<std::int64_t> own_rates(const Nodes& nodes) {
  std::vector<std::int64_t> out;
  for (std::size_t i = 0; i < nodes.nodes.size(); ++i) out.push_back(nodes.own_in(i, seconds(4)));
  return out;
}

// Nodes that were not cut off, and found the store slow since the machine was busy.
std::int64_t bound_of_busy(const Nodes& nodes, OnLoss on_loss, Nanos time) {
  std::int64_t out = 0;
  for (std::size_t i = 1; i < nodes.nodes.size(); ++i) {
    if (nodes.nodes[i]->alone > 0) out += bound_of(on_loss, 1, time, {nodes.own_in(i, time)});
  }
  return out;
}

std::string name(const char* what, OnLoss on_loss) {
  return std::string(what) + ", " + std::string(budget::name_of(on_loss));
}

bool heard(const Nodes::Node& node, share::Event::Kind kind) {
  return std::ranges::any_of(node.events, [kind](const auto& event) { return event.kind == kind; });
}

TEST_CASE("redis: with a store that answers nobody admits too much, and the rate is used") {
  if (!there_is_a_server()) return;
  for (const share::Mode mode : {share::Mode::lease, share::Mode::exact}) {
    Server server;
    CHECK(wait_until(seconds(3), [&] { return server.say("INFO server").size() > 1; }));
    Nodes nodes(server, {.spec = rate_spec(kRate, kBurst), .mode = mode});
    nodes.press(seconds(3));
    check(mode == share::Mode::lease ? "lease" : "exact", nodes, 0);
    CHECK(nodes.meter.admitted >= 3 * kRate * 8 / 10);
    CHECK(nodes.nodes[0]->events.empty());
    CHECK(nodes.nodes[0]->share->stats().failed_calls == 0);
  }
}

TEST_CASE("redis: killed, and back without its memory") {
  if (!there_is_a_server()) return;
  for (const OnLoss on_loss :
       {OnLoss::closed, OnLoss::local_share, OnLoss::last_known, OnLoss::open}) {
    Server server;
    Nodes nodes(server, {.spec = rate_spec(kRate, kBurst, on_loss), .op_timeout = millis(10)});
    nodes.press(seconds(2));
    const auto own = own_rates(nodes);
    const MonoTime killed = now();
    server.kill();
    nodes.press(seconds(2));
    CHECK(nodes.all(true));
    server.start();
    CHECK(nodes.press_until(seconds(5), [&] { return nodes.all(false); }));
    const Nanos away = now() - killed;
    nodes.press(seconds(1));
    if (on_loss == OnLoss::open) {
      tell(name("killed", on_loss), nodes, "none");
      CHECK(nodes.nodes[0]->alone > 3'000);
    } else {
      check(name("killed", on_loss), nodes, bound_of(on_loss, kCount, away, own) + kHeldByAll);
    }
    for (const auto& node : nodes.nodes) {
      CHECK(heard(*node, share::Event::Kind::store_lost));
      CHECK(heard(*node, share::Event::Kind::store_back));
    }
  }
}

TEST_CASE("redis: one of three nodes is cut off, by silence and by closed connections") {
  if (!there_is_a_server()) return;
  for (const Proxy::Mode fault : {Proxy::Mode::stall, Proxy::Mode::cut}) {
    for (const OnLoss on_loss : {OnLoss::closed, OnLoss::local_share, OnLoss::last_known}) {
      Server server;
      Nodes nodes(server, {.spec = rate_spec(kRate, kBurst, on_loss), .op_timeout = millis(100)});
      const MonoTime begun = now();
      nodes.press(seconds(2));
      const auto own = own_rates(nodes);
      const MonoTime cut = now();
      nodes.nodes[0]->proxy->set(fault);
      CHECK(nodes.press_until(seconds(2), [&] { return nodes.nodes[0]->share->stats().lost; }));
      nodes.press(seconds(2));
      nodes.nodes[0]->proxy->set(Proxy::Mode::pass);
      CHECK(nodes.press_until(seconds(5), [&] { return nodes.all(false); }));
      const Nanos away = now() - cut;
      nodes.press(seconds(1));
      check(name(fault == Proxy::Mode::stall ? "one silent" : "one cut", on_loss), nodes,
            bound_of(on_loss, 1, away, own) + bound_of_busy(nodes, on_loss, now() - begun));
    }
  }
}

TEST_CASE("redis: restarted empty at once") {
  if (!there_is_a_server()) return;
  for (const share::Mode mode : {share::Mode::lease, share::Mode::exact}) {
    Server server;
    Nodes nodes(server, {.spec = rate_spec(kRate, kBurst, OnLoss::closed), .mode = mode});
    nodes.press(seconds(2));
    server.start();
    nodes.press(seconds(3));
    check(mode == share::Mode::lease ? "restarted empty, lease" : "restarted empty, exact", nodes,
          mode == share::Mode::lease ? kHeldByAll : 0);
    CHECK(nodes.all(false));
  }
}

TEST_CASE("redis: a replica takes over") {
  if (!there_is_a_server()) return;
  Server primary;
  Server replica({"--replicaof", "127.0.0.1", std::to_string(primary.port())});
  CHECK(wait_until(seconds(10), [&] { return primary.say("WAIT 1 1000").starts_with(":1"); }));
  Nodes nodes(primary, {.spec = rate_spec(kRate, kBurst, OnLoss::closed)});
  nodes.press(seconds(2));
  primary.kill();
  CHECK(replica.say("REPLICAOF NO ONE").starts_with("+OK"));
  for (const auto& node : nodes.nodes) node->proxy->set_target(replica.port());
  nodes.press(seconds(2));
  check("failed over", nodes, kBurst);
  CHECK(nodes.all(false));
  for (const auto& node : nodes.nodes) {
    CHECK_FALSE(heard(*node, share::Event::Kind::store_emptied));
  }
}

TEST_CASE("redis: slower than the timeout is the same as away, and nobody waits longer for it") {
  if (!there_is_a_server()) return;
  Server server;
  Nodes nodes(server, {.spec = rate_spec(kRate, kBurst), .op_timeout = millis(10)});
  nodes.press(seconds(1));
  const MonoTime slow = now();
  for (const auto& node : nodes.nodes) node->proxy->set_delay(millis(25));  // each way
  nodes.waits_ns.clear();
  nodes.press(seconds(2));
  CHECK(nodes.all(true));
  for (const auto& node : nodes.nodes) node->proxy->set_delay(Nanos{});
  CHECK(nodes.press_until(seconds(5), [&] { return nodes.all(false); }));
  const Nanos away = now() - slow;
  nodes.press(seconds(1));
  check("slow, local_share", nodes, bound_of(OnLoss::local_share, kCount, away, {}));
}

TEST_CASE("redis: a server of another kind is an error, no harm") {
  if (!there_is_a_server()) return;
  Server server;
  Nodes nodes(server, {.spec = rate_spec(kRate, kBurst)});
  const MonoTime begun = now();
  for (const auto& node : nodes.nodes) {
    node->proxy->set(Proxy::Mode::cut);
    CHECK(nodes.press_until(seconds(2), [&] { return node->share->stats().lost; }));
    node->proxy->set(Proxy::Mode::http);
  }
  nodes.press(seconds(1));
  CHECK(nodes.all(true));
  check("another server, local_share", nodes,
        bound_of(OnLoss::local_share, kCount, now() - begun + kNoticed, {}));
}

TEST_CASE("redis: a script that the server has forgotten is sent again within the ask") {
  if (!there_is_a_server()) return;
  Server server;
  Nodes nodes(server, {.spec = rate_spec(kRate, kBurst, OnLoss::closed)});
  nodes.press(millis(200));
  CHECK(server.say("SCRIPT FLUSH SYNC").starts_with("+OK"));
  nodes.press(millis(500));
  for (const auto& node : nodes.nodes) {
    CHECK(node->share->stats().failed_calls == 0);
    CHECK(node->events.empty());
  }
  check("forgotten script", nodes, 0);
}

TEST_CASE("redis: seats of a node that is gone are free within five seconds") {
  if (!there_is_a_server()) return;
  Server server;
  Nodes nodes(server, {.count = 2, .spec = {.kind = Kind::seats, .max = 6}});
  CHECK(nodes.take(0, 5).ok());
  CHECK_FALSE(nodes.take(1, 2).ok());
  const MonoTime gone = now();
  nodes.end(0);
  CHECK(wait_until(seconds(8), [&] {
    nodes.turn();
    return nodes.take(1, 6).ok();
  }));
  const std::int64_t took = to_millis(now() - gone);
  std::printf("seats of a dead node: free after %lld ms, bound 5000\n",
              static_cast<long long>(took));
}

TEST_CASE("redis: a day's credits survive a store that forgets") {
  if (!there_is_a_server()) return;
  Server server;
  Nodes nodes(
      server,
      {.count = 2,
       .spec = {
           .kind = Kind::window, .max = 1'000, .keep = seconds(600), .on_loss = OnLoss::closed}});
  CHECK(nodes.take(0, 400).ok());
  CHECK(nodes.take(1, 500).ok());
  server.start();
  // Both have told what they have used.
  CHECK(wait_until(seconds(5), [&] {
    nodes.turn();
    return server.say("HLEN mc:{alpha}tenant:test").starts_with(":3");
  }));
  CHECK(nodes.all(false));
  CHECK_FALSE(nodes.take(0, 101).ok());
  CHECK(nodes.take(1, 90).ok());
}

// Asks, and waits for the answer.
Result<std::vector<share::Reply>> ask_now(share::Store& store, std::string_view node,
                                          std::vector<share::Ask> asks) {
  Guarded<std::optional<Result<std::vector<share::Reply>>>> out;
  store.ask(node, std::move(asks), [&](Result<std::vector<share::Reply>> answer) {
    out.with([&](auto& slot) { slot = std::move(answer); });
  });
  MC_CHECK(wait_until(seconds(5), [&] { return out.with([](auto& slot) { return bool(slot); }); }));
  return out.with([](auto& slot) { return std::move(*slot); });
}

Options options_of(const Server& server) {
  return {.host = "127.0.0.1", .port = server.port(), .op_timeout = seconds(1)};
}

TEST_CASE("redis: the script answers as the twin in memory does") {
  if (!there_is_a_server()) return;
  Server server;
  const auto store = *redis_store(options_of(server), Secret());
  share::MemoryStore twin;
  std::int64_t us = 1'700'000'000'000'000;
  constexpr std::int64_t kEach = 1'000'000'000, kMax = 1'000;
  const share::Shape shapes[] = {
      {.kind = Kind::window, .max = kMax, .keep = seconds(600)},
      {.kind = Kind::seats, .max = kMax},
      {.kind = Kind::rate, .max = kMax, .each = kEach, .drain = 1}};  // a credit in 1,000 s
  std::int64_t warmed = 0;
  // The server has been up for long enough to have full buckets.
  CHECK(wait_until(seconds(5), [&] {
    share::Ask warm = {.key = "{x}2", .shape = shapes[2], .seq = ++warmed, .ttl = millis(1)};
    warm.shape.drain = share::kTicksMax;
    const auto answer = ask_now(*store, "warmer00", {warm});
    return answer.has_value() && (*answer)[0].left == kMax;
  }));
  std::mt19937_64 random(5);
  const auto below = [&](std::int64_t end) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(end));
  };
  std::int64_t seq = 1, used[4][3] = {}, differences = 0, granted = 0;
  for (int round = 0; round < 1'500; ++round) {
    const auto node = static_cast<std::size_t>(below(4));
    std::vector<share::Ask> asks;
    for (std::size_t kind = 0; kind < 3; ++kind) {
      std::int64_t& own = used[node][kind];
      const std::int64_t more = kind == 1 ? 0 : below(kind == 0 ? 2 : 8) * below(2);
      own += more;
      asks.push_back({.key = "{x}" + std::to_string(kind),
                      .shape = shapes[kind],
                      .seq = below(20) == 0 ? seq - 1 : seq,
                      .used = own,
                      .charge = more + below(3),
                      .held = below(30),
                      .want = below(200),
                      .need = below(2) * below(300),
                      .ttl = below(4) == 0 ? Nanos{} : seconds(500)});
      asks.back().least = std::min(asks.back().need, below(200));
    }
    seq += below(2);
    us += 100;
    twin.set_clock(us);
    const std::string name = "node000" + std::to_string(node);
    const auto real = ask_now(*store, name, asks);
    REQUIRE_MESSAGE(real.has_value(), real.error().what);
    for (std::size_t kind = 0; kind < 3; ++kind) {
      share::Reply mine = twin.answer(name, asks[kind]), theirs = (*real)[kind];
      granted += mine.lease - asks[kind].held > 0 ? 1 : 0;
      if (kind == 2) mine.eligible_us = theirs.eligible_us = 0;  // of another clock
      differences += mine == theirs ? 0 : 1;
    }
  }
  std::printf("script and twin: 4500 asks, %lld grants, %lld differences\n",
              static_cast<long long>(granted), static_cast<long long>(differences));
  CHECK(differences == 0);
  CHECK(granted > 300);
}

TEST_CASE("redis: signs in, and a password is in no error") {
  if (!there_is_a_server()) return;
  Server server({"--requirepass", "right-hunter2"});
  const share::Ask ask = {.key = "{x}s",
                          .shape = {.kind = Kind::seats, .max = 5},
                          .seq = 1,
                          .need = 2,
                          .least = 2,
                          .ttl = seconds(5)};
  struct Row {
    const char* user;
    const char* password;
    bool ok;
  };
  for (const Row& row : {Row{"", "right-hunter2", true},
                         {"default", "right-hunter2", true},
                         {"", "wrong-hunter2", false},
                         {"nobody", "wrong-hunter2", false},
                         {"", "", false}}) {
    CAPTURE(row.password);
    Options options = options_of(server);
    options.user = row.user;
    const auto store = *redis_store(options, Secret(row.password));
    const auto answer = ask_now(*store, "node" + std::to_string(now().nanos), {ask});
    CHECK(answer.has_value() == row.ok);
    if (answer) continue;
    CHECK(answer.error().code == Code::denied);
    CHECK(answer.error().what.find("hunter2") == std::string::npos);
  }
}

TEST_CASE("redis: a user with the rights that the guide names is enough") {
  if (!there_is_a_server()) return;
  Server server({"--user", "default", "off", "--user", "maestro", "on", ">pass-of-9", "~mc:*",
                 "+eval", "+evalsha", "+script|load", "+time", "+info", "+hgetall", "+hset",
                 "+hdel", "+pexpire"});
  Options options = options_of(server);
  options.user = "maestro";
  const auto store = *redis_store(options, Secret("pass-of-9"));
  const share::Ask ask = {.key = "{x}r",
                          .shape = {.kind = Kind::rate, .max = 5, .each = 10, .drain = 1},
                          .seq = 1,
                          .used = 1,
                          .charge = 1,
                          .need = 2,
                          .least = 2,
                          .ttl = seconds(5)};
  const auto answer = ask_now(*store, "node1000", {ask});
  REQUIRE_MESSAGE(answer.has_value(), answer.error().what);
}

TEST_CASE("redis: ends at once, also in the middle of an ask") {
  if (!there_is_a_server()) return;
  Server server;
  Proxy proxy(server.port());
  proxy.set(Proxy::Mode::stall);
  Options options = options_of(server);
  options.port = proxy.port();
  std::atomic<int> failed = 0;
  {
    const auto store = *redis_store(options, Secret());
    for (int i = 0; i < 3; ++i) {
      store->ask("node1000", {{.key = "k", .shape = {.max = 1, .drain = 1}}},
                 [&](const auto& answer) { failed += answer.has_value() ? 0 : 1; });
    }
  }
  CHECK(failed == 3);
}

}  // namespace
}  // namespace mc::redis::test
