#include "planner/queue.h"

#include <doctest/doctest.h>

#include "contract/planner_world.h"

namespace mc::planner {
namespace {

using dataset::PrivateKept;
using dataset::PrivateRefusal;

// A budget of 0.7 in each window, of which 0.5 is spent.
struct Bench {
  Bench() { world.must(world.call()); }

  PrivateCall call(PrivateAggregate aggregate = PrivateAggregate::units) const {
    PrivateCall out = world.call(aggregate);
    out.caller.may_leave = true;
    out.caller.token = "tok_1";
    out.may_queue = true;
    return out;
  }
  PrivateAnswer queued(const PrivateCall& call) {
    PrivateAnswer answer = world.must(call);
    CHECK(answer.verdict == "QUEUE");
    CHECK(answer.rows.empty());
    CHECK(answer.release.empty());
    REQUIRE(answer.queued.has_value());
    return answer;
  }
  // As a server does it with what is due.
  std::optional<Queue::End> run(const QueuedQuery& query) {
    Result<PrivateKept> kept = read_queued(world.model, query);
    REQUIRE_MESSAGE(kept.has_value(), kept.error().what);
    PrivateCall& call = kept->call;
    call.tenant = query.tenant;
    call.caller = {query.subject, query.purpose, query.id};
    call.where = kept->where.is_null() ? nullptr : &kept->where;
    call.due = query.id;
    const std::optional<Queue::End> end =
        world.planner->end_queued(query, [&] { return world.planner->answer(call, world.scan); });
    if (end) {
      REQUIRE(world.queue->end(query, *end).has_value());
    } else {
      REQUIRE(world.queue->put_off(query).has_value());
    }
    return end;
  }
  std::vector<QueuedQuery> due() {
    const auto due = world.queue->due();
    REQUIRE_MESSAGE(due.has_value(), due.error().what);
    std::vector<QueuedQuery> out;
    for (const Queue::Due& each : *due) out.push_back(*world.queue->find(each.tenant, each.id, ""));
    return out;
  }
  PrivateAnswer found(const std::string& id) {
    PrivateCall call = this->call();
    Result<PrivateKept> kept = world.planner->queued_call(call.tenant, call.caller, id);
    REQUIRE_MESSAGE(kept.has_value(), kept.error().what);
    kept->call.tenant = call.tenant;
    kept->call.caller = call.caller;
    kept->call.queued = id;
    return world.must(kept->call);
  }
  void to(WallTime time) { world.clock.advance(time - world.clock.wall()); }

