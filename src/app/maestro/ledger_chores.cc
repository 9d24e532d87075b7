#include "maestro/ledger_chores.h"

#include <chrono>

namespace mc::app {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kEvery{200};
constexpr std::chrono::hours kPassEvery{24};
constexpr int kFailedChecksMax = 10;
constexpr std::uint64_t kBytesChecked = 4 << 20;  // a round: 20 MiB a second at most
constexpr std::size_t kRecordsIndexed = 4'000;    // a round

}  // namespace

LedgerChores::LedgerChores(sys::Files& files, const std::string& folder, ledger::Ledger& ledger,
                           search::Index& index, log::Log& log)
    : ledger_(ledger), index_(index), log_(log), check_(files, folder, ledger) {
  thread_ = std::thread([this] { run(); });
}

LedgerChores::~LedgerChores() {
  {
    const std::lock_guard lock(mutex_);
    end_ = true;
  }
  ended_.notify_one();
  thread_.join();
}

// Damage stops the ledger: what it would sign could not be shown.
void LedgerChores::check() {
  if (!ledger_.state()) return;
  const Status done = check_.step(kBytesChecked);
  failed_checks_ = done ? 0 : failed_checks_ + 1;
  if (done) return;
  // A disk that cannot be read is told once; when it stays so, it has lost what it had.
  const bool lost = done.error().code == Code::corrupt || failed_checks_ == kFailedChecksMax;
  if (lost) ledger_.refuse(done.error());
  if (lost || failed_checks_ == 1) log_.error("ledger.check_failed", {{"why", done.error().what}});
}

void LedgerChores::follow() {
  const Result<bool> followed = index_.follow(kRecordsIndexed);
  if (!followed && !behind_told_) log_.warn("search.behind", {{"why", followed.error().what}});
  behind_told_ = !followed;
}

void LedgerChores::run() {
  auto pass = Clock::now();
  std::unique_lock lock(mutex_);
  while (!ended_.wait_for(lock, kEvery, [this] { return end_; })) {
    lock.unlock();
    if (Clock::now() - pass >= kPassEvery) {
      pass = Clock::now();
      check_.restart();
    }
    check();
    follow();
    lock.lock();
  }
}

void LedgerChores::add_metrics(metric::Registry& metrics) const {
  metrics.collect_gauge({.name = "mc_ledger_check_behind",
                         .help = "Leaves of the log of heads that were not read again yet."},
                        [this] { return static_cast<double>(check_.progress().behind); });
  metrics.collect_counter(
      {.name = "mc_ledger_check_passes_total",
       .help = "Times that the whole ledger was read again and checked since the start."},
      [this](const metric::Registry::Emit& emit) {
        emit({}, static_cast<double>(check_.progress().passes));
      });
}

}  // namespace mc::app
