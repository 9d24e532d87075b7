// mc-accountant-storm --operations N [--kills N] [--seed N] [--postgres]: kills processes with an
// accountant, in turn at each step of its journal and at random, until they have done so many
// operations together; after each death the books are opened again and held against all that was
// told. With --kills, all deaths are at steps between noise and answer, and there are so many of
// them. One JSON line, with the deaths at each step (before and after it); exit status 1 when
// anything was overspent, answered twice or lost, or a spend has fallen. With --postgres two
// processes share a database (MC_TEST_POSTGRES_URL); without one it says so and ends with 0.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <random>
#include <string_view>
#include <thread>
#include <unordered_map>

#include "storm.h"

namespace {

using namespace mc;         // NOLINT(google-build-using-namespace)
using namespace mc::storm;  // NOLINT(google-build-using-namespace)

constexpr int kFullCheckEach = 25;
constexpr std::size_t kToldMax = 2'500;  // of one life, at most
constexpr std::size_t kAskedAtOnce = 1'000;
constexpr int kThreadsShared = 24;  // so that transactions take many operations together
constexpr std::size_t kDeathsMax = 400;

[[noreturn]] void stop(const std::string& why) {
  std::fprintf(stderr, "mc-accountant-storm: %s\n", why.c_str());
  std::exit(1);
}

template <class T>
T value(Result<T> result) {
  if (!result) stop(result.error().what);
  return std::move(*result);
}

// The steps that those of `--kills` die at: the result is drawn, and nobody has seen it.
struct Oracle {
  const char* step;
  When when;
};
constexpr Oracle kOracle[] = {{"noise", When::after},
                              {"UPDATE dp_charge SET state = ?3", When::before},
                              {"UPDATE dp_charge SET state = ?3", When::after},
                              {"COMMIT of a result", When::before},
                              {"COMMIT of a result", When::after},
                              {"answer", When::before}};

int step_of(std::string_view name) {
  const auto* found = std::find(std::begin(kSteps), std::end(kSteps), name);
  return static_cast<int>(found - std::begin(kSteps));
}

struct Known {
  Kind kind = Kind::other;
  std::uint64_t answer = 0;
};

class Storm {
 public:
  Storm(std::string url, bool shared, std::uint64_t seed)
      : url_(std::move(url)), random_(seed), nodes_(shared ? 2 : 1) {}

  void run(std::size_t operations, std::size_t kills) {
    oracle_ = kills > 0;
    while (oracle_ && killed_ < kills) round();
    if (oracle_) return check(true);
    told_max_ = std::clamp<std::size_t>(operations / 20, 500, kToldMax);
    while (done_ < operations || !each_step_was_met()) {
      unmet_ = deaths_ > kDeathsMax && done_ >= 2 * operations;
      if (unmet_) break;
      round();
    }
    check(true);
  }
  int report(const char* database) const {
    std::string steps;
    for (std::size_t i = 0; i < std::size(kSteps); ++i) {
      steps += (i == 0 ? "\"" : ",\"") + std::string(kSteps[i]) + "\":[" +
               std::to_string(at_step_[2 * i]) + "," + std::to_string(at_step_[2 * i + 1]) + "]";
    }
    std::printf(
        "{\"bench\":\"accountant_storm\",\"database\":\"%s\",\"operations\":%zu,\"deaths\":%zu,"
        "\"deaths_by_step\":{%s},\"charges\":%zu,\"answers\":%zu,\"refused\":%zu,\"overspent\":%zu,"
        "\"answered_twice\":%zu,\"lost\":%zu,\"fallen\":%zu}\n",
        database, done_, deaths_, steps.c_str(), known_.size(), answers_, refused_, overspent_,
        twice_, lost_, fallen_);
    if (unmet_) std::fprintf(stderr, "mc-accountant-storm: a step of the journal was never met\n");
    return overspent_ + twice_ + lost_ + fallen_ == 0 && !unmet_ ? 0 : 1;
  }

