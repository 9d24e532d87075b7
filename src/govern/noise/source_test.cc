#include "noise/source.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <vector>

#include "noise/noise.h"
#include "sim/sim.h"

namespace mc::noise {
namespace {

double share_of(int trues, int all) {
  return static_cast<double>(trues) / all;
}
// Five standard deviations of a share.
double allowed(double p, int all) {
  return 5 * std::sqrt(p * (1 - p) / all) + 1e-9;
}

TEST_CASE("noise source: says whether its bytes are known, and only then repeats them") {
  sim::SimRandom one(1), other(2);
  Source first(one), second(other);
  const bool repeats = first.next_64() == second.next_64();
#ifdef MC_NOISE_TEST_SEED
  CHECK(noise_source() == "test-seed");
  CHECK(repeats);
#else
  CHECK(noise_source() == "csprng");
  CHECK(!repeats);
#endif
}

TEST_CASE("noise source: whole numbers below an end are uniform, for small, odd and large ends") {
  sim::SimRandom random(1);
  Source source(random);
  for (const std::uint64_t end :
       {2ull, 3ull, 10ull, 1'000ull, 3'000'000'000ull, 1ull << 40, 3ull << 61}) {
    CAPTURE(end);
    constexpr int kAll = 60'000;
    std::array<int, 3> thirds{};
    int odd = 0;
    for (int i = 0; i < kAll; ++i) {
      const std::uint64_t value = source.below(end);
      REQUIRE(value < end);
      if (end >= 3) ++thirds[std::min<std::size_t>(2, static_cast<std::size_t>(value / (end / 3)))];
      odd += static_cast<int>(value & 1);
    }
    CHECK(std::abs(share_of(odd, kAll) - static_cast<double>(end / 2) / static_cast<double>(end)) <
          allowed(0.5, kAll));
    const double third = static_cast<double>(end / 3) / static_cast<double>(end);
    if (end >= 3) CHECK(std::abs(share_of(thirds[0], kAll) - third) < allowed(third, kAll));
  }
  CHECK(source.below(1) == 0);
}

TEST_CASE("noise source: Lemire's rejection leaves the ends of the range as likely as the rest") {
  // With an end of 3 * 2^30 a 32-bit word without rejection gives thirds of unequal weight: 2:1:1.
  sim::SimRandom random(2);
  Source source(random);
  constexpr std::uint64_t kEnd = 3ull << 30;
  std::array<int, 3> residues{};
  for (int i = 0; i < 90'000; ++i) ++residues[source.below(kEnd) % 3];
  for (const int count : residues)
    CHECK(std::abs(share_of(count, 90'000) - 1.0 / 3) < allowed(1.0 / 3, 90'000));
}

TEST_CASE("noise source: Bernoulli draws have their chance, for denominators of every size") {
  sim::SimRandom random(3);
  Source source(random);
  using fixed::Uint128;
  struct Row {
    const char* name;
    Uint128 numerator, denominator;
    double chance;
  };
  const Row rows[] = {{"third", 1, 3, 1.0 / 3},
                      {"tenth", 1, 10, 0.1},
                      {"rare", 1, 2'000, 0.0005},
                      {"wide", (Uint128{1} << 60) / 7, Uint128{1} << 60, 1.0 / 7},
                      {"widest", (Uint128{1} << 127) / 5 * 2, Uint128{1} << 127, 0.4},
                      {"none", 0, 5, 0},
                      {"all", 5, 5, 1},
                      {"more", 7, 5, 1}};
  for (const Row& row : rows) {
    CAPTURE(row.name);
    constexpr int kAll = 100'000;
    int trues = 0;
    for (int i = 0; i < kAll; ++i)
      trues += source.bernoulli(row.numerator, row.denominator) ? 1 : 0;
    CHECK(std::abs(share_of(trues, kAll) - row.chance) <= allowed(row.chance, kAll));
  }
  int trues = 0;
  for (int i = 0; i < 100'000; ++i)
    trues += source.bernoulli(fixed::probability(3, 7, fixed::Round::down)) ? 1 : 0;
  CHECK(std::abs(share_of(trues, 100'000) - 3.0 / 7) <= allowed(3.0 / 7, 100'000));
  CHECK(source.bernoulli(fixed::Probability::one()));
  CHECK(!source.bernoulli(fixed::Probability::zero()));
}

TEST_CASE("noise source: Bernoulli draws of e^-x have their chance") {
  sim::SimRandom random(4);
  Source source(random);
  using fixed::Uint128;
  struct Row {
    Uint128 numerator, denominator;
    double x;
  };
  const Row rows[] = {{1, 1, 1},         {1, 2, 0.5},
                      {7, 2, 3.5},       {0, 3, 0},
                      {1, 1'000, 0.001}, {(Uint128{1} << 127) / 10, Uint128{1} << 126, 0.2},
                      {6, 1, 6},         {2, 1, 2}};
  for (const Row& row : rows) {
    CAPTURE(row.x);
    constexpr int kAll = 100'000;
    int trues = 0;
    for (int i = 0; i < kAll; ++i)
      trues += source.bernoulli_exp(row.numerator, row.denominator) ? 1 : 0;
    const double chance = std::exp(-row.x);
    CHECK(std::abs(share_of(trues, kAll) - chance) <= allowed(chance, kAll));
  }
}

TEST_CASE("noise pool: a release takes a sample that is there, whatever it is, and draws nothing") {
  sim::SimRandom random(6), twin_random(6);
  Source source(random), twin(twin_random);
  Pool pool(source);
  const DiscreteLaplace laplace = *DiscreteLaplace::make({1'000, 1});
  const Noise noise = laplace;
  std::multiset<std::int64_t> taken, drawn;
  taken.insert(pool.take(noise));
  const std::int64_t bytes = source.taken();
  for (std::size_t i = 1; i < Pool::kSamples; ++i) taken.insert(pool.take(noise));
  CHECK(source.taken() == bytes);
  for (std::size_t i = 0; i < Pool::kSamples; ++i) drawn.insert(laplace.draw(twin));
  CHECK(taken == drawn);  // each once
  CHECK(pool.ready(noise) == 0);
  pool.top_up();
  CHECK(pool.ready(noise) == Pool::kSamples);
  CHECK(source.taken() > bytes);
}

TEST_CASE("noise pool: keeps a bounded number of noises, and each apart") {
  sim::SimRandom random(7);
  Source source(random);
  Pool pool(source);
  const auto nth = [](std::uint64_t n) { return Noise(*DiscreteLaplace::make({n, 1})); };
  for (std::uint64_t n = 1; n <= Pool::kNoises + 1; ++n) pool.take(nth(n));
  CHECK(pool.ready(nth(1)) == 0);
  CHECK(pool.ready(nth(2)) == Pool::kSamples - 1);
  CHECK(pool.ready(nth(Pool::kNoises + 1)) == Pool::kSamples - 1);
  CHECK(pool.ready(*DiscreteGaussian::make({2, 1})) == 0);
  pool.take(nth(2));  // used again, so the next one to go is 3
  pool.take(*DiscreteGaussian::make({2, 1}));
  CHECK(pool.ready(nth(2)) == Pool::kSamples - 2);
  CHECK(pool.ready(nth(3)) == 0);
}

// What follows is of the bytes that a source is given, which a build with a test seed does not use.
#ifndef MC_NOISE_TEST_SEED

// Bytes of a script, then zeros.
class Script final : public sys::Random {
 public:
  void fill(std::span<std::uint8_t> out) override {
    last = out;
    for (std::uint8_t& byte : out) byte = at < bytes.size() ? bytes[at++] : 0;
  }
  std::vector<std::uint8_t> bytes;
  std::size_t at = 0;
  std::span<std::uint8_t> last;  // where it was asked to write
};

TEST_CASE("noise source: a Bernoulli draw is decided by the digits of its fraction") {
  // 1/3 is 0x5555 5555 ... in digits of 16 bits: equal digits go on, the first other one decides.
  const auto draw = [](std::vector<std::uint8_t> bytes) {
    Script script;
    script.bytes = std::move(bytes);
    Source source(script);
    return source.bernoulli(1, 3);
  };
  CHECK(draw({0x54, 0x55}));
  CHECK(!draw({0x56, 0x55}));
  CHECK(draw({0x55, 0x55, 0x55, 0x55, 0x00, 0x00}));
  CHECK(!draw({0x55, 0x55, 0x55, 0x55, 0x56, 0x55}));
}

TEST_CASE("noise source: reads 64 KiB at a time and never the same bytes twice") {
  sim::SimRandom random(5), twin(5);
  Source source(random);
  std::vector<std::uint8_t> expected(2 * (64 << 10));
  twin.fill(std::span(expected).first(64 << 10));
  twin.fill(std::span(expected).last(64 << 10));
  for (std::size_t at = 0; at + 8 <= expected.size(); at += 8) {
    std::uint64_t value = 0;
    std::memcpy(&value, expected.data() + at, 8);
    REQUIRE(source.next_64() == value);
  }
  CHECK(source.taken() == static_cast<std::int64_t>(expected.size()));
}

// What a child says of itself, as bytes through a pipe.
template <class Say>
std::array<std::uint64_t, 64> child_says(const Say& say) {
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    std::array<std::uint64_t, 64> said{};
    for (std::uint64_t& word : said) word = say();
    const bool written = ::write(ends[1], said.data(), sizeof(said)) == sizeof(said);
    ::_exit(written ? 0 : 1);
  }
  REQUIRE(child > 0);
  std::array<std::uint64_t, 64> said{};
  REQUIRE(::read(ends[0], said.data(), sizeof(said)) == sizeof(said));
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(status == 0);
  ::close(ends[0]);
  ::close(ends[1]);
  return said;
}

// The bytes of a source's buffer: where it asked for them.
std::size_t bytes_left(std::span<const std::uint8_t> buffer) {
  return static_cast<std::size_t>(
      std::count_if(buffer.begin(), buffer.end(), [](std::uint8_t byte) { return byte != 0; }));
}

TEST_CASE("noise source: bytes are overwritten when they are used") {
  Script script;
  script.bytes.assign(64 << 10, 0xff);
  Source source(script);
  source.next_64();
  CHECK(bytes_left(script.last) == (64 << 10) - 8);
  source.next_16();
  source.next_32();
  source.coin();
  CHECK(bytes_left(script.last) == (64 << 10) - 15);
  while (source.taken() + 8 <= 64 << 10) source.next_64();
  source.next_64();  // those left over are too few, and go with the next filling
  CHECK(bytes_left(script.last) == 0);
}

TEST_CASE("noise source: a forked process finds no bytes of its parent") {
  Script script;
  script.bytes.assign(64 << 10, 0xff);
  Source source(script);
  source.next_64();
  REQUIRE(bytes_left(script.last) > 0);
  const auto found = child_says([&] { return std::uint64_t{bytes_left(script.last)}; });
  CHECK(found[0] == 0);
  CHECK(bytes_left(script.last) > 0);
}

TEST_CASE("noise source: processes forked after the start share no noise (attack 6.12)") {
  const auto random = sys::real_random();
  Source source(*random);
  source.next_64();  // the buffer is full now, and a copy of it would be the same
  const auto say = [&] { return source.next_64(); };
  const auto first = child_says(say);
  const auto second = child_says(say);
  std::set<std::uint64_t> all(first.begin(), first.end());
  all.insert(second.begin(), second.end());
  for (int i = 0; i < 64; ++i) all.insert(source.next_64());
  CHECK(all.size() == 3 * 64);
}

TEST_CASE("noise pool: samples drawn ahead are not shared with a forked process (attack 6.12)") {
  const auto random = sys::real_random();
  Source source(*random);
  Pool pool(source);
  const Noise wide = *DiscreteLaplace::make({std::uint64_t{1} << 50, 1});
  pool.take(wide);
  const auto say = [&] { return static_cast<std::uint64_t>(pool.take(wide)); };
  const auto first = child_says(say);
  const auto second = child_says(say);
  std::set<std::uint64_t> all(first.begin(), first.end());
  all.insert(second.begin(), second.end());
  for (int i = 0; i < 64; ++i) all.insert(static_cast<std::uint64_t>(pool.take(wide)));
  CHECK(all.size() == 3 * 64);
}

#endif

}  // namespace
}  // namespace mc::noise
