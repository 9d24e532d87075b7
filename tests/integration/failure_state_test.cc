// The state database full, locked or moved while tokens change; the wall clock jumping.
#include <doctest/doctest.h>

#include <filesystem>
#include <thread>

#include "failure_world.h"

namespace mc::failure {
namespace {

using Fault = sim::FaultyConnection::Fault;
using identity::Scope;

Result<identity::IssuedToken> issue(World& world) {
  return world.directory_->issue({.tenant = TenantId("alpha"),
                                  .principal = PrincipalId("ada"),
                                  .scopes = {Scope::query},
                                  .note = "second"});
}

std::int64_t tokens_stored(const World& world, const std::string& condition) {
  const auto rows = outsider(world.folder_ / "state.db");
  auto query = rows->query("SELECT COUNT(*) FROM token WHERE " + condition, {});
  REQUIRE(query.has_value());
  REQUIRE(*(*query)->next());
  return (*query)->integer(0);
}

}  // namespace

TEST_CASE("with the state locked by another program no token changes and the old one works") {
  World world;
  const auto other = outsider(world.folder_ / "state.db");
  REQUIRE(other->begin().has_value());
  const auto issued = issue(world);
  REQUIRE_FALSE(issued.has_value());
  CHECK(issued.error().code == Code::unavailable);
  const Status revoked = world.directory_->revoke(TenantId("alpha"), world.token_info_.id);
  REQUIRE_FALSE(revoked.has_value());
  CHECK(revoked.error().code == Code::unavailable);
  CHECK_FALSE(world.directory_->save_last_use().has_value());
  check_works(world);
  REQUIRE(other->rollback().has_value());
  CHECK(tokens_stored(world, "revoked_at IS NULL") == 1);
  auto second = issue(world);
  REQUIRE(second.has_value());
  CHECK(world.ask_with(std::string(second->token.reveal(RevealToken())), kRead).code().empty());
}

TEST_CASE("with a full state no token changes and the old one works") {
  World world;
  world.state_driver_->writers.run_first("PRAGMA max_page_count=1");
  int made = 0;
  Result<identity::IssuedToken> issued = issue(world);
  while (issued && made < 900) {
    ++made;
    issued = issue(world);
  }
  REQUIRE_FALSE(issued.has_value());
  CHECK(issued.error().code == Code::unavailable);
  CHECK(tokens_stored(world, "1 = 1") == made + 1);
  check_works(world);
  world.state_driver_->writers.run_first("PRAGMA max_page_count=1000000");
  CHECK(issue(world).has_value());
}

TEST_CASE("a token whose revocation was answered with an error can be revoked again") {
  for (const Fault fault : {Fault::not_run, Fault::run_but_reported_failed}) {
    for (std::int64_t n = 1;; ++n) {
      CAPTURE(n);
      World world;
      world.state_driver_->writers.fail_at(n, fault);
      const Status first = world.directory_->revoke(TenantId("alpha"), world.token_info_.id);
      world.state_driver_->writers.fail_at(1'000'000, fault);
      const bool stored = tokens_stored(world, "revoked_at IS NOT NULL") == 1;
      if (!first) {
        CHECK((!stored || fault == Fault::run_but_reported_failed));
        // Again, as an operator does: afterwards the token is dead, whatever the answer.
        const Status again = world.directory_->revoke(TenantId("alpha"), world.token_info_.id);
        CHECK((again.has_value() || again.error().code == Code::not_found));
      }
      const Reply reply = world.ask(kRead);
      check_failure(world, reply, 401, "UNAUTHENTICATED");
      CHECK(tokens_stored(world, "revoked_at IS NOT NULL") == 1);
      if (first) {
        CHECK(n > 1);
        break;
      }
      REQUIRE(n < 10);
    }
  }
}

TEST_CASE("a token that could not be issued is none, and the old one works") {
  for (std::int64_t n = 1;; ++n) {
    CAPTURE(n);
    World world;
    world.state_driver_->writers.fail_at(n, Fault::not_run);
    const auto issued = issue(world);
    world.state_driver_->writers.fail_at(1'000'000, Fault::not_run);
    check_works(world);
    CHECK(tokens_stored(world, "1 = 1") == (issued.has_value() ? 2 : 1));
    if (issued) break;
    REQUIRE(n < 20);
  }
}

TEST_CASE("a tenant whose suspension was answered with an error is suspended by the next try") {
  for (std::int64_t n = 1;; ++n) {
    CAPTURE(n);
    World world;
    const auto tenant = world.directory_->tenant(TenantId("alpha"));
    REQUIRE(tenant.has_value());
    identity::Tenant suspended = *tenant;
    suspended.state = "suspended";
    world.state_driver_->writers.fail_at(n, Fault::run_but_reported_failed);
    const auto first = world.directory_->update_tenant(suspended);
    world.state_driver_->writers.fail_at(1'000'000, Fault::not_run);
    if (!first) static_cast<void>(world.directory_->update_tenant(suspended));
    check_failure(world, world.ask(kRead), 401, "UNAUTHENTICATED");
    if (first) break;
    REQUIRE(n < 20);
  }
}

TEST_CASE("a state file that was moved away takes no change that would be lost") {
  World world;
  const std::string path = world.folder_ / "state.db";
  for (const char* end : {"", "-wal", "-shm"}) {
    std::filesystem::rename(path + end, path + ".away" + end);
  }
  CHECK_FALSE(issue(world).has_value());
  CHECK_FALSE(world.directory_->revoke(TenantId("alpha"), world.token_info_.id).has_value());
  check_works(world);
  for (const char* end : {"", "-wal", "-shm"}) {
    std::filesystem::rename(path + ".away" + end, path + end);
  }
  CHECK(issue(world).has_value());
}

TEST_CASE("a wall clock that jumps moves expiry and Date, and no deadline") {
  World world({.gateway = {}, .token_lifetime = seconds(3600)});
  check_works(world);
  const std::string today = world.ask(kRead).date;
  world.clock_.jump(seconds(-86'400));
  const Reply back = world.ask(kRead);
  CHECK(back.code().empty());  // younger than its creation is still valid
  CHECK_FALSE(back.date.empty());
  world.clock_.jump(seconds(86'400 + 7'200));
  check_failure(world, world.ask(kRead), 401, "UNAUTHENTICATED");
  world.clock_.jump(seconds(-7'200));
  check_works(world);
  // Date is cached for up to a second; then it follows.
  world.clock_.jump(seconds(-3 * 86'400));
  const MonoTime since = world.clock_.mono();
  std::string date = world.ask(kRead).date;
  while (date.substr(0, 16) == today.substr(0, 16) && world.clock_.mono() - since < seconds(5)) {
    date = world.ask(kRead).date;
  }
  CHECK(date.substr(0, 16) != today.substr(0, 16));
}

TEST_CASE("a wall clock that jumps while a statement runs does not move its deadline") {
  gateway::GatewayConfig config;
  config.routes[0].timeout = millis(500);
  World world({.gateway = config});
  for (const Nanos jump : {seconds(7'200), seconds(-14'400)}) {
    const std::int64_t before = world.data_driver_->readers.counted();
    std::thread jumper([&] {
      while (world.data_driver_->readers.counted() == before) std::this_thread::yield();
      world.clock_.jump(jump);
    });
    if (jump.count < 0) world.clock_.jump(seconds(-7'200));
    const Reply reply = world.ask("{ slows(first: 1) { nodes { id } } }");
    jumper.join();
    check_failure(world, reply, 200, "DEADLINE_EXCEEDED");
    CHECK(reply.took >= millis(450));
    CHECK(reply.took < seconds(3));
  }
}

TEST_CASE("a state of an edited or newer migration stops the start and names the migration") {
  const struct {
    std::string name;
    const char* change;
    std::string named;
  } cases[] = {
      {"edited", "UPDATE mc_migration SET sha256 = 'other' WHERE number = 1",
       sql::built_in_migrations().front().name},
      {"newer", "INSERT INTO mc_migration VALUES (9999, '9999_future', 'x', 0)", "9999_future"}};
  for (const auto& changed : cases) {
    CAPTURE(changed.name);
    const TempFolder folder;
    JumpClock clock;
    const std::string path = folder / "state.db";
    REQUIRE(sql::migrate(*outsider(path), sql::built_in_migrations(), clock).has_value());
    REQUIRE(outsider(path)->script(changed.change).has_value());
    for (int i = 0; i < 2; ++i) {
      const auto again = sql::migrate(*outsider(path), sql::built_in_migrations(), clock);
      REQUIRE_FALSE(again.has_value());
      CHECK(again.error().code == Code::corrupt);
      CHECK(again.error().what.find(changed.named) != std::string::npos);
    }
  }
}

}  // namespace mc::failure
