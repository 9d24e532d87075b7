// Jobs: resumable, throttled, checkpointed work with progress, pause, resume and cancel.
//
// A job lives in table job (db/migrations 0002) and is run by whoever holds its lease. The runner
// does one step at a time and saves the step's checkpoint together with the progress in one
// statement; a runner that dies is replaced when its lease expires, and the next one continues from
// the last checkpoint. So a step is never lost and never repeated once its checkpoint is stored;
// a step whose checkpoint was not stored runs again, hence its effect must be idempotent. A store
// and its runner belong to the thread of their connection; callers on other connections see and
// steer the job through stores of their own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "json/json.h"
#include "sql/sql.h"
#include "sys/sys.h"

namespace mc::job {

enum class State { queued, running, paused, done, failed, cancelled };
std::string_view state_name(State state);
Result<State> parse_state(std::string_view name);

struct Progress {
  std::int64_t done = 0;
  std::int64_t total = 0;  // 0 = not known yet
  std::string unit;        // "rows", "bytes"
  std::string message;     // for people
  bool operator==(const Progress&) const = default;
};

struct Job {
  TenantId tenant;
  std::string id;    // "job_..."
  std::string kind;  // which JobWork runs it
  State state = State::queued;
  json::Value input;
  json::Value checkpoint;  // null before the first step
  Progress progress;
  std::string failure;        // why it failed, "" otherwise
  std::int64_t steps = 0;     // checkpoints stored
  std::int64_t attempts = 0;  // of the current step that ended `unavailable`
  WallTime created_at;
  WallTime updated_at;
};

// The right to run a job. `epoch` grows with every claim, so a stale holder is always noticed.
struct Lease {
  TenantId tenant;
  std::string job_id;
  std::string owner;
  std::int64_t epoch = 0;
  WallTime until;
};
struct Claim {
  Job job;
  Lease lease;
};

// What one step did. Checkpoints and inputs are at most kDocumentBytesMax as JSON text.
struct Step {
  json::Value checkpoint;
  Progress progress;
  bool done = false;
};
inline constexpr std::size_t kDocumentBytesMax = 256 << 10;

struct NewJob {
  TenantId tenant;
  std::string kind;
  json::Value input;
  Progress progress;
};

struct ListQuery {
  TenantId tenant;
  std::optional<State> state;
  std::string before;  // cursor of the page before, "" for the first
  int limit = 50;      // 1 to 200
};
struct Page {
  std::vector<Job> jobs;  // newest first
  std::string next;       // cursor, "" at the end
};

class Store {
 public:
  Store(sql::Connection& connection, sys::Clock& clock, sys::Random& random)
      : connection_(&connection), clock_(&clock), random_(&random) {}

  Result<Job> create(const NewJob& job);
  Result<Job> get(const TenantId& tenant, const std::string& id);
  Result<Page> list(const ListQuery& query);

  // From any caller, at any time; a running step ends first. Repeating one is fine; `conflict`
  // when the job has ended (for resume: when it is not paused, queued or running).
  Status pause(const TenantId& tenant, const std::string& id);
  Status resume(const TenantId& tenant, const std::string& id);
  Status cancel(const TenantId& tenant, const std::string& id);

  // The oldest runnable job of these kinds whose lease is free or expired.
  Result<std::optional<Claim>> claim(const std::vector<std::string>& kinds,
                                     const std::string& owner, Nanos lease);
  // Stores checkpoint and progress and extends the lease, or gives it up when the job does not go
  // on: done, paused or cancelled meanwhile. Gives the state. `conflict` when the lease was taken
  // over. After `unavailable` the outcome is unknown: reload() tells.
  Result<State> save(Lease& lease, const Step& step, Nanos extend);
  // Gives the lease up: failed for good, or to be tried again not before `retry_at`.
  Status fail_job(const Lease& lease, const Error& error);
  Status retry_later(const Lease& lease, WallTime retry_at);
  Status release(const Lease& lease);
  // The job as stored, when the lease is still ours; `conflict` otherwise.
  Result<Job> reload(const Lease& lease);

 private:
  Status move(const TenantId& tenant, const std::string& id, State to,
              const std::vector<State>& from);
  Status give_up(std::string_view sql, std::initializer_list<sql::Param> params,
                 const Lease& lease);
  sql::Connection* connection_;
  sys::Clock* clock_;
  sys::Random* random_;
};

// The work behind one kind of job.
class JobWork {
 public:
  virtual ~JobWork() = default;
  virtual std::string_view kind() const = 0;
  // Does the step that follows job.checkpoint. `unavailable` is tried again, with growing waits;
  // every other error fails the job.
  virtual Result<Step> step(const Job& job) = 0;
};

struct RunnerOptions {
  std::string owner;             // unique among all runners, also over restarts
  Nanos lease = seconds(60);     // longer than the longest step
  int steps_per_second_max = 0;  // 0 = no throttle
  Nanos idle_wait = seconds(1);  // between looks for a job
  int attempts_max = 8;          // of one step before the job fails
  Nanos retry_wait_first = seconds(1);
  Nanos retry_wait_max = seconds(300);
  Status check() const;
};

struct Turn {
  enum class What { idle, throttled, stepped, ended, stopped, retrying, lost };
  What what = What::idle;
  std::string job_id;
  Nanos wait;  // until the next turn is of use
};

// Drives jobs, one step a turn; never sleeps. Dropping a runner is what a crash looks like to the
// others; release() first makes the job available at once.
class Runner {
 public:
  Runner(Store& store, sys::Clock& clock, RunnerOptions options, std::vector<JobWork*> works);
  Result<Turn> turn();
  Status release();

 private:
  Result<bool> take_job();
  Result<Turn> run_step();
  Result<Turn> step_failed(const Error& error);
  Turn ended(Turn::What what);

  Store* store_;
  sys::Clock* clock_;
  RunnerOptions options_;
  std::vector<JobWork*> works_;
  std::vector<std::string> kinds_;
  std::optional<Claim> current_;
  bool must_reload_ = false;  // the outcome of the last save is unknown
  MonoTime next_step_at_;
};

}  // namespace mc::job
