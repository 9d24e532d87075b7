// Classes and exemptions by policy, through a gateway with policies, budgets and an admission log.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "access/remote.h"
#include "budget/book.h"
#include "budget/journal.h"
#include "budget/replay.h"
#include "budget/settings.h"
#include "burn/usage.h"
#include "contract/guarded_world.h"
#include "json/json.h"
#include "share/memory_store.h"
#include "share/share.h"

namespace mc::gateway {
namespace {

using guarded::code_of;
using guarded::World;
using sim::header_of;

constexpr const char* kPerson = "{ person(id: \"p3\") { id } }";
// Training is a class, an investigation is exempt.
constexpr const char* kRules = R"(package mc.budget

decision := {"class": "batch", "rules": ["training-is-batch"]} if input.purpose == "training"

decision := {"exempt": ["requests", "bytes"], "rules": ["investigations-pass"]} if {
	input.purpose == "investigation"
}
)";

// The policies of a new installation, and these of budgets.
std::vector<archive::Entry> with_rules(const std::string& rego) {
  std::vector<archive::Entry> out = access::default_policies();
  std::erase_if(out, [](const archive::Entry& entry) { return entry.path == ".manifest"; });
  out.push_back({".manifest", R"({"revision":"r1","roots":["mc"]})"});
  out.push_back({"mc/budget/decision.rego", rego});
  return out;
}

constexpr const char* kSettings = R"({
  "budgets": {"starter": {"gql_qps": 4, "together": {"gql_qps": 10},
                          "classes": {"batch": {"gql_qps": 2, "priority": 0}}}}})";

budget::BudgetSettings settings_of(std::string_view text) {
  auto file = json::read<budget::BudgetFile>(*json::parse(text));
  if (!file) FAIL(file.error().what);
  return *file;
}

struct Site {
  explicit Site(const std::string& rules = kRules, std::string_view settings = kSettings,
                access::Remote* remote = nullptr, share::Share* share = nullptr) {
    auto made = budget::Book::make(settings_of(settings), {"/graphql"});
    if (!made) FAIL(made.error().what);
    book = std::move(*made);
    budget::JournalHeader header;
    header.run = "adm_1";
    header.started = sim::SimClock().wall();
    header.settings = settings_of(settings);
    header.paths = {"/graphql"};
    journal = std::make_unique<budget::Journal>(files, header, budget::JournalConfig{});
    guarded::WorldOptions options;
    options.governed = true;
    options.budgets = book.get();
    options.journal = journal.get();
    options.remote = remote;
    options.share = shared = share;
    options.usage = &usage;
    world = std::make_unique<World>(options);
    world->governed().use(with_rules(rules));
    token = world->token({.purposes = "demo,training,investigation"});
  }

  net::Response ask(const std::string& purpose, const std::string& with) {
    const auto exchange =
        world->send({.headers = {{"Content-Type", "application/json"}, {"X-MC-Purpose", purpose}},
                     .body = guarded::body_of(kPerson)},
                    with);
    // It may wait for the store that nodes share budgets in.
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (shared != nullptr && exchange->response().status == 0 &&
           std::chrono::steady_clock::now() < until) {
      shared->turn(world->clock().mono());
      exchange->turn();
      std::this_thread::yield();
    }
    REQUIRE(exchange->wait());
    return exchange->response();
  }
  net::Response ask(const std::string& purpose) { return ask(purpose, token); }
  // How many are let in at once, and how the next one is refused.
  std::string ask_all(const std::string& purpose) {
    for (int admitted = 0; admitted < 50; ++admitted) {
      const net::Response reply = ask(purpose);
      if (reply.status == 200) continue;
      const std::string told = header_of(reply.headers, "RateLimit");
      return std::to_string(admitted) + " " + std::to_string(reply.status) + " " + told;
    }
    return "all";
  }
  std::int64_t failures_told() { return world->lines().count("budget.policy_failed"); }
  std::vector<budget::Decision> decisions() const {
    std::vector<budget::Decision> out;
    const Status read = journal->each([&](const budget::JournalEvent& event) {
      const auto* const decision = std::get_if<budget::Decision>(&event);
      if (decision != nullptr) out.push_back(*decision);
      return ok();
    });
    REQUIRE(read.has_value());
    return out;
  }

