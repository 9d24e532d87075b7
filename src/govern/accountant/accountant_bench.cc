// The accountant on a SQLite file in the folder given (default: where it runs): one client, 64
// clients, 64 clients that come 1,000 times a second together, decisions without a write, a replay
// of a million charges, and the stored result of one query among a million charges. Its peer is one
// connection with like rows in plain transactions, one for each step. A charge takes two durable
// steps, reserve and commit, or three, with execute between them. One JSON line.
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "accountant/accountant.h"
#include "accountant/replay.h"

namespace {

using namespace mc;              // NOLINT(google-build-using-namespace)
using namespace mc::accountant;  // NOLINT(google-build-using-namespace)

constexpr int kClients = 64, kSerial = 2'000, kEach = 600, kPaced = 3'000;
constexpr int kQuotes = 200'000, kReplayed = 1'000'000;
constexpr int kStored = 1'000'000, kFound = 20'000;  // charges, five of each query

std::int64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

void sleep_until_ns(std::int64_t at) {
  const timespec time{at / 1'000'000'000, at % 1'000'000'000};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nullptr) != 0) continue;
}

template <class T>
T value(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().what.c_str());
    std::exit(1);
  }
  return std::move(*result);
}

double percentile_us(std::vector<std::int64_t>& all, double share) {
  const auto at = static_cast<std::ptrdiff_t>(static_cast<double>(all.size() - 1) * share);
  std::nth_element(all.begin(), all.begin() + at, all.end());
  return static_cast<double>(all[static_cast<std::size_t>(at)]) / 1e3;
}

