#include "topup/topup.h"

#include <doctest/doctest.h>

#include <functional>

#include "contract/top_up_world.h"

namespace mc::topup {
namespace {

TEST_CASE("top-ups: asked for, approved by another, in force, used, ended with its time") {
  World world;
  const auto tried = world.desk->ask(world.wanted(), kAna, Run::dry);
  REQUIRE_MESSAGE(tried.has_value(), tried.error().what);
  CHECK(tried->state == State::pending);
  CHECK(world.desk->list(kAlpha)->empty());
  CHECK(world.records().empty());
  const Request asked = world.asked();
  CHECK(asked.id.starts_with("top_"));
  CHECK(asked.asked_by == "ana@alpha");
  CHECK(world.in_force().empty());
  const auto dry = world.decide(asked.id, State::active, kDora, Run::dry);
  REQUIRE(dry.has_value());
  CHECK(dry->state == State::active);
  CHECK(world.in_force().empty());
  CHECK(world.actions() == Names{"ask"});
  CHECK(*world.desk->find(kAlpha, asked.id) == asked);
  const auto approved = world.decide(asked.id, State::active);
  REQUIRE_MESSAGE(approved.has_value(), approved.error().what);
  CHECK(approved->approved_by == "dora@alpha");
  CHECK(*approved->window_start == *parse_rfc3339("2026-11-03T00:00:00Z"));
  CHECK(*world.desk->find(kAlpha, asked.id) == *approved);
  CHECK(world.in_force() == Names{asked.id});
  CHECK(world.limit() == "14");
  REQUIRE(world.actions() == Names{"ask", "approve"});
  const json::Value payload = world.records()[1].payload;
  CHECK(*payload.find("epsilon")->as_string() == "4");
  CHECK(*payload.find("warrant")->as_string() == world.warrant);
  CHECK(*payload.find("asked_by")->as_string() == "ana@alpha");
  CHECK(*payload.find("window_start")->as_string() == "2026-11-03T00:00:00.000Z");
  world.check_agreement();
  world.clock.advance(seconds(3'600));
  CHECK(world.state_of(asked.id) == State::expired);
  REQUIRE(world.desk->tick().has_value());
  REQUIRE(world.desk->tick().has_value());
  CHECK(world.actions() == Names{"ask", "approve", "expire"});
  CHECK(world.records()[2].actor == "time@system");
  CHECK(world.in_force().empty());
  CHECK(world.code_of(asked.id, State::revoked) == Code::conflict);
}

TEST_CASE("top-ups: what is wrong is named, and nothing is written") {
  World world;
  struct Row {
    std::string named;
    std::function<void(Request&)> change;
  };
  const Row rows[] = {
      {"dataset: ", [](Request& one) { one.dataset = ""; }},
      {"dataset: ", [](Request& one) { one.dataset = std::string(201, 'd'); }},
      {"purpose: ", [](Request& one) { one.purpose = ""; }},
      {"purpose: ", [](Request& one) { one.purpose = "a\nb"; }},
      {"warrant: ", [](Request& one) { one.warrant = ""; }},
      {"ticket: ", [](Request& one) { one.ticket = std::string(65, 't'); }},
      {"reason: ", [](Request& one) { one.reason = std::string(19, 'r'); }},
      {"reason: ", [](Request& one) { one.reason = std::string(501, 'r'); }},
      {"reason: ", [](Request& one) { one.reason = "one line of text\nand another one"; }},
      {"epsilon: ", [](Request& one) { one.epsilon = NanoEpsilon(0); }},
      {"epsilon: ", [](Request& one) { one.epsilon = NanoEpsilon(-1); }},
      {"expires: ", [&](Request& one) { one.expires = whole_ms(world.clock.wall()); }},
      {"expires: ",
       [&](Request& one) {
         one.expires = whole_ms(world.clock.wall()) + kLifetimeMax + millis(1);
       }},
  };
  for (const Row& row : rows) {
    Request wanted = world.wanted();
    row.change(wanted);
    const auto refused = world.desk->ask(wanted, kAna);
    REQUIRE_FALSE(refused.has_value());
    CAPTURE(refused.error().what);
    CHECK(refused.error().code == Code::invalid);
    CHECK(refused.error().what.starts_with(row.named));
  }
  CHECK(world.desk->list(kAlpha)->empty());
  CHECK(world.records().empty());
  Request longest = world.wanted("4", kLifetimeMax);
  longest.reason = std::string(500, 'r');
  longest.ticket = std::string(64, 't');
  CHECK(world.desk->ask(longest, kAna).has_value());
  Request nobody = world.wanted();
  nobody.tenant = "nobody";
  CHECK_FALSE(world.desk->ask(nobody, kAna).has_value());
}

TEST_CASE("top-ups: no active warrant, no top-up, neither asked for nor approved") {
  World world;
  const auto refusal = [&](const std::string& warrant) {
    Request wanted = world.wanted();
    wanted.warrant = warrant;
    const auto refused = world.desk->ask(wanted, kAna);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().what.starts_with("warrant: "));
    return refused.error().code;
  };
  CHECK(refusal("wrt_none") == Code::denied);
  CHECK(refusal(world.foreign) == Code::denied);
  const std::string revoked = world.give(kAlpha);
  const std::string brief = world.give(kAlpha, seconds(60));
  Request first = world.wanted(), second = world.wanted();
  first.warrant = revoked;
  second.warrant = brief;
  const auto one = world.desk->ask(first, kAna);
  const auto other = world.desk->ask(second, kAna);
  REQUIRE(one.has_value());
  REQUIRE(other.has_value());
  world.take_back(revoked);
  world.clock.advance(seconds(60));
  CHECK(refusal(revoked) == Code::denied);
  CHECK(refusal(brief) == Code::denied);
  CHECK(world.code_of(one->id, State::active) == Code::denied);
  CHECK(world.code_of(other->id, State::active) == Code::denied);
  CHECK(world.in_force().empty());
  CHECK(world.state_of(one->id) == State::pending);
  CHECK(world.actions() == Names{"ask", "ask"});
  CHECK(world.decide(one->id, State::refused).has_value());
}

TEST_CASE("top-ups: whoever asked does not approve, and what is decided is decided") {
  World world;
  const Request asked = world.asked();
  // Another token, another purpose, another request: it is the same principal.
  for (const Actor& self : {kAna, Actor{"ana@alpha", "", "req-9"}}) {
    CHECK(world.code_of(asked.id, State::active, self) == Code::denied);
  }
  CHECK_FALSE(world.decide(asked.id, State::active, kAna, Run::dry).has_value());
  CHECK(world.in_force().empty());
  CHECK(world.desk->decide(TenantId("bravo"), asked.id, {State::active}, kDora).error().code ==
        Code::not_found);
  // Ana of another tenant is somebody else.
  REQUIRE(world.decide(asked.id, State::active, {"ana@system", "", "req-3"}).has_value());
  CHECK(world.code_of(asked.id, State::active) == Code::conflict);
  CHECK(world.code_of(asked.id, State::refused) == Code::conflict);
  CHECK(world.in_force() == Names{asked.id});
  const auto dry = world.decide(asked.id, State::revoked, kDora, Run::dry);
  CHECK(dry->state == State::revoked);
  CHECK(world.in_force() == Names{asked.id});
  const auto revoked = world.decide(asked.id, State::revoked, kAna);
  REQUIRE_MESSAGE(revoked.has_value(), revoked.error().what);
  CHECK(*revoked->taken == epsilon("4"));
  CHECK(*world.desk->find(kAlpha, asked.id) == *revoked);
  CHECK(world.in_force().empty());
  CHECK(world.code_of(asked.id, State::revoked) == Code::conflict);
  const Request other = world.asked();
  REQUIRE(world.decide(other.id, State::refused, kAna).has_value());
  CHECK(world.code_of(other.id, State::refused) == Code::conflict);
  CHECK(world.code_of(other.id, State::active) == Code::conflict);
  CHECK(world.code_of(other.id, State::revoked) == Code::conflict);
  const Request third = world.asked();
  const auto withdrawn = world.decide(third.id, State::revoked, kAna);
  REQUIRE(withdrawn.has_value());
  CHECK(*withdrawn->taken == NanoEpsilon(0));
  REQUIRE(world.desk->tick().has_value());
  CHECK(world.in_force().empty());
  CHECK(world.actions() == Names{"ask", "approve", "revoke", "ask", "refuse", "ask", "revoke"});
}

TEST_CASE("top-ups: only what is not spent is taken away") {
  World world;
  const Request asked = world.asked();
  REQUIRE(world.decide(asked.id, State::active).has_value());
  world.spend("5", "a");
  world.spend("5", "b");
  world.spend("1.5", "c");
  const auto revoked = world.decide(asked.id, State::revoked);
  REQUIRE(revoked.has_value());
  CHECK(*revoked->taken == epsilon("2.5"));
  CHECK(world.limit() == "0");
}

TEST_CASE("top-ups: caps of the plan, of a window and for good") {
  World world;
  CHECK(world.desk->ask(world.wanted("10.000000001"), kAna).error().code == Code::denied);
  const Request six = world.asked("6"), five = world.asked("5"), four = world.asked("4");
  REQUIRE(world.decide(six.id, State::active).has_value());
  // One of more than half of the cap is handed over once, and then is there.
  REQUIRE(world.desk->tick().has_value());
  CHECK(world.code_of(five.id, State::active) == Code::denied);
  CHECK(world.desk->ask(world.wanted("4.1"), kAna).error().code == Code::denied);
  REQUIRE(world.decide(four.id, State::active).has_value());
  REQUIRE(world.desk->tick().has_value());
  CHECK(world.in_force().size() == 2);
  world.check_agreement();
  // In the next window there is room for 5 more for good, which only the accountant knows.
  world.clock.advance(seconds(3LL * 86'400));
  REQUIRE(world.desk->tick().has_value());
  const Request more = world.asked("5.5");
  CHECK(world.code_of(more.id, State::active) == Code::denied);
  CHECK(world.state_of(more.id) == State::refused);
  CHECK(world.actions().back() == "refuse");
  const Request rest = world.asked("5");
  REQUIRE(world.decide(rest.id, State::active).has_value());
  world.check_agreement();
}

TEST_CASE("top-ups: end with their time or their window, and a clock set back revives none") {
  World world;
  const Request brief = world.asked("1", seconds(60));
  const Request undecided = world.asked("1", seconds(60));
  const Request whole = world.asked("2", seconds(20LL * 86'400));
  REQUIRE(world.decide(brief.id, State::active).has_value());
  REQUIRE(world.decide(whole.id, State::active).has_value());
  world.clock.advance(seconds(60));
  // Nobody has written it down, and it has ended all the same.
  CHECK(world.in_force() == Names{whole.id});
  CHECK(world.code_of(undecided.id, State::active) == Code::conflict);
  REQUIRE(world.desk->tick().has_value());
  CHECK(world.state_of(brief.id) == State::expired);
  CHECK(world.state_of(undecided.id) == State::expired);
  world.clock.jump_wall(seconds(-61));
  REQUIRE(world.desk->tick().has_value());
  CHECK(world.state_of(brief.id) == State::expired);
  CHECK(world.code_of(brief.id, State::active) == Code::conflict);
  CHECK(world.code_of(undecided.id, State::active) == Code::conflict);
  world.clock.jump_wall(seconds(61));
  world.clock.advance(*parse_rfc3339("2026-12-03T00:00:00Z") - world.clock.wall());
  CHECK(world.in_force().empty());
  REQUIRE(world.desk->tick().has_value());
  CHECK(world.state_of(whole.id) == State::expired);
  CHECK(world.limit() == "10");
  const std::size_t acts = world.actions().size();
  REQUIRE(world.desk->tick().has_value());
  CHECK(world.actions().size() == acts);
}

TEST_CASE("top-ups: an expired one whose row is put back as active comes into force nowhere") {
  World world;
  const Request brief = world.asked("1", seconds(60));
  REQUIRE(world.decide(brief.id, State::active).has_value());
  world.clock.advance(seconds(60));
  REQUIRE(world.desk->tick().has_value());
  REQUIRE(world.books->settle_left_open().has_value());
  const auto later = to_unix_ms(world.clock.wall() + seconds(600));
  REQUIRE(world.state
              ->execute("UPDATE dp_top_up_request SET state = 'active', expires_at = ?1",
                        {sql::Param(later)})
              .has_value());
  world.start();
  REQUIRE(world.desk->tick().has_value());
  CHECK(world.in_force().empty());
  CHECK(world.limit() == "10");
}

TEST_CASE("top-ups: no more than so many are open") {
  World world;
  std::string last;
  for (std::int64_t i = 0; i < kOpenMax; ++i) last = world.asked("0.1").id;
  CHECK(world.desk->ask(world.wanted("0.1"), kAna).error().code == Code::exhausted);
  CHECK(world.desk->ask(world.wanted("0.1"), kAna, Run::dry).error().code == Code::exhausted);
  Request bravo = world.wanted("0.1");
  bravo.tenant = "bravo";
  bravo.warrant = world.foreign;
  CHECK(world.desk->ask(bravo, {"bea@bravo", "", "r"}).has_value());
  REQUIRE(world.decide(last, State::revoked).has_value());
  CHECK(world.desk->ask(world.wanted("0.1"), kAna).has_value());
}

TEST_CASE("top-ups: without a ledger nothing is approved, and nothing revoked") {
  World world;
  const Request held = world.asked("1");
  REQUIRE(world.decide(held.id, State::active).has_value());
  const Request pending = world.asked("2");
  world.ledger->refuse({Code::unavailable, "the disk is gone"});
  CHECK(world.desk->ask(world.wanted("1"), kAna).error().code == Code::unavailable);
  CHECK(world.code_of(pending.id, State::active) == Code::unavailable);
  CHECK(world.code_of(pending.id, State::refused) == Code::unavailable);
  CHECK(world.code_of(held.id, State::revoked) == Code::unavailable);
  CHECK(world.in_force() == Names{held.id});
  CHECK(world.limit() == "11");
  REQUIRE(world.desk->tick().has_value());
  world.check_agreement();
  // It ends all the same.
  world.clock.advance(seconds(3'600));
  CHECK_FALSE(world.desk->tick().has_value());
  CHECK(world.in_force().empty());
  CHECK(world.limit() == "10");
}

TEST_CASE("top-ups: a second server on the same databases sees, decides and ends the same") {
  World world;
  Desk other({*world.directory, *world.ledger, *world.books, world.clock, world.random, world.log});
  const Request asked = world.asked("6");
  REQUIRE(other.decide(kAlpha, asked.id, {State::active}, kDora).has_value());
  CHECK(world.code_of(asked.id, State::active) == Code::conflict);
  REQUIRE(world.desk->tick().has_value());
  REQUIRE(other.tick().has_value());
  CHECK(world.in_force() == Names{asked.id});
  CHECK(world.limit() == "16");
  world.clock.advance(seconds(3'600));
  REQUIRE(world.desk->tick().has_value());
  REQUIRE(other.tick().has_value());
  CHECK(world.actions() == Names{"ask", "approve", "expire"});
}

TEST_CASE("top-ups: who asks and who approves see the same, and looking changes nothing") {
  World world;
  world.spend("5", "a");
  const Request wanted = world.wanted();
  const auto before = world.desk->preview(wanted);
  REQUIRE(before.has_value());
  const auto asked = world.desk->ask(wanted, kAna);
  REQUIRE(asked.has_value());
  const auto approver = world.desk->preview(*asked);
  CHECK(*approver == *before);
  CHECK(*before->limit_before == epsilon("10"));
  CHECK(*before->limit_after == epsilon("14"));
  CHECK(*before->left_before == epsilon("5"));
  CHECK(*before->left_after == epsilon("9"));
  CHECK(before->lifetime_spent == epsilon("5"));
  CHECK(before->window_end == *parse_rfc3339("2026-12-03T00:00:00Z"));
  CHECK(world.actions() == Names{"ask"});
  REQUIRE(world.decide(asked->id, State::active).has_value());
  CHECK(*world.desk->preview(wanted)->limit_before == epsilon("14"));
  Request nobody = wanted;
  nobody.tenant = "nobody";
  CHECK(world.desk->preview(nobody).error().code == Code::not_found);
}

}  // namespace
}  // namespace mc::topup