  // Asked for of tenants' budgets in the last five minutes.
  std::int64_t demanded() {
    std::int64_t out = 0;
    for (const burn::Usage::Demand& one : usage.demands(world->clock().mono())) {
      out += one.amounts[budget::Dimension::requests];
    }
    return out;
  }

  share::Share* shared = nullptr;
  sim::SimFiles files;
  burn::Usage usage{{"/graphql"}, seconds(1), sim::SimClock().mono()};
  std::unique_ptr<budget::Book> book;
  std::unique_ptr<budget::Journal> journal;
  std::unique_ptr<World> world;
  std::string token;
};

TEST_CASE("terms: requests of a class have the class's limits beside their tenant's") {
  Site site;
  CHECK(site.ask_all("training") == R"(2 429 "tenant-class-requests";r=0;t=1)");
  const net::Response denied = site.ask("training");
  CHECK(denied.body.find(R"("policies":["tenant-class-requests"])") != std::string::npos);
  CHECK(denied.body.find("the budget tenant-class-requests is used up: 2 in 1 s") !=
        std::string::npos);
  CHECK(header_of(denied.headers, "RateLimit-Policy") == R"("tenant-class-requests";q=2;w=1)");
  CHECK(site.ask_all("demo") == R"(2 429 "tenant-requests";r=0;t=1)");
  CHECK(site.failures_told() == 0);
}

TEST_CASE("terms: an exempt request passes a tenant's budget that is used up, not a shared one") {
  Site site;
  CHECK(site.ask_all("demo") == R"(4 429 "tenant-requests";r=0;t=1)");
  CHECK(site.demanded() == 5);
  // Ten of all tenants of the plan together, of which four are used.
  CHECK(site.ask_all("investigation") == "6 503 ");
  CHECK(code_of(site.ask("investigation")) == "OVERLOADED");
  CHECK(site.demanded() == 5);  // nor does it bring the tenant near its quota
  // And it has charged the tenant nothing: after a while all of its own is there again.
  site.world->clock().advance(seconds(1));
  CHECK(site.ask("investigation").status == 200);
  CHECK(site.ask_all("demo") == R"(4 429 "tenant-requests";r=0;t=1)");
}

TEST_CASE("terms: who states a purpose that its token does not hold gets nothing by it") {
  Site site;
  const std::string other = site.world->token({.principal = "mallory", .purposes = "demo"});
  for (int i = 0; i < 4; ++i) CHECK(site.ask("demo", other).status == 200);
  for (const char* purpose : {"investigation", "training"}) {
    CAPTURE(purpose);
    const net::Response denied = site.ask(purpose, other);
    CHECK(denied.status == 429);
    CHECK(header_of(denied.headers, "RateLimit") == R"("tenant-requests";r=0;t=1)");
  }
  CHECK(site.ask("investigation").status == 200);  // of somebody who holds it
  // Before its budget is used up, the policies of access deny it, and its budget has paid.
  site.world->clock().advance(seconds(1));
  const net::Response denied = site.ask("investigation", other);
  CHECK(denied.body.find("denied by policy: purpose-not-granted") != std::string::npos);
  const std::vector<budget::Decision> decisions = site.decisions();
  CHECK(decisions.back().exempt.empty());
  CHECK(decisions.back().class_name.empty());
}

