#include "contract/job_contract.h"

#include <doctest/doctest.h>

#include <set>
#include <vector>

#include "job/job.h"
#include "sim/sim.h"

namespace mc::job::contract {
namespace {

const TenantId kAlpha("alpha");
const TenantId kBeta("beta");

struct World {
  explicit World(sql::Connection& connection) : store(connection, clock, random) {
    const auto done = sql::migrate(connection, sql::built_in_migrations(), clock);
    REQUIRE_MESSAGE(done.has_value(), done.error().what);
  }
  Job create(const TenantId& tenant = kAlpha, const std::string& kind = "count") {
    clock.advance(millis(1));  // ids and created_at are in order of creation
    const Result<Job> job = store.create({.tenant = tenant,
                                          .kind = kind,
                                          .input = json::Value("in"),
                                          .progress = {0, 10, "rows", ""}});
    REQUIRE_MESSAGE(job.has_value(), job.error().what);
    return *job;
  }
  Claim claim(const std::string& owner = "one") {
    const auto taken = store.claim({"count"}, owner, seconds(60));
    REQUIRE_MESSAGE(taken.has_value(), taken.error().what);
    REQUIRE(taken->has_value());
    return **taken;
  }
  bool nothing_to_claim(const std::string& owner = "two") {
    const auto taken = store.claim({"count"}, owner, seconds(60));
    REQUIRE_MESSAGE(taken.has_value(), taken.error().what);
    return !taken->has_value();
  }
  State state(const Job& job) {
    const Result<Job> now = store.get(job.tenant, job.id);
    REQUIRE(now.has_value());
    return now->state;
  }
  sim::SimClock clock;
  sim::SimRandom random;
  Store store;
};

Step step_at(std::int64_t n) {
  return {.checkpoint = json::Value(n), .progress = {n, 10, "rows", "at " + std::to_string(n)}};
}

void a_job_comes_back(sql::Connection& connection) {
  World world(connection);
  const Job made = world.create();
  CHECK(made.id.starts_with("job_"));
  CHECK(made.state == State::queued);
  CHECK(made.input == json::Value("in"));
  CHECK(made.checkpoint.is_null());
  CHECK(made.progress == Progress{0, 10, "rows", ""});
  CHECK(made.created_at == made.updated_at);
  CHECK(world.store.get(kBeta, made.id).error().code == Code::not_found);
  CHECK(world.store.get(kAlpha, "job_none").error().code == Code::not_found);
  CHECK(world.store.create({.tenant = kAlpha, .kind = "", .input = {}, .progress = {}})
            .error()
            .code == Code::invalid);
  CHECK(world.store
            .create({.tenant = kAlpha,
                     .kind = "count",
                     .input = json::Value(std::string(kDocumentBytesMax, 'x')),
                     .progress = {}})
            .error()
            .code == Code::invalid);
}

void lists_page_by_page(sql::Connection& connection) {
  World world(connection);
  std::vector<std::string> newest_first;
  for (int i = 0; i < 7; ++i) {
    const std::string id = world.create().id;
    newest_first.insert(newest_first.begin(), id);
    world.create(kBeta);
  }
  REQUIRE(world.store.cancel(kAlpha, newest_first[3]).has_value());
  std::vector<std::string> seen;
  ListQuery query{.tenant = kAlpha, .state = {}, .before = {}, .limit = 3};
  int pages = 0;
  do {
    const Result<Page> page = world.store.list(query);
    REQUIRE_MESSAGE(page.has_value(), page.error().what);
    for (const Job& job : page->jobs) seen.push_back(job.id);
    query.before = page->next;
    ++pages;
  } while (!query.before.empty());
  CHECK(seen == newest_first);
  CHECK(pages == 3);
  const auto cancelled =
      world.store.list({.tenant = kAlpha, .state = State::cancelled, .before = {}});
  REQUIRE(cancelled.has_value());
  REQUIRE(cancelled->jobs.size() == 1);
  CHECK(cancelled->jobs[0].id == newest_first[3]);
  for (const int limit : {0, 201, -1}) {
    CHECK(world.store.list({.tenant = kAlpha, .state = {}, .before = {}, .limit = limit})
              .error()
              .code == Code::invalid);
  }
}

void one_holder_at_a_time(sql::Connection& connection) {
  World world(connection);
  const Job job = world.create();
  CHECK(!world.store.claim({"other"}, "one", seconds(60))->has_value());
  CHECK(!world.store.claim({}, "one", seconds(60))->has_value());
  Claim first = world.claim("one");
  CHECK(first.job.id == job.id);
  CHECK(world.nothing_to_claim("two"));
  CHECK(world.store.save(first.lease, step_at(1), seconds(60)) == State::running);

  world.clock.advance(seconds(61));
  Claim second = world.claim("two");
  CHECK(second.job.checkpoint == json::Value(1));
  CHECK(second.lease.epoch == first.lease.epoch + 1);
  CHECK(world.store.save(first.lease, step_at(9), seconds(60)).error().code == Code::conflict);
  CHECK(world.store.release(first.lease).error().code == Code::conflict);
  CHECK(world.store.reload(first.lease).error().code == Code::conflict);
  CHECK(world.store.fail_job(first.lease, {Code::invalid, "late"}).error().code == Code::conflict);
  CHECK(world.store.reload(second.lease)->checkpoint == json::Value(1));
  CHECK(world.store.release(second.lease).has_value());
  Claim third = world.claim("two");
  CHECK(third.job.checkpoint == json::Value(1));
  // The same name does not make the old lease good again.
  CHECK(world.store.save(second.lease, step_at(9), seconds(60)).error().code == Code::conflict);
  CHECK(world.store.release(second.lease).error().code == Code::conflict);
  CHECK(world.store.save(third.lease, step_at(2), seconds(60)) == State::running);
}

void oldest_first_over_tenants(sql::Connection& connection) {
  World world(connection);
  const Job a = world.create(kBeta);
  const Job b = world.create(kAlpha);
  const Job c = world.create(kBeta);
  for (const Job& want : {a, b, c}) CHECK(world.claim().job.id == want.id);
  CHECK(world.nothing_to_claim());
}

// What pause, resume and cancel do in every state.
void moves(sql::Connection& connection) {
  World world(connection);
  using Move = Status (Store::*)(const TenantId&, const std::string&);
  struct Row {
    State from;
    Move move;
    std::optional<State> to;  // none = conflict
  };
  const Row rows[] = {
      {State::queued, &Store::pause, State::paused},
      {State::running, &Store::pause, State::paused},
      {State::paused, &Store::pause, State::paused},
      {State::done, &Store::pause, std::nullopt},
      {State::failed, &Store::pause, std::nullopt},
      {State::cancelled, &Store::pause, std::nullopt},
      {State::queued, &Store::resume, State::queued},
      {State::running, &Store::resume, State::running},
      {State::paused, &Store::resume, State::queued},
      {State::done, &Store::resume, std::nullopt},
      {State::failed, &Store::resume, std::nullopt},
      {State::cancelled, &Store::resume, std::nullopt},
      {State::queued, &Store::cancel, State::cancelled},
      {State::running, &Store::cancel, State::cancelled},
      {State::paused, &Store::cancel, State::cancelled},
      {State::done, &Store::cancel, std::nullopt},
      {State::failed, &Store::cancel, std::nullopt},
      {State::cancelled, &Store::cancel, State::cancelled},
  };
  for (const Row& row : rows) {
    CAPTURE(state_name(row.from));
    const Job job = world.create();
    REQUIRE(connection.execute("UPDATE job SET state = ?1 WHERE job_id = ?2",
                               {std::string(state_name(row.from)), job.id}) == 1);
    const Status done = (world.store.*row.move)(kAlpha, job.id);
    CHECK(done.has_value() == row.to.has_value());
    if (!done) CHECK(done.error().code == Code::conflict);
    CHECK(world.state(job) == row.to.value_or(row.from));
    CHECK((world.store.*row.move)(kBeta, job.id).error().code == Code::not_found);
  }
}

// What a save finds when somebody moved the job during the step.
void saves_keep_the_callers_wish(sql::Connection& connection) {
  World world(connection);
  struct Row {
    const char* name;
    bool pause;
    bool resume;
    bool cancel;
    bool done;
    State after;
  };
  const Row rows[] = {{"left alone", false, false, false, false, State::running},
                      {"finished", false, false, false, true, State::done},
                      {"paused", true, false, false, false, State::paused},
                      {"paused and resumed", true, true, false, false, State::running},
                      {"paused, but finished", true, false, false, true, State::done},
                      {"cancelled", false, false, true, false, State::cancelled},
                      {"cancelled, though finished", false, false, true, true, State::cancelled}};
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const Job job = world.create();
    Claim claim = world.claim();
    REQUIRE(claim.job.id == job.id);
    if (row.pause) CHECK(world.store.pause(kAlpha, job.id).has_value());
    if (row.resume) CHECK(world.store.resume(kAlpha, job.id).has_value());
    if (row.resume) CHECK(world.nothing_to_claim());  // the lease is still held
    if (row.cancel) CHECK(world.store.cancel(kAlpha, job.id).has_value());
    Step step = step_at(4);
    step.done = row.done;
    CHECK(world.store.save(claim.lease, step, seconds(60)) == row.after);
    const Result<Job> stored = world.store.get(kAlpha, job.id);
    REQUIRE(stored.has_value());
    CHECK(stored->state == row.after);
    CHECK(stored->checkpoint == json::Value(4));  // the step counts in any case
    CHECK(stored->progress == step.progress);
    CHECK(stored->steps == 1);
    // The lease lives on exactly when the job does.
    CHECK(world.store.release(claim.lease).has_value() == (row.after == State::running));
    static_cast<void>(world.store.cancel(kAlpha, job.id));
  }
}

void states_have_names(sql::Connection&) {
  std::set<std::string_view> names;
  for (const State state : {State::queued, State::running, State::paused, State::done,
                            State::failed, State::cancelled}) {
    names.insert(state_name(state));
    CHECK(parse_state(state_name(state)) == state);
  }
  CHECK(names.size() == 6);
  CHECK(parse_state("Queued").error().code == Code::invalid);
}

}  // namespace

std::span<const Case> store_cases() {
  static const Case all[] = {
      {"a job comes back as created, to its tenant only", a_job_comes_back},
      {"jobs are listed newest first, page by page", lists_page_by_page},
      {"a job has one holder, an expired lease is taken over", one_holder_at_a_time},
      {"the oldest job comes first, whatever its tenant", oldest_first_over_tenants},
      {"pause, resume and cancel in every state", moves},
      {"a save keeps what callers wished meanwhile", saves_keep_the_callers_wish},
      {"states have names", states_have_names},
  };
  return all;
}

void run_all(const std::function<std::unique_ptr<sql::Connection>()>& open_empty) {
  for (const auto cases : {store_cases(), runner_cases()}) {
    for (const Case& one : cases) {
      SUBCASE(one.name) {
        const std::unique_ptr<sql::Connection> connection = open_empty();
        REQUIRE(connection != nullptr);
        one.run(*connection);
      }
    }
  }
}

}  // namespace mc::job::contract