 private:
  void round() {
    std::vector<Child> children;
    std::vector<std::size_t> at_most;
    std::vector<Death> deaths;
    for (int node = 0; node < nodes_; ++node) {
      Plan plan;
      plan.url = url_;
      plan.node = node == 0 ? "one" : "two";
      plan.seed = random_();
      plan.round = round_;
      plan.death = next_death();
      if (nodes_ > 1) plan.threads = kThreadsShared;
      ++deaths_;
      deaths.push_back(plan.death);
      at_most.push_back(oracle_ ? SIZE_MAX : 1 + random_() % told_max_);
      children.emplace_back(plan);
    }
    std::vector<std::vector<Told>> told(children.size());
    std::thread other;
    if (children.size() > 1) other = std::thread([&] { told[1] = children[1].listen(at_most[1]); });
    told[0] = children[0].listen(at_most[0]);
    if (other.joinable()) other.join();
    for (std::size_t i = 0; i < told.size(); ++i) {
      const bool by_itself = told[i].size() < at_most[i];
      if (by_itself && deaths[i].step >= 0) {
        ++killed_;
        ++at_step_[static_cast<std::size_t>(deaths[i].step) * 2 +
                   (deaths[i].when == When::after ? 1 : 0)];
      }
      take_in(told[i]);
    }
    ++round_;
    check(round_ % kFullCheckEach == 0);
    latest_.clear();
  }

  // Every second one dies at a step, all of them in turn.
  Death next_death() {
    if (oracle_) {
      const Oracle& at = kOracle[deaths_ % std::size(kOracle)];
      return {step_of(at.step), at.when, 1 + static_cast<int>(random_() % 40)};
    }
    if (deaths_ % 2 != 0) return {};
    const std::size_t which = deaths_ / 2 % (2 * std::size(kSteps));
    const std::string_view step = kSteps[which / 2];
    const bool rare = step.starts_with("INSERT INTO dp_budget") || step.ends_with("dp_top_up");
    return {static_cast<int>(which / 2), which % 2 == 0 ? When::before : When::after,
            1 + static_cast<int>(random_() % (rare ? 3 : 40))};
  }

  bool each_step_was_met() const {
    return std::all_of(std::begin(at_step_), std::end(at_step_),
                       [](std::size_t count) { return count > 0; });
  }

  void take_in(const std::vector<Told>& told) {
    done_ += told.size();
    for (const Told& each : told) {
      if (each.kind == Kind::refused) ++refused_;
      if (each.kind == Kind::refused || each.kind == Kind::top_up) continue;
      latest_.push_back(each.key);
      Known& known = known_[each.key];
      if (each.kind == Kind::answered) {
        ++answers_;
        if (known.answer != 0 && known.answer != each.answer) ++twice_;
        known.answer = each.answer;
      }
      if (known.kind == Kind::answered) continue;
      const bool further = each.kind == Kind::executing || each.kind == Kind::answered;
      if (further) known.kind = each.kind;
    }
  }

  // Opens the books as the next process would, and asks again for all that was told in this round.
  void check(bool sums) {
    Machine machine(round_);
    for (int node = nodes_ - 1; node >= 0; --node) {
      const auto accountant = value(machine.open(url_, node == 0 ? "one" : "two"));
      if (node == 0) ask_all(*accountant);
    }
    const auto reader = value(machine.connect(url_, sql::Access::read_only));
    const Spends now = value(lifetime_spends(*reader));
    for (const auto& [account, spent] : spends_) {
      const auto found = now.find(account);
      if (found == now.end() || found->second < spent) ++fallen_;
    }
    spends_ = now;
    const std::string wrong = sums ? check_sums(*reader) : check_accounts(*reader);
    if (wrong.empty()) return;
    std::fprintf(stderr, "round %d: %s\n", round_, wrong.c_str());
    ++(wrong.starts_with("overspent") ? overspent_ : lost_);
  }

  void ask_all(accountant::Accountant& accountant) {
    std::sort(latest_.begin(), latest_.end());
    latest_.erase(std::unique(latest_.begin(), latest_.end()), latest_.end());
    for (std::size_t from = 0; from < latest_.size(); from += kAskedAtOnce) {
      const std::size_t end = std::min(latest_.size(), from + kAskedAtOnce);
      std::size_t waits = end - from;
      for (std::size_t i = from; i < end; ++i) {
        const std::uint64_t key = latest_[i];
        accountant.submit(accountant::Reserve{charge_of(key)},
                          [this, key, &waits](const Result<accountant::Outcome>& outcome) {
                            --waits;
                            compare(key, outcome);
                          });
      }
      while (waits > 0) static_cast<void>(accountant.turn());
    }
  }

