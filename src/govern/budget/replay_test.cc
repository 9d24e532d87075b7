#include "budget/replay.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "contract/budget_recorder.h"

namespace mc::budget {
namespace {

// Every dimension in every scope, small enough that each of them denies now and then.
constexpr const char* kEverything = R"({
  "budgets": {
    "starter": {"gql_qps": 40, "credits_per_s": 300, "bytes_per_s": 9000, "fanout_per_s": 90,
                "subs_fanout": 80, "exports_per_min": 20, "seats": 9, "subscriptions": 6,
                "credits_per_day": 20000, "credits_per_month": 60000, "warn_only": ["exports"],
                "users": {"gql_qps": 15, "seats": 4, "credits_per_day": 9000},
                "routes": {"/shop": {"gql_qps": 25, "credits_per_s": 150, "burst": 0.5}},
                "classes": {"batch": {"gql_qps": 20, "bytes_per_s": 4000, "seats": 3,
                                      "credits_per_day": 3000}},
                "together": {"gql_qps": 70, "fanout_per_s": 130, "subscriptions": 9}},
    "pro": {"gql_qps": 90, "burst": 2, "credits_per_month": 80000}},
  "admission": {"global": {"gql_qps": 120, "seats": 20, "credits_per_day": 50000},
                "routes": {"/graphql": {"gql_qps": 100, "bytes_per_s": 20000}}}})";

class Load {
 public:
  Load(Recorder& recorder, std::uint64_t seed) : recorder_(recorder), random_(seed) {}

  void run(int count) {
    for (int i = 0; i < count; ++i) step();
  }
  int denied() const { return denied_; }

