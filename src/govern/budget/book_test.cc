#include "budget/book.h"

#include <doctest/doctest.h>

#include <thread>

#include "budget/budget.h"
#include "budget/settings.h"
#include "json/json.h"

namespace mc::budget {
namespace {

BudgetSettings settings_of(std::string_view plans, std::string_view admission = "{}") {
  const auto plans_value = json::parse(std::string(plans));
  const auto admission_value = json::parse(std::string(admission));
  REQUIRE(plans_value.has_value());
  REQUIRE(admission_value.has_value());
  BudgetSettings out;
  json::Reader reader;
  out.plans = json::read_into<std::map<std::string, PlanSettings>>(*plans_value, reader);
  out.admission = json::read_into<AdmissionSettings>(*admission_value, reader);
  REQUIRE(reader.problems().empty());
  return out;
}

const std::vector<std::string> kPaths = {"/graphql", "/shop"};

std::unique_ptr<Book> book_of(std::string_view plans, std::string_view admission = "{}") {
  auto made = Book::make(settings_of(plans, admission), kPaths);
  if (!made) FAIL(made.error().what);
  return std::move(*made);
}

Moment at_seconds(std::int64_t time) {
  return Moment::of(seconds(time), from_unix_ms(1'800'000'000'000 + time * 1'000));
}

const Amounts kOne = Amounts().set(Dimension::requests, 1).set(Dimension::seats, 1);

// How many requests of one moment are let through; at most `most` are tried.
int admitted(Book& book, const Book::Who& who, const Moment& at, int most = 1'000) {
  int count = 0;
  for (int i = 0; i < most; ++i) {
    Reservation held;
    count += book.reserve(who, kOne, at, held).admitted ? 1 : 0;
  }
  return count;
}

TEST_CASE("book: the planning document's budgets, as they stand there") {
  const auto book = book_of(R"({
    "starter": {"gql_qps": 50, "subs_fanout": 1000, "exports_per_min": 5},
    "pro": {"gql_qps": 200, "subs_fanout": 4000, "exports_per_min": 20}})");
  const Moment now = at_seconds(10);
  CHECK(book->is_limited());
  CHECK(book->limits(Dimension::exports));
  CHECK_FALSE(book->limits(Dimension::credits));
  CHECK(admitted(*book, {"alpha", "starter", "ana"}, now) == 50);
  CHECK(admitted(*book, {"bravo", "pro", "ben"}, now) == 200);
  CHECK(admitted(*book, {"carla", "starter", "ana"}, now) == 50);
  CHECK(admitted(*book, {"alpha", "starter", "ana"}, at_seconds(11)) == 50);
  CHECK(book->tenants() == 3);
  Reservation held;
  const Amounts export_one = Amounts().set(Dimension::exports, 1);
  for (int i = 0; i < 5; ++i) {
    CHECK(book->reserve({"alpha", "starter", "ana"}, export_one, now, held).admitted);
  }
  const Answer sixth = book->reserve({"alpha", "starter", "ana"}, export_one, now, held);
  CHECK_FALSE(sixth.admitted);
  CHECK(sixth.eligible_at - now.now == ticks_of(seconds(12)));
}

TEST_CASE("book: what is wrong in the settings is named") {
  struct Row {
    const char* plans;
    const char* admission;
    std::string refused;
  };
  const Row rows[] = {
      {R"({"a": {"gql_qps": 2000000000}})", "{}", "budgets.a.gql_qps: amount"},
      {R"({"a": {"users": {"burst": 0}}})", "{}", "budgets.a.users.burst"},
      {R"({"a": {"together": {"seats": 2000000}}})", "{}", "budgets.a.together.seats: 1 to"},
      {R"({"a": {"routes": {"/nowhere": {"gql_qps": 1}}}})", "{}",
       "budgets.a.routes./nowhere: there is no such route"},
      {R"({"a": {"routes": {"/shop": {"warn_only": ["x"]}}}})", "{}",
       "budgets.a.routes./shop.warn_only"},
      {"{}", R"({"global": {"burst": 10000}})", "admission.global.burst"},
      {"{}", R"({"routes": {"/": {}}})", "admission.routes./: there is no such route"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.refused);
    const auto made = Book::make(settings_of(row.plans, row.admission), kPaths);
    REQUIRE_FALSE(made.has_value());
    CHECK(made.error().what.starts_with(row.refused));
  }
}

TEST_CASE("book: without budgets everything passes, and nothing is kept") {
  const auto book = book_of("{}");
  CHECK_FALSE(book->is_limited());
  CHECK(admitted(*book, {"alpha", "starter", "ana"}, at_seconds(1)) == 1'000);
  CHECK(book->tenants() == 0);
  CHECK_FALSE(book_of(R"({"starter": {"burst": 2}})")->is_limited());
}

TEST_CASE("book: a plan that is not listed has no limits but the shared ones") {
  const auto book = book_of(R"({"starter": {"gql_qps": 5}})", R"({"global": {"gql_qps": 30}})");
  CHECK_FALSE(book->has_plan("gold"));
  CHECK(admitted(*book, {"alpha", "gold", "ana"}, at_seconds(1), 20) == 20);
  CHECK(admitted(*book, {"bravo", "starter", "ben"}, at_seconds(1)) == 5);
  CHECK(admitted(*book, {"alpha", "gold", "ana"}, at_seconds(1)) == 5);
  CHECK(book->tenants() == 1);  // of bravo alone: there is nothing to count of alpha's
}

TEST_CASE("book: users, routes, plans and all have limits inside each other") {
  const auto book = book_of(
      R"({"starter": {"gql_qps": 20, "users": {"gql_qps": 3}, "routes": {"/shop": {"gql_qps": 5}},
          "together": {"gql_qps": 30}}})",
      R"({"routes": {"/graphql": {"gql_qps": 100}}, "global": {"gql_qps": 40}})");
  const Moment now = at_seconds(5);
  CHECK(admitted(*book, {"alpha", "starter", "ana", 1}, now) == 3);  // hers
  CHECK(admitted(*book, {"alpha", "starter", "ben", 1}, now) == 2);  // the shop's
  CHECK(admitted(*book, {"alpha", "starter", "ben", 0}, now) == 1);  // his
  int more = 0;
  for (int user = 0; user < 10; ++user) {
    const std::string name = "u" + std::to_string(user);
    more += admitted(*book, {"alpha", "starter", name, 0}, now);
  }
  CHECK(more == 14);                                                 // the tenant's
  CHECK(admitted(*book, {"bravo", "starter", "ana", 0}, now) == 3);  // another ana
  more = 0;
  for (int user = 0; user < 10; ++user) {
    const std::string name = "u" + std::to_string(user);
    more += admitted(*book, {"bravo", "starter", name, 0}, now);
  }
  CHECK(more == 7);                                                // the plan's
  CHECK(admitted(*book, {"carla", "gold", "cem", 0}, now) == 10);  // all
  std::vector<Mark> against;
  Reservation held;
  const Answer denied = book->reserve({"carla", "gold", "cem", 0}, kOne, now, held, &against);
  CHECK_FALSE(denied.admitted);
  REQUIRE(against.size() == 1);
  CHECK(against[0].scope == Scope::global);
}

TEST_CASE("book: what a tenant has left, and nothing of one that never came") {
  const auto book = book_of(R"({"starter": {"gql_qps": 20, "seats": 4}})");
  const Moment now = at_seconds(1);
  CHECK(book->left("alpha", "starter", now).empty());
  Reservation held;
  REQUIRE(book->reserve({"alpha", "starter", "ana"}, kOne, now, held).admitted);
  const std::vector<Book::Left> left = book->left("alpha", "starter", now);
  REQUIRE(left.size() == 2);
  CHECK(left[0].dimension == Dimension::requests);
  CHECK(left[0].quota == 20);
  CHECK(left[0].left == 19);
  CHECK(left[1].dimension == Dimension::seats);
  CHECK(left[1].left == 3);
  CHECK(book->left("alpha", "gold", now).empty());
}

TEST_CASE("book: idle users make room, busy ones and open requests stay") {
  const auto book = book_of(R"({"starter": {"users": {"gql_qps": 1, "seats": 1}}})");
  Reservation open;
  REQUIRE(book->reserve({"alpha", "starter", "ana"}, kOne, at_seconds(1), open).admitted);
  for (std::size_t i = 1; i < kUsersMax; ++i) {
    const std::string name = "u" + std::to_string(i);
    REQUIRE(admitted(*book, {"alpha", "starter", name}, at_seconds(1), 2) == 1);
  }
  // Full, and all busy: those beyond share one count.
  CHECK(admitted(*book, {"alpha", "starter", "new"}, at_seconds(1), 5) == 1);
  CHECK(admitted(*book, {"alpha", "starter", "newer"}, at_seconds(1), 5) == 0);
  // Later all have grown back, but ana's request is open still.
  CHECK(admitted(*book, {"alpha", "starter", "new"}, at_seconds(9), 5) == 1);
  CHECK(admitted(*book, {"alpha", "starter", "ana"}, at_seconds(9), 5) == 0);
  open.settle(kOne, at_seconds(9));
  CHECK(admitted(*book, {"alpha", "starter", "ana"}, at_seconds(9), 5) == 1);
}

TEST_CASE("book: a calendar that is set back stays in the latest day, for what is denied too") {
  const auto book = book_of(R"({"p": {"seats": 1, "users": {"credits_per_day": 100}}})");
  const auto at = [](const char* wall) { return Moment::of(seconds(5), *parse_rfc3339(wall)); };
  const Moment day = at("2027-03-01T00:00:00Z"), before = at("2027-02-28T23:00:00Z");
  const auto amounts = [](std::int64_t credits, std::int64_t seats) {
    return Amounts().set(Dimension::credits, credits).set(Dimension::seats, seats);
  };
  const Book::Who who{"alpha", "p", "ana"};
  Reservation open, other;
  REQUIRE(book->reserve(who, amounts(10, 1), day, open).admitted);
  CHECK_FALSE(book->reserve(who, amounts(20, 1), before, other).admitted);  // no seat
  REQUIRE(book->reserve(who, amounts(90, 0), before, other).admitted);
  const Answer denied = book->reserve(who, amounts(1, 0), before, open);
  CHECK_FALSE(denied.admitted);
  CHECK(denied.eligible_at - before.now == ticks_of(seconds(25 * 3'600)));
  other.settle(amounts(40, 0), before);
  CHECK(book->reserve(who, amounts(50, 0), before, other).admitted);
  CHECK_FALSE(book->reserve(who, amounts(1, 0), before, open).admitted);
}

TEST_CASE("book: a month that is set back ends when it does by the calendar") {
  const auto book = book_of(R"({"p": {"credits_per_month": 10}})");
  const auto at = [](const char* wall) { return Moment::of(seconds(5), *parse_rfc3339(wall)); };
  const Amounts ten = Amounts().set(Dimension::credits, 10);
  Reservation held;
  REQUIRE(book->reserve({"alpha", "p", "ana"}, ten, at("2027-03-01T00:00:00Z"), held).admitted);
  const Moment before = at("2027-02-28T23:00:00Z");
  const Answer denied = book->reserve({"alpha", "p", "ana"}, ten, before, held);
  CHECK_FALSE(denied.admitted);
  CHECK(denied.eligible_at - before.now == ticks_of(seconds(31 * 86'400 + 3'600)));
}

TEST_CASE("book: threads of many tenants and users are each held to their own") {
  const auto book = book_of(R"({"starter": {"gql_qps": 100, "users": {"gql_qps": 30}}})");
  const Moment now = at_seconds(1);
  std::array<std::atomic<int>, 4> counts = {};
  std::vector<std::thread> threads;
  threads.reserve(8);
  for (std::size_t t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      const std::string tenant = "t" + std::to_string(t % 4);
      for (int i = 0; i < 2'000; ++i) {
        Reservation held;
        const std::string user = "u" + std::to_string(i % 7);
        const bool ok = book->reserve({tenant, "starter", user}, kOne, now, held).admitted;
        counts[t % 4] += ok ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::atomic<int>& count : counts) CHECK(count == 100);
}

}  // namespace
}  // namespace mc::budget
