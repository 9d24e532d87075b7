#include "budget/settings_record.h"

#include <doctest/doctest.h>

#include "budget/journal_line.h"
#include "json/json.h"

namespace mc::budget {
namespace {

const WallTime kAt = WallTime{} + seconds(1'800'000'000);

BudgetSettings settings_of(std::int64_t gql_qps) {
  BudgetSettings out;
  out.plans["starter"].gql_qps = gql_qps;
  return out;
}

std::optional<ledger::Entry> record_of(const BudgetSettings& settings, const SettingsBefore& before,
                                       WallTime at, std::string_view node = "node_1") {
  return budget::record_of({settings, node, at}, before);
}

TEST_CASE("settings record: it has both hashes, and the settings that the new one is of") {
  const BudgetSettings settings = settings_of(50);
  const auto entry = record_of(settings, {"sha256:before", "number 7", false}, kAt);
  REQUIRE(entry);
  CHECK(entry->log == "audit/system");
  CHECK(entry->tenant == "system");
  CHECK(entry->type == "budget");
  CHECK(entry->action == "budget.settings");
  const json::Value payload = *json::parse(entry->payload);
  CHECK(*payload.find("at")->as_string() == "2027-01-15T08:00:00.000Z");
  CHECK(*payload.find("hash_before")->as_string() == "sha256:before");
  CHECK(*payload.find("node")->as_string() == "node_1");
  CHECK(*payload.find("settings")->as_string() == canonical(settings));
  CHECK(settings_in(entry->payload)->node == "node_1");
  CHECK(settings_in(entry->payload)->hash ==
        "sha256:" + to_hex(sys::sha256(*payload.find("settings")->as_string())));
}

TEST_CASE("settings record: none of what is recorded already, nor of the defaults at first") {
  CHECK(!record_of({}, {}, kAt));
  CHECK(!record_of(settings_of(50), {hash_of(settings_of(50)), "number 7", false}, kAt));
  const auto first = record_of(settings_of(50), {}, kAt);
  REQUIRE(first);
  CHECK(first->payload.find(R"("hash_before":null)") != std::string::npos);
  CHECK(record_of({}, {hash_of(settings_of(50)), "number 7", false}, kAt));
}

TEST_CASE(
    "settings record: the same change after the same record has one key, others have others") {
  const SettingsBefore before{hash_of(settings_of(20)), "number 7", false};
  const auto one = record_of(settings_of(50), before, kAt);
  CHECK(one->key == record_of(settings_of(50), before, kAt + seconds(1))->key);
  CHECK(one->key != record_of(settings_of(51), before, kAt)->key);
  CHECK(one->key != record_of(settings_of(50), {before.hash, "number 8", false}, kAt)->key);
  CHECK(one->key != record_of(settings_of(50), before, kAt, "node_2")->key);
}

TEST_CASE("settings record: where what was before cannot be told there is one, without a key") {
  const SettingsBefore unknown{std::nullopt, "", true};
  for (const BudgetSettings& settings : {BudgetSettings{}, settings_of(50)}) {
    const auto entry = record_of(settings, unknown, kAt);
    REQUIRE(entry);
    CHECK(entry->key == ledger::RepeatKey{});
    CHECK(settings_in(entry->payload)->hash == hash_of(settings));
  }
}

TEST_CASE("settings record: what is too long for a record is there by its hash") {
  BudgetSettings settings;
  for (int i = 0; i < 1'000; ++i) settings.plans["plan-" + std::to_string(i)].gql_qps = 1;
  REQUIRE(canonical(settings).size() > kSettingsRecordedMax);
  const auto entry = record_of(settings, {}, kAt);
  REQUIRE(entry);
  CHECK(entry->payload.size() < 1'000);
  const json::Value payload = *json::parse(entry->payload);
  CHECK(payload.find("settings")->is_null());
  CHECK(*payload.find("settings_bytes")->as_int() ==
        static_cast<std::int64_t>(canonical(settings).size()));
  CHECK(settings_in(entry->payload)->hash == hash_of(settings));
}

TEST_CASE("settings record: an erased or a strange payload says nothing") {
  for (const char* payload : {"", "{}", "[]", R"({"hash":1,"node":"n"})", R"({"hash":"h"})"}) {
    CHECK(!settings_in(payload));
  }
}

}  // namespace
}  // namespace mc::budget