TEST_CASE("terms: a tenant that a header names has no say in whose budgets hold") {
  Site site(R"(package mc.budget

decision := {"exempt": ["requests"]} if input.tenant.id == "bravo"
)");
  const auto ask = [&](const std::string& tenant) {
    const auto exchange = site.world->send(
        {.headers = {{"Content-Type", "application/json"}, {"X-MC-Tenant", tenant}},
         .body = guarded::body_of(kPerson)},
        site.token);
    REQUIRE(exchange->wait());
    return exchange->response().status;
  };
  for (int i = 0; i < 4; ++i) CHECK(ask("alpha") == 200);
  CHECK(ask("alpha") == 429);
  CHECK(ask("bravo") == 429);
  for (const budget::Decision& decision : site.decisions()) CHECK(decision.exempt.empty());
  site.world->clock().advance(seconds(1));
  const std::string of_bravo = site.world->token({.tenant = "bravo"});
  for (int i = 0; i < 6; ++i) CHECK(site.ask("", of_bravo).status != 429);
}

TEST_CASE("terms: where the policies fail plain budgets hold, and it is told once a minute") {
  Site site("package mc.budget\n\ndecision := {\"exempt\": [\"everything\"]}\n");
  CHECK(site.ask_all("demo") == R"(4 429 "tenant-requests";r=0;t=1)");
  CHECK(site.ask_all("investigation") == R"(0 429 "tenant-requests";r=0;t=1)");
  CHECK(site.failures_told() == 1);
  const std::vector<std::string> lines = site.world->lines().lines();
  CHECK(std::ranges::any_of(lines, [](const std::string& line) {
    return line.find("budget.policy_failed") != std::string::npos &&
           line.find("there is no dimension 'everything'") != std::string::npos;
  }));
  CHECK(site.world->metrics().text().find("mc_budget_policy_failures_total 6") !=
        std::string::npos);
  site.world->clock().advance(seconds(59));
  site.ask("demo");
  CHECK(site.failures_told() == 1);
  site.world->clock().advance(seconds(1));
  site.ask("demo");
  CHECK(site.failures_told() == 2);
  // What is repaired holds for the next request.
  site.world->governed().use(with_rules(kRules));
  CHECK(site.ask_all("training") == R"(2 429 "tenant-class-requests";r=0;t=1)");
  CHECK(site.failures_told() == 2);
}

TEST_CASE("terms: policies without a word on budgets change nothing") {
  Site site("package mc.budget\n\nother := 1\n");
  CHECK(site.ask_all("training") == R"(4 429 "tenant-requests";r=0;t=1)");
  site.world->clock().advance(seconds(1));
  CHECK(site.ask_all("investigation") == R"(4 429 "tenant-requests";r=0;t=1)");
  CHECK(site.failures_told() == 0);
}

// Answers that it allows everything.
class Allowing final : public net::Client {
 public:
  explicit Allowing(std::atomic<int>& asked) : asked_(asked) {}
  Result<net::Response> fetch(const net::ClientRequest&) override {
    ++asked_;
    return net::Response{
        .status = 200,
        .headers = {},
        .body = R"({"result": {"allow": true, "rules": [], "reasons": [], "class": "batch"}})"};
  }

 private:
  std::atomic<int>& asked_;
};

TEST_CASE("terms: a server elsewhere that decides is not asked for classes") {
  sim::SimClock clock;
  sim::SimFiles files;
  std::atomic<int> asked = 0;
  auto remote =
      access::Remote::make({clock, files, [&] { return std::make_unique<Allowing>(asked); },
                            [](const access::RemoteEvent&) {}},
                           {.url = "http://127.0.0.1:8181"});
  REQUIRE(remote.has_value());
  Site site(kRules, kSettings, remote->get());
  CHECK(site.ask_all("training") == R"(4 429 "tenant-requests";r=0;t=1)");
  CHECK(asked == 4);  // once for each request that its budget let through
}

TEST_CASE("terms: the admission log has them, and replays to the same") {
  Site site;
  site.ask_all("training");
  site.ask("investigation");
  site.ask("demo");
  std::string shown;
  for (const budget::Decision& decision : site.decisions()) {
    shown += decision.class_name + "/";
    for (const std::string_view name : decision.exempt.names()) shown += std::string(name) + ",";
    shown += " ";
  }
  CHECK(shown == "batch/ batch/ batch/ /requests,bytes, / ");
  budget::Verifier verifier;
  const Status read = site.journal->each([&](const budget::JournalEvent& event) -> Status {
    MC_TRY([[maybe_unused]] const bool differs, verifier.run(event));
    return ok();
  });
  REQUIRE(read.has_value());
  CHECK(verifier.report().decisions == 5);
  CHECK(verifier.report().same());
}