  World world{"0.7"};
};

TEST_CASE("queue: what the window has not left waits for the next one, for callers who consent") {
  Bench bench;
  PrivateCall call = bench.call();
  call.may_queue = false;
  const PrivateResult refused = bench.world.planner->answer(call, bench.world.scan);
  REQUIRE_FALSE(refused.has_value());
  const json::Value more{json::Object(refused.error().extensions)};
  CHECK(*more.find("queueRunsAt") == *more.find("windowReset"));
  call.dry_run = true;
  CHECK(bench.world.must(call).verdict == "DENY");
  call.may_queue = true;
  const PrivateAnswer quote = bench.world.must(call);
  CHECK(quote.verdict == "QUEUE");
  CHECK(quote.quote->queue_runs_at == quote.quote->resets_at);
  CHECK(bench.world.queue->count() == 0);  // a quote leaves nothing
  call.dry_run = false;

  const std::size_t told = bench.world.refused.size();
  const PrivateAnswer waits = bench.queued(call);
  CHECK(waits.queued->state == "waiting");
  CHECK(json::Value(waits.queued->runs_at) == *more.find("windowReset"));
  CHECK(bench.world.refused.size() == told);
  CHECK(bench.world.spent() == "0.5");
  CHECK(bench.world.scan.scans == 1);
  bench.world.restart();
  CHECK(bench.queued(call).queued->id == waits.queued->id);  // one waits
  CHECK(bench.world.queue->count() == 1);
  CHECK(bench.due().empty());

  bench.to(*parse_rfc3339(waits.queued->runs_at) - millis(1));
  CHECK(bench.due().empty());
  bench.world.clock.advance(millis(1));
  REQUIRE(bench.due().size() == 1);
  const QueuedQuery query = bench.due()[0];
  CHECK(query.token == "tok_1");
  CHECK(query.subject == "ana");
  const std::optional<Queue::End> end = bench.run(query);
  REQUIRE(end.has_value());
  CHECK(end->state == QueueState::answered);
  CHECK(bench.world.spent() == "0.5");  // of the new window
  CHECK(bench.due().empty());
  const PrivateAnswer answer = bench.world.must(call);
  CHECK(answer.verdict == "CACHED");
  CHECK(answer.release == end->release);
  // By its id also when the snapshot has passed, in which the question would be another one.
  bench.world.clock.advance(seconds(86'400));
  const PrivateAnswer later = bench.found(query.id);
  CHECK(later.verdict == "CACHED");
  CHECK(later.queued->state == "answered");
  CHECK(later.rows[0].value == answer.rows[0].value);
  CHECK(bench.world.spent() == "0.5");
}

TEST_CASE("queue: what the next window would not have either is refused") {
  Bench bench;
  PrivateCall call = bench.call();
  call.epsilon = "0.8";
  CHECK(bench.world.refusal(call).starts_with("exhausted"));
  call.epsilon = "0.5";
  bench.queued(call);
  PrivateCall other = bench.call(PrivateAggregate::mean);
  other.of = kIncome;
  other.epsilon = "0.21";
  CHECK(bench.world.refusal(other).starts_with("exhausted"));  // 0.5 wait before it
  other.epsilon = "0.2";
  CHECK(bench.world.must(other).verdict == "ALLOW");  // which is left now
  other.aggregate = PrivateAggregate::sum;
  bench.queued(other);  // 0.7 in all
  other.aggregate = PrivateAggregate::quantile;
  other.q = "0.5";
  CHECK(bench.world.refusal(other).starts_with("exhausted"));
  PrivateCall stranger = bench.call(PrivateAggregate::count);
  stranger.epsilon = "0.6";
  stranger.caller.may_leave = false;
  CHECK(bench.world.refusal(stranger).starts_with("exhausted"));
}

TEST_CASE("queue: more noise now goes before an answer later, where both is consented to") {
  Bench bench;
  PrivateCall call = bench.call();
  call.may_degrade = true;
  CHECK(bench.world.must(call).verdict == "DEGRADE");
  // And is given again for nothing: the budget has nothing left.
  CHECK(bench.world.spent() == "0.7");
  const PrivateAnswer again = bench.world.must(call);
  CHECK(again.verdict == "CACHED");
  CHECK(again.epsilon == "0.2");
  bench.world.restart();
  CHECK(bench.world.must(call).release == again.release);
  CHECK(bench.world.spent() == "0.7");
  call.may_degrade = false;
  bench.queued(call);
}

TEST_CASE("queue: a stored answer that is less exact is given to who consents, not paid for anew") {
  World world("2");
  PrivateCall call = world.call();
  call.epsilon = "0.1";
  const PrivateAnswer coarse = world.must(call);
  call.epsilon = "1.9";
  call.may_degrade = true;
  CHECK(world.must(call).verdict == "ALLOW");  // the budget has it
  call.aggregate = PrivateAggregate::units;
  call.epsilon = "2";
  CHECK(world.refusal(call).starts_with("exhausted"));
  call.aggregate = PrivateAggregate::count;
  const PrivateAnswer best = world.must(call);
  CHECK(best.verdict == "CACHED");
  CHECK(best.epsilon == "1.9");  // the most exact one
  CHECK(best.release != coarse.release);
  CHECK(world.spent() == "2");
}

TEST_CASE("queue: as many wait as a tenant may have, and each its own") {
  Bench bench;
  bench.world.settings.queue_max = 2;
  bench.world.restart();
  PrivateCall call = bench.call();
  call.epsilon = "0.21";
  bench.queued(call);
  call.caller.subject = "bea";  // the same question of another person
  const PrivateAnswer second = bench.queued(call);
  CHECK(bench.world.queue->count() == 2);
  call.caller.subject = "cai";
  CHECK(bench.world.refusal(call).ends_with(
      "more than 2 queries of this tenant would wait for a window"));
  CHECK(bench.world.queue->count() == 2);
  REQUIRE(bench.world.queue->cancel(call.tenant, second.queued->id, "bea").has_value());
  bench.queued(call);
  bench.world.settings.queue_max = 0;
  bench.world.restart();
  call.caller.subject = "dan";
  CHECK(bench.world.refusal(call).find("would wait") == std::string::npos);
}

TEST_CASE("queue: whoever queues and cancels on and on fills no database") {
  Bench bench;
  bench.world.settings.queue_max = 2;
  bench.world.restart();
  const TenantId alpha("alpha");
  for (int i = 0; i < 30; ++i) {
    const std::string id = bench.queued(bench.call()).queued->id;
    REQUIRE(bench.world.queue->cancel(alpha, id, "ana").has_value());
    bench.world.clock.advance(seconds(1));
  }
  CHECK(bench.world.queue->list(alpha, "")->size() == 2 * kEndedEach + 1);
  bench.world.clock.advance(seconds(60LL * 86'400));
  REQUIRE(bench.world.queue->sweep().has_value());
  CHECK(bench.world.queue->list(alpha, "")->empty());
}

TEST_CASE("queue: whoever queues and cancels on and on takes no answer from others") {
  Bench bench;
  bench.world.settings.queue_max = 1;
  bench.world.restart();
  const TenantId alpha("alpha");
  const std::string paid = bench.queued(bench.call()).queued->id;
  bench.to(bench.world.queue->find(alpha, paid, "")->runs_at);
  REQUIRE(bench.run(bench.due()[0])->state == QueueState::answered);
  PrivateCall call = bench.call(PrivateAggregate::count);
  call.caller.subject = "bea";
  call.epsilon = "0.3";
  for (int i = 0; i < 20; ++i) {
    const std::string id = bench.queued(call).queued->id;
    REQUIRE(bench.world.queue->cancel(alpha, id, "bea").has_value());
    bench.world.clock.advance(seconds(1));
  }
  CHECK(bench.found(paid).verdict == "CACHED");
  // Nor do plans and limits that have changed since.
  bench.world.settings.epsilon_min = *accountant::parse_epsilon("0.6");
  bench.world.restart();
  CHECK(bench.found(paid).verdict == "CACHED");
}

TEST_CASE("queue: an answer takes the place of an end that was written beside it") {
  Bench bench;
  bench.queued(bench.call());
  const QueuedQuery query = bench.world.queue->list(TenantId("alpha"), "")->front();
  bench.to(query.runs_at);
  for (const QueueState other : {QueueState::refused, QueueState::cancelled}) {
    CHECK(*bench.world.queue->end(query, {other, "", "by another server"}));
    CHECK_FALSE(*bench.world.queue->end(query, {QueueState::failed, "", "late"}));
    CHECK(*bench.world.queue->end(query, {QueueState::answered, "chg_1", ""}));
    CHECK_FALSE(*bench.world.queue->end(query, {other, "", "late"}));
    const QueuedQuery now = *bench.world.queue->find(query.tenant, query.id, "");
    CHECK(now.state == QueueState::answered);
    CHECK(now.question == query.question);
    CHECK(now.why.empty());
    REQUIRE(
        bench.world.books
            ->lend([](sql::Connection& connection) -> Status {
              return connection.execute("UPDATE dp_queue SET state = 'waiting'", {}).map([](auto) {
                return std::monostate();
              });
            })
            .has_value());
  }
}

TEST_CASE("queue: too much to do is no end") {
  Bench bench;
  bench.queued(bench.call());
  const QueuedQuery query = bench.world.queue->list(TenantId("alpha"), "")->front();
  bench.to(query.runs_at);
  const auto ended = [&](Code code) {
    return bench.world.planner
        ->end_queued(query,
                     [&]() -> PrivateResult {
                       PrivateRefusal refusal;
                       refusal.error = {code, "x", 1};
                       return tl::unexpected<PrivateRefusal>(std::move(refusal));
                     })
        .has_value();
  };
  CHECK_FALSE(ended(Code::exhausted));
  CHECK_FALSE(ended(Code::unavailable));
  CHECK(ended(Code::denied));
  CHECK(ended(Code::invalid));
}

TEST_CASE("queue: how long a query took is not told") {
  Bench bench;
  bench.queued(bench.call());
  bench.to(bench.world.queue->list(TenantId("alpha"), "")->front().runs_at);
  const std::vector<QueuedQuery> due = bench.due();
  REQUIRE(due.size() == 1);
  bench.to(due[0].next + seconds(7));
  REQUIRE(*bench.world.queue->end(due[0], {QueueState::failed, "", "x"}));
  CHECK(bench.world.queue->find(TenantId("alpha"), due[0].id, "")->changed == due[0].next);
}

TEST_CASE("queue: nobody finds or cancels what others have left") {
  Bench bench;
  const std::string id = bench.queued(bench.call()).queued->id;
  const TenantId alpha("alpha");
  CHECK(bench.world.queue->find(alpha, id, "ana").has_value());
  CHECK(bench.world.queue->find(alpha, id, "").has_value());
  CHECK(bench.world.queue->find(alpha, id, "bea").error().code == Code::not_found);
  CHECK(bench.world.queue->find(TenantId("bravo"), id, "").error().code == Code::not_found);
  CHECK(bench.world.queue->cancel(TenantId("bravo"), id, "ana").error().code == Code::not_found);
  dataset::PrivateCaller caller = bench.call().caller;
  const auto code = [&](const TenantId& tenant) {
    const Result<PrivateKept> kept = bench.world.planner->queued_call(tenant, caller, id);
    return kept ? "found" : std::string(code_name(kept.error().code));
  };
  CHECK(code(alpha) == "found");
  CHECK(code(TenantId("bravo")) == "not_found");
  caller.may_leave = false;  // a namesake of another tenant
  CHECK(code(alpha) == "not_found");
  caller.may_leave = true;
  caller.subject = "bea";
  CHECK(code(alpha) == "not_found");
  CHECK(bench.world.queue->list(alpha, "bea")->empty());
  CHECK(bench.world.queue->list(TenantId("bravo"), "")->empty());
  CHECK(bench.world.queue->list(alpha, "")->size() == 1);

  REQUIRE(bench.world.queue->cancel(alpha, id, "ana").has_value());
  CHECK(bench.world.queue->cancel(alpha, id, "ana")->state == QueueState::cancelled);
  CHECK(bench.found(id).queued->state == "cancelled");
  CHECK(bench.found(id).verdict == "DENY");
  CHECK(bench.world.queue->find(alpha, id, "")->question.find("\"where\":null") !=
        std::string::npos);
  bench.world.clock.advance(seconds(60LL * 86'400));
  CHECK(bench.due().empty());
  const std::string next = bench
                               .queued([&] {
                                 bench.world.must(bench.world.call());
                                 return bench.call();
                               }())
                               .queued->id;
  CHECK(next != id);
  // What has ended long ago is forgotten with it.
  CHECK(bench.world.queue->find(alpha, id, "").error().code == Code::not_found);
}

TEST_CASE("queue: one of each tenant at a time, the oldest first, and none twice") {
  Bench bench;
  std::vector<std::string> ids;
  for (const char* epsilon : {"0.21", "0.22", "0.23"}) {
    PrivateCall call = bench.call();
    call.epsilon = epsilon;
    ids.push_back(bench.queued(call).queued->id);
    bench.world.clock.advance(millis(5));
  }
  const QueuedQuery first = *bench.world.queue->find(TenantId("alpha"), ids[0], "");
  bench.to(first.runs_at);
  REQUIRE(bench.due().size() == 1);
  CHECK(bench.due()[0].id == ids[0]);
  QueuedQuery other = first;
  other.tenant = TenantId("bravo");
  REQUIRE(bench.world.queue->add(other).has_value());
  REQUIRE(bench.due().size() == 2);
  CHECK(bench.due()[0].id == ids[0]);
  CHECK(bench.due()[1].tenant == other.tenant);
  CHECK(bench.world.queue->waiting(first.tenant, "visit")->size() == 3);
  // A database that is gone costs nothing, and others need not wait for it.
  bench.world.scan.unreachable = true;
  CHECK_FALSE(bench.run(first).has_value());
  CHECK(bench.world.spent() == "0");
  bench.world.scan.unreachable = false;
  CHECK(bench.due()[0].id == ids[1]);
  bench.world.clock.advance(kTriedAgain);
  CHECK(bench.due()[0].id == ids[0]);
  // What fails after it was begun is charged, and is not begun again.
  bench.world.scan.fails = true;
  const std::optional<Queue::End> end = bench.run(first);
  bench.world.scan.fails = false;
  REQUIRE(end.has_value());
  CHECK(end->state == QueueState::failed);
  CHECK(end->why == "this answer could not be made; what it costs stays spent");
  CHECK(bench.world.spent() == "0.21");
  CHECK(bench.run(first)->state == QueueState::failed);
  CHECK(bench.world.spent() == "0.21");
  CHECK(bench.found(ids[0]).queued->why == end->why);
  // Whoever was faster has taken what it was to have: it is refused, and asks no more.
  PrivateCall faster = bench.world.call();
  faster.epsilon = "0.49";
  bench.world.must(faster);
  const std::optional<Queue::End> late = bench.run(bench.due()[0]);
  REQUIRE(late.has_value());
  CHECK(late->state == QueueState::refused);
  CHECK(bench.due()[0].id == ids[2]);
}

TEST_CASE("queue: a server that died while it ran one finds its answer, and pays once") {
  Bench bench;
  bench.queued(bench.call());
  const QueuedQuery query = bench.world.queue->list(TenantId("alpha"), "")->front();
  bench.to(query.runs_at);
  REQUIRE(bench.run(query).has_value());
  // As if its end had not been written.
  REQUIRE(
      bench.world.books
          ->lend([](sql::Connection& connection) -> Status {
            return connection.execute("UPDATE dp_queue SET state = 'waiting'", {}).map([](auto) {
              return std::monostate();
            });
          })
          .has_value());
  bench.world.restart();
  REQUIRE(bench.due().size() == 1);
  CHECK(bench.run(bench.due()[0])->state == QueueState::answered);
  CHECK(bench.world.spent() == "0.5");
  CHECK(bench.world.scan.scans == 2);
}

TEST_CASE("queue: an answer that was paid for is given, however late its end is written") {
  Bench bench;
  const PrivateAnswer waits = bench.queued(bench.call());
  const QueuedQuery query = bench.world.queue->list(TenantId("alpha"), "")->front();
  bench.to(query.runs_at);
  const std::optional<Queue::End> end = bench.run(query);
  REQUIRE(end->state == QueueState::answered);
  // Its end was not written. Another snapshot, in which the key is of another question; and long
  // after its expiry.
  REQUIRE(
      bench.world.books
          ->lend([](sql::Connection& connection) -> Status {
            return connection.execute("UPDATE dp_queue SET state = 'waiting'", {}).map([](auto) {
              return std::monostate();
            });
          })
          .has_value());
  bench.to(query.expires + kEndedKept + seconds(90));
  bench.world.restart();
  const int scans = bench.world.scan.scans;
  const std::optional<Queue::End> late = bench.run(query);
  REQUIRE(late.has_value());
  CHECK(late->state == QueueState::answered);
  CHECK(late->release == end->release);
  CHECK(bench.world.scan.scans == scans);
  REQUIRE(bench.world.queue->sweep().has_value());
  CHECK(bench.found(query.id).verdict == "CACHED");
  // One that was never begun has expired, and is not asked.
  QueuedQuery other = query;
  other.id = "dpq_other";
  CHECK(bench.run(other)->state == QueueState::expired);
  CHECK(bench.world.scan.scans == scans);
}

TEST_CASE("queue: what another server answers is nobody else's to end") {
  Bench bench;
  bench.queued(bench.call());
  const QueuedQuery query = bench.world.queue->list(TenantId("alpha"), "")->front();
  bench.to(query.runs_at);
  bool asked = false;
  bench.world.scan.on_scan = [&] {
    const auto nothing = bench.world.planner->end_queued(query, [&] {
      asked = true;
      return PrivateResult();
    });
    CHECK_FALSE(nothing.has_value());
  };
  CHECK(bench.run(query)->state == QueueState::answered);
  CHECK_FALSE(asked);
}

TEST_CASE("queue: no client's idempotency key is that of a queued query") {
  Bench bench;
  bench.queued(bench.call());
  const QueuedQuery query = bench.world.queue->list(TenantId("alpha"), "")->front();
  bench.to(query.runs_at);
  for (const std::string& key : {query.id, queue_key(query.id)}) {
    PrivateCall other = bench.world.call(PrivateAggregate::mean);
    other.of = kIncome;
    other.epsilon = key == query.id ? "0.01" : "0.02";
    other.idempotency_key = key;
    CHECK(bench.world.must(other).verdict == "ALLOW");
  }
  CHECK(bench.run(query)->state == QueueState::answered);
  CHECK(bench.world.spent() == "0.53");
}

TEST_CASE("queue: when a try ended is not told by the time of the next one") {
  Bench bench;
  bench.queued(bench.call());
  const QueuedQuery query = bench.world.queue->list(TenantId("alpha"), "")->front();
  const auto next = [&] { return bench.world.queue->find(query.tenant, query.id, "")->next; };
  for (const Nanos late : {Nanos(), seconds(7), kTriedAgain - millis(1)}) {
    bench.to(query.runs_at + late);
    REQUIRE(bench.world.queue->put_off(query).has_value());
    CHECK(next() == query.runs_at + kTriedAgain);
  }
  bench.to(query.runs_at + kTriedAgain);
  REQUIRE(bench.world.queue->put_off(query).has_value());
  CHECK(next() == query.runs_at + kTriedAgain + kTriedAgain);
}

TEST_CASE("queue: a query is kept by names, whatever it has") {
  Bench bench;
  const Result<json::Value> where = json::parse(R"({"income":{"gte":9007199254740993}})");
  PrivateCall call = bench.call(PrivateAggregate::mean);
  call.of = kIncome;
  call.group_by = {kCountry, kActive};
  call.where = &*where;
  call.mechanism = "GAUSSIAN";
  call.epsilon = "0.25";
  const dataset::Dataset& visit = bench.world.model.datasets[0];
  QueuedQuery query;
  query.dataset = "visit";
  query.question = print_queued(visit, call);
  Result<PrivateKept> kept = read_queued(bench.world.model, query);
  REQUIRE(kept.has_value());
  CHECK(kept->call.canonical);
  CHECK(kept->call.aggregate == PrivateAggregate::mean);
  CHECK(kept->call.of == kIncome);
  CHECK(kept->call.group_by == std::vector<int>{kCountry, kActive});
  CHECK(kept->where == *where);
  kept->call.where = &kept->where;
  CHECK(print_queued(visit, kept->call) == query.question);
  // A column, or the dataset, that there is no more.
  bench.world.model.datasets[0].columns[kCountry].name = "land";
  CHECK(read_queued(bench.world.model, query).error().what ==
        "dataset visit has no column 'country' any more");
  query.dataset = "gone";
  CHECK(read_queued(bench.world.model, query).error().code == Code::invalid);
}

}  // namespace
}  // namespace mc::planner
