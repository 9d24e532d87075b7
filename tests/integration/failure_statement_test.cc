// Every statement of a request fails once, not run or run and reported as failed.
#include <doctest/doctest.h>

#include "failure_world.h"

namespace mc::failure {
namespace {

using Fault = sim::FaultyConnection::Fault;

gateway::GatewayConfig one_worker() {
  gateway::GatewayConfig config;
  config.workers = 1;  // one reading connection
  return config;
}

struct Write {
  std::string name;
  const char* mutation;
  const char* after;
  const char* undo;
};

const std::vector<Write>& writes() {
  static const std::vector<Write> all = {
      {"create", kCreate, "p1=name 1,p2=name 2,p3=name 3,p4=name 4,p5=name 5,p9=Noor",
       "DELETE FROM person WHERE id = 'p9'"},
      {"update", kUpdate, "p1=Changed,p2=name 2,p3=name 3,p4=name 4,p5=name 5",
       "UPDATE person SET name = 'name 1', version = 1 WHERE id = 'p1'"},
      {"delete", kDelete, "p1=name 1,p3=name 3,p4=name 4,p5=name 5",
       "INSERT INTO person VALUES ('alpha', 'p2', 'name 2', 1) ON CONFLICT DO NOTHING"}};
  return all;
}

}  // namespace

TEST_CASE("a read whose n-th statement fails answers null with a code and what it could read") {
  World world({.gateway = one_worker()});
  check_works(world);
  for (const Fault fault : {Fault::not_run, Fault::run_but_reported_failed}) {
    std::int64_t n = 1;
    for (;; ++n) {
      CAPTURE(n);
      world.data_driver_->readers.fail_at(n, fault);
      const Reply reply = world.ask(kRead);
      if (reply.code().empty()) break;
      check_failure(world, reply, 200, "UNAVAILABLE");
      CHECK(reply.at({"data"}) != nullptr);
      // Relations are read after their parents: what was read before is whole or absent.
      const json::Value* nodes = reply.at({"data", "people", "nodes"});
      CHECK((n == 1 || nodes == nullptr || nodes->is_null() || nodes->as_array()->size() == 5));
      world.data_driver_->readers.fail_at(1'000'000, fault);
      check_works(world);
      REQUIRE(n < 20);
    }
    CHECK(n == 3);
    world.data_driver_->readers.fail_at(1'000'000, fault);
  }
}

TEST_CASE(
    "a write whose n-th statement fails is whole or not there, and says when it may be both") {
  World world({.gateway = one_worker()});
  for (const Write& write : writes()) {
    for (const Fault fault : {Fault::not_run, Fault::run_but_reported_failed}) {
      std::int64_t n = 1;
      for (;; ++n) {
        CAPTURE(write.name);
        CAPTURE(n);
        world.data_driver_->writers.fail_at(n, fault);
        const Reply reply = world.ask(write.mutation);
        const std::int64_t statements = world.data_driver_->writers.counted();
        const std::string stored = world.stored();
        world.data_driver_->writers.fail_at(1'000'000, fault);
        if (reply.code().empty()) {
          CHECK(stored == write.after);
          REQUIRE(outsider(world.database())->script(write.undo).has_value());
          CHECK(statements == n - 1);
          break;
        }
        check_failure(world, reply, 200, "UNAVAILABLE");
        const bool unknown = reply.body.find("it is not known whether") != std::string::npos;
        const bool lost_reply = fault == Fault::run_but_reported_failed;
        // Only a commit that ran can have stored anything, and then the answer says so.
        CHECK(stored == (unknown && lost_reply ? write.after : kStoredAtFirst));
        REQUIRE(outsider(world.database())->script(write.undo).has_value());
        check_works(world);
        REQUIRE(n < 20);
      }
      CHECK(n >= 4);  // begin, the change, commit at least
    }
  }
}

TEST_CASE("writes after one another keep what was stored when one between them fails") {
  World world({.gateway = one_worker()});
  const char* const kThree =
      R"(mutation { a: createPerson(input: {id: "q1", name: "a"}) { id }
                    b: createPerson(input: {id: "q2", name: "b"}) { id }
                    c: createPerson(input: {id: "q3", name: "c"}) { id } })";
  // Four statements each: the second field's insert is the sixth.
  world.data_driver_->writers.fail_at(6, Fault::not_run);
  const Reply reply = world.ask(kThree);
  check_failure(world, reply, 200, "UNAVAILABLE");
  const std::string stored = world.stored();
  const std::string data = reply.text({"data"});
  CAPTURE(data);
  // Null of a field that may not be null takes the whole data away, but never a stored row.
  CHECK(stored.find("q1=a") != std::string::npos);
  CHECK(stored.find("q2") == std::string::npos);
  check_works(world);
}

}  // namespace mc::failure
