#include "budget/settings_record.h"

#include <algorithm>

#include "budget/journal_line.h"
#include "crypto/crypto.h"
#include "json/json.h"

namespace mc::budget {

std::optional<SettingsSaid> settings_in(std::string_view payload) {
  const Result<json::Value> value = json::parse(payload);
  if (!value) return std::nullopt;
  const json::Value* const node = value->find("node");
  const json::Value* const hash = value->find("hash");
  if (node == nullptr || node->as_string() == nullptr) return std::nullopt;
  if (hash == nullptr || hash->as_string() == nullptr) return std::nullopt;
  return SettingsSaid{*node->as_string(), *hash->as_string()};
}

std::optional<ledger::Entry> record_of(const SettingsNow& now, const SettingsBefore& before) {
  const std::string hash = hash_of(now.settings);
  const bool same = hash == before.hash.value_or(hash_of(BudgetSettings{}));
  if (same && !before.unknown) return std::nullopt;
  // As text: a rate's burst is no integer, and what is hashed is what stands there.
  const std::string text = canonical(now.settings);
  const bool fits = json::canonical(json::Value(text)).size() <= kSettingsRecordedMax;
  json::Object payload;
  payload.set("at", format_rfc3339(now.at));
  payload.set("node", now.node);
  payload.set("hash", hash);
  payload.set("hash_before", before.hash ? json::Value(*before.hash) : json::Value());
  payload.set("settings", fits ? json::Value(text) : json::Value());
  payload.set("settings_bytes", static_cast<std::int64_t>(text.size()));
  ledger::Entry entry;
  entry.log = kSettingsLog;
  entry.type = "budget";
  entry.actor = "node@system";
  entry.tenant = "system";
  entry.action = kSettingsAction;
  entry.purpose = "not stated";
  entry.payload = json::canonical(json::Value(std::move(payload)));
  if (before.unknown) return entry;
  crypto::Sha256 of_change;
  for (const std::string_view part :
       {kSettingsAction, now.node, std::string_view(before.record), std::string_view(hash)}) {
    of_change.add(part).add("\n");
  }
  const crypto::Digest digest = of_change.finish();
  std::transform(digest.begin(), digest.begin() + entry.key.size(), entry.key.begin(),
                 [](std::uint8_t byte) { return static_cast<char>(byte); });
  return entry;
}

}  // namespace mc::budget
