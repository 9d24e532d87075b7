#include "budget/settings_record.h"

#include <algorithm>

#include "budget/journal_line.h"
#include "crypto/crypto.h"
#include "json/json.h"

namespace mc::budget {

std::optional<std::string> settings_hash_in(std::string_view payload) {
  const Result<json::Value> value = json::parse(payload);
  const json::Value* const hash = value ? value->find("hash") : nullptr;
  if (hash == nullptr || hash->as_string() == nullptr) return std::nullopt;
  return *hash->as_string();
}

std::optional<ledger::Entry> record_of(const BudgetSettings& settings, const SettingsBefore& before,
                                       WallTime at) {
  const std::string hash = hash_of(settings);
  if (hash == before.hash.value_or(hash_of(BudgetSettings{}))) return std::nullopt;
  const std::string text = canonical(settings);
  const Result<json::Value> value = json::parse(text);
  const bool fits = value && text.size() <= kSettingsRecordedMax;
  json::Object payload;
  payload.set("at", format_rfc3339(at));
  payload.set("hash", hash);
  payload.set("hash_before", before.hash ? json::Value(*before.hash) : json::Value());
  payload.set("settings", fits ? *value : json::Value());
  payload.set("settings_bytes", static_cast<std::int64_t>(text.size()));
  ledger::Entry entry;
  entry.log = kSettingsLog;
  entry.type = "budget";
  entry.actor = "node@system";
  entry.tenant = "system";
  entry.action = kSettingsAction;
  entry.purpose = "not stated";
  entry.payload = json::canonical(json::Value(std::move(payload)));
  const crypto::Digest digest =
      crypto::Sha256().add(kSettingsAction).add(" ").add(before.record).add(" ").add(hash).finish();
  std::transform(digest.begin(), digest.begin() + entry.key.size(), entry.key.begin(),
                 [](std::uint8_t byte) { return static_cast<char>(byte); });
  return entry;
}

}  // namespace mc::budget
