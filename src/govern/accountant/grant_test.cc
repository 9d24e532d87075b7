#include "accountant/grant.h"

#include <doctest/doctest.h>

#include "accountant/replay.h"
#include "sys/sys.h"

namespace mc::accountant {
namespace {

// The examples of docs/formats/accountant.md.
std::string example(const char* name) {
  const auto text = sys::real_files()->read_all(std::string("tests/corpus/shard/") + name);
  REQUIRE_MESSAGE(text.has_value(), text.error().what);
  return *text;
}

std::string digest_of(std::string_view text) {
  return digest_text(crypto::Sha256().add(text).finish());
}

TEST_CASE("shards: the worked example of docs/formats/accountant.md, byte for byte") {
  const std::string grant_text = example("grant.json");
  const auto grant = parse_grant(grant_text);
  REQUIRE_MESSAGE(grant.has_value(), grant.error().what);
  CHECK(grant->shard.cell == "north");
  CHECK(grant->shard.epsilon == NanoEpsilon(2'000'000'000));
  CHECK(grant->filter == Filter::pure);
  CHECK(print_grant(*grant) == grant_text);
  CHECK(digest_of(grant_text) ==
        "sha256:cab7bec9ada1f62b759c1a2ae22e4cf176319f0140ffaa61bbfd74f39538b6d8");
  const std::string report_text = example("report.json");
  const auto report = parse_report(report_text);
  REQUIRE_MESSAGE(report.has_value(), report.error().what);
  CHECK(report->charges.size() == 2);
  CHECK(report->shard == grant->id);
  CHECK(digest_text(report->grant) == digest_of(grant_text));
  CHECK(report->charges.back().charge.reach == Reach::shard_end);
  CHECK(print_report(*report) == report_text);
  CHECK(digest_of(report_text) ==
        "sha256:3b524ee8b8271f5831f312fac3bde210b0322483247ed73ff8a61eee5ec466ab");
  const auto key = crypto::PublicKey::ed25519(*from_hex(grant->shard.cell_key));
  REQUIRE(key.has_value());
  CHECK(key->verify("mc.dp-shard-report/v1\n" + signed_text(*report), report->signature));
}

TEST_CASE("shards: what is not printed so is neither a grant nor a report") {
  const std::string grant = example("grant.json"), report = example("report.json");
  for (std::size_t i = 0; i < grant.size(); ++i) {
    CAPTURE(i);
    std::string other = grant;
    other[i] ^= 1;
    const auto read = parse_grant(other);
    if (read) CHECK(print_grant(*read) == other);  // another grant then
    CHECK_FALSE(parse_grant(grant.substr(0, i)).has_value());
  }
  for (const char* text : {"", "{}", "null", "[]", R"({"report":{"charges":[]}})"}) {
    CHECK_FALSE(parse_grant(text).has_value());
    CHECK_FALSE(parse_report(text).has_value());
  }
  for (const std::string& text : {" " + grant, grant + "\n", report}) {
    CHECK_FALSE(parse_grant(text).has_value());
  }
  for (const std::string& text : {" " + report, report + "\n", grant, report.substr(1)}) {
    CHECK_FALSE(parse_report(text).has_value());
  }
  // A window that is none of its length.
  std::string moved = grant;
  moved.replace(moved.find("days:30"), 7, "days:29");
  CHECK_FALSE(parse_grant(moved).has_value());
}

}  // namespace
}  // namespace mc::accountant
