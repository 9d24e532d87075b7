#include "residency/regions.h"

#include <doctest/doctest.h>

#include <set>

namespace mc::residency {
namespace {

const std::vector<std::string> kNames = {"", "local", "eu", "us", "ap"};

// The rule said again, slowly: every region that the data may lie in, and every one from where they
// may be reached, written down; then looked up.
bool oracle(const Places& places, const std::set<std::string>& permitted, Unstated unstated) {
  std::set<std::string> data;
  std::set<std::string> nodes;
  for (const std::string& name : kNames) {
    const bool anywhere = places.tenant == "local";
    const bool own = name == places.tenant;
    const bool given = permitted.contains(name);
    const bool silent = name.empty() || name == "local";
    if (anywhere || (own && !silent) || (given && !silent) ||
        (silent && unstated == Unstated::allow)) {
      data.insert(name);
    }
    if (anywhere || own || given || silent) nodes.insert(name);
  }
  return data.contains(std::string(places.source)) && nodes.contains(std::string(places.node));
}

TEST_CASE("residency: permits what the slow rule permits, for all places there are") {
  const std::vector<std::vector<std::string>> lists = {{}, {"us"}, {"ap"}, {"ap", "us"}, {"eu"}};
  int permitted_ones = 0;
  int all = 0;
  for (const std::string& tenant : kNames) {
    if (tenant.empty()) continue;  // every tenant has a region
    for (const std::string& source : kNames) {
      for (const std::string& node : kNames) {
        for (const std::vector<std::string>& list : lists) {
          for (const Unstated unstated : {Unstated::allow, Unstated::deny}) {
            const Places places{tenant, source, node};
            const bool got = permits(places, list, unstated) == Answer::permitted;
            CAPTURE(tenant);
            CAPTURE(source);
            CAPTURE(node);
            CHECK(got == oracle(places, {list.begin(), list.end()}, unstated));
            permitted_ones += got ? 1 : 0;
            ++all;
          }
        }
      }
    }
  }
  CHECK(all == 1'000);
  CHECK(permitted_ones > 100);
  CHECK(permitted_ones < 900);
}

TEST_CASE("residency: the answer says which place is the wrong one") {
  struct Row {
    Places places;
    Unstated unstated;
    Answer answer;
    const char* reason;
  };
  const Row rows[] = {
      {{"eu", "eu", "eu"}, Unstated::deny, Answer::permitted, "permitted"},
      {{"eu", "us", "eu"}, Unstated::allow, Answer::source_outside, "cross-region"},
      {{"eu", "us", "us"}, Unstated::allow, Answer::source_outside, "cross-region"},
      {{"eu", "eu", "us"}, Unstated::allow, Answer::node_outside, "cross-region"},
      {{"eu", "", "eu"}, Unstated::allow, Answer::permitted, "permitted"},
      {{"eu", "", "eu"}, Unstated::deny, Answer::source_unstated, "region-unstated"},
      {{"eu", "local", "eu"}, Unstated::deny, Answer::source_unstated, "region-unstated"},
      {{"eu", "", "us"}, Unstated::allow, Answer::node_outside, "cross-region"},
      {{"eu", "EU", "eu"}, Unstated::allow, Answer::source_outside, "cross-region"},
      {{"eu", "eu", ""}, Unstated::deny, Answer::permitted, "permitted"},
      {{"local", "", "us"}, Unstated::deny, Answer::permitted, "permitted"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.places.source);
    CAPTURE(row.places.node);
    const Answer answer = permits(row.places, {}, row.unstated);
    CHECK(answer_name(answer) == answer_name(row.answer));
    CHECK(reason_of(answer) == row.reason);
  }
}

TEST_CASE("residency: other regions are permitted to the tenant that they are given to, alone") {
  const Regions regions({.permitted = {{"alpha", {"us", "ap"}}}}, "us");
  CHECK(regions.judge(TenantId("alpha"), "eu", "us") == Answer::permitted);
  CHECK(regions.judge(TenantId("alpha"), "eu", "eu") == Answer::permitted);
  CHECK(regions.judge(TenantId("alpha"), "eu", "sa") == Answer::source_outside);
  CHECK(regions.judge(TenantId("bravo"), "eu", "eu") == Answer::node_outside);
  CHECK(regions.judge(TenantId("bravo"), Places{"eu", "eu", "eu"}) == Answer::permitted);
  const auto permitted = regions.permitted(TenantId("alpha"));
  CHECK(std::vector<std::string>(permitted.begin(), permitted.end()) ==
        std::vector<std::string>{"ap", "us"});
  CHECK(regions.permitted(TenantId("bravo")).empty());
}

TEST_CASE("residency: a configuration that cannot be meant is refused, and says why") {
  struct Row {
    std::vector<TenantRegions> permitted;
    const char* why;
  };
  const Row rows[] = {
      {{{"a", {"eu"}}, {"b", {"eu"}}}, ""},
      {{{"a", {"eu"}}, {"a", {"us"}}}, "permitted: tenant a is there twice"},
      {{{"a", {"local"}}},
       "permitted: of tenant a: local is everywhere; give the tenant that region instead"},
      {{{"a", {"EU"}}},
       "permitted: of tenant a: region 'EU' must begin with a letter a-z and have at most 63 of "
       "a-z 0-9 - . _"},
      {{{"a", {""}}},
       "permitted: of tenant a: region '' must begin with a letter a-z and have at most 63 of a-z "
       "0-9 - . _"},
  };
  for (const Row& row : rows) {
    const Status checked = ResidencyConfig{.permitted = row.permitted}.check();
    CHECK((checked ? std::string() : checked.error().what) == row.why);
  }
}

TEST_CASE("residency: the configuration is read by name") {
  const auto value = json::parse(
      R"({"permitted":[{"tenant":"alpha","regions":["us"]}],"unstated":"deny","proofs_max":7})");
  const auto config = json::read<ResidencyConfig>(*value);
  REQUIRE(config);
  CHECK(config->unstated == Unstated::deny);
  CHECK(config->proofs_max == 7);
  CHECK(config->probes);
  CHECK(config->permitted.front().regions == std::vector<std::string>{"us"});
  CHECK_FALSE(json::read<ResidencyConfig>(*json::parse(R"({"proofs_max":0})")));
  CHECK_FALSE(json::read<ResidencyConfig>(*json::parse(R"({"permitted":[{"tenant":"a"}]})")));
}

}  // namespace
}  // namespace mc::residency
