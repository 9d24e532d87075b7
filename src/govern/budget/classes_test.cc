// Classes of requests and exemptions, in the book and in everything that goes by its decisions.
#include <doctest/doctest.h>

#include <algorithm>

#include "budget/denial.h"
#include "budget/explain.h"
#include "budget/replay.h"
#include "budget/window_store.h"
#include "contract/budget_recorder.h"
#include "sql/sql.h"

namespace mc::budget {
namespace {

constexpr const char* kSettings = R"({
  "budgets": {
    "pro": {"gql_qps": 10, "bytes_per_s": 100, "seats": 6, "users": {"gql_qps": 8},
            "routes": {"/shop": {"gql_qps": 9}}, "together": {"gql_qps": 30},
            "classes": {"batch": {"gql_qps": 4, "seats": 2, "priority": 0}, "empty": {}}}},
  "admission": {"global": {"gql_qps": 40}, "routes": {"/shop": {"gql_qps": 35}}}})";
const std::vector<std::string> kPaths = {"/graphql", "/shop"};
const Amounts kOne = Amounts().set(Dimension::requests, 1);

std::unique_ptr<Book> book_of(std::string_view settings = kSettings) {
  auto made = Book::make(journal_settings(settings), kPaths);
  if (!made) FAIL(made.error().what);
  return std::move(*made);
}

Moment at_ms(std::int64_t time) {
  return Moment::of(millis(time), from_unix_ms(1'800'000'000'000 + time));
}

Book::Who who_of(std::string_view class_name, DimensionSet exempt = {}) {
  return {"alpha", "pro", "ana", 0, class_name, exempt};
}

DimensionSet set_of(std::initializer_list<Dimension> all) {
  DimensionSet out;
  for (const Dimension one : all) out.add(one);
  return out;
}

// How many of at most 100 requests of a moment are let through, and what stands against the next.
struct Asked {
  int admitted = 0;
  std::string against;
  bool operator==(const Asked&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Asked& asked) {
  return out << asked.admitted << " " << asked.against;
}
Asked ask_all(Book& book, const Book::Who& who, const Moment& at) {
  Asked out;
  while (out.admitted < 100) {
    Reservation held;
    std::vector<Mark> against;
    if (book.reserve(who, kOne, at, held, &against).admitted) {
      ++out.admitted;
      continue;
    }
    for (const Mark& mark : against) {
      out.against += (out.against.empty() ? "" : " ") + policy_of(mark);
    }
    return out;
  }
  return out;
}

TEST_CASE("classes: names, and sets of dimensions") {
  struct Row {
    std::string name;
    bool fits;
  };
  const Row rows[] = {{"batch", true},
                      {"a", true},
                      {"0_-z", true},
                      {std::string(64, 'x'), true},
                      {std::string(65, 'x'), false},
                      {"", false},
                      {"Batch", false},
                      {"a b", false},
                      {"a.b", false},
                      {"\xc3\xa9", false},
                      {std::string("a\0b", 3), false}};
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(is_class_name(row.name) == row.fits);
  }
  const DimensionSet set = set_of({Dimension::month_credits, Dimension::bytes, Dimension::bytes});
  CHECK(set.names() == std::vector<std::string_view>{"bytes", "month_credits"});
  CHECK(set.has(Dimension::bytes));
  CHECK_FALSE(set.has(Dimension::credits));
  CHECK(DimensionSet::of_bits(set.bits()) == set);
  CHECK(DimensionSet().empty());
  CHECK(DimensionSet().names().empty());
}

