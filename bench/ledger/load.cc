#include "load.h"

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <semaphore>

namespace mc::bench {
namespace {

// `writers` wait at any time: each answer brings the next record, until `records` are durable. The
// records are made by a thread of their own, as the ledger's thread has other things to do.
class Load {
 public:
  Load(ledger::Ledger& ledger, sys::Clock& clock, std::size_t writers, std::size_t records)
      : ledger_(ledger), clock_(clock), left_(records), open_(records), begun_(writers) {
    latencies_.reserve(records);
    for (std::size_t i = 0; i < writers; ++i) free_.push_back(i);
  }
  void run() {
    std::vector<std::size_t> ready;
    while (left_ > 0) {
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [this] { return !free_.empty(); });
        ready.swap(free_);
      }
      for (const std::size_t writer : ready) append(writer);
      ready.clear();
    }
    done_.acquire();
  }
  std::vector<Nanos>& latencies() { return latencies_; }

 private:
  void append(std::size_t writer) {
    if (left_ == 0) return;
    --left_;
    ledger::Entry entry{"audit/t" + std::to_string(writer % 4),
                        "access",
                        "system/otto",
                        "t" + std::to_string(writer % 4),
                        "dataset.read",
                        "support",
                        "",
                        std::string(kPayloadBytes, 'x'),
                        {}};
    begun_[writer] = clock_.mono();
    ledger_.append(std::move(entry), [this, writer](const Result<ledger::Recorded>& done) {
      if (!done) stop(done.error().what);
      // On the ledger's thread, one at a time.
      latencies_.push_back(clock_.mono() - begun_[writer]);
      bool first = false;
      {
        const std::lock_guard lock(mutex_);
        first = free_.empty();
        free_.push_back(writer);
      }
      if (--open_ == 0) return done_.release();
      if (first) wake_.notify_one();
    });
  }
  ledger::Ledger& ledger_;
  sys::Clock& clock_;
  std::size_t left_;
  std::size_t open_;
  std::vector<MonoTime> begun_;  // of each writer
  std::vector<Nanos> latencies_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::size_t> free_;  // writers that have their answer
  std::binary_semaphore done_{0};
};

}  // namespace

void stop(const std::string& why) {
  std::fprintf(stderr, "ledger bench: %s\n", why.c_str());
  std::exit(1);
}

tlog::NoteSigner bench_signer() {
  return must(
      tlog::NoteSigner::make("bench.example/root", tlog::NoteKeyType::ed25519,
                             must(crypto::SigningKey::ed25519(Secret(std::string(32, 's'))))));
}

double millis_of(Nanos time) {
  return static_cast<double>(time.count) / 1e6;
}

double percentile(std::vector<Nanos>& all, double part) {
  if (all.empty()) return 0;
  const auto at = static_cast<std::size_t>(part * static_cast<double>(all.size() - 1));
  std::nth_element(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(at), all.end());
  return millis_of(all[at]);
}

json::Value to_json(const Figures& figures) {
  json::Object out;
  out.set("records_s", figures.per_second);
  out.set("cpu_us", figures.cpu_us);
  out.set("p50_ms", figures.p50_ms);
  out.set("p99_ms", figures.p99_ms);
  return json::Value(std::move(out));
}

Figures append_all(const Machine& machine, ledger::Ledger& ledger, std::size_t writers,
                   std::size_t records) {
  Load load(ledger, *machine.clock, writers, records);
  const MonoTime begin = machine.clock->mono();
  const Nanos cpu = sys::usage().cpu;
  load.run();
  const double wall = millis_of(machine.clock->mono() - begin) / 1e3;
  const double used = millis_of(sys::usage().cpu - cpu) * 1e3;
  const auto count = static_cast<double>(records);
  return {count / wall, used / count, percentile(load.latencies(), 0.5),
          percentile(load.latencies(), 0.99)};
}

}  // namespace mc::bench
