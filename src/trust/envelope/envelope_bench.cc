// Fields, objects and data keys: time of single calls without the clock's own median, CPU time of
// each in a row (best of 7 rounds), objects by the bytes of their plaintext. One JSON line a
// figure.
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "envelope/made_keys.h"

namespace {

using namespace mc;            // NOLINT(google-build-using-namespace)
using namespace mc::envelope;  // NOLINT(google-build-using-namespace)

constexpr int kRounds = 7;

std::int64_t nanos_of(clockid_t which) {
  timespec now{};
  clock_gettime(which, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

// Nanoseconds of CPU time each.
double cpu_ns(int calls, const std::function<void(int)>& work) {
  double best = 1e18;
  for (int round = 0; round < kRounds; ++round) {
    const std::int64_t start = nanos_of(CLOCK_THREAD_CPUTIME_ID);
    for (int i = 0; i < calls; ++i) work(i);
    best = std::min(best, static_cast<double>(nanos_of(CLOCK_THREAD_CPUTIME_ID) - start));
  }
  return best / calls;
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

void print_calls(const char* what, std::size_t bytes, int calls,
                 const std::function<void(int)>& work) {
  const std::int64_t clock = times_of(calls, [](int) {}).p50;
  const Times times = times_of(calls, work);
  std::printf(
      "{\"bench\": \"envelope\", \"what\": \"%s\", \"bytes\": %zu, \"p50_ns\": %lld, "
      "\"p95_ns\": %lld, \"cpu_ns\": %.1f}\n",
      what, bytes, static_cast<long long>(times.p50 - clock),
      static_cast<long long>(times.p95 - clock), cpu_ns(calls, work));
}

struct World {
  std::unique_ptr<sys::Random> random = sys::real_random();
  MadeKeys made{*random};
  cipher::Nonces nonces{*random};
};

// A thousand rows, as a page of a table is read.
void print_fields(World& world, cipher::Suite suite, std::size_t bytes) {
  constexpr int kRows = 1'000;
  std::vector<std::string> rows, sealed(kRows);
  for (int i = 0; i < kRows; ++i) rows.push_back(std::to_string(1'000'000 + i));
  const auto place_of = [&](int i) {
    return FieldPlace{.tenant = "ten_01kdvdna00fk0tzeq3d1cp7ers",
                      .dataset = "people",
                      .table = "person",
                      .column = "mail",
                      .row = rows[static_cast<std::size_t>(i % kRows)],
                      .type = "string"};
  };
  const std::string value(bytes, 'v');
  const bool xaes = suite == cipher::Suite::xaes_256_gcm;
  const auto seal = [&](int i) {
    MC_CHECK(seal_field({world.made.key, world.nonces, suite}, place_of(i), value,
                        sealed[static_cast<std::size_t>(i % kRows)])
                 .has_value());
  };
  for (int i = 0; i < kRows; ++i) seal(i);
  std::string out;
  print_calls(xaes ? "open_field" : "open_field, suite 2", bytes, 100'000, [&](int i) {
    MC_CHECK(
        open_field(world.made.key, place_of(i), sealed[static_cast<std::size_t>(i % kRows)], out)
            .has_value());
  });
  print_calls(xaes ? "seal_field" : "seal_field, suite 2", bytes, 100'000, seal);
}

void print_objects(World& world, std::uint32_t chunk_bytes) {
  constexpr std::size_t kBytes = 16 << 20;
  const ObjectName name = {.tenant = "alpha", .kind = "export", .id = "exp_1"};
  const std::string plaintext(kBytes, 'p');
  std::string sealed;
  const double sealing = cpu_ns(1, [&](int) {
    sealed.clear();
    auto writer = must(ObjectWriter::make(world.made.key, name, {.chunk_bytes = chunk_bytes},
                                          *world.random, [&](auto bytes) {
                                            sealed += bytes;
                                            return ok();
                                          }));
    MC_CHECK(writer.write(plaintext).has_value() && writer.finish().has_value());
  });
  const auto reader = must(ObjectReader::make(world.made.key, name, sealed, sealed.size()));
  std::string out;
  const double opening = cpu_ns(1, [&](int) {
    for (std::uint64_t i = 0; i < reader.chunks(); ++i) {
      const ObjectReader::Place place = reader.place_of(i);
      MC_CHECK(reader.open(i, std::string_view(sealed).substr(place.offset, place.bytes), out)
                   .has_value());
    }
  });
  std::printf(
      "{\"bench\": \"envelope\", \"what\": \"object\", \"chunk_bytes\": %u, \"open_gb_s\": %.2f, "
      "\"seal_gb_s\": %.2f}\n",
      chunk_bytes, kBytes / opening, kBytes / sealing);
}

void print_data_keys(World& world) {
  const BranchKey next = world.made.other_branch();
  const double rewrap = cpu_ns(20'000, [&](int) {
    MC_CHECK(
        rewrap_data_key(world.made.branch, next, 4, world.made.row, *world.random).has_value());
  });
  const double open = cpu_ns(20'000, [&](int) {
    MC_CHECK(open_data_key(world.made.branch, world.made.row, *world.made.arena).has_value());
  });
  const double make = cpu_ns(20'000, [&](int) {
    MC_CHECK(make_data_key(world.made.branch, 3, world.made.row.scope, *world.random).has_value());
  });
  const IndexedColumn column = {.tenant = "alpha", .dataset = "people", .column = "mail"};
  const double index = cpu_ns(100'000, [&](int) {
    MC_CHECK(blind_index(world.made.key, column, "ada@alpha.example").size() == 16);
  });
  std::printf(
      "{\"bench\": \"envelope\", \"what\": \"data keys\", \"rewrap_s\": %.0f, \"open_us\": %.2f, "
      "\"make_us\": %.2f, \"blind_index_us\": %.2f}\n",
      1e9 / rewrap, open / 1e3, make / 1e3, index / 1e3);
}

}  // namespace

int main() {
  World world;
  for (const std::size_t bytes : {64U, 256U, 4'096U}) {
    print_fields(world, cipher::Suite::xaes_256_gcm, bytes);
  }
  print_fields(world, cipher::Suite::aes_256_gcm, 64);
  for (std::uint32_t bytes = kChunkBytesMin; bytes <= kChunkBytesMax; bytes *= 4) {
    print_objects(world, bytes);
  }
  print_data_keys(world);
  return 0;
}
