// Tokens and key sets from anywhere: the first line is a key set, the rest a token. Never crashes,
// and accepts nothing but what carries a signature (the fuzzer has no private key).
#include <cstdint>

#include "identity/jwt.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t end = text.find('\n');
  const std::string_view keys = text.substr(0, end);
  const std::string_view token = end == std::string_view::npos ? "" : text.substr(end + 1);
  const auto set = mc::identity::KeySet::parse(keys);
  if (!set) return 0;
  MC_CHECK(set->size() <= mc::identity::kKeySetKeysMax);
  const auto claims = mc::identity::verify_jwt(token, *set, {"issuer", "maestro", {1}});
  if (!claims) return 0;
  MC_CHECK(claims->find("sub") != nullptr && claims->find("exp") != nullptr);
  return 0;
}
