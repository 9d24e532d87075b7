#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <thread>

#include "postgres/postgres.h"
#include "storm.h"

namespace mc::storm {
namespace {

using accountant::Accountant;
using accountant::ChargeRef;
using accountant::Reservation;

class LaterClock final : public sys::Clock {
 public:
  explicit LaterClock(Nanos by) : by_(by) {}
  WallTime wall() override { return real_->wall() + by_; }
  MonoTime mono() override { return real_->mono(); }

 private:
  const Nanos by_;
  std::unique_ptr<sys::Clock> real_ = sys::real_clock();
};

// Passes everything on, and dies at one statement.
class MortalConnection final : public sql::Connection {
 public:
  MortalConnection(std::unique_ptr<sql::Connection> inner, Death death)
      : inner_(std::move(inner)), death_(death) {}
  sql::Dialect dialect() const override { return inner_->dialect(); }
  Result<std::unique_ptr<sql::Rows>> query(std::string_view text,
                                           std::span<const sql::Param> params) override {
    return inner_->query(text, params);
  }
  Result<std::int64_t> execute(std::string_view text, std::span<const sql::Param> params) override {
    const bool settles = text.starts_with("UPDATE dp_charge SET state = ?3");
    results_ = results_ || (settles && params[2] == sql::Param(std::string("committed")));
    return at(text, [&] { return inner_->execute(text, params); });
  }
  Status script(std::string_view text) override { return inner_->script(text); }
  Status begin() override {
    results_ = false;
    return at("BEGIN", [&] { return inner_->begin(); });
  }
  Status commit() override {
    return at(results_ ? "COMMIT of a result" : "COMMIT", [&] { return inner_->commit(); });
  }
  Status rollback() override { return inner_->rollback(); }
  void interrupt() override { inner_->interrupt(); }
  void set_statement_timeout(Nanos limit) override { inner_->set_statement_timeout(limit); }
  Status insert_many(std::string_view table, std::span<const std::string> columns,
                     std::span<const sql::Param> values) override {
    return inner_->insert_many(table, columns, values);
  }
  std::string version() const override { return inner_->version(); }

 private:
  template <class Run>
  auto at(std::string_view text, const Run& run) -> decltype(run()) {
    const bool here = text.starts_with(kSteps[death_.step]) && --death_.occurrence == 0;
    if (here && death_.when == When::before) ::kill(::getpid(), SIGKILL);
    auto out = run();
    if (here) ::kill(::getpid(), SIGKILL);
    return out;
  }

  const std::unique_ptr<sql::Connection> inner_;
  Death death_;
  bool results_ = false;  // the transaction that is open
};

std::uint64_t mixed(std::uint64_t x) {  // the finaliser of SplitMix64
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
  x = (x ^ x >> 27) * 0x94d049bb133111eb;
  return x ^ x >> 31;
}

class Clients {
 public:
  Clients(Accountant& accountant, const Plan& plan, int pipe, sys::Clock& clock)
      : accountant_(accountant),
        plan_(plan),
        pipe_(pipe),
        clock_(clock),
        lives_(plan.death.occurrence) {}

