#include "maestro/credentials.h"

#include <doctest/doctest.h>

#include "sim/sim.h"

namespace mc::app {
namespace {

const std::string kPath = "/home/ana/.config/maestro/credentials.json";
const WallTime kUntil{1'800'000'000LL * 1'000'000'000};

TEST_CASE("credentials: one token a server, replaced and removed by its address alone") {
  sim::SimFiles files;
  Credentials credentials(files, kPath);
  CHECK(!credentials.find("http://a")->has_value());
  REQUIRE(credentials.put("http://a", {Secret("one"), kUntil}).has_value());
  REQUIRE(credentials.put("http://b", {Secret("two"), kUntil}).has_value());
  REQUIRE(credentials.put("http://a", {Secret("three"), kUntil}).has_value());
  const auto held = credentials.find("http://a");
  REQUIRE((held.has_value() && held->has_value()));
  CHECK((*held)->token.reveal(RevealToken()) == "three");
  CHECK((*held)->expires == kUntil);
  CHECK(!credentials.find("http://a/")->has_value());
  CHECK(credentials.remove("http://a") == true);
  CHECK(credentials.remove("http://a") == false);
  CHECK(credentials.find("http://b")->has_value());
}

TEST_CASE("credentials: the refresh token is kept with its token, and only when there is one") {
  sim::SimFiles files;
  Credentials credentials(files, kPath);
  REQUIRE(credentials.put("http://a", {Secret("one"), kUntil, Secret("again")}).has_value());
  CHECK((*credentials.find("http://a"))->refresh.reveal(RevealToken()) == "again");
  REQUIRE(credentials.put("http://a", {Secret("two"), kUntil}).has_value());
  CHECK((*credentials.find("http://a"))->refresh.empty());
  CHECK(files.read_all(kPath, 4096)->find("again") == std::string::npos);
}

TEST_CASE("credentials: a damaged file is an error, not a missing sign-in") {
  for (const char* text : {"", "{", "[]", "{}", R"({"servers":7})"}) {
    CAPTURE(text);
    sim::SimFiles files;
    REQUIRE(files.make_folders("/home/ana/.config/maestro").has_value());
    REQUIRE(files.write_atomic(kPath, text).has_value());
    Credentials credentials(files, kPath);
    CHECK(credentials.find("http://a").error().code == Code::corrupt);
    CHECK(credentials.put("http://a", {Secret("x"), kUntil}).error().code == Code::corrupt);
  }
  for (const char* entry :
       {R"({"token":7})", R"({"token":"t","expires_at":"soon"})",
        R"({"token":"t","expires_at":"2027-01-15T08:00:00Z","refresh_token":7})"}) {
    CAPTURE(entry);
    sim::SimFiles files;
    REQUIRE(files.make_folders("/home/ana/.config/maestro").has_value());
    const std::string text = R"({"servers":{"http://a":)" + std::string(entry) + "}}";
    REQUIRE(files.write_atomic(kPath, text).has_value());
    CHECK(Credentials(files, kPath).find("http://a").error().code == Code::corrupt);
  }
}

}  // namespace
}  // namespace mc::app
