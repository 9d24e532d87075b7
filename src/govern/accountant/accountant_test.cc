// The contract of the accountant on SQLite (tests/contract/accountant_contract.h).
#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <functional>
#include <thread>

#include "contract/accountant_contract.h"

namespace mc::accountant {
namespace {

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "mc-accountant-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  // Each call a new file.
  contract::Connect fresh() {
    const std::string url = "sqlite:" + path_ + "/" + std::to_string(++files_) + ".db";
    return [this, url](sql::Access access) {
      auto out = driver_->open(url, {.access = access});
      REQUIRE_MESSAGE(out.has_value(), out.error().what);
      return std::move(*out);
    };
  }

 private:
  std::string path_;
  int files_ = 0;
  std::unique_ptr<sql::Driver> driver_ = sql::sqlite_driver();
};

TEST_CASE("accountant: on SQLite it does what the contract says") {
  Folder folder;
  contract::run_cases([&] { return folder.fresh(); });
}

TEST_CASE("accountant: no filter leaves an account without its limit on SQLite") {
  Folder folder;
  contract::run_filters([&] { return folder.fresh(); });
}

TEST_CASE("accountant: top-ups on SQLite") {
  Folder folder;
  contract::run_top_ups([&] { return folder.fresh(); });
}

TEST_CASE("accountant: reports on SQLite") {
  Folder folder;
  contract::run_reports([&] { return folder.fresh(); });
}

TEST_CASE("accountant: whatever statement fails, stored or not, the books are right") {
  Folder folder;
  contract::run_faults([&] { return folder.fresh(); });
}

TEST_CASE("accountant: shards on SQLite") {
  Folder folder;
  contract::run_shards([&] { return folder.fresh(); });
}

TEST_CASE("accountant: the last 0.05 that 200 clients want goes to exactly one") {
  Folder folder;
  contract::run_races([&] { return folder.fresh(); }, 200);
}

TEST_CASE("accountant: decides as a twin that adds everything up each time") {
  Folder folder;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    contract::run_oracle([&] { return folder.fresh(); }, seed, 800);
  }
}

TEST_CASE("accountant: a thread that takes turns answers what was submitted, stop() the rest") {
  Folder folder;
  contract::World world(folder.fresh());
  world.settings.queue_max = 3;
  const auto accountant = world.open();
  std::vector<std::string> answers;
  const auto submit = [&](const std::string& key) {
    accountant->submit(Reserve{contract::count_of("1", key)}, [&](Result<Outcome> answer) {
      answers.emplace_back(answer ? "ok" : code_name(answer.error().code));
    });
  };
  for (const char* key : {"a", "b", "c", "d"}) submit(key);
  CHECK(answers == std::vector<std::string>{"exhausted"});
  CHECK(accountant->turn());  // here, so that nothing has to be waited for
  CHECK(answers == std::vector<std::string>{"exhausted", "ok", "ok", "ok"});
  CHECK(contract::standing(*accountant, Scope::window, contract::count_of("1", ""))
            .reserved.epsilon == contract::epsilon("3"));
  // A blocking call takes what was submitted along.
  submit("e");
  contract::spent(*accountant, contract::count_of("1", "f"), "1");
  CHECK(answers.size() == 5);
  // And a thread in turn() serves blocking calls or leaves them to themselves.
  std::thread turns([&] {
    while (accountant->turn()) continue;
  });
  contract::spent(*accountant, contract::count_of("1", "g"), "1");
  accountant->stop();
  turns.join();
  submit("h");
  CHECK(answers.back() == "unavailable");
  CHECK(accountant->reserve(contract::count_of("1", "i")).error().code == Code::unavailable);
}

