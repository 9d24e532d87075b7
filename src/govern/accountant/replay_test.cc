#include "accountant/replay.h"

#include <doctest/doctest.h>

#include "accountant/charge_json.h"
#include "json/json.h"

namespace mc::accountant {
namespace {

// The two charges of docs/formats/accountant.md.
ChargeRecord first() {
  ChargeRecord out;
  out.id = ChargeId("chg_01KB9Z6V3M0000000000000001");
  out.charge.tenant = TenantId("alpha");
  out.charge.dataset = "visits";
  out.charge.purpose = "research";
  out.charge.analyst = PrincipalId("ana");
  out.charge.query_type = "count";
  out.charge.mechanism = "discrete_laplace";
  out.charge.cost.epsilon = NanoEpsilon(500'000'000);
  out.charge.query = "sha256:0f";
  out.charge.key = "is not part of it";
  out.state = State::committed;
  out.window = window_at(WindowLength(), *parse_rfc3339("2026-01-01T10:00:00Z"));
  out.reserved_at = *parse_rfc3339("2026-01-01T10:00:00.250Z");
  out.settled_at = out.reserved_at;
  out.seq = 1;
  out.result = R"({"count":41})";
  out.result_hash = crypto::Sha256().add(out.result).finish();
  return out;
}

ChargeRecord second() {
  ChargeRecord out = first();
  out.id = ChargeId("chg_01KB9Z6V3M0000000000000002");
  out.charge.analyst = PrincipalId("B\"en\\");
  out.charge.cost = {NanoEpsilon(100'000'000), AttoDelta(1'000'000'000), PicoRho(5'000'000'000)};
  out.charge.events =
      Window{*parse_rfc3339("2025-12-01T00:00:00Z"), *parse_rfc3339("2026-01-01T00:00:00Z")};
  out.charge.reach = Reach::tenant;
  out.state = State::burned;
  out.seq = 2;
  out.result.clear();
  out.result_hash = {};
  return out;
}

constexpr std::string_view kFirst =
    R"({"analyst":"ana","cost":{"delta":"0","epsilon":"0.5","rho":"0"},"dataset":"visits",)"
    R"("events":null,"id":"chg_01KB9Z6V3M0000000000000001","kind":"mc.dp-charge/v1",)"
    R"("mechanism":"discrete_laplace","outcome":"committed","purpose":"research",)"
    R"("query":"sha256:0f","query_type":"count","reach":"tenant_and_dataset",)"
    R"("reserved_at":"2026-01-01T10:00:00.250Z",)"
    R"("result":"sha256:9fbd205e5992699ce63d88741e36c73c06fb4435ccdbd91b45ba08ce1d875930",)"
    R"("seq":1,"settled_at":"2026-01-01T10:00:00.250Z","tenant":"alpha",)"
    R"("window_start":"2025-12-08T00:00:00.000Z"})";

constexpr std::string_view kHash1 =
    "sha256:208dd7c4404e37752e6709ad25bbb22f6a3b7a3af52e3239321e428672840ac3";
constexpr std::string_view kHash2 =
    "sha256:b6fdcfeba5fcf4b288a2698f1d49461eba40556c2fe1e1e70f5a816ad769d143";
constexpr std::string_view kHash3 =
    "sha256:0108b06d2b3e68c0fcd64cd09a9ad868d383a13b85f2f067e6653371bfd5672d";
constexpr std::string_view kHash4 =
    "sha256:e8c2c6bde4962f53e5ae81b1776b3cfb9151a30ef577346d3e2e8bb07d25c221";

TEST_CASE("replay: the worked example of docs/formats/accountant.md, byte for byte") {
  CHECK(settled_json(first()) == kFirst);
  CHECK(digest_text(charge_hash(first())) == kHash1);
  CHECK(digest_text(charge_hash(second())) == kHash2);
  Replay replay("1");
  CHECK(digest_text(replay.hash()) == kHash3);
  REQUIRE(replay.add(first()).has_value());
  REQUIRE(replay.add(second()).has_value());
  CHECK(digest_text(replay.hash()) == kHash4);
  const std::string text = R"({"charges":[")" + digest_text(charge_hash(first())) + R"(",")" +
                           digest_text(charge_hash(second())) +
                           R"("],"kind":"mc.dp-accountant/v1","policy_version":"1",)"
                           R"("totals":{"charges":2,"delta":"0.000000001","epsilon":"0.6",)"
                           R"("rho":"0.005"}})";
  CHECK(replay.hash() == crypto::Sha256().add(text).finish());
  CHECK(replay.windows().size() == 1);
}