TEST_CASE("terms: nodes that share budgets honour classes and exemptions") {
  share::MemoryStore store;
  store.set_clock(1'000'000'000);
  auto share = share::Share::make({.mode = share::Mode::exact, .node = "node0000"}, store, {});
  REQUIRE(share.has_value());
  Site site(kRules, kSettings, nullptr, share->get());
  CHECK(site.ask_all("training") == R"(2 429 "tenant-class-requests";r=0;t=1)");
  CHECK(site.ask_all("demo") == R"(2 429 "tenant-requests";r=0;t=1)");
  CHECK(site.ask_all("investigation") == "6 503 ");
  for (const budget::Decision& decision : site.decisions()) {
    if (!decision.admitted) CHECK(decision.shared);
  }
}

TEST_CASE(
    "terms: the pace of days and months is what they are charged, whoever is exempt of what") {
  constexpr const char* kOfCredits = R"(package mc.budget

decision := {"exempt": ["credits"], "rules": ["training"]} if input.purpose == "training"

decision := {"exempt": ["day_credits"], "rules": ["investigation"]} if {
	input.purpose == "investigation"
}
)";
  Site site(kOfCredits, R"({"budgets": {"starter": {
      "gql_qps": 3, "credits_per_s": 1000, "credits_per_day": 1000, "credits_per_month": 9000}}})");
  const auto demand = [&] { return site.usage.demands(site.world->clock().mono()).at(0); };
  const auto taken = [&] {
    budget::Book::Who who;
    who.tenant = "alpha";
    who.plan = "starter";
    who.route = budget::Book::kAllRoutes;
    burn::Usage::Charged out;
    const budget::Moment at = budget::Moment::of({}, site.world->clock().wall());
    for (const budget::Book::Line& line : site.book->effective(who, at)) {
      if (!line.left) continue;
      if (line.dimension == budget::Dimension::day_credits) out.day = line.quota - *line.left;
      if (line.dimension == budget::Dimension::month_credits) out.month = line.quota - *line.left;
    }
    return out;
  };
  REQUIRE(site.ask("training").status == 200);
  const std::int64_t once = taken().day;
  CHECK(once > 0);
  CHECK(demand().of_hour == burn::Usage::Charged{once, once});
  CHECK(demand().amounts[budget::Dimension::credits] == 0);
  REQUIRE(site.ask("investigation").status == 200);
  CHECK(taken() == burn::Usage::Charged{once, 2 * once});
  CHECK(demand().of_hour == taken());
  CHECK(demand().amounts[budget::Dimension::credits] == once);
  REQUIRE(site.ask("demo").status == 200);
  CHECK(site.ask("demo").status == 429);  // before it is priced
  CHECK(demand().of_hour == taken());
}

TEST_CASE("terms: what a day has no credits for is asked for, and no pace of it") {
  Site site(kRules, R"({"budgets": {"starter": {"credits_per_day": 5}}})");
  int admitted = 0;
  while (admitted < 50 && site.ask("demo").status == 200) ++admitted;
  REQUIRE(admitted < 50);
  const auto demand = site.usage.demands(site.world->clock().mono()).at(0);
  CHECK(demand.of_hour.day <= 5);
  CHECK(demand.amounts[budget::Dimension::credits] > demand.of_hour.day);
}

TEST_CASE("terms: a class's priority stands in place of its plan's") {
  const PlanShare share{.priority = 10, .priority_of_class = {{"batch", 0}, {"urgent", 63}}};
  CHECK(share.priority_for("") == 10);
  CHECK(share.priority_for("batch") == 0);
  CHECK(share.priority_for("urgent") == 63);
  CHECK(share.priority_for("unknown") == 10);
}

}  // namespace
}  // namespace mc::gateway