 private:
  std::int64_t below(std::int64_t end) {
    return static_cast<std::int64_t>(random_.next_u64() % static_cast<std::uint64_t>(end));
  }
  Moment now() {
    // Threads read the clock before their turn comes, and the calendar is set back and forth.
    const Nanos read = {std::max<std::int64_t>(now_.count - below(200'000), 0)};
    return recorder_.moment(read, calendar_);
  }

  void step() {
    now_ = now_ + micros(below(2'500));
    if (below(400) == 0) calendar_ = seconds(below(40 * 86'400)) - seconds(20 * 86'400);
    if (below(400) == 0) now_ = now_ + seconds(below(90));
    if (below(150) == 0) override_limits();
    if (!open_.empty() && below(2) == 0) {
      const auto at = static_cast<std::ptrdiff_t>(below(std::ssize(open_)));
      recorder_.end(open_[static_cast<std::size_t>(at)], some(3), now());
      open_.erase(open_.begin() + at);
      return;
    }
    constexpr const char* kTenants[] = {"alpha", "bravo", "carla"};
    constexpr const char* kPlans[] = {"starter", "starter", "pro", "none"};
    constexpr const char* kUsers[] = {"ana", "ben", "eve"};
    constexpr const char* kClasses[] = {"", "", "batch", "unknown"};
    auto asked = recorder_.ask({.request = "r" + std::to_string(++requests_),
                                .tenant = kTenants[below(3)],
                                .plan = kPlans[below(4)],
                                .user = kUsers[below(3)],
                                .route = static_cast<std::size_t>(below(3)),
                                .amounts = some(1),
                                .step = 1 + below(2),
                                .class_name = kClasses[below(4)],
                                .exempt = exempt()},
                               now());
    denied_ += asked.answer.admitted ? 0 : 1;
    if (asked.answer.admitted) open_.push_back(std::move(asked));
  }

  Amounts some(std::int64_t times) {
    Amounts out;
    const std::int64_t few[] = {2, 40 * times, 900 * times, 9 * times, 9, 2, 2, 2};
    for (std::size_t i = 0; i < std::size(few); ++i) {
      if (below(3) == 0) out.set(static_cast<Dimension>(i), below(few[i]));
    }
    return out.set(Dimension::requests, 1);
  }

  DimensionSet exempt() {
    DimensionSet out;
    if (below(8) != 0) return out;
    for (int i = 0; i < 3; ++i) out.add(static_cast<Dimension>(below(kDimensions)));
    return out;
  }

  void override_limits() {
    std::vector<Override> rules(static_cast<std::size_t>(below(3)));
    for (Override& rule : rules) {
      rule.id = "ovr_" + std::to_string(below(1'000));
      rule.state = OverrideState::active;
      rule.scope = below(2) == 0 ? Scope::tenant : Scope::tenant_user;
      rule.dimension = static_cast<Dimension>(below(kDimensions));
      if (below(2) == 0) {
        rule.amount = 1 + below(60);
      } else {
        rule.factor = 100 + below(4'000);
      }
      rule.from = recorder_.started + now_ + seconds(below(20) - 10);
      rule.until = rule.from + seconds(1 + below(60));
    }
    recorder_.override_limits(below(2) == 0 ? "alpha" : "bravo", rules, now());
  }

  Recorder& recorder_;
  sim::SimRandom random_;
  Nanos now_, calendar_;
  int requests_ = 0, denied_ = 0;
  std::vector<Recorder::Asked> open_;
};

Verifier::Report verified(const std::vector<JournalEvent>& events) {
  Verifier verifier;
  for (const JournalEvent& event : events) {
    const auto done = verifier.run(event);
    if (!done) FAIL(done.error().what);
  }
  return verifier.report();
}

Comparison::Report compared(const std::vector<JournalEvent>& events, std::string_view settings,
                            std::string tenant = "") {
  Comparison comparison({.settings = journal_settings(settings), .tenant = std::move(tenant)});
  for (const JournalEvent& event : events) {
    const Status done = comparison.run(event);
    if (!done) FAIL(done.error().what);
  }
  return comparison.report();
}

// Property 12 of the gateway's design.
TEST_CASE("replay: the same log and settings give the same decisions, byte for byte") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    Recorder recorder(journal_header(kEverything), {.memory_age_max = seconds(86'400)});
    Load load(recorder, seed);
    load.run(4'000);
    CHECK(load.denied() > 300);
    const std::vector<JournalEvent> events = events_of(recorder.journal.snapshot());
    const Verifier::Report report = verified(events);
    CAPTURE(report.logged);
    CAPTURE(report.replayed);
    CHECK(report.decisions > 1'500);
    CHECK(report.settlements > 500);
    CHECK(report.same());
    // And so nothing would change under the same settings.
    const Comparison::Report same = compared(events, kEverything);
    CHECK(same.total.decisions == report.decisions);
    CHECK(same.total.denied == load.denied());
    CHECK(same.total.passes + same.total.refused + same.total.not_reached == 0);
    CHECK(same.assumed == 0);
    CHECK(same.losers.empty());
  }
}

TEST_CASE("replay: a log of which something was changed or left out is not the same") {
  Recorder recorder(journal_header(kEverything), {.memory_age_max = seconds(86'400)});
  Load(recorder, 5).run(4'000);
  const std::vector<JournalEvent> events = events_of(recorder.journal.snapshot());
  int changed = 0, unseen = 0;
  for (std::size_t i = 100; i < events.size(); i += 97) {
    if (!std::holds_alternative<Decision>(events[i])) continue;
    std::vector<JournalEvent> other = events;
    auto& decision = std::get<Decision>(other[i]);
    decision.admitted = !decision.admitted;
    const Verifier::Report report = verified(other);
    CHECK(report.differences == 1);
    CHECK(report.logged == print_line(other[i]));
    CHECK(report.replayed == print_line(events[i]));
    // Without it the counts are others, as long as they do not fill up again before they are asked.
    std::vector<JournalEvent> shorter = events;
    shorter.erase(shorter.begin() + static_cast<std::ptrdiff_t>(i));
    ++changed;
    unseen += decision.admitted || !verified(shorter).same() ? 0 : 1;
  }
  CHECK(changed > 10);
  CHECK(unseen < changed / 3);
}

constexpr const char* kTwoASecond = R"({"budgets": {"starter": {"gql_qps": 2}}})";

// `tenant` asks `count` times, `each` apart, and is done with it a millisecond later.
void ask_evenly(Recorder& recorder, const std::string& tenant, int count, Nanos from) {
  for (int i = 0; i < count; ++i) {
    const Nanos at = from + millis(100 * i);
    auto asked = recorder.ask({.request = tenant + std::to_string(i), .tenant = tenant},
                              recorder.moment(at));
    if (asked.answer.admitted) recorder.end(asked, {}, recorder.moment(at + millis(1)));
  }
}

TEST_CASE("replay: with more, what was denied would pass; with less, what passed would not") {
  Recorder recorder(journal_header(kTwoASecond));
  ask_evenly(recorder, "alpha", 30, {});
  ask_evenly(recorder, "bravo", 1, seconds(9));
  const auto events = events_of(recorder.journal.snapshot());
  const auto more = compared(events, R"({"budgets": {"starter": {"gql_qps": 20}}})");
  CHECK(more.total.decisions == 31);
  CHECK(more.total.denied == 23);  // two at once, then one each half second
  CHECK(more.total.passes == 23);
  CHECK(more.total.refused == 0);
  CHECK(more.policies.at("tenant-requests").passes == 23);
  CHECK(more.assumed == 23);
  CHECK(more.assumed_without_any == 0);
  const auto less = compared(events, R"({"budgets": {"starter": {"gql_qps": 1}}})");
  CHECK(less.total.refused > 0);
  CHECK(less.total.passes == 0);
  CHECK(less.tenants.at("alpha").refused == less.total.refused);
  CHECK(less.tenants.at("bravo").refused == 0);
  CHECK(less.losers.size() == 1);
  CHECK(less.policies.at("tenant-requests").refused == less.total.refused);
  CHECK(less.total.refused_by_shared == 0);
  const auto bravo = compared(events, R"({"budgets": {"starter": {"gql_qps": 20}}})", "bravo");
  CHECK(bravo.total.decisions == 1);
  CHECK(bravo.total.passes == 0);
}

// What is neither held nor settled does not depend on who was let through before: the other
// settings' own log is the twin of the comparison.
TEST_CASE("replay: a comparison says what the other settings do when the same requests come") {
  constexpr const char* kOne = R"({"budgets": {"starter": {"gql_qps": 30, "subs_fanout": 90,
      "users": {"gql_qps": 14}}}, "admission": {"global": {"gql_qps": 70}}})";
  constexpr const char* kOther = R"({"budgets": {"starter": {"gql_qps": 60, "burst": 0.2,
      "subs_fanout": 40, "routes": {"/shop": {"exports_per_min": 30}}}},
      "admission": {"global": {"gql_qps": 65}}})";
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    CAPTURE(seed);
    Recorder one(journal_header(kOne)), other(journal_header(kOther));
    sim::SimRandom random(seed);
    const auto below = [&](std::uint64_t end) { return random.next_u64() % end; };
    std::map<std::string, Comparison::Counts> expected;
    Nanos now;
    for (int i = 0; i < 2'000; ++i) {
      now = now + micros(static_cast<std::int64_t>(below(25'000)));
      const Recorder::Ask ask{.request = std::to_string(i),
                              .tenant = below(2) == 0 ? "alpha" : "bravo",
                              .user = below(2) == 0 ? "ana" : "ben",
                              .route = below(2),
                              .amounts = Amounts()
                                             .set(Dimension::requests, 1)
                                             .set(Dimension::exports, below(20) == 0 ? 1 : 0)
                                             .set(Dimension::deliveries, below(3) == 0 ? 4 : 0)};
      const bool before = one.ask(ask, one.moment(now)).answer.admitted;
      const bool after = other.ask(ask, other.moment(now)).answer.admitted;
      Comparison::Counts& counts = expected[ask.tenant];
      ++counts.decisions;
      counts.denied += before ? 0 : 1;
      counts.passes += !before && after ? 1 : 0;
      counts.refused += before && !after ? 1 : 0;
    }
    const auto report = compared(events_of(one.journal.snapshot()), kOther);
    for (const auto& [tenant, counts] : expected) {
      const Comparison::Counts& found = report.tenants.at(tenant);
      CHECK(found.decisions == counts.decisions);
      CHECK(found.denied == counts.denied);
      CHECK(found.passes == counts.passes);
      CHECK(found.refused == counts.refused);
      CHECK(counts.passes > 0);
      CHECK(counts.refused > 0);
    }
  }
}

TEST_CASE("replay: what one tenant is given, others may pay for") {
  const std::string shared = R"("admission": {"global": {"gql_qps": 10}})";
  Recorder recorder(
      journal_header(R"({"budgets": {"starter": {"gql_qps": 8}, "pro": {}}, )" + shared + "}"));
  for (int i = 0; i < 400; ++i) {
    const Nanos at = millis(25 * i);
    const bool is_bravo = i % 10 == 9;
    recorder.ask({.request = std::to_string(i),
                  .tenant = is_bravo ? "bravo" : "alpha",
                  .plan = is_bravo ? "pro" : "starter",
                  .amounts = Amounts().set(Dimension::requests, 1)},
                 recorder.moment(at));
  }
  const auto events = events_of(recorder.journal.snapshot());
  const auto report = compared(
      events, R"({"budgets": {"starter": {"gql_qps": 1000}, "pro": {}}, )" + shared + "}", "alpha");
  CHECK(report.total.passes > 0);
  CHECK(report.tenants.size() == 1);
  CHECK(report.losers.at("bravo").refused > 0);
  CHECK(report.losers.at("bravo").refused_by_shared == report.losers.at("bravo").refused);
}

TEST_CASE("replay: what would pass is settled with the averages of its tenant on the route") {
  // 100 bytes a second: an answer of 1,000 keeps the bucket in debt.
  Recorder recorder(
      journal_header(R"({"budgets": {"starter": {"gql_qps": 1, "bytes_per_s": 100000}}})"));
  const Amounts one = Amounts().set(Dimension::requests, 1).set(Dimension::bytes, 1);
  for (int i = 0; i < 20; ++i) {
    auto asked = recorder.ask({.request = std::to_string(i), .amounts = one},
                              recorder.moment(millis(100 * i)));
    CHECK(asked.answer.admitted == (i % 10 == 0));
    if (!asked.answer.admitted) continue;
    recorder.end(asked, Amounts().set(Dimension::bytes, 1'000),
                 recorder.moment(millis(100 * i + 1)));
  }
  const auto events = events_of(recorder.journal.snapshot());
  const auto wide =
      compared(events, R"({"budgets": {"starter": {"gql_qps": 100, "bytes_per_s": 100000}}})");
  CHECK(wide.total.passes == 18);
  CHECK(wide.assumed == 18);
  // Each of those that pass owes what others did, so most of them do not.
  const auto narrow =
      compared(events, R"({"budgets": {"starter": {"gql_qps": 100, "bytes_per_s": 1000}}})");
  CHECK(narrow.total.passes < 12);
  CHECK(narrow.total.passes > 0);
}

TEST_CASE("replay: a later step of a request that would be denied is not reached") {
  Recorder recorder(journal_header(R"({"budgets": {"starter": {"gql_qps": 10}}})"));
  for (int i = 0; i < 6; ++i) {
    const std::string id = std::to_string(i);
    auto first = recorder.ask({.request = id}, recorder.moment(millis(i)));
    auto second =
        recorder.ask({.request = id, .amounts = Amounts().set(Dimension::credits, 5), .step = 2},
                     recorder.moment(millis(i)));
    recorder.end(second, {}, recorder.moment(millis(i)));
    recorder.end(first, {}, recorder.moment(millis(i)));
  }
  const auto report = compared(events_of(recorder.journal.snapshot()),
                               R"({"budgets": {"starter": {"gql_qps": 2}}})");
  CHECK(report.total.decisions == 8);
  CHECK(report.total.refused == 4);
  CHECK(report.total.not_reached == 4);
}

TEST_CASE("replay: a log without its beginning is compared once its bursts have grown back") {
  Recorder recorder(journal_header(kTwoASecond));
  ask_evenly(recorder, "alpha", 60, {});
  std::vector<JournalEvent> events = events_of(recorder.journal.snapshot());
  const auto whole = verified(events);
  CHECK(whole.same());
  CHECK(whole.decisions == 60);
  events.erase(events.begin() + 1, events.begin() + 20);
  std::get<JournalHeader>(events[0]).first = 20;
  const auto part = verified(events);
  CHECK(part.not_compared > 0);
  CHECK(part.not_compared + part.decisions < 60);
  CHECK(warm_up_of(journal_settings(kTwoASecond)) == seconds(1));
  CHECK(warm_up_of(journal_settings(R"({"budgets": {"a": {"exports_per_min": 5, "burst": 3,
      "users": {"gql_qps": 1}}}})")) == seconds(180));
}

TEST_CASE("replay: only a time of the log is looked at, and all of it is run") {
  Recorder recorder(journal_header(kTwoASecond));
  ask_evenly(recorder, "alpha", 60, {});
  const auto events = events_of(recorder.journal.snapshot());
  Comparison::Options options{.settings = journal_settings(kTwoASecond)};
  options.between = {recorder.started + seconds(2), recorder.started + seconds(3)};
  Comparison comparison(options);
  Verifier verifier(options.between);
  for (const JournalEvent& event : events) {
    CHECK(comparison.run(event).has_value());
    CHECK(verifier.run(event).has_value());
  }
  CHECK(comparison.report().total.decisions == 10);
  CHECK(comparison.report().total.denied == 8);
  CHECK(verifier.report().decisions == 10);
  CHECK(verifier.report().same());
}

TEST_CASE("replay: what cannot be run says why") {
  Recorder recorder(journal_header(kTwoASecond));
  ask_evenly(recorder, "alpha", 2, {});
  std::vector<JournalEvent> events = events_of(recorder.journal.snapshot());
  Comparison comparison(
      {.settings = journal_settings(R"({"admission": {"routes": {"/other": {"seats": 1}}}})")});
  CHECK(comparison.run(events[1]).error().what == "a log begins with a header");
  CHECK(comparison.run(events[0]).error().what.starts_with(
      "admission.routes./other: there is no such route"));
  std::get<Decision>(events[1]).wall = {0};
  Verifier verifier;
  CHECK(verifier.run(events[0]).has_value());
  CHECK(verifier.run(events[1]).error().what.find("wall_ns") != std::string::npos);
}

}  // namespace
}  // namespace mc::budget
