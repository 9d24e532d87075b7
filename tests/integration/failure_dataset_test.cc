// The database of a dataset locked, gone, damaged, full or slow, while it is asked.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/resource.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "failure_world.h"
#include "net/test_tools.h"

namespace mc::failure {
namespace {

namespace fs = std::filesystem;
using Fault = sim::FaultyConnection::Fault;

const char* const kSlow = "{ slows(first: 1) { nodes { id } } }";

gateway::GatewayConfig with_timeout(Nanos timeout, std::int64_t workers = 2) {
  gateway::GatewayConfig config;
  config.workers = workers;
  config.routes[0].timeout = timeout;
  return config;
}

// Files of this process cannot grow past the limit while it lives; a write gives EFBIG.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(std::uintmax_t bytes) {
    ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit = before_;
    limit.rlim_cur = bytes;
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
  }
  ~FileSizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
};

}  // namespace

TEST_CASE("a file locked by another program fails writes with UNAVAILABLE and lets reads go on") {
  World world;
  check_works(world);
  const auto other = outsider(world.database());
  REQUIRE(other->begin().has_value());
  for (const char* mutation : {kCreate, kUpdate, kDelete}) {
    check_failure(world, world.ask(mutation), 200, "UNAVAILABLE");
    check_works(world);
  }
  CHECK(world.log_lines("dataset.fault", "locked") == 3);
  REQUIRE(other->rollback().has_value());
  CHECK(world.stored() == kStoredAtFirst);
  CHECK(world.ask(kCreate).code().empty());
  CHECK(world.stored() == std::string(kStoredAtFirst) + ",p9=Noor");
}

TEST_CASE("a lock that outlasts the deadline holds the request no longer than the deadline") {
  // The lock would be waited for a hundred times as long as the deadline, so that a slow machine
  // cannot make one look like the other.
  World world({.gateway = with_timeout(millis(300)), .busy_timeout = seconds(30)});
  const auto other = outsider(world.database());
  REQUIRE(other->begin().has_value());
  for (const char* mutation : {kCreate, kUpdate, kDelete}) {
    const Reply reply = world.ask(mutation);
    const std::string code = reply.code() == "UNAVAILABLE" ? "UNAVAILABLE" : "DEADLINE_EXCEEDED";
    check_failure(world, reply, 200, code);
    CHECK(reply.took < seconds(15));
  }
  REQUIRE(other->rollback().has_value());
  // A machine that is busy may let a deadline pass once more.
  constexpr int kTriesMax = 100;
  int tries = 1;
  while (!world.ask(kDelete).code().empty() && tries < kTriesMax) ++tries;
  CHECK(tries < kTriesMax);
}

TEST_CASE("a write waits for a lock that is let go in time") {
  World world({.gateway = with_timeout(seconds(10)), .busy_timeout = seconds(5)});
  CHECK(world.ask(kUpdate).code().empty());
  const auto other = outsider(world.database());
  REQUIRE(other->begin().has_value());
  const std::int64_t before = world.data_driver_->writers.counted();
  std::thread release([&] {
    while (world.data_driver_->writers.counted() == before) std::this_thread::yield();
    CHECK(other->rollback().has_value());
  });
  const Reply reply = world.ask(kDelete);
  release.join();
  CHECK_MESSAGE(reply.code().empty(), reply.body);
}

TEST_CASE("a file that nobody may read is UNAVAILABLE until the other program lets go") {
  World world;
  {
    const auto other = outsider(world.database());
    REQUIRE(other->script("PRAGMA locking_mode=EXCLUSIVE").has_value());
    REQUIRE(other->execute("UPDATE person SET name = name", {}).has_value());
    check_failure(world, world.ask(kRead), 200, "UNAVAILABLE");
    check_failure(world, world.ask(kUpdate), 200, "UNAVAILABLE");
  }
  check_works(world);
  CHECK(world.ask(kUpdate).code().empty());
}

TEST_CASE("a folder that is gone before the first request heals when it comes back") {
  World world;
  fs::rename(world.database_folder(), world.database_folder() + "-away");
  check_failure(world, world.ask(kRead), 200, "UNAVAILABLE");
  for (const char* mutation : {kCreate, kUpdate, kDelete}) {
    check_failure(world, world.ask(mutation), 200, "UNAVAILABLE");
  }
  fs::rename(world.database_folder() + "-away", world.database_folder());
  check_works(world);
  CHECK(world.ask(kCreate).code().empty());
}

TEST_CASE("a file that is gone before the first write is not made anew") {
  World world;
  fs::rename(world.database(), world.database() + ".away");
  for (const char* mutation : {kCreate, kUpdate, kDelete}) {
    check_failure(world, world.ask(mutation), 200, "UNAVAILABLE");
  }
  CHECK_FALSE(fs::exists(world.database()));
  fs::rename(world.database() + ".away", world.database());
  CHECK(world.ask(kDelete).code().empty());
}

TEST_CASE("a file moved away while it is used loses no write that was answered") {
  World world;
  check_works(world);
  CHECK(world.ask(kUpdate).code().empty());
  fs::rename(world.database_folder(), world.database_folder() + "-away");
  check_failure(world, world.ask(kRead), 200, "UNAVAILABLE");
  for (const char* mutation : {kCreate, kUpdate, kDelete}) {
    check_failure(world, world.ask(mutation), 200, "UNAVAILABLE");
  }
  fs::rename(world.database_folder() + "-away", world.database_folder());
  CHECK(world.stored() == "p1=Changed,p2=name 2,p3=name 3,p4=name 4,p5=name 5");
  check_works(world);
  CHECK(world.ask(kCreate).code().empty());
  CHECK(world.stored().ends_with("p9=Noor"));
}

