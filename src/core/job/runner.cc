#include <algorithm>

#include "job/job.h"

namespace mc::job {

Status RunnerOptions::check() const {
  if (owner.empty()) return fail(Code::invalid, "owner of a job runner is empty");
  if (lease < seconds(5)) return fail(Code::invalid, "lease of a job runner is below 5s");
  if (steps_per_second_max < 0 || steps_per_second_max > 1'000'000) {
    return fail(Code::invalid, "steps_per_second_max is not in 0..1000000");
  }
  if (attempts_max < 1 || attempts_max > 100) {
    return fail(Code::invalid, "attempts_max of a job runner is not in 1..100");
  }
  if (idle_wait.count <= 0 || retry_wait_first.count <= 0 || retry_wait_max < retry_wait_first) {
    return fail(Code::invalid,
                "idle_wait, retry_wait_first and retry_wait_max must be positive, "
                "in growing order");
  }
  return ok();
}

Runner::Runner(Store& store, sys::Clock& clock, RunnerOptions options, std::vector<JobWork*> works)
    : store_(&store), clock_(&clock), options_(std::move(options)), works_(std::move(works)) {
  for (const JobWork* work : works_) kinds_.emplace_back(work->kind());
}

// True when there is a job to step, with the checkpoint that is stored.
Result<bool> Runner::take_job() {
  if (current_ && must_reload_) {
    Result<Job> job = store_->reload(current_->lease);
    if (!job && job.error().code == Code::unavailable) {
      return tl::unexpected<Error>(std::move(job).error());
    }
    must_reload_ = false;
    if (job && (job->state == State::running || job->state == State::queued)) {
      current_->job = std::move(*job);
    } else {
      // Taken over, ended, or stopped while this runner was cut off.
      if (job) static_cast<void>(store_->release(current_->lease));
      current_.reset();
    }
  }
  if (current_) return true;
  MC_TRY(current_, store_->claim(kinds_, options_.owner, options_.lease));
  return current_.has_value();
}

Turn Runner::ended(Turn::What what) {
  Turn turn{.what = what, .job_id = current_->job.id, .wait = {}};
  current_.reset();
  return turn;
}

Result<Turn> Runner::turn() {
  MC_TRY_OK(options_.check());
  MC_TRY(const bool found, take_job());
  if (!found) return Turn{.what = Turn::What::idle, .job_id = {}, .wait = options_.idle_wait};
  const MonoTime now = clock_->mono();
  if (now < next_step_at_) {
    return Turn{
        .what = Turn::What::throttled, .job_id = current_->job.id, .wait = next_step_at_ - now};
  }
  if (options_.steps_per_second_max > 0) {
    next_step_at_ = now + Nanos{1'000'000'000 / options_.steps_per_second_max};
  }
  return run_step();
}

Result<Turn> Runner::run_step() {
  const auto work = std::find_if(works_.begin(), works_.end(), [&](const JobWork* candidate) {
    return candidate->kind() == current_->job.kind;
  });
  MC_CHECK(work != works_.end());  // claim() asks for these kinds only
  const Result<Step> step = (*work)->step(current_->job);
  if (!step) return step_failed(step.error());
  const Result<State> state = store_->save(current_->lease, *step, options_.lease);
  if (!state) {
    if (state.error().code == Code::conflict) return ended(Turn::What::lost);
    if (state.error().code == Code::invalid) return step_failed(state.error());
    must_reload_ = true;
    return tl::unexpected<Error>(state.error());
  }
  if (*state != State::running) {
    return ended(*state == State::done ? Turn::What::ended : Turn::What::stopped);
  }
  current_->job.checkpoint = step->checkpoint;
  current_->job.progress = step->progress;
  current_->job.steps += 1;
  current_->job.attempts = 0;
  const Nanos wait = std::max(Nanos{}, next_step_at_ - clock_->mono());
  return Turn{.what = Turn::What::stepped, .job_id = current_->job.id, .wait = wait};
}

Result<Turn> Runner::step_failed(const Error& error) {
  const std::int64_t attempts = current_->job.attempts + 1;
  const bool again = error.code == Code::unavailable && attempts < options_.attempts_max;
  Status done = ok();
  if (again) {
    Nanos wait = options_.retry_wait_first;
    for (std::int64_t i = 1; i < attempts && wait < options_.retry_wait_max; ++i) wait = wait * 2;
    if (error.retry_after_s)
      wait = std::max(wait, seconds(std::min<std::int64_t>(*error.retry_after_s, 86'400)));
    wait = std::min(wait, options_.retry_wait_max);
    done = store_->retry_later(current_->lease, clock_->wall() + wait);
  } else {
    done = store_->fail_job(current_->lease, error);
  }
  if (done) return ended(again ? Turn::What::retrying : Turn::What::ended);
  if (done.error().code == Code::conflict) return ended(Turn::What::lost);
  must_reload_ = true;
  return tl::unexpected<Error>(done.error());
}

Status Runner::release() {
  if (!current_) return ok();
  const Lease lease = current_->lease;
  current_.reset();
  must_reload_ = false;
  return store_->release(lease);
}

}  // namespace mc::job