  [[noreturn]] void run(int thread) {
    std::uint64_t state = mixed(plan_.seed * 1'000 + static_cast<std::uint64_t>(thread));
    for (int number = 0;; ++number) {
      state = mixed(state + 0x9e3779b97f4a7c15);
      std::uint64_t key = key_of(plan_.round, plan_.node, thread, number);
      // A key of another client's, here or in another process, now or in an earlier round: it may
      // be anywhere on its way.
      if (state % 8 == 0) {
        const int round = plan_.round - static_cast<int>((state >> 8) % 3);
        key = key_of(std::max(round, 0), (state >> 5) % 2 == 0 ? "one" : "two",
                     static_cast<int>((state >> 16) % static_cast<unsigned>(plan_.threads)),
                     static_cast<int>((state >> 24) % static_cast<unsigned>(number + 1)));
      }
      one(key, state >> 32);
      if (state % 16 == 1) top_up(key, state >> 32);
    }
  }

 private:
  void tell(Kind kind, std::uint64_t key, std::uint64_t answer = 0) const {
    const Told told{kind, key, answer};
    // A pipe takes so few bytes at once or not at all.
    if (::write(pipe_, &told, sizeof told) != sizeof told) ::_exit(3);
  }

  void at(const char* step, When when) {
    const Death& death = plan_.death;
    const bool here = death.step >= 0 && death.when == when &&
                      std::strcmp(kSteps[death.step], step) == 0 && lives_.fetch_sub(1) == 1;
    if (here) ::kill(::getpid(), SIGKILL);
  }

  void one(std::uint64_t key, std::uint64_t dice) {
    const bool at_once = dice % 4 == 0;  // both steps in one
    const auto reply = accountant_.reserve(
        charge_of(key), at_once ? accountant::Then::execute : accountant::Then::wait);
    if (!reply) {
      std::fprintf(stderr, "reserve: %s\n", reply.error().what.c_str());
      ::_exit(4);
    }
    if (std::holds_alternative<accountant::Refusal>(*reply)) {
      tell(Kind::refused, key);
      return;
    }
    const Reservation& made = std::get<Reservation>(*reply);
    tell(Kind::reserved, key);
    if (made.state == accountant::State::committed) {
      tell(Kind::answered, key, short_hash(made.result_hash));
    }
    const bool ours = at_once && !made.earlier && made.state == accountant::State::executing;
    if (!ours && made.state != accountant::State::reserved) return;
    if (!ours && dice % 16 == 1) {
      static_cast<void>(accountant_.release(made.charge, "not needed"));
      tell(Kind::other, key);
      return;
    }
    if (!ours && !accountant_.execute(made.charge)) return;  // somebody else has it
    tell(Kind::executing, key);
    if (dice % 32 < 2) {
      static_cast<void>(accountant_.abandon(made.charge));
      tell(Kind::other, key);
      return;
    }
    at("noise", When::before);
    // Noise: drawn anew by whoever executes, so two answers of one charge would differ.
    const std::string noisy = std::to_string(draws_.fetch_add(1)) + "." +
                              std::to_string(mixed(dice + static_cast<std::uint64_t>(::getpid())));
    at("noise", When::after);
    const auto released = accountant_.commit(made.charge, noisy);
    if (!released) {
      std::fprintf(stderr, "commit: %s\n", released.error().what.c_str());
      ::_exit(5);
    }
    at("answer", When::before);
    tell(Kind::answered, key, short_hash(released->hash));
    at("answer", When::after);
  }

  void top_up(std::uint64_t key, std::uint64_t dice) {
    const accountant::Charge like = charge_of(key);
    const WallTime now = clock_.wall();
    const auto rules = accountant_.settings().dataset(like.dataset);
    accountant::TopUp more{.tenant = like.tenant,
                           .id = "top_" + std::to_string(key),
                           .dataset = like.dataset,
                           .purpose = like.purpose,
                           .epsilon = accountant::NanoEpsilon(10'000'000),
                           .window_start = accountant::window_at(rules.length, now).start,
                           .expires_at = now + seconds(1 + static_cast<std::int64_t>(dice % 60)),
                           .record = "record " + std::to_string(key)};
    const bool added = accountant_.add_top_up(more).has_value();
    if (added && dice % 2 == 0) {
      static_cast<void>(accountant_.revoke_top_up(more.tenant, more.id));
    }
    tell(Kind::top_up, key);
  }

  Accountant& accountant_;
  const Plan plan_;
  const int pipe_;
  sys::Clock& clock_;
  std::atomic<std::uint64_t> draws_ = 0;
  std::atomic<int> lives_;
};

[[noreturn]] void be_the_child(const Plan& plan, int pipe) {
  Machine machine(plan.round);
  auto accountant = machine.open(plan.url, plan.node, plan.death);
  if (!accountant) {
    std::fprintf(stderr, "open: %s\n", accountant.error().what.c_str());
    ::_exit(2);
  }
  Clients clients(**accountant, plan, pipe, *machine.clock);
  std::vector<std::thread> threads;
  for (int i = 0; i < plan.threads; ++i) threads.emplace_back([&clients, i] { clients.run(i); });
  for (std::thread& each : threads) each.join();
  ::_exit(6);
}

}  // namespace

Machine::Machine(int round)
    : clock(std::make_unique<LaterClock>(seconds(86'400) * round)),
      random(sys::real_random()),
      drivers(std::make_unique<sql::Drivers>()) {
  drivers->add(sql::sqlite_driver());
  drivers->add(postgres::postgres_driver());
}
Machine::~Machine() = default;

accountant::Settings Machine::settings() const {
  accountant::Settings out;
  out.plans["default"].window.epsilon = *accountant::parse_epsilon("0.1");
  out.plans["default"].top_up_lifetime_max = *accountant::parse_epsilon("1000");
  out.other_datasets.length = *accountant::WindowLength::parse("day");
  out.other_datasets.all_tenants.epsilon = *accountant::parse_epsilon("1.5");
  return out;
}

Result<std::unique_ptr<sql::Connection>> Machine::connect(const std::string& url,
                                                          sql::Access access) const {
  return drivers->open(url, {.access = access});
}

Result<std::unique_ptr<Accountant>> Machine::open(const std::string& url, const std::string& node,
                                                  Death death) const {
  MC_TRY(auto writer, connect(url, sql::Access::read_write));
  MC_TRY(auto reader, connect(url, sql::Access::read_only));
  if (death.step >= 0) {
    writer = std::make_unique<MortalConnection>(std::move(writer), death);
  }
  return Accountant::open({std::move(writer), std::move(reader), *clock, *random}, settings(),
                          node);
}

std::uint64_t key_of(int round, const std::string& node, int thread, int number) {
  const std::uint64_t of_node = node == "one" ? 0 : 1;
  return static_cast<std::uint64_t>(round) << 40 | of_node << 39 |
         static_cast<std::uint64_t>(thread) << 32 | static_cast<std::uint64_t>(number);
}

accountant::Charge charge_of(std::uint64_t key) {
  const std::uint64_t dice = mixed(key + 77);
  accountant::Charge out;
  out.tenant = TenantId("tenant" + std::to_string(dice % 8));
  out.dataset = "data" + std::to_string((dice >> 8) % 3);
  out.purpose = (dice >> 16) % 2 == 0 ? "research" : "support";
  out.analyst = PrincipalId("ana");
  out.query_type = "count";
  out.mechanism = "discrete_laplace";
  out.cost.epsilon =
      accountant::NanoEpsilon(1'000'000 + static_cast<std::int64_t>((dice >> 24) % 20'000'000));
  out.query = "sha256:" + std::to_string(key);
  out.key = std::to_string(key);
  return out;
}

std::uint64_t short_hash(const crypto::Digest& digest) {
  std::uint64_t out = 0;
  std::memcpy(&out, digest.data(), sizeof out);
  return out;
}

Child::Child(const Plan& plan) {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) std::abort();
  pid_ = ::fork();
  if (pid_ == 0) {
    ::close(ends[0]);
    be_the_child(plan, ends[1]);
  }
  ::close(ends[1]);
  pipe_ = ends[0];
}

std::vector<Told> Child::listen(std::size_t at_most) {
  std::vector<Told> out;
  Told told;
  while (::read(pipe_, &told, sizeof told) == sizeof told) {
    out.push_back(told);
    if (out.size() == at_most) ::kill(pid_, SIGKILL);
  }
  ::close(pipe_);
  int status = 0;
  const bool ended = ::waitpid(pid_, &status, 0) == pid_;
  if (!ended || !WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) {
    std::fprintf(stderr, "a child ended by itself, with status %d\n", status);
    std::exit(1);
  }
  return out;
}

}  // namespace mc::storm