TEST_CASE("a file replaced while it is used is the one that is read and written") {
  World world;
  check_works(world);
  CHECK(world.ask(kUpdate).code().empty());
  // As an operator restores a backup: the whole folder, with the log beside the file.
  const std::string backup = world.database_folder() + "-backup";
  fs::create_directory(backup);
  const auto source = outsider(world.database());
  REQUIRE(source->execute("VACUUM INTO ?1", {backup + "/people.db"}).has_value());
  {
    const auto copy = outsider(backup + "/people.db");
    REQUIRE(copy->execute("UPDATE person SET name = 'restored' WHERE id = 'p1'", {}).has_value());
  }
  fs::rename(world.database_folder(), world.database_folder() + "-old");
  fs::rename(backup, world.database_folder());
  const Reply reply = world.ask(R"({ person(id: "p1") { name } })");
  CHECK(reply.text({"data", "person", "name"}) == "\"restored\"");
  CHECK(world.ask(kDelete).code().empty());
  CHECK(world.stored() == "p1=restored,p3=name 3,p4=name 4,p5=name 5");
}

TEST_CASE("a damaged file is UNAVAILABLE, never a crash, and a repaired one works again") {
  World world;
  const std::string good = world.folder_ / "good.db";
  {
    const auto source = outsider(world.database());
    REQUIRE(source->execute("VACUUM INTO ?1", {good}).has_value());
  }
  const auto whole = fs::file_size(good);
  const std::vector<std::pair<std::uintmax_t, std::string>> damages = {
      {0, std::string(100, '\xff')},       // the header is no header
      {16, std::string("\x00\x03", 2)},    // an impossible page size
      {100, std::string(900, '\x5a')},     // the root of the schema
      {4096, std::string(4096, '\x5a')}};  // a page of a table
  for (const auto& [at, bytes] : damages) {
    CAPTURE(at);
    const std::string damaged = world.folder_ / "damaged.db";
    fs::copy_file(good, damaged, fs::copy_options::overwrite_existing);
    {
      std::fstream file(damaged, std::ios::in | std::ios::out | std::ios::binary);
      file.seekp(static_cast<std::streamoff>(at));
      file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    }
    CHECK(fs::file_size(damaged) == whole);
    fs::remove(world.database() + "-wal");
    fs::remove(world.database() + "-shm");
    fs::rename(damaged, world.database());
    check_failure(world, world.ask(kRead), 200, "UNAVAILABLE");
    check_failure(world, world.ask(kUpdate), 200, "UNAVAILABLE");
    fs::copy_file(good, damaged);
    fs::remove(world.database() + "-wal");
    fs::remove(world.database() + "-shm");
    fs::rename(damaged, world.database());
    check_works(world);
    CHECK(world.stored() == kStoredAtFirst);
  }
}

TEST_CASE("a full database refuses the write, rolls back and goes on reading") {
  World world;
  CHECK(world.ask(R"(mutation { updatePerson(id: "p1", input: {name: "name 1"}) { id } })")
            .code()
            .empty());
  world.data_driver_->writers.run_first("PRAGMA max_page_count=1");
  const std::string big(60'000, 'x');
  const std::string too_big =
      "mutation { createPerson(input: {id: \"p9\", name: \"" + big + "\"}) { id } }";
  for (int i = 0; i < 3; ++i) {
    check_failure(world, world.ask(too_big), 200, "UNAVAILABLE");
    check_works(world);
    CHECK(world.stored() == kStoredAtFirst);
  }
  world.data_driver_->writers.run_first("PRAGMA max_page_count=1000000");
  CHECK(world.ask(too_big).code().empty());
  CHECK(world.ask(R"({ person(id: "p9") { name } })").body.size() > big.size());
}

TEST_CASE("a full disk refuses the write, rolls back and goes on reading") {
  World world;
  CHECK(world.ask(kUpdate).code().empty());
  const std::string before = world.stored();
  {
    const FileSizeLimit limit(fs::file_size(world.database() + "-wal"));
    for (const char* mutation : {kCreate, kDelete, kUpdate}) {
      const Reply reply = world.ask(mutation);
      check_failure(world, reply, 200, "UNAVAILABLE");
      check_works(world);
      CHECK(world.stored() == before);
    }
  }
  CHECK(world.ask(kCreate).code().empty());
  CHECK(world.stored() == before + ",p9=Noor");
}

TEST_CASE("a statement past the deadline is interrupted and its worker is free again") {
  World world({.gateway = with_timeout(millis(300))});
  for (int i = 0; i < 3; ++i) {
    const Reply reply = world.ask(kSlow);
    check_failure(world, reply, 200, "DEADLINE_EXCEEDED");
    CHECK(reply.took >= millis(250));
    CHECK(reply.took < seconds(2));
  }
  CHECK(world.workers_free());
}

TEST_CASE("a client that leaves interrupts its statement, and the worker is free again") {
  World world({.gateway = with_timeout(seconds(60), 1)});
  check_works(world);
  for (int i = 0; i < 3; ++i) {
    net::test::RawSocket client = net::test::RawSocket::connect(world.port());
    const std::int64_t before = world.data_driver_->readers.counted();
    REQUIRE(client.send(world.raw_request(kSlow)));
    while (world.data_driver_->readers.counted() == before) std::this_thread::yield();
    if (i % 2 == 0) {
      client.reset();
    } else {
      client.close();
    }
    // The only worker answers: it was taken away from a statement that never ends.
    const Reply next = world.ask(kRead);
    CHECK(next.code().empty());
    CHECK(next.took < seconds(2));
  }
}

}  // namespace mc::failure
