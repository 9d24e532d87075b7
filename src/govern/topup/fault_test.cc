#include <doctest/doctest.h>

#include "contract/top_up_world.h"

namespace mc::topup {
namespace {

// Of the accountant's statements in an approval: behind the look at the caps.
constexpr std::int64_t kHandOver = 2;

// Whatever statement of whatever database fails, and however: after a tick, and after a start and a
// tick, both sides agree, and what was answered holds.
void break_at(std::int64_t n, Fault fault, bool of_accounts) {
  World world;
  const Request asked = world.asked("6");
  (of_accounts ? world.faulty_accounts : world.faulty_state)->fail_at(n, fault);
  const auto approved = world.decide(asked.id, State::active);
  (of_accounts ? world.faulty_accounts : world.faulty_state)->fail_at(0, fault);
  REQUIRE(world.desk->tick().has_value());
  if (approved) CHECK(world.state_of(asked.id) == State::active);
  world.check_agreement();
  world.start();
  REQUIRE(world.desk->tick().has_value());
  world.check_agreement();
  const bool holds = world.in_force() == Names{asked.id};
  CHECK(world.limit() == (holds ? "16" : "10"));
  if (!holds) REQUIRE(world.decide(asked.id, State::active).has_value());
  (of_accounts ? world.faulty_accounts : world.faulty_state)->fail_at(n, fault);
  const auto revoked = world.decide(asked.id, State::revoked);
  (of_accounts ? world.faulty_accounts : world.faulty_state)->fail_at(0, fault);
  REQUIRE(world.desk->tick().has_value());
  world.check_agreement();
  if (revoked) CHECK(world.in_force().empty());
  world.start();
  REQUIRE(world.desk->tick().has_value());
  world.check_agreement();
  CHECK(world.limit() == (world.state_of(asked.id) == State::revoked ? "10" : "16"));
}

TEST_CASE("top-ups: the n-th statement of the state database fails") {
  for (const Fault fault : {Fault::not_run, Fault::run_but_reported_failed}) {
    for (std::int64_t n = 1; n <= 9; ++n) {
      CAPTURE(n);
      break_at(n, fault, false);
    }
  }
}

TEST_CASE("top-ups: the n-th statement of the accountant's database fails") {
  for (const Fault fault : {Fault::not_run, Fault::run_but_reported_failed}) {
    for (std::int64_t n = 1; n <= 12; ++n) {
      CAPTURE(n);
      break_at(n, fault, true);
    }
  }
}

TEST_CASE("top-ups: the ledger's disk fails at its n-th write") {
  for (const auto fault :
       {sim::SimFiles::Fault::not_stored, sim::SimFiles::Fault::stored_but_reported_failed}) {
    for (std::int64_t n = 1; n <= 6; ++n) {
      CAPTURE(n);
      World world;
      const Request asked = world.asked();
      world.disk.fail_at(n, fault);
      const auto approved = world.decide(asked.id, State::active);
      CHECK(world.in_force() == (approved ? Names{asked.id} : Names{}));
      if (!approved) CHECK(approved.error().code == Code::unavailable);
      if (!approved) CHECK(world.state_of(asked.id) == State::pending);
    }
  }
}

TEST_CASE("top-ups: an approval that was stored before a crash is handed over by the next start") {
  World world;
  const Request asked = world.asked();
  world.faulty_accounts->fail_at(kHandOver, Fault::not_run);
  CHECK_FALSE(world.decide(asked.id, State::active).has_value());
  CHECK(world.in_force().empty());
  CHECK(world.state_of(asked.id) == State::active);
  world.start();
  REQUIRE(world.desk->tick().has_value());
  CHECK(world.in_force() == Names{asked.id});
  REQUIRE(world.desk->tick().has_value());
  CHECK(world.limit() == "14");
  CHECK(world.actions() == Names{"ask", "approve"});
}

TEST_CASE("top-ups: revoked before it was handed over, it never is") {
  World world;
  const Request asked = world.asked();
  world.faulty_accounts->fail_at(kHandOver, Fault::not_run);
  CHECK_FALSE(world.decide(asked.id, State::active).has_value());
  CHECK(world.state_of(asked.id) == State::active);
  const auto revoked = world.decide(asked.id, State::revoked);
  REQUIRE_MESSAGE(revoked.has_value(), revoked.error().what);
  // The server that approved it, late.
  accountant::TopUp late{.tenant = kAlpha,
                         .id = asked.id,
                         .dataset = "visit",
                         .purpose = "research",
                         .epsilon = epsilon("4"),
                         .window_start = *revoked->window_start,
                         .expires_at = asked.expires,
                         .record = "1"};
  CHECK(world.books->add_top_up(late).error().code == Code::conflict);
  REQUIRE(world.desk->tick().has_value());
  CHECK(world.in_force().empty());
  CHECK(world.limit() == "10");
}

}  // namespace
}  // namespace mc::topup
