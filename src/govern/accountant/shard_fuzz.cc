// Grants and reports of shards from anywhere: what is read has one form, and is within its limits.
#include <cstdint>
#include <string_view>

#include "accountant/grant.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mc::accountant;  // NOLINT(google-build-using-namespace)
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto grant = parse_grant(text)) {
    MC_CHECK(print_grant(*grant) == text);
    MC_CHECK(grant->shard.check().has_value());
  }
  if (const auto report = parse_report(text)) {
    MC_CHECK(print_report(*report) == text);
    MC_CHECK(report->signature.size() == 64);
  }
  return 0;
}
