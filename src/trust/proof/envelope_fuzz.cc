// Envelopes and the statements in them read back as they are written.
#include <cstdint>

#include "proof/proof.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto envelope = mc::proof::parse_envelope(bytes);
  if (!envelope) return 0;
  const auto again = mc::proof::parse_envelope(mc::json::print(mc::proof::to_json(*envelope)));
  MC_CHECK(again && *again == *envelope);
  const auto statement = mc::proof::parse_statement(envelope->payload);
  if (!statement) return 0;
  const std::string written = mc::proof::print_statement(*statement);
  const auto read = mc::proof::parse_statement(written);
  MC_CHECK(read && mc::proof::print_statement(*read) == written);
  return 0;
}
