#include <cstdint>
#include <cstdlib>

#include "gateway/http_request_replay.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (!mc::gateway::replay_http_request(bytes).empty()) std::abort();
  return 0;
}