TEST_CASE("replay: what is hashed is in canonical form, whatever names look like") {
  for (const ChargeRecord& each : {first(), second()}) {
    const std::string text = settled_json(each);
    const auto parsed = json::parse(text);
    REQUIRE(parsed.has_value());
    CHECK(json::canonical(*parsed) == text);
  }
}

TEST_CASE("replay: every fact of a charge is in its hash") {
  using Change = void (*)(ChargeRecord&);
  const Change changes[] = {
      [](ChargeRecord& c) { c.id = ChargeId("chg_x"); },
      [](ChargeRecord& c) { c.charge.tenant = TenantId("beta"); },
      [](ChargeRecord& c) { c.charge.dataset = "x"; },
      [](ChargeRecord& c) { c.charge.purpose = "x"; },
      [](ChargeRecord& c) { c.charge.analyst = PrincipalId("x"); },
      [](ChargeRecord& c) { c.charge.query_type = "x"; },
      [](ChargeRecord& c) { c.charge.mechanism = "x"; },
      [](ChargeRecord& c) { c.charge.query = "x"; },
      [](ChargeRecord& c) { c.charge.cost.epsilon = NanoEpsilon(500'000'001); },
      [](ChargeRecord& c) { c.charge.cost.delta = AttoDelta(1); },
      [](ChargeRecord& c) { c.charge.cost.rho = PicoRho(1); },
      [](ChargeRecord& c) { c.charge.reach = Reach::tenant; },
      [](ChargeRecord& c) { c.charge.events = Window{WallTime{}, from_unix_ms(1)}; },
      [](ChargeRecord& c) { c.state = State::burned; },
      [](ChargeRecord& c) { c.window.start = WallTime{}; },
      [](ChargeRecord& c) { c.reserved_at = c.reserved_at + millis(1); },
      [](ChargeRecord& c) { c.settled_at = c.settled_at + millis(1); },
      [](ChargeRecord& c) { c.seq = 2; },
      [](ChargeRecord& c) { c.result_hash[31] ^= 1; },
  };
  for (std::size_t i = 0; i < std::size(changes); ++i) {
    CAPTURE(i);
    ChargeRecord changed = first();
    changes[i](changed);
    CHECK(charge_hash(changed) != charge_hash(first()));
  }
}

TEST_CASE("replay: what is not the next settled charge of the journal is refused") {
  Replay replay("1");
  CHECK(replay.add(second()).error().code == Code::corrupt);  // the first is missing
  REQUIRE(replay.add(first()).has_value());
  const crypto::Digest before = replay.hash();
  CHECK(replay.add(first()).error().code == Code::corrupt);
  ChargeRecord other = second();
  other.charge.tenant = TenantId("beta");
  CHECK(replay.add(other).error().code == Code::corrupt);
  other = second();
  other.state = State::released;
  CHECK(replay.add(other).error().code == Code::corrupt);
  CHECK(replay.hash() == before);
  CHECK(Replay("2").hash() != Replay("1").hash());
}

TEST_CASE("replay: digests are sha256: and 64 lower-case digits") {
  const crypto::Digest digest = charge_hash(first());
  CHECK(parse_digest(digest_text(digest)) == digest);
  for (const char* text : {"", "sha256:", "sha256:00", "md5:00", "sha256:zz"}) {
    CHECK(parse_digest(text).error().code == Code::corrupt);
  }
}

}  // namespace
}  // namespace mc::accountant
