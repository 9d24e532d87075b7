// Samples a second of CPU time from the kernel's randomness, by the exact samplers and by a
// textbook Laplace of floating point; what a pool takes, and how its time goes with the noise;
// reports on declared batches. Best of 5 rounds. One JSON line a figure.
#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <vector>

#include "noise/noise.h"

namespace {

using namespace mc;         // NOLINT(google-build-using-namespace)
using namespace mc::noise;  // NOLINT(google-build-using-namespace)

constexpr int kRounds = 5;

std::int64_t nanos_of(clockid_t which) {
  timespec now{};
  clock_gettime(which, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

// CPU nanoseconds of `work`, the best round.
double best_ns(const std::function<void()>& work) {
  double best = 1e18;
  for (int round = 0; round < kRounds; ++round) {
    const std::int64_t start = nanos_of(CLOCK_THREAD_CPUTIME_ID);
    work();
    best = std::min(best, static_cast<double>(nanos_of(CLOCK_THREAD_CPUTIME_ID) - start));
  }
  return best;
}

volatile std::int64_t g_kept = 0;  // so that no draw is left out

template <class Draw>
double per_draw_ns(const Draw& draw) {
  constexpr int kDraws = 400'000;
  return best_ns([&] {
           std::int64_t sum = 0;
           for (int i = 0; i < kDraws; ++i) sum += draw();
           g_kept = sum;
         }) /
         kDraws;
}

template <class Noise>
void print_sampler(const char* name, const Noise& noise, Source& source) {
  const std::int64_t before = source.taken();
  std::int64_t draws = 0;
  const double ns = per_draw_ns([&] {
    ++draws;
    return noise.draw(source);
  });
  const double bytes = static_cast<double>(source.taken() - before) / static_cast<double>(draws);
  std::printf(
      "{\"bench\": \"noise\", \"what\": \"%s\", \"ns\": %.1f, \"m_per_s\": %.2f, \"bytes\": "
      "%.1f}\n",
      name, ns, 1'000 / ns, bytes);
}

// The textbook: -s sign(u) ln(1 - 2 abs(u)). Its gaps tell the true value (Mironov 2012).
double textbook_laplace(Source& source, double scale) {
  const double u = static_cast<double>(source.next_64() >> 11) * 0x1p-53 - 0.5;
  return u < 0 ? scale * std::log1p(2 * u) : -scale * std::log1p(-2 * u);
}

// Correlation of the wall time of a release with the size of its noise.
template <class Take>
double correlation(const Take& take) {
  constexpr int kReleases = 20'000;
  double n = 0, sum_x = 0, sum_y = 0, sum_xx = 0, sum_yy = 0, sum_xy = 0;
  for (int i = 0; i < kReleases; ++i) {
    const std::int64_t start = nanos_of(CLOCK_MONOTONIC);
    const std::int64_t noise = take(i);
    const double x =
        static_cast<double>(std::min<std::int64_t>(nanos_of(CLOCK_MONOTONIC) - start, 3'000));
    const double y = std::abs(static_cast<double>(noise));
    n += 1, sum_x += x, sum_y += y, sum_xx += x * x, sum_yy += y * y, sum_xy += x * y;
  }
  const double covariance = sum_xy / n - sum_x / n * (sum_y / n);
  return covariance /
         std::sqrt((sum_xx / n - sum_x / n * (sum_x / n)) * (sum_yy / n - sum_y / n * (sum_y / n)));
}

void print_samplers(Source& source) {
  print_sampler("laplace eps 0.5", *laplace_for(500'000'000, 1), source);
  print_sampler("laplace eps 0.1", *laplace_for(100'000'000, 1), source);
  print_sampler("laplace eps 1", *laplace_for(1'000'000'000, 1), source);
  print_sampler("laplace eps 0.01 sensitivity 1000", *laplace_for(10'000'000, 1'000), source);
  print_sampler("laplace eps 0.123456789", *laplace_for(123'456'789, 1), source);
  print_sampler("gaussian eps 1 delta 1e-5", *gaussian_for(1'000'000'000, 10'000'000'000'000, 1),
                source);
  print_sampler("gaussian sigma 1", *DiscreteGaussian::make({1, 1}), source);
  print_sampler("gaussian sigma 10", *DiscreteGaussian::make({100, 1}), source);
  print_sampler("gaussian sigma 1000", *DiscreteGaussian::make({1'000'000, 1}), source);
  const double peer =
      per_draw_ns([&] { return static_cast<std::int64_t>(textbook_laplace(source, 2)); });
  std::printf(
      "{\"bench\": \"noise\", \"what\": \"textbook Laplace, floating point (peer)\", \"ns\": %.1f, "
      "\"m_per_s\": %.2f}\n",
      peer, 1'000 / peer);
}

void print_pool(Source& source) {
  Pool pool(source);
  const DiscreteLaplace laplace = *laplace_for(100'000'000, 1);
  const Noise noise = laplace;
  const double take = per_draw_ns([&] { return pool.take(noise); });
  const double pooled = correlation([&](int i) {
    if (i % 100 == 0) pool.top_up();
    return pool.take(noise);
  });
  const double direct = correlation([&](int) { return laplace.draw(source); });
  std::printf(
      "{\"bench\": \"noise\", \"what\": \"pool\", \"ns\": %.1f, \"correlation\": %.4f, "
      "\"correlation_without\": %.4f}\n",
      take, pooled, direct);
}

void print_report(const char* name, const std::vector<Declared>& batch) {
  constexpr int kReports = 10;
  double epsilon = 0;
  const double ns = best_ns([&] {
    for (int i = 0; i < kReports; ++i) {
      epsilon = static_cast<double>(*batch_epsilon(batch, 1'000'000'000'000)) / 1e9;
    }
  });
  std::printf("{\"bench\": \"noise\", \"what\": \"pld %s\", \"epsilon\": %.9f, \"ms\": %.3f}\n",
              name, epsilon, ns / kReports / 1e6);
}

void print_reports() {
  Declared count, gaussian;
  count.epsilon_nano = 100'000'000;
  count.times = 100;
  print_report("100 x laplace 0.1", {count});
  std::vector<Declared> different;
  for (std::int64_t i = 1; i <= 20; ++i) {
    count.epsilon_nano = 50'000'000 + i * 12'345'678;
    count.times = 1;
    different.push_back(count);
  }
  print_report("20 different laplace", different);
  for (Declared& one : different) one.epsilon_nano -= one.epsilon_nano % 1'000'000;
  print_report("20 different laplace, thousandths", different);
  gaussian.kind = Declared::Kind::gaussian;
  gaussian.sigma_squared = {100, 1};
  gaussian.times = 100;
  print_report("100 x gaussian sigma 10", {gaussian});
  gaussian.sigma_squared = {2'500, 1};
  gaussian.times = 1'000;
  print_report("1000 x gaussian sigma 50", {gaussian});
}

}  // namespace

int main() {
  const auto random = sys::real_random();
  Source source(*random);
  print_samplers(source);
  print_pool(source);
  print_reports();
  return 0;
}
