// The keyring: a data key that is kept, alone and with the field it opens; a cold tenant with a
// thousand readers; rewrapping on a file; a hundred thousand keys in memory. One JSON line a
// figure.
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <thread>

#include "crypto/crypto.h"
#include "keys/keys.h"
#include "sys/sys.h"

namespace {

using namespace mc;        // NOLINT(google-build-using-namespace)
using namespace mc::keys;  // NOLINT(google-build-using-namespace)

const TenantId kTenant("ten_01kdvdna00fk0tzeq3d1cp7ers");
constexpr int kRounds = 7;

std::int64_t nanos_of(clockid_t which) {
  timespec now{};
  clock_gettime(which, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

struct Times {
  std::int64_t p50, p95;
};
Times times_of(int calls, const std::function<void(int)>& work) {
  std::vector<std::int64_t> all(static_cast<std::size_t>(calls));
  for (int i = 0; i < calls; ++i) {
    const std::int64_t start = nanos_of(CLOCK_MONOTONIC);
    work(i);
    all[static_cast<std::size_t>(i)] = nanos_of(CLOCK_MONOTONIC) - start;
  }
  std::ranges::sort(all);
  return {all[all.size() / 2], all[all.size() * 95 / 100]};
}

// Nanoseconds of CPU time each, best of kRounds.
double cpu_ns(int calls, const std::function<void(int)>& work) {
  double best = 1e18;
  for (int round = 0; round < kRounds; ++round) {
    const std::int64_t start = nanos_of(CLOCK_THREAD_CPUTIME_ID);
    for (int i = 0; i < calls; ++i) work(i);
    best = std::min(best, static_cast<double>(nanos_of(CLOCK_THREAD_CPUTIME_ID) - start));
  }
  return best / calls;
}

// A service that takes 5 ms, as one over a network; it wraps by AES key wrap.
class NearService final : public kms::Provider {
 public:
  explicit NearService(std::atomic<int>& calls) : calls_(calls) {}
  std::string_view kind() const override { return "near"; }
  const std::string& uri() const override { return uri_; }
  Result<kms::Wrapped> wrap(const Secret& secret, const kms::Context&, MonoTime) override {
    MC_TRY(std::string bytes, cipher::wrap_key(cipher::Wrap::kwp, key_, secret));
    return kms::Wrapped{std::move(bytes), "1"};
  }
  Result<Secret> unwrap(const kms::Wrapped& wrapped, const kms::Context&, MonoTime) override {
    ++calls_;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return cipher::unwrap_key(cipher::Wrap::kwp, key_, wrapped.bytes);
  }
  Result<kms::Description> describe(MonoTime) override { return kms::Description(); }
  Result<std::string> rotate(MonoTime) override { return fail(Code::invalid, "no"); }
  Result<WallTime> destroy(const std::string&, MonoTime) override {
    return fail(Code::invalid, "no");
  }

 private:
  const std::string uri_ = "near:key";
  const Secret key_{std::string(32, 'k')};
  std::atomic<int>& calls_;
};

struct World {
  explicit World(const std::string& folder)
      : connection(*sql::sqlite_driver()->open(
            "sqlite:" + std::filesystem::absolute(folder).string() + "/state.db", {})) {
    MC_CHECK(sql::migrate(*connection, sql::built_in_migrations(), *clock).has_value());
    MC_CHECK(connection
                 ->execute("INSERT INTO tenant (tenant_id, region, plan, retention_tier, "
                           "licence_class, state, created_at, version) VALUES (?1, 'eu', 'pro', "
                           "'standard-365d', 'MIT-OK', 'active', 0, 1)",
                           {kTenant.get()})
                 .has_value());
    Binding binding;
    binding.tenant = kTenant;
    binding.provider = "near";
    binding.uri = "near:key";
    binding.bound = binding.last_rotated = whole_ms(clock->wall());
    MC_CHECK(store.insert(binding).has_value());
  }
  std::unique_ptr<Keyring> ring() {
    auto out = std::make_unique<Keyring>(
        Keyring::World{.store = store,
                       .arena = *arena,
                       .clock = *clock,
                       .random = *random,
                       .bind = [this](const Binding&) -> Result<std::unique_ptr<kms::Provider>> {
                         return std::make_unique<NearService>(calls);
                       },
                       .changed = [](const auto&...) {}},
        Limits{.data_keys_max = 200'000});
    MC_CHECK(out->poll().has_value());
    return out;
  }

  std::unique_ptr<sys::Clock> clock = sys::real_clock();
  std::unique_ptr<sys::Random> random = sys::real_random();
  std::unique_ptr<cipher::KeyArena> arena = *cipher::KeyArena::make(400'000);
  std::unique_ptr<sql::Connection> connection;
  std::mutex mutex;
  Store store{[this](const std::function<Status(sql::Connection&)>& use) {
    const std::lock_guard lock(mutex);
    return use(*connection);
  }};
  std::atomic<int> calls = 0;
};

void print_kept(World& world, Keyring& ring) {
  const DataKeyPtr key = *ring.current({kTenant, envelope::ScopeKind::dataset, "people", 0});
  cipher::Nonces nonces(*world.random);
  const envelope::FieldPlace place{kTenant.get(), "people", "person", "mail", "1000001", "string"};
  std::string sealed, opened;
  const std::string value(64, 'v');
  MC_CHECK(envelope::seal_field({*key, nonces}, place, value, sealed).has_value());
  const auto find = [&](int) { MC_CHECK(ring.find(kTenant, key->id()).has_value()); };
  const auto both = [&](int) {
    const Result<DataKeyPtr> found = ring.find(kTenant, *envelope::field_key_id(sealed));
    MC_CHECK(found && envelope::open_field(**found, place, sealed, opened).has_value());
  };
  const std::int64_t clock = times_of(100'000, [](int) {}).p50;
  const Times found = times_of(200'000, find);
  const Times all = times_of(200'000, both);
  std::printf(
      "{\"bench\": \"keys\", \"what\": \"a kept data key, and with it a field of 64 bytes\", "
      "\"find_p50_ns\": %lld, \"find_p95_ns\": %lld, \"field_p50_ns\": %lld, "
      "\"field_p95_ns\": %lld, \"field_cpu_ns\": %.1f, \"fields_per_s\": %.0f}\n",
      static_cast<long long>(found.p50 - clock), static_cast<long long>(found.p95 - clock),
      static_cast<long long>(all.p50 - clock), static_cast<long long>(all.p95 - clock),
      cpu_ns(200'000, both), 1e9 / cpu_ns(200'000, both));
}

void print_cold(World& world, std::uint64_t id) {
  const auto ring = world.ring();
  world.calls = 0;
  constexpr int kReaders = 1'000;
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  const std::int64_t start = nanos_of(CLOCK_MONOTONIC);
  for (int i = 0; i < kReaders; ++i) {
    threads.emplace_back([&] { good += ring->find(kTenant, id).has_value() ? 1 : 0; });
  }
  for (std::thread& each : threads) each.join();
  std::printf(
      "{\"bench\": \"keys\", \"what\": \"a cold tenant\", \"readers\": %d, \"answered\": %d, "
      "\"calls\": %d, \"service_ms\": 5, \"all_ms\": %.1f}\n",
      kReaders, good.load(), world.calls.load(),
      static_cast<double>(nanos_of(CLOCK_MONOTONIC) - start) / 1e6);
}

void print_rewrap(World& world, Keyring& ring, int keys) {
  const std::int64_t before = sys::usage().resident_bytes;
  for (int i = 0; i < keys; ++i) {
    MC_CHECK(ring.current({kTenant, envelope::ScopeKind::subject, "s" + std::to_string(i), 0}));
  }
  const std::int64_t kept = sys::usage().resident_bytes - before;
  MC_CHECK(ring.renew_branch(kTenant).has_value());
  const std::int64_t start = nanos_of(CLOCK_MONOTONIC);
  const std::int64_t cpu = nanos_of(CLOCK_THREAD_CPUTIME_ID);
  std::optional<std::uint64_t> after;
  std::int64_t changed = 0;
  for (;;) {
    const auto page = rewrap_page({ring, world.store, *world.random}, kTenant, after, 1'000);
    MC_CHECK(page.has_value());
    changed += page->changed;
    after = page->after;
    if (page->done) break;
  }
  const double seconds = static_cast<double>(nanos_of(CLOCK_MONOTONIC) - start) / 1e9;
  const double used = static_cast<double>(nanos_of(CLOCK_THREAD_CPUTIME_ID) - cpu) / 1e9;
  std::printf(
      "{\"bench\": \"keys\", \"what\": \"rewrap on SQLite\", \"keys\": %lld, \"keys_per_s\": "
      "%.0f, \"cpu_us\": %.2f, \"kept_mib\": %.1f, \"arena_locked\": %s}\n",
      static_cast<long long>(changed), static_cast<double>(changed) / seconds,
      used * 1e6 / static_cast<double>(changed), static_cast<double>(kept) / (1 << 20),
      world.arena->locked() ? "true" : "false");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: keys_bench FOLDER      an empty folder, on a disk\n");
    return 2;
  }
  World world(argv[1]);
  const auto ring = world.ring();
  MC_CHECK(ring->renew_branch(kTenant).has_value());
  print_kept(world, *ring);
  print_cold(world, (*ring->current({kTenant, envelope::ScopeKind::dataset, "people", 0}))->id());
  print_rewrap(world, *ring, 100'000);
  return 0;
}