  void compare(std::uint64_t key, const Result<accountant::Outcome>& outcome) {
    using accountant::State;
    const Known& known = known_[key];
    const auto* reply = outcome ? std::get_if<accountant::Reply>(&*outcome) : nullptr;
    const auto* made = reply != nullptr ? std::get_if<accountant::Reservation>(reply) : nullptr;
    if (made == nullptr || !made->earlier) {
      ++lost_;
      return;
    }
    const bool committed = made->state == State::committed;
    if (known.kind == Kind::answered && !committed) ++lost_;
    if (known.kind == Kind::executing && !committed && made->state != State::burned) ++lost_;
    if (known.answer != 0 && committed && short_hash(made->result_hash) != known.answer) ++twice_;
  }

  const std::string url_;
  std::mt19937_64 random_;
  const int nodes_;
  int round_ = 0;
  bool unmet_ = false;  // a step, in however many deaths
  std::size_t told_max_ = kToldMax;
  std::unordered_map<std::uint64_t, Known> known_;
  std::vector<std::uint64_t> latest_;
  std::size_t done_ = 0, deaths_ = 0, answers_ = 0, refused_ = 0;
  std::size_t overspent_ = 0, twice_ = 0, lost_ = 0, fallen_ = 0;
  std::size_t killed_ = 0;  // at a step
  bool oracle_ = false;
  Spends spends_;
  std::size_t at_step_[2 * std::size(kSteps)] = {};
};

void migrate(const std::string& url) {
  Machine machine(0);
  const auto connection = value(machine.connect(url, sql::Access::read_write));
  value(sql::migrate(*connection, sql::built_in_migrations(), *machine.clock));
}

struct Wanted {
  std::size_t operations = 20'000;
  std::size_t kills = 0;
  std::uint64_t seed = 1;
};

int on_sqlite(const Wanted& wanted) {
  std::string folder = (std::filesystem::temp_directory_path() / "mc-storm-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) stop("no temporary folder");
  const std::string url = "sqlite:" + folder + "/accountant.db";
  migrate(url);
  Storm storm(url, false, wanted.seed);
  storm.run(wanted.operations, wanted.kills);
  std::filesystem::remove_all(folder);
  return storm.report("sqlite");
}

int on_postgres(const Wanted& wanted) {
  const std::string server = sys::environment("MC_TEST_POSTGRES_URL");
  if (server.empty()) {
    std::printf("skipped, MC_TEST_POSTGRES_URL is unset: kills on PostgreSQL\n");
    return 0;
  }
  {
    Machine machine(0);
    const auto connection = value(machine.connect(server, sql::Access::read_write));
    value(connection->script("DROP SCHEMA IF EXISTS mc_storm CASCADE; CREATE SCHEMA mc_storm"));
  }
  const std::string url = server + (server.find('?') == std::string::npos ? "?" : "&") +
                          "options=-csearch_path%3Dmc_storm";
  migrate(url);
  Storm storm(url, true, wanted.seed);
  storm.run(wanted.operations, wanted.kills);
  return storm.report("postgres");
}

}  // namespace

int main(int argc, char** argv) {
  Wanted wanted;
  bool postgres = false;
  for (int i = 1; i < argc; ++i) {
    const bool more = i + 1 < argc;
    if (std::strcmp(argv[i], "--operations") == 0 && more) {
      wanted.operations = std::strtoull(argv[++i], nullptr, 10);
    } else if (std::strcmp(argv[i], "--kills") == 0 && more) {
      wanted.kills = std::strtoull(argv[++i], nullptr, 10);
    } else if (std::strcmp(argv[i], "--seed") == 0 && more) {
      wanted.seed = std::strtoull(argv[++i], nullptr, 10);
    } else if (std::strcmp(argv[i], "--postgres") == 0) {
      postgres = true;
    } else {
      std::fprintf(stderr,
                   "usage: mc-accountant-storm [--operations N] [--kills N] [--seed N] "
                   "[--postgres]\n");
      return 2;
    }
  }
  return postgres ? on_postgres(wanted) : on_sqlite(wanted);
}