Charge charge_of(int client, int number) {
  Charge out;
  out.tenant = TenantId("tenant" + std::to_string(client % 16));
  out.dataset = "data" + std::to_string(client % 3);
  out.purpose = "research";
  out.analyst = PrincipalId("ana");
  out.query_type = "count";
  out.mechanism = "discrete_laplace";
  out.cost.epsilon = NanoEpsilon(1'000);
  out.query = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
  out.key = std::to_string(client) + "." + std::to_string(number);
  return out;
}

void spend(Accountant& accountant, const Charge& charge, Then then = Then::execute) {
  const Reply reply = value(accountant.reserve(charge, then));
  const ChargeRef ref = std::get<Reservation>(reply).charge;
  if (then == Then::wait) value(accountant.execute(ref));
  value(accountant.commit(ref, R"({"count":12345})"));
}

struct World {
  explicit World(const std::string& file) : url("sqlite:" + file) {
    value(sql::migrate(*value(driver->open(url, {})), sql::built_in_migrations(), *clock));
    open();
  }
  void open() {
    auto writer = value(driver->open(url, {}));
    auto reader = value(driver->open(url, {.access = sql::Access::read_only}));
    accountant = value(
        Accountant::open({std::move(writer), std::move(reader), *clock, *random}, {}, "bench"));
  }
  std::string url;
  std::unique_ptr<sql::Driver> driver = sql::sqlite_driver();
  std::unique_ptr<sys::Clock> clock = sys::real_clock();
  std::unique_ptr<sys::Random> random = sys::real_random();
  std::unique_ptr<Accountant> accountant;
};

// The same rows, each step a transaction of its own: what a program without an accountant would do.
double peer_p50_us(const std::string& file, Then then) {
  World world(file);
  world.accountant.reset();
  const auto connection = value(world.driver->open(world.url, {}));
  std::vector<std::int64_t> all;
  const auto run = [&](const char* text, std::initializer_list<sql::Param> params) {
    value(connection->execute(text, params));
  };
  value(
      connection->script("CREATE TABLE account (id TEXT PRIMARY KEY, spent INTEGER NOT NULL, "
                         "reserved INTEGER NOT NULL, most INTEGER NOT NULL) STRICT; CREATE TABLE "
                         "charge (id TEXT PRIMARY KEY, state TEXT NOT NULL, cost INTEGER NOT "
                         "NULL, result TEXT) STRICT"));
  for (const char* id : {"window", "dataset", "lifetime"}) {
    run("INSERT INTO account VALUES (?1, 0, 0, 10000000000)", {std::string(id)});
  }
  for (int i = 0; i < kSerial; ++i) {
    const std::string id = "chg_" + std::to_string(i);
    const std::int64_t start = now_ns();
    value(connection->begin());
    run("UPDATE account SET reserved = reserved + ?1 WHERE spent + reserved + ?1 <= most",
        {std::int64_t{1'000}});
    run("INSERT INTO charge VALUES (?1, 'reserved', ?2, NULL)", {id, std::int64_t{1'000}});
    value(connection->commit());
    if (then == Then::wait) run("UPDATE charge SET state = 'executing' WHERE id = ?1", {id});
    value(connection->begin());
    run("UPDATE account SET reserved = reserved - ?1, spent = spent + ?1", {std::int64_t{1'000}});
    run("UPDATE charge SET state = 'committed', result = '{}' WHERE id = ?1", {id});
    value(connection->commit());
    all.push_back(now_ns() - start);
  }
  return percentile_us(all, 0.5);
}

struct Serial {
  double p50_us = 0, p99_us = 0;
};
Serial serial(Accountant& accountant, Then then) {
  std::vector<std::int64_t> all;
  for (int i = 0; i < kSerial; ++i) {
    const Charge charge = charge_of(then == Then::wait ? 0 : 1, 1'000'000 + i);
    const std::int64_t start = now_ns();
    spend(accountant, charge, then);
    all.push_back(now_ns() - start);
  }
  return {percentile_us(all, 0.5), percentile_us(all, 0.99)};
}

template <class Client>
double seconds_of(const Client& client) {
  std::vector<std::thread> threads;
  const std::int64_t start = now_ns();
  for (int i = 0; i < kClients; ++i) threads.emplace_back([&client, i] { client(i); });
  for (std::thread& each : threads) each.join();
  return static_cast<double>(now_ns() - start) / 1e9;
}

double charges_per_s(Accountant& accountant, Then then) {
  const int first = then == Then::wait ? 0 : kEach;
  const double took = seconds_of([&](int client) {
    for (int i = first; i < first + kEach; ++i) spend(accountant, charge_of(client, i), then);
  });
  return kClients * kEach / took;
}

// By the time at which each was to come, so that one that waits for its turn is not forgotten.
double paced_p99_us(Accountant& accountant) {
  std::vector<std::int64_t> all(kPaced);
  std::atomic<int> next = 0;
  const std::int64_t first = now_ns() + 10'000'000;
  seconds_of([&](int) {
    for (int i = next++; i < kPaced; i = next++) {
      const std::int64_t due = first + std::int64_t{i} * 1'000'000;
      sleep_until_ns(due);
      spend(accountant, charge_of(i % kClients, 2'000'000 + i));
      all[static_cast<std::size_t>(i)] = now_ns() - due;
    }
  });
  return percentile_us(all, 0.99);
}

double quote_p99_us(Accountant& accountant) {
  std::vector<std::int64_t> all;
  for (int i = 0; i < kQuotes; ++i) {
    const Charge charge = charge_of(i % kClients, i);
    const std::int64_t start = now_ns();
    const Quote quote = value(accountant.quote(charge));
    all.push_back(now_ns() - start);
    if (quote.refusal) std::exit(1);
  }
  return percentile_us(all, 0.99);
}

// While 16 clients spend.
double busy_quote_p99_us(Accountant& accountant) {
  std::atomic<bool> end = false;
  std::vector<std::thread> threads;
  for (int client = 0; client < 16; ++client) {
    threads.emplace_back([&, client] {
      for (int i = 0; !end; ++i) spend(accountant, charge_of(client, 3'000'000 + i));
    });
  }
  std::vector<std::int64_t> all;
  for (int i = 0; i < 5'000; ++i) {
    sleep_until_ns(now_ns() + 200'000);
    const std::int64_t start = now_ns();
    value(accountant.quote(charge_of(i % kClients, i)));
    all.push_back(now_ns() - start);
  }
  end = true;
  for (std::thread& each : threads) each.join();
  return percentile_us(all, 0.99);
}

double replay_s() {
  ChargeRecord record;
  record.charge = charge_of(1, 1);
  record.id = ChargeId("chg_01k7zjq0c2e8v5t3m9x4w6y1ab");
  record.state = State::committed;
  record.window = window_at(WindowLength(), from_unix_ms(1'767'225'600'000));
  Replay replay("1");
  const std::int64_t start = now_ns();
  for (int i = 0; i < kReplayed; ++i) {
    record.seq = i + 1;
    record.reserved_at = record.settled_at = from_unix_ms(1'767'225'600'000 + i);
    value(replay.add(record));
  }
  const double took = static_cast<double>(now_ns() - start) / 1e9;
  if (replay.hash() == crypto::Digest{}) std::exit(1);
  return took;
}

double released_p99_us(const std::string& file) {
  World world(file);
  world.accountant.reset();
  auto connection = value(world.driver->open(world.url, {}));
  value(connection->execute(
      "INSERT INTO dp_charge (tenant_id, charge_id, state, holder, dataset, purpose, plan, "
      "analyst, "
      "query_type, mechanism, query, request_key, reach, blocks, epsilon, delta, rho, window_from, "
      "window_to, reserved_at, settled_at, seq, why, result_hash, result) WITH RECURSIVE n (i) AS "
      "(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) SELECT 'tenant' || (i % 16), "
      "'chg_' || i, 'committed', 'bench', 'data', 'research', 'default', 'ana', 'count', "
      "'discrete_laplace', 'sha256:' || (i % (?1 / 5)), 'k' || i, 0, '', i, 0, 0, 0, 1, i, i, i, "
      "'', "
      "zeroblob(32), CAST('{\"count\":12345}' AS BLOB) FROM n",
      std::vector<sql::Param>{std::int64_t{kStored}}));
  connection.reset();
  world.open();
  std::vector<std::int64_t> all;
  for (int i = 0; i < kFound; ++i) {
    const std::int64_t number = std::int64_t{i} * 7'919 % kStored + 1;
    const TenantId tenant("tenant" + std::to_string(number % 16));
    const std::string query = "sha256:" + std::to_string(number % (kStored / 5));
    const std::int64_t start = now_ns();
    const auto found = value(world.accountant->released(tenant, query));
    all.push_back(now_ns() - start);
    if (!found || found->charge.query != query) std::exit(1);
  }
  return percentile_us(all, 0.99);
}

}  // namespace

int main(int argc, char** argv) {
  std::string folder = std::string(argc > 1 ? argv[1] : ".") + "/mc-accountant-bench-XXXXXX";
  folder = std::filesystem::absolute(folder).string();
  if (::mkdtemp(folder.data()) == nullptr) return 1;
  const double peer_two = peer_p50_us(folder + "/peer2.db", Then::execute);
  const double peer_three = peer_p50_us(folder + "/peer3.db", Then::wait);
  World world(folder + "/own.db");
  Accountant& accountant = *world.accountant;
  const Serial two = serial(accountant, Then::execute), three = serial(accountant, Then::wait);
  const double rate_two = charges_per_s(accountant, Then::execute);
  const double rate_three = charges_per_s(accountant, Then::wait);
  const double paced = paced_p99_us(accountant);
  const double quote = quote_p99_us(accountant);
  const double busy = busy_quote_p99_us(accountant);
  std::printf(
      "{\"bench\":\"accountant\",\"serial_p50_us\":%.0f,\"serial_p99_us\":%.0f,"
      "\"serial_three_steps_p50_us\":%.0f,\"peer_serial_p50_us\":%.0f,"
      "\"peer_serial_three_steps_p50_us\":%.0f,\"clients\":%d,\"charges_per_s\":%.0f,"
      "\"charges_three_steps_per_s\":%.0f,\"p99_at_1000_per_s_us\":%.0f,"
      "\"decision_p99_us\":%.1f,\"decision_p99_busy_us\":%.1f,\"replay_1m_s\":%.2f,"
      "\"released_of_1m_p99_us\":%.1f}\n",
      two.p50_us, two.p99_us, three.p50_us, peer_two, peer_three, kClients, rate_two, rate_three,
      paced, quote, busy, replay_s(), released_p99_us(folder + "/stored.db"));
  world.accountant.reset();
  std::filesystem::remove_all(folder);
}
