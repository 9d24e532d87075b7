// Writers that wait for durable records, and what it took.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "json/json.h"
#include "ledger/ledger.h"

namespace mc::bench {

inline constexpr std::size_t kPayloadBytes = 400;

struct Machine {
  std::unique_ptr<sys::Files> files = sys::real_files();
  std::unique_ptr<sys::Clock> clock = sys::real_clock();
  std::unique_ptr<sys::Random> random = sys::real_random();
};

[[noreturn]] void stop(const std::string& why);

template <class T>
T must(Result<T> result) {
  if (!result) stop(result.error().what);
  return std::move(*result);
}

tlog::NoteSigner bench_signer();
double millis_of(Nanos time);
double percentile(std::vector<Nanos>& all, double part);  // in milliseconds

struct Figures {
  double per_second = 0;
  double cpu_us = 0;
  double p50_ms = 0;
  double p99_ms = 0;
};

json::Value to_json(const Figures& figures);

// `writers` wait at any time: each answer brings the next record, until `records` are durable.
Figures append_all(const Machine& machine, ledger::Ledger& ledger, std::size_t writers,
                   std::size_t records);

}  // namespace mc::bench
