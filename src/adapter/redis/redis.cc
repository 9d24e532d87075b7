#include "redis/redis.h"

#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include "redis/link.h"

namespace mc::redis {
namespace {

constexpr std::size_t kJobsMax = 64;  // calls that wait

class RedisStore : public share::Store {
 public:
  RedisStore(Options options, Secret password, int wake)
      : options_(std::move(options)),
        password_(std::move(password)),
        wake_(wake),
        thread_([this] { work(); }) {}

  ~RedisStore() override {
    {
      const std::lock_guard lock(mutex_);
      ends_ = true;
    }
    const std::uint64_t one = 1;
    const ssize_t told = write(wake_, &one, sizeof(one));
    MC_CHECK(told == sizeof(one));
    changed_.notify_one();
    thread_.join();
    ::close(wake_);
  }
  RedisStore(const RedisStore&) = delete;
  RedisStore& operator=(const RedisStore&) = delete;

  void ask(std::string_view node, std::vector<share::Ask> asks, Done done) override {
    bool full = false;
    {
      const std::lock_guard lock(mutex_);
      full = jobs_.size() >= kJobsMax;
      if (!full) {
        jobs_.push_back({.node = std::string(node),
                         .asks = std::move(asks),
                         .done = std::move(done),
                         .deadline = Link::now() + options_.op_timeout});
      }
    }
    if (full) {
      return done(
          fail(Code::unavailable, "redis: more than " + std::to_string(kJobsMax) + " calls wait"));
    }
    changed_.notify_one();
  }

 private:
  struct Job {
    std::string node;
    std::vector<share::Ask> asks;
    Done done;
    MonoTime deadline;
  };

  void work() {
    sigset_t broken_pipes;  // hiredis writes to connections that may be closed
    sigemptyset(&broken_pipes);
    sigaddset(&broken_pipes, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &broken_pipes, nullptr);
    Link link(options_, password_, wake_);
    for (;;) {
      Job job;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return ends_ || !jobs_.empty(); });
        if (jobs_.empty()) return;
        job = std::move(jobs_.front());
        jobs_.pop_front();
      }
      job.done(link.ask(job.node, job.asks, job.deadline));
    }
  }

  const Options options_;
  const Secret password_;
  const int wake_;
  std::mutex mutex_;  // of what stands below
  std::condition_variable changed_;
  std::deque<Job> jobs_;
  bool ends_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace

Result<std::unique_ptr<share::Store>> redis_store(Options options, Secret password) {
  if (options.host.empty() || options.host.size() > 253) {
    return fail(Code::invalid, "redis: host: must be 1 to 253 bytes");
  }
  if (options.port < 1 || options.port > 65'535) {
    return fail(Code::invalid, "redis: port: must be 1 to 65535");
  }
  if (options.op_timeout < millis(1) || options.op_timeout > seconds(1)) {
    return fail(Code::invalid, "redis: op_timeout: must be 1ms to 1s");
  }
  if (options.connect_timeout < options.op_timeout || options.connect_timeout > seconds(30)) {
    return fail(Code::invalid, "redis: connect_timeout: must be op_timeout to 30s");
  }
  if (!options.user.empty() && password.empty()) {
    return fail(Code::invalid, "redis: user: needs a password");
  }
  const int wake = eventfd(0, EFD_CLOEXEC);
  if (wake < 0) return fail(Code::unavailable, "redis: no descriptor is left");
  return std::make_unique<RedisStore>(std::move(options), std::move(password), wake);
}

}  // namespace mc::redis