TEST_CASE("classes: what is wrong in the settings is named") {
  std::string many;
  for (int i = 0; i < 17; ++i) many += (i > 0 ? "," : "") + ("\"c" + std::to_string(i) + "\":{}");
  struct Row {
    std::string classes, refused;
  };
  const Row rows[] = {
      {R"("Batch": {})", "budgets.pro.classes.Batch: a class is named by 1 to 64 of"},
      {R"("": {})", "budgets.pro.classes.: a class is named by"},
      {R"("batch": {"gql_qps": 2000000000})", "budgets.pro.classes.batch.gql_qps: amount"},
      {R"("batch": {"warn_only": ["bytes"]})", "budgets.pro.classes.batch.warn_only"},
      {many, "budgets.pro.classes: at most 16"},
  };
  for (const Row& row : rows) {
    const auto made = Book::make(
        journal_settings(R"({"budgets": {"pro": {"classes": {)" + row.classes + "}}}}"), kPaths);
    REQUIRE_FALSE(made.has_value());
    CAPTURE(made.error().what);
    CHECK(made.error().what.starts_with(row.refused));
  }
  const auto read = [](std::string_view text) {
    return json::read<BudgetFile>(*json::parse(text)).has_value();
  };
  CHECK(read(R"({"budgets": {"pro": {"classes": {"a": {"priority": 63}}}}})"));
  CHECK_FALSE(read(R"({"budgets": {"pro": {"classes": {"a": {"priority": 64}}}}})"));
  CHECK_FALSE(read(R"({"budgets": {"pro": {"classes": {"a": {"users": {}}}}}})"));
}