TEST_CASE("accountant: what fits into the next window is told after what waits for it") {
  Folder folder;
  Settings settings;
  settings.plans["default"].window.epsilon = contract::epsilon("1");
  settings.other_datasets.lifetime.epsilon = contract::epsilon("2.5");
  contract::World world(folder.fresh(), settings);
  const std::unique_ptr<Accountant> accountant = world.open();
  const auto fits = [&](const char* amount, std::vector<Charge> before) {
    const Result<bool> answer = accountant->fits_next(contract::count_of(amount, "n"), before);
    REQUIRE_MESSAGE(answer.has_value(), answer.error().what);
    return *answer;
  };
  const Charge half = contract::count_of("0.5", "w");
  Charge elsewhere = half;
  elsewhere.purpose = "another";
  contract::spent(*accountant, contract::count_of("1", "a"), "1");
  CHECK(accountant->quote(half)->refusal.has_value());
  CHECK(fits("1", {}));
  CHECK_FALSE(fits("1.1", {}));  // which no window has
  CHECK(fits("0.5", {half}));
  CHECK_FALSE(fits("0.6", {half}));
  CHECK(fits("1", {elsewhere}));                   // a budget of its own
  CHECK_FALSE(fits("1", {elsewhere, elsewhere}));  // of the one lifetime
  CHECK(accountant->quote(half)->accounts[0].spent.epsilon == contract::epsilon("1"));
  const Status lent = accountant->lend([](sql::Connection& connection) -> Status {
    MC_TRY([[maybe_unused]] const auto rows, connection.query("SELECT COUNT(*) FROM dp_queue", {}));
    return ok();
  });
  CHECK(lent.has_value());
}

TEST_CASE("accountant: settings that make no sense are refused by name") {
  const auto refused = [](const std::function<void(Settings&)>& change) {
    Settings settings;
    change(settings);
    const Status checked = settings.check();
    return checked ? std::string() : checked.error().what;
  };
  CHECK(refused([](Settings&) {}) == "");
  CHECK(refused([](Settings& s) { s.plans.clear(); }).find("default") != std::string::npos);
  CHECK(refused([](Settings& s) { s.plans["a"].query_default = NanoEpsilon(); }) != "");
  CHECK(refused([](Settings& s) { s.plans["a"].query_max = NanoEpsilon(1); }) != "");
  CHECK(refused([](Settings& s) { s.plans["a"].top_up_window_max = NanoEpsilon(-1); }) != "");
  CHECK(refused([](Settings& s) { s.datasets["d"].lifetime.rho = PicoRho(1); }) != "");
  CHECK(refused([](Settings& s) { s.datasets["d"].block_days = 367; }) != "");
  CHECK(refused([](Settings& s) { s.policy_version = ""; }) != "");
  CHECK(refused([](Settings& s) { s.clock_tolerance = Nanos{-1}; }) != "");
  // A plan that does not say what a dataset's filter goes by would be no limit at all.
  const auto unfit = [&](Filter filter, const Limit& window) {
    return refused([&](Settings& s) {
      s.plans["pro"].window = window;
      s.plans["default"].window = {contract::epsilon("1"), AttoDelta(1'000), PicoRho(1'000)};
      s.datasets["visits"].filter = filter;
    });
  };
  const Limit plain{.epsilon = contract::epsilon("1")};
  const Limit with_delta{.epsilon = contract::epsilon("1"), .delta = AttoDelta(1'000)};
  const Limit all{contract::epsilon("1"), AttoDelta(1'000), PicoRho(1'000)};
  CHECK(unfit(Filter::approx, plain) ==
        "plan pro on dataset visits: limit: the filter approx needs delta");
  CHECK(unfit(Filter::rdp, plain).ends_with("the filter rdp needs delta"));
  CHECK(unfit(Filter::zcdp, with_delta).ends_with("the filter zcdp needs rho"));
  CHECK(unfit(Filter::pure, {.delta = AttoDelta(1)}).find("needs epsilon") != std::string::npos);
  CHECK(unfit(Filter::pure, plain) == "");
  CHECK(unfit(Filter::pure, with_delta) == "");  // which it does not use
  CHECK(unfit(Filter::approx, with_delta) == "");
  for (const Filter filter : {Filter::pure, Filter::approx, Filter::zcdp, Filter::rdp}) {
    CHECK(unfit(filter, all) == "");
  }
  CHECK(refused([](Settings& s) {
          s.other_datasets.filter = Filter::approx;
        }).starts_with("plan default on dataset (others): "));
  CHECK(Settings().plan("unknown").window.epsilon == contract::epsilon("10"));
  CHECK(Settings().plan("unknown").query_default == contract::epsilon("0.5"));
}

}  // namespace
}  // namespace mc::accountant
