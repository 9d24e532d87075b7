#include "tap/tap.h"

#include <doctest/doctest.h>

namespace mc::tap {
namespace {

const WallTime kNow{1'767'225'600'000'000'000};

Result<Wanted> read(const std::string& text) {
  const Result<json::Value> value = json::parse(text);
  REQUIRE_MESSAGE(value.has_value(), text);
  MC_TRY(const Body body, json::read<Body>(*value));
  return read_wanted(body, kNow);
}

TEST_CASE("tap: what may be asked for, and which member is named when it may not") {
  const std::string end = R"(,"lifetime":"1h","reason":"it burns"})";
  const std::string hash(64, 'a');
  struct Row {
    std::string text;
    std::string error;  // "" = fine
  };
  const Row rows[] = {
      {R"({"tenant":"alpha","action":"block")" + end, ""},
      {R"({"route":"/graphql","action":"clamp-rate","rate":5)" + end, ""},
      {R"({"route":"/graphql","action":"clamp-rate","rate":5,"burst":50)" + end, ""},
      {R"({"client":"crawler","action":"clamp-seats","seats":2)" + end, ""},
      {R"({"upstream":"10.0.0.1:80","action":"shed","percent":100)" + end, ""},
      {R"({"document":"sha256:)" + hash + R"(","action":"block")" + end, ""},
      {R"({"operation":"mutation","action":"read-only")" + end, ""},
      {R"({"everything":true,"action":"no-introspection")" + end, ""},
      {R"({"everything":true,"action":"safelist-only")" + end, ""},
      {R"({"action":"block")" + end, "everything:"},
      {R"({"everything":true,"tenant":"alpha","action":"block")" + end, "everything:"},
      {R"({"tenant":"alpha")" + end, "action"},
      {R"({"tenant":"alpha","action":"serve-stale")" + end, "action"},
      {R"({"tenant":"alpha","action":"block","colour":"red")" + end, "colour"},
      {R"({"tenant":"alpha","action":"clamp-rate")" + end, "rate:"},
      {R"({"tenant":"alpha","action":"block","rate":1)" + end, "rate:"},
      {R"({"tenant":"alpha","action":"clamp-rate","rate":0)" + end, "rate"},
      {R"({"tenant":"alpha","action":"clamp-rate","rate":1000001)" + end, "rate"},
      {R"({"tenant":"alpha","action":"clamp-seats")" + end, "seats:"},
      {R"({"tenant":"alpha","action":"shed")" + end, "percent:"},
      {R"({"tenant":"alpha","action":"shed","percent":101)" + end, "percent"},
      {R"({"tenant":"alpha","action":"shed","percent":5,"burst":5)" + end, "burst:"},
      {R"({"document":"sha256:)" + hash.substr(1) + R"(","action":"block")" + end, "document:"},
      {R"({"document":"sha256:)" + std::string(64, 'A') + R"(","action":"block")" + end,
       "document:"},
      {R"({"operation":"subscription","action":"block")" + end, "operation:"},
      {R"({"tenant":"al\u0000pha","action":"block")" + end, "tenant:"},
      {R"({"tenant":"alpha","action":"block","lifetime":"1h"})", "reason"},
      {R"({"tenant":"alpha","action":"block","lifetime":"1h","reason":""})", "reason"},
      {R"({"tenant":"alpha","action":"block","lifetime":"1h","reason":"a\nb"})", "reason:"},
      {R"({"tenant":"alpha","action":"block","lifetime":"1h","reason":")" +
           std::string(kReasonBytesMax + 1, 'x') + "\"}",
       "reason"},
      {R"({"tenant":"alpha","action":"block","reason":"x"})", "until:"},
      {R"({"tenant":"alpha","action":"block","lifetime":"24h","reason":"x"})", ""},
      {R"({"tenant":"alpha","action":"block","lifetime":"25h","reason":"x"})", "lifetime"},
      {R"({"tenant":"alpha","action":"block","until":"2026-01-02T00:00:00Z","reason":"x"})", ""},
      {R"({"tenant":"alpha","action":"block","until":"2026-01-02T00:00:01Z","reason":"x"})",
       "until:"},
      {R"({"tenant":"alpha","action":"block","until":"2026-01-01T00:00:00Z","reason":"x"})",
       "until:"},
      {R"({"tenant":"alpha","action":"block","until":"tomorrow","reason":"x"})", "until:"},
      {R"({"tenant":"alpha","action":"block","until":"2026-01-01T01:00:00Z")" + end, "until:"}};
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto wanted = read(row.text);
    if (row.error.empty()) {
      REQUIRE_MESSAGE(wanted.has_value(), wanted.error().what);
      CHECK(wanted->until > kNow);
      continue;
    }
    REQUIRE(!wanted.has_value());
    CHECK(wanted.error().code == Code::invalid);
    CHECK_MESSAGE(wanted.error().what.find(row.error) != std::string::npos, wanted.error().what);
  }
}

}  // namespace
}  // namespace mc::tap
