// An Alertmanager's message: what is read has what the inbox relies on.
#include <cstdint>

#include "notify/alerts.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto body = mc::json::parse({reinterpret_cast<const char*>(data), size});
  if (!body) return 0;
  const auto alerts = mc::notify::parse_alertmanager(*body);
  if (!alerts) return 0;
  MC_CHECK(alerts->size() <= mc::notify::kAlertsPerCallMax);
  for (const mc::notify::Alert& alert : *alerts) {
    MC_CHECK(!alert.fingerprint.empty() && !alert.name.empty());
    MC_CHECK(alert.firing != alert.ends.has_value());
    for (const auto* texts : {&alert.labels, &alert.annotations}) {
      for (const mc::json::Member& member : texts->members()) {
        MC_CHECK(member.value.as_string() != nullptr);
      }
    }
  }
  return 0;
}
