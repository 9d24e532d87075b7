#include "ledger/verify.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "ledger/chain.h"
#include "ledger/segments.h"

namespace mc::ledger {
namespace {

tl::unexpected<Error> wrong(const std::string& what) {
  return fail(Code::corrupt, "ledger: " + what);
}

Result<SeenPart> see_segment(const Segments& segments, std::uint64_t number) {
  SeenPart out;
  MC_TRY(const Segments::Scanned scanned,
         segments.scan_one(number, [&out](const Place& place, const Batch& batch) {
           return see(out, place, batch);
         }));
  out.end = scanned.end;
  out.torn = scanned.torn;
  return out;
}

// Reads segments on threads of its own, a few ahead of who takes them, and gives them in order.
class Readers {
 public:
  Readers(const Segments& segments, std::size_t threads)
      : segments_(segments), ahead_(2 * threads), seen_(segments.numbers().size()) {
    for (std::size_t i = 0; i < std::min(threads, seen_.size()); ++i) {
      threads_.emplace_back([this] { run(); });
    }
  }
  ~Readers() {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
    }
    moved_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }
  Readers(const Readers&) = delete;
  Readers& operator=(const Readers&) = delete;

  Result<SeenPart> next() {
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return seen_[taken_].has_value(); });
    Result<SeenPart> out = std::move(*seen_[taken_]);
    seen_[taken_].reset();
    ++taken_;
    lock.unlock();
    moved_.notify_all();
    return out;
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      moved_.wait(lock,
                  [this] { return ended_ || begun_ == seen_.size() || begun_ < taken_ + ahead_; });
      if (ended_ || begun_ == seen_.size()) return;
      const std::size_t mine = begun_++;
      lock.unlock();
      Result<SeenPart> seen = see_segment(segments_, segments_.numbers()[mine]);
      lock.lock();
      seen_[mine].emplace(std::move(seen));
      done_.notify_one();
    }
  }

  const Segments& segments_;
  const std::size_t ahead_;
  std::mutex mutex_;  // of all below
  std::condition_variable moved_;
  std::condition_variable done_;
  std::vector<std::optional<Result<SeenPart>>> seen_;
  std::size_t begun_ = 0;
  std::size_t taken_ = 0;
  bool ended_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace

Result<VerifyReport> verify(sys::Files& files, const std::string& folder,
                            const VerifyOptions& options) {
  MC_TRY(const Segments segments, Segments::open(files, folder + "/segments"));
  const std::vector<std::uint64_t>& numbers = segments.numbers();
  if (!numbers.empty() && numbers.front() != 0) return wrong("its first segment is missing");
  Chain chain;
  chain.expect(options.signed_head);
  std::uint64_t torn = 0;
  Readers readers(segments, static_cast<std::size_t>(std::max(options.threads, 1)));
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const Result<SeenPart> seen = readers.next();
    if (!seen) return tl::unexpected<Error>(seen.error());
    MC_TRY_OK(chain.add(*seen));
    torn = seen->torn;
    if (options.progress) options.progress(i + 1, numbers.size());
  }
  const std::uint64_t heads = chain.head(kRootLog).size;
  if (heads < options.signed_head.size) {
    return wrong("of " + std::to_string(options.signed_head.size) +
                 " heads that were signed only " + std::to_string(heads) + " are there; " +
                 std::to_string(torn) + " bytes behind them are no batch");
  }
  VerifyReport out = chain.report();
  out.segments = numbers.size();
  out.torn = torn;
  return out;
}

}  // namespace mc::ledger
