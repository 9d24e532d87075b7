#include "budget/explain.h"

#include <doctest/doctest.h>

#include "contract/budget_recorder.h"

namespace mc::budget {
namespace {

Explanation explained(const std::vector<JournalEvent>& events, std::string request,
                      std::string tenant = "") {
  Explainer explainer(std::move(request), std::move(tenant));
  for (const JournalEvent& event : events) explainer.find(event);
  for (const JournalEvent& event : events) explainer.look(event);
  auto out = explainer.result();
  if (!out) FAIL(out.error().what);
  return *out;
}

constexpr const char* kSettings = R"({
  "budgets": {"starter": {"gql_qps": 4, "credits_per_s": 100, "seats": 3,
                          "users": {"credits_per_day": 500}},
              "pro": {"exports_per_min": 2, "warn_only": ["exports"]}},
  "admission": {"global": {"fanout_per_s": 10}}})";

const Amounts kOne = Amounts().set(Dimension::requests, 1);

TEST_CASE("explain: a denial names its budget, who used it up, the wait and the next attempt") {
  Recorder recorder(journal_header(kSettings));
  const auto ask = [&](std::string id, std::string tenant, Nanos at) {
    return recorder.ask({.request = std::move(id), .tenant = std::move(tenant), .amounts = kOne},
                        recorder.moment(at));
  };
  for (int i = 0; i < 4; ++i) ask("a" + std::to_string(i), "alpha", millis(5'000 + i));
  ask("b0", "bravo", millis(5'050));
  CHECK_FALSE(ask("late", "alpha", millis(5'100)).answer.admitted);
  ask("b1", "bravo", millis(5'150));
  CHECK(ask("again", "alpha", millis(5'400)).answer.admitted);
  const auto events = events_of(recorder.journal.snapshot());
  const Explanation out = explained(events, "late");
  REQUIRE(out.decisions.size() == 1);
  const Explained& one = out.decisions[0];
  CHECK(policy_of(one.mark.value()) == "tenant-requests");
  CHECK_FALSE(one.shared);
  CHECK(one.mark->left == 0);
  CHECK(one.mark->quota == 4);
  CHECK(one.wait->known);
  CHECK(one.wait->wait == millis(150));  // the first one is back 250 ms after it
  CHECK(one.wait->at == recorder.started + millis(5'250));
  CHECK(one.window == seconds(1));
  CHECK(one.neighbours_count == 4);
  CHECK(one.neighbours_amount == 4);
  REQUIRE(one.neighbours.size() == 4);
  for (const Neighbour& neighbour : one.neighbours) CHECK(neighbour.request.starts_with("a"));
  CHECK(one.neighbours[3].before == millis(100));
  CHECK(one.next->request == "again");
  CHECK(one.next->admitted);
  CHECK_FALSE(one.settled.has_value());
}

TEST_CASE("explain: costs count as they were settled, of what was over by then") {
  Recorder recorder(journal_header(kSettings));
  const auto ask = [&](std::string id, std::int64_t credits, Nanos at) {
    return recorder.ask(
        {.request = std::move(id), .amounts = Amounts().set(Dimension::credits, credits)},
        recorder.moment(at));
  };
  auto small = ask("small", 80, {});
  auto large = ask("large", 20, millis(1));
  recorder.end(small, Amounts().set(Dimension::credits, 10), recorder.moment(millis(2)));
  auto nothing = ask("nothing", 20, millis(3));
  recorder.end(nothing, {}, recorder.moment(millis(4)));
  CHECK_FALSE(ask("late", 90, millis(5)).answer.admitted);
  recorder.end(large, Amounts().set(Dimension::credits, 1), recorder.moment(millis(6)));
  const auto events = events_of(recorder.journal.snapshot());
  const Explanation out = explained(events, "late");
  const Explained& one = out.decisions.at(0);
  CHECK(policy_of(one.mark.value()) == "tenant-credits");
  REQUIRE(one.neighbours.size() == 2);
  CHECK(one.neighbours[0].request == "large");
  CHECK(one.neighbours[0].amount == 20);
  CHECK(one.neighbours[0].open);
  CHECK(one.neighbours[1].request == "small");
  CHECK(one.neighbours[1].amount == 10);
  CHECK_FALSE(one.neighbours[1].open);
  const Explained first = explained(events, "small").decisions.at(0);
  CHECK(first.decision.admitted);
  CHECK(first.settled->used[Dimension::credits] == 10);
  CHECK_FALSE(first.wait.has_value());
  CHECK(first.neighbours.empty());
}

TEST_CASE("explain: what is held, what no time helps, what only warns, what nothing limits") {
  Recorder recorder(journal_header(kSettings));
  const Amounts seat = Amounts().set(Dimension::seats, 1);
  std::vector<Recorder::Asked> open;
  for (int i = 0; i < 3; ++i) {
    open.push_back(recorder.ask({.request = "s" + std::to_string(i), .amounts = seat},
                                recorder.moment(seconds(i))));
  }
  recorder.ask({.request = "held", .amounts = seat}, recorder.moment(seconds(99)));
  recorder.end(open[1], {}, recorder.moment(seconds(100)));
  recorder.ask({.request = "never", .amounts = Amounts().set(Dimension::credits, 101)},
               recorder.moment(seconds(101)));
  for (int i = 0; i < 3; ++i) {
    recorder.ask({.request = "w" + std::to_string(i),
                  .tenant = "delta",
                  .plan = "pro",
                  .amounts = Amounts().set(Dimension::exports, 1)},
                 recorder.moment(seconds(102)));
  }
  recorder.ask({.request = "free", .plan = "none", .amounts = kOne}, recorder.moment(seconds(103)));
  const auto events = events_of(recorder.journal.snapshot());
  const Explained held = explained(events, "held").decisions.at(0);
  CHECK(policy_of(held.mark.value()) == "tenant-seats");
  CHECK_FALSE(held.wait->known);
  CHECK_FALSE(held.wait->never);
  CHECK(held.neighbours_count == 3);
  CHECK(explained(events, "never").decisions.at(0).wait->never);
  const Explained warned = explained(events, "w2").decisions.at(0);
  CHECK(outcome_of(warned.decision) == "warned");
  CHECK(warned.mark->warns);
  CHECK(warned.neighbours_count == 2);
  CHECK_FALSE(explained(events, "free").decisions.at(0).mark.has_value());
}

TEST_CASE("explain: of a shared budget nobody else's part is told") {
  Recorder recorder(journal_header(kSettings));
  const Amounts five = Amounts().set(Dimension::fanout, 5);
  recorder.ask({.request = "a", .amounts = five}, recorder.moment({}));
  recorder.ask({.request = "b", .tenant = "bravo", .amounts = five}, recorder.moment({}));
  recorder.ask({.request = "x", .amounts = five}, recorder.moment(millis(1)));
  recorder.ask({.request = "c", .tenant = "bravo", .amounts = kOne}, recorder.moment(millis(2)));
  const auto events = events_of(recorder.journal.snapshot());
  const Explained one = explained(events, "x").decisions.at(0);
  CHECK(policy_of(one.mark.value()) == "global-fanout");
  CHECK(one.shared);
  REQUIRE(one.neighbours.size() == 1);
  CHECK(one.neighbours[0].request == "a");
  CHECK_FALSE(one.next.has_value());
}

TEST_CASE("explain: a day's budget looks back to its beginning, and a request may ask twice") {
  Recorder recorder(journal_header(kSettings));  // it starts at 08:00
  const auto ask = [&](std::string id, std::int64_t credits, Nanos at, std::int64_t step) {
    recorder.ask({.request = std::move(id),
                  .amounts = Amounts().set(Dimension::credits, credits),
                  .step = step},
                 recorder.moment(at));
  };
  for (int i = 0; i < 3; ++i) ask("y" + std::to_string(i), 100, seconds(10 * i), 1);
  for (int i = 0; i < 5; ++i) ask("t" + std::to_string(i), 100, seconds(16 * 3'600 + 10 * i), 1);
  recorder.ask({.request = "x", .amounts = kOne}, recorder.moment(seconds(17 * 3'600)));
  ask("x", 50, seconds(17 * 3'600), 2);
  recorder.journal.turn().queued({0, "x", "alpha", millis(7), 4, 4, 2, "timeout"},
                                 recorder.moment(seconds(17 * 3'600)));
  const auto events = events_of(recorder.journal.snapshot());
  const Explanation out = explained(events, "x");
  REQUIRE(out.decisions.size() == 2);
  CHECK(out.decisions[0].decision.admitted);
  const Explained& second = out.decisions[1];
  CHECK(second.decision.step == 2);
  CHECK(policy_of(second.mark.value()) == "tenant-user-day_credits");
  CHECK(second.window == seconds(3'600));
  CHECK(second.neighbours_count == 5);
  CHECK(second.wait->wait == seconds(23 * 3'600));
  REQUIRE(out.queue.size() == 1);
  CHECK(out.queue[0].shed == "timeout");
}

TEST_CASE("explain: an id that is not there is said so, and a tenant chooses among equal ones") {
  Recorder recorder(journal_header(kSettings));
  recorder.ask({.request = "same", .amounts = kOne}, recorder.moment({}));
  recorder.ask({.request = "same", .tenant = "bravo", .amounts = kOne}, recorder.moment({}));
  const auto events = events_of(recorder.journal.snapshot());
  CHECK(explained(events, "same").decisions.size() == 2);
  const Explanation own = explained(events, "same", "bravo");
  REQUIRE(own.decisions.size() == 1);
  CHECK(own.decisions[0].decision.tenant == "bravo");
  Explainer nobody("other");
  for (const JournalEvent& event : events) nobody.find(event);
  CHECK(nobody.result().error().code == Code::not_found);
}

}  // namespace
}  // namespace mc::budget