TEST_CASE("book: a class has limits of its own beside the tenant's, each tenant by itself") {
  const auto book = book_of();
  CHECK(book->limits(Dimension::seats));
  CHECK(ask_all(*book, who_of("batch"), at_ms(0)) == Asked{4, "tenant-class-requests"});
  Book::Who other = who_of("batch");
  other.tenant = "bravo";
  CHECK(ask_all(*book, other, at_ms(0)) == Asked{4, "tenant-class-requests"});
  // They have used the user's and the tenant's too: of 8 and 10 there are 4 and 6 left.
  CHECK(ask_all(*book, who_of(""), at_ms(0)) == Asked{4, "tenant-user-requests"});
  CHECK(ask_all(*book, who_of("batch"), at_ms(0)) ==
        Asked{0, "tenant-user-requests tenant-class-requests"});
  // A class without limits, and one that the plan has not, change nothing.
  const auto plain = book_of();
  CHECK(ask_all(*plain, who_of("empty"), at_ms(0)) == Asked{8, "tenant-user-requests"});
  CHECK(ask_all(*plain, who_of("unknown"), at_ms(1'000)) == Asked{8, "tenant-user-requests"});
  // One that is limited by its classes alone is limited.
  CHECK(book_of(R"({"budgets": {"a": {"classes": {"b": {"gql_qps": 1}}}}})")->is_limited());
  CHECK_FALSE(book_of(R"({"budgets": {"a": {"classes": {"b": {}}}}})")->is_limited());
}

TEST_CASE("book: what a class denies takes nothing of the others, and is settled with them") {
  const auto book = book_of();
  const Amounts seat = Amounts().set(Dimension::requests, 1).set(Dimension::seats, 1);
  const auto left = [&](Scope scope, Dimension dimension) {
    for (const Book::Line& line : book->effective(who_of(""), at_ms(0))) {
      if (line.scope == scope && line.dimension == dimension) return line.left.value_or(-1);
    }
    return std::int64_t{-2};
  };
  std::vector<Reservation> held(3);
  CHECK(book->reserve(who_of("batch"), seat, at_ms(0), held[0]).admitted);
  CHECK(book->reserve(who_of("batch"), seat, at_ms(0), held[1]).admitted);
  CHECK(left(Scope::tenant_class, Dimension::seats) == 0);
  CHECK(left(Scope::tenant, Dimension::requests) == 8);
  CHECK_FALSE(book->reserve(who_of("batch"), seat, at_ms(0), held[2]).admitted);
  CHECK(left(Scope::tenant, Dimension::requests) == 8);
  CHECK(left(Scope::tenant, Dimension::seats) == 4);
  CHECK(left(Scope::tenant_user, Dimension::requests) == 6);
  CHECK(left(Scope::tenant_class, Dimension::requests) == 2);
  held[0].settle(seat, at_ms(0));
  CHECK(left(Scope::tenant_class, Dimension::seats) == 1);
  CHECK(left(Scope::tenant, Dimension::seats) == 5);
  CHECK(book->reserve(who_of("batch"), seat, at_ms(0), held[2]).admitted);
}

TEST_CASE("book: an exemption lifts the tenant's own limits, never those that tenants share") {
  const auto book = book_of();
  const DimensionSet requests = set_of({Dimension::requests});
  const Book::Who exempt = who_of("batch", requests);
  // 30 together, although its user, its class and itself have 8, 4 and 10.
  CHECK(ask_all(*book, exempt, at_ms(0)) == Asked{30, "plan-requests"});
  // And nothing of its own was charged.
  for (const Book::Line& line : book->effective(who_of(""), at_ms(0))) {
    if (line.dimension == Dimension::requests) CHECK(line.left == line.quota);
  }
  CHECK(ask_all(*book, who_of(""), at_ms(0)) == Asked{0, "plan-requests"});
  // Used up to the last, an exempt request passes still.
  CHECK(ask_all(*book, who_of(""), at_ms(1'500)) == Asked{8, "tenant-user-requests"});
  CHECK(ask_all(*book, exempt, at_ms(1'500)) == Asked{22, "plan-requests"});
  // Another plan's tenant meets the global limit, and that of a route.
  Book::Who shop = exempt;
  shop.plan = "none";
  shop.route = 1;
  CHECK(ask_all(*book, shop, at_ms(1'500)).against == "global-requests");
  CHECK(ask_all(*book, shop, at_ms(9'000)) == Asked{35, "route-requests"});
}

TEST_CASE("book: an exemption is of its dimensions alone, also when it is settled") {
  const auto book = book_of(R"({"budgets": {"pro": {"gql_qps": 2, "bytes_per_s": 100,
    "credits_per_s": 10, "credits_per_day": 20}}})");
  const auto take = [&](DimensionSet exempt, const Amounts& asked, const Amounts& used) {
    Reservation held;
    std::vector<Mark> against;
    const bool admitted =
        book->reserve(who_of("", exempt), asked, at_ms(0), held, &against).admitted;
    held.settle(used, at_ms(0));
    return admitted ? "" : policy_of(against.at(0));
  };
  const auto left = [&](Dimension dimension) {
    for (const Book::Left& one : book->left("alpha", "pro", at_ms(0))) {
      if (one.dimension == dimension) return one.left;
    }
    return std::int64_t{-1};
  };
  const Amounts entry = Amounts().set(Dimension::requests, 1).set(Dimension::bytes, 1);
  const Amounts large = Amounts(entry).set(Dimension::bytes, 1'000);
  const DimensionSet bytes = set_of({Dimension::bytes});
  CHECK(take(bytes, entry, large).empty());
  CHECK(left(Dimension::bytes) == 100);  // no debt
  CHECK(left(Dimension::requests) == 1);
  CHECK(take(bytes, entry, large).empty());
  CHECK(take(bytes, entry, large) == "tenant-requests");
  const Amounts credits = Amounts().set(Dimension::credits, 9);
  CHECK(take(set_of({Dimension::requests, Dimension::credits}), credits, credits).empty());
  CHECK(left(Dimension::credits) == 10);
  CHECK(left(Dimension::day_credits) == 11);  // that is a dimension of its own
  CHECK(take(set_of({Dimension::requests}), credits, credits).empty());
  CHECK(take(set_of({Dimension::requests}), credits, credits) == "tenant-credits");
  CHECK(take(set_of({Dimension::credits}), credits, credits) == "tenant-day_credits");
  // What is not asked for has no part in the nearest limit either.
  Reservation held;
  const DimensionSet all = set_of({Dimension::credits, Dimension::day_credits});
  CHECK_FALSE(book->reserve(who_of("", all), credits, at_ms(0), held).has_nearest);
}

TEST_CASE("book: the limits that are shared with other nodes are the same") {
  const auto book = book_of();
  const auto names = [&](const Book::Who& who) {
    std::string out;
    book->each_limit(who, at_ms(0), [&](Scope scope, const Limits::Limit& limit) {
      out += std::string(name_of(scope)) + ":" + std::string(name_of(limit.dimension)) + " ";
    });
    return out;
  };
  CHECK(names(who_of("")) ==
        "tenant-user:requests tenant:requests tenant:bytes tenant:seats plan:requests "
        "global:requests ");
  CHECK(names(who_of("batch", set_of({Dimension::requests}))) ==
        "tenant-class:seats tenant:bytes tenant:seats plan:requests global:requests ");
}

TEST_CASE("book: overrides of a tenant leave its classes as they are") {
  const auto book = book_of();
  Override rule;
  rule.id = "ovr_1";
  rule.tenant = "alpha";
  rule.dimension = Dimension::requests;
  rule.amount = 3;
  rule.until = from_unix_ms(1'900'000'000'000);
  rule.state = OverrideState::active;
  book->set_overrides("alpha", {rule});
  CHECK(ask_all(*book, who_of("batch"), at_ms(0)) == Asked{3, "tenant-requests"});
  rule.amount = 20;
  book->set_overrides("alpha", {rule});
  CHECK(ask_all(*book, who_of("batch"), at_ms(1'000)) == Asked{4, "tenant-class-requests"});
  std::string lines;
  for (const Book::Line& line : book->effective(who_of(""), at_ms(1'000))) {
    if (line.dimension != Dimension::requests) continue;
    lines += std::string(name_of(line.scope)) + ":" + line.class_name + ":" +
             std::to_string(line.quota) + ":" + std::to_string(line.of_plan.value_or(-1)) + " ";
  }
  CHECK(lines == "tenant::20:10 tenant-user::8:8 tenant-class:batch:4:4 ");
}

// Its users have days, its classes have, and its tenants have none.
constexpr const char* kDays = R"({"budgets": {"pro": {
  "users": {"credits_per_day": 40},
  "classes": {"batch": {"credits_per_day": 100, "credits_per_month": 150},
              "ad-hoc": {"credits_per_day": 50}}}}})";

TEST_CASE("windows: those of a class are kept, as rows that are no user's") {
  sim::SimClock clock;
  auto database = sql::sqlite_driver()->open("sqlite::memory:", {});
  REQUIRE(database.has_value());
  REQUIRE(sql::migrate(**database, sql::built_in_migrations(), clock).has_value());
  WindowStore store(**database, "node_1");
  std::unique_ptr<Book> book = book_of(kDays);
  const auto take = [&](std::string_view user, std::string_view class_name, std::int64_t credits) {
    const Amounts amounts = Amounts().set(Dimension::credits, credits);
    Reservation held;
    std::vector<Mark> against;
    const Book::Who who{"alpha", "pro", user, 0, class_name};
    if (book->reserve(who, amounts, at_ms(0), held, &against).admitted) return std::string();
    return policy_of(against.at(0));
  };
  CHECK(take("", "", 30).empty());  // a user without a name, whom nobody is
  CHECK(take("ana", "batch", 35).empty());
  CHECK(take("ben", "batch", 25).empty());
  CHECK(take("eve", "ad-hoc", 40).empty());
  std::vector<WindowCount> written = book->changed_windows(at_ms(0));
  REQUIRE(written.size() == 7);
  REQUIRE(store.write(written).has_value());
  std::vector<WindowCount> read;
  const auto keep = [&](std::span<const WindowCount> part) {
    read.insert(read.end(), part.begin(), part.end());
    return ok();
  };
  REQUIRE(store.read(64, keep).has_value());
  CHECK(std::ranges::is_permutation(read, written));
  CHECK(std::ranges::count_if(read, [](const WindowCount& one) {
          return one.scope == Scope::tenant_class && one.class_name == "batch" && one.used == 60 &&
                 one.plan.empty() && one.user.empty();
        }) == 2);
  // Another process.
  book = book_of(kDays);
  book->restore_windows(read, at_ms(0));
  CHECK(book->changed_windows(at_ms(0)).empty());
  CHECK(take("new", "ad-hoc", 11) == "tenant-class-day_credits");
  CHECK(take("new", "batch", 40).empty());
  CHECK(take("other", "batch", 1) == "tenant-class-day_credits");
  CHECK(take("", "", 11) == "tenant-user-day_credits");
  CHECK(take("", "", 10).empty());
  book->windows_kept(book->changed_windows(at_ms(0)));
  CHECK(book->changed_windows(at_ms(0)).empty());
  // Of a class that no plan has any more nothing is made.
  book = book_of(R"({"budgets": {"pro": {"classes": {"batch": {"credits_per_day": 100}}}}})");
  std::erase_if(read, [](const WindowCount& one) { return one.class_name != "ad-hoc"; });
  book->restore_windows(read, at_ms(0));
  CHECK(book->tenants() == 0);
}

TEST_CASE("journal line: a class and what it is exempt from") {
  Decision decision;
  decision.seq = 7;
  decision.tenant = "alpha";
  decision.plan = "pro";
  decision.user = "ana";
  decision.request = "r";
  decision.class_name = "batch";
  decision.exempt = set_of({Dimension::month_credits, Dimension::requests});
  decision.asked = kOne;
  decision.against = {{Scope::tenant_class, Dimension::requests, 1, 4, 0, 0, false}};
  const std::string text =
      R"({"event":"decided","seq":7,"at_ns":0,"wall_ns":0,"request":"r","step":1,)"
      R"("tenant":"alpha","plan":"pro","user":"ana","route":"","class":"batch",)"
      R"("exempt":["requests","month_credits"],"asked":{"requests":1},"outcome":"denied",)"
      R"("against":[{"policy":"tenant-class-requests","asked":1,"quota":4,"left":0}]})";
  CHECK(print_line(decision) == text);
  const auto read = parse_line(text);
  if (!read) FAIL(read.error().what);
  CHECK(std::get<Decision>(*read).class_name == "batch");
  CHECK(std::get<Decision>(*read).exempt == decision.exempt);
  struct Row {
    std::string_view from, to, refused;
  };
  const Row rows[] = {
      {"batch", "Batch", "class: no such one"},
      {"\"batch\"", "7", "class"},
      {"month_credits", "speed", "exempt: no such dimension: speed"},
      {R"("requests","month_credits")", R"("month_credits","requests")", "it is not written as"},
      {R"("requests","month_credits")", R"("requests","requests")", "it is not written as"},
      {R"("requests","month_credits")", "", "it is not written as"},
      {"\"batch\"", "\"\"", "class: no such one"},
  };
  for (const Row& row : rows) {
    std::string changed = text;
    changed.replace(changed.find(row.from), row.from.size(), row.to);
    CAPTURE(changed);
    const auto refused = parse_line(changed);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().what.find(row.refused) != std::string::npos);
  }
  const std::string count =
      R"({"event":"restored","seq":1,"at_ns":1,"wall_ns":2,"counts":[{"scope":"tenant-class",)"
      R"("tenant":"alpha","class":"batch","dimension":"day_credits","window":3,"used":4}]})";
  const auto restored = parse_line(count);
  if (!restored) FAIL(restored.error().what);
  CHECK(std::get<Restored>(*restored).counts.at(0).class_name == "batch");
  CHECK_FALSE(parse_line(R"({"event":"overridden","seq":1,"at_ns":1,"tenant":"alpha","rules":[)"
                         R"({"id":"o","scope":"tenant-class","dimension":"requests","amount":5,)"
                         R"("from_ns":0,"until_ns":9,"asked_ns":0}]})"));
}

// Eight requests of the class, of which four are too many, and four exempt ones.
std::vector<JournalEvent> recorded(Recorder& recorder) {
  const auto ask = [&](const std::string& id, const char* class_name, DimensionSet exempt,
                       std::int64_t at) {
    return recorder
        .ask({.request = id,
              .plan = "pro",
              .amounts = kOne,
              .class_name = class_name,
              .exempt = exempt},
             recorder.moment(millis(at)))
        .answer.admitted;
  };
  for (int i = 0; i < 4; ++i) {
    CHECK(ask("e" + std::to_string(i), "batch", set_of({Dimension::requests}), 100));
  }
  for (int i = 0; i < 8; ++i) {
    CHECK(ask("b" + std::to_string(i), "batch", {}, 110) == (i < 4));
  }
  CHECK(ask("plain", "", {}, 120));
  return events_of(recorder.journal.snapshot());
}

TEST_CASE("replay: a log with classes is the same again, and others go by the logged class") {
  Recorder recorder(journal_header(kSettings));
  const std::vector<JournalEvent> events = recorded(recorder);
  Verifier verifier;
  for (const JournalEvent& event : events) REQUIRE(verifier.run(event).has_value());
  CHECK(verifier.report().decisions == 13);
  CHECK(verifier.report().same());
  struct Row {
    const char* settings;
    std::int64_t passes, refused;
  };
  const Row rows[] = {
      {R"({"budgets": {"pro": {"classes": {"batch": {"gql_qps": 6}}}}})", 2, 0},
      {R"({"budgets": {"pro": {"classes": {"batch": {"gql_qps": 1}}}}})", 0, 3},
      {R"({"budgets": {"pro": {"classes": {"other": {"gql_qps": 1}}}}})", 4, 0},
      // Of its own limits the exempt ones are free, of those that are shared they are not.
      {R"({"budgets": {"pro": {"gql_qps": 1}}})", 0, 4},
      {R"({"budgets": {"pro": {"together": {"gql_qps": 5}}}})", 0, 4},
  };
  for (const Row& row : rows) {
    CAPTURE(row.settings);
    Comparison comparison({.settings = journal_settings(row.settings)});
    for (const JournalEvent& event : events) REQUIRE(comparison.run(event).has_value());
    CHECK(comparison.report().total.passes == row.passes);
    CHECK(comparison.report().total.refused == row.refused);
  }
  CHECK(warm_up_of(journal_settings(
            R"({"budgets": {"pro": {"classes": {"b": {"gql_qps": 1, "burst": 50}}}}})")) ==
        seconds(50));
}

TEST_CASE("explain: of a class those of the class are told, without those that were exempt") {
  Recorder recorder(journal_header(kSettings));
  const std::vector<JournalEvent> events = recorded(recorder);
  const auto explained = [&](const char* request) {
    Explainer explainer(request, "alpha");
    for (const JournalEvent& event : events) explainer.find(event);
    for (const JournalEvent& event : events) explainer.look(event);
    const auto out = explainer.result();
    if (!out) FAIL(out.error().what);
    return out->decisions.at(0);
  };
  const Explained denied = explained("b4");
  CHECK(policy_of(denied.mark.value()) == "tenant-class-requests");
  CHECK(denied.decision.class_name == "batch");
  CHECK_FALSE(denied.shared);
  CHECK(denied.window == seconds(1));
  CHECK(denied.neighbours_count == 4);
  for (const Neighbour& one : denied.neighbours) CHECK(one.request.starts_with("b"));
  const Explained plain = explained("plain");
  CHECK(policy_of(plain.mark.value()) == "tenant-user-requests");
  CHECK(plain.neighbours_count == 4);

  const auto denial = denial_of(recorder.journal, "alpha", "b4");
  REQUIRE(denial.has_value());
  const std::string text = json::canonical(*denial);
  CHECK(text.find(R"("class":"batch")") != std::string::npos);
  CHECK(text.find(R"("policies":["tenant-class-requests"])") != std::string::npos);
  CHECK(text.find("exempt") == std::string::npos);
}

TEST_CASE("denial: what is shared denies an exempt request, and the document says from what") {
  Recorder recorder(journal_header(kSettings));
  const DimensionSet exempt = set_of({Dimension::requests, Dimension::seats});
  for (int i = 0; i <= 30; ++i) {
    recorder.ask({.request = "r" + std::to_string(i), .plan = "pro", .exempt = exempt},
                 recorder.moment({}));
  }
  const auto denial = denial_of(recorder.journal, "alpha", "r30");
  REQUIRE(denial.has_value());
  const std::string text = json::canonical(*denial);
  CHECK(text.find(R"("exempt":["requests","seats"])") != std::string::npos);
  CHECK(text.find(R"("why":"shared")") != std::string::npos);
  CHECK(text.find("class") == std::string::npos);
}

}  // namespace
}  // namespace mc::budget
