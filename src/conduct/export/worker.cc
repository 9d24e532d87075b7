#include <algorithm>

#include "export/core.h"
#include "export/lent.h"
#include "export/work.h"

namespace mc::exporting {
namespace {

constexpr std::int64_t kDueAtOnce = 100;
constexpr Nanos kSweepEvery = seconds(5);
constexpr std::int64_t kClearAtOnce = 1'000;
constexpr Nanos kClearEvery = seconds(600);
const std::string kActor = "export@system";

}  // namespace

struct Worker::State {
  State(Exports::Core& of, std::string owner)
      : core(of),
        connection(of.world.directory),
        jobs(connection, of.world.clock, of.world.random),
        work(of),
        runner(jobs, of.world.clock, {.owner = std::move(owner), .lease = of.settings.lease},
               {&work}) {}

  // Rows whose jobs have ended without them, and files that are due.
  Status sweep() {
    MC_TRY(const std::vector<Run> running,
           core.with_store<std::vector<Run>>([](Store& store) { return store.running(); }));
    std::set<std::string> held;
    for (const Run& run : running) held.insert(run.job);
    work.keep_only(held);
    for (const Run& run : running) {
      const Result<job::Job> job = jobs.get(run.tenant, run.job);
      if (!job) return tl::unexpected<Error>(job.error());
      if (job->state == job::State::failed) {
        MC_TRY_OK(core.end(run, exporting::State::failed, kActor, job->failure));
      }
      if (job->state != job::State::failed && job->state != job::State::cancelled &&
          run.expires <= core.world.clock.wall()) {
        MC_TRY_OK(core.end(run, exporting::State::cancelled, kActor,
                           "its time was over before it was ready"));
        core.board.stop(run.job);
        const Status stopped = jobs.cancel(run.tenant, run.job);
        // One that ended meanwhile needs no end.
        if (!stopped && stopped.error().code != Code::conflict) return stopped;
      }
      if (job->state == job::State::cancelled) {
        MC_TRY_OK(core.end(run, exporting::State::cancelled, kActor, "its job was cancelled"));
      }
    }
    MC_TRY(const std::vector<Run> lapsed, core.with_store<std::vector<Run>>([&](Store& store) {
      return store.lapsed(core.world.clock.wall(), kDueAtOnce);
    }));
    for (const Run& run : lapsed) {
      MC_TRY_OK(core.end(run, exporting::State::cancelled, kActor, "nobody approved it in time"));
      const Status stopped = jobs.cancel(run.tenant, run.job);
      if (!stopped && stopped.error().code != Code::conflict) return stopped;
    }
    MC_TRY(const std::vector<Run> due, core.with_store<std::vector<Run>>([&](Store& store) {
      return store.due(core.world.clock.wall(), kDueAtOnce);
    }));
    for (const Run& run : due) {
      MC_TRY_OK(core.end(run, exporting::State::expired, kActor, "its time is over"));
    }
    return ok();
  }
  // A server that ended between the end of an export and the removal of its files leaves them.
  Status clear_left() {
    MC_TRY(const std::vector<Run> ended, core.with_store<std::vector<Run>>([](Store& store) {
      return store.ended(kClearAtOnce);
    }));
    for (const Run& run : ended) MC_TRY_OK(core.blobs.remove({run.tenant, run.id}));
    return ok();
  }
  // Of an export that was ended while a step of it ran, files may have come behind its end.
  Status clear(const std::string& job) {
    core.board.forget(job);
    if (at.id.empty()) return ok();
    MC_TRY(const Run run,
           core.with_store<Run>([&](Store& store) { return store.find(at.tenant, at.id); }));
    const bool kept =
        run.state == exporting::State::ready || run.state == exporting::State::running;
    return kept ? ok() : core.blobs.remove(at);
  }

  Exports::Core& core;
  LentConnection connection;
  job::Store jobs;
  Work work;
  job::Runner runner;
  MonoTime swept{};
  std::optional<MonoTime> cleared;  // none = not since the start
  BlobPlace at;
};

Worker::Worker(Exports& exports, std::string owner)
    : state_(std::make_unique<State>(exports.core(), std::move(owner))) {}
Worker::~Worker() = default;

Result<Nanos> Worker::turn() {
  State& state = *state_;
  MC_TRY(const job::Turn turn, state.runner.turn());
  using What = job::Turn::What;
  state.at = state.work.at();
  if (turn.what == What::stepped || turn.what == What::throttled) return turn.wait;
  // One that is to be tried again goes on with what it has read.
  const bool over = turn.what != What::idle && turn.what != What::retrying;
  if (over) state.work.let_go(turn.job_id);
  if (over) MC_TRY_OK(state.clear(turn.job_id));
  const MonoTime now = state.core.world.clock.mono();
  if (turn.what != What::idle || now - state.swept >= kSweepEvery) {
    state.swept = now;
    MC_TRY_OK(state.sweep());
    if (!state.cleared || now - *state.cleared >= kClearEvery) {
      MC_TRY_OK(state.clear_left());
      state.cleared = now;
    }
  }
  return turn.what == What::idle ? turn.wait : Nanos{};
}

Status Worker::release() {
  state_->work.keep_only({});
  return state_->runner.release();
}

}  // namespace mc::exporting
