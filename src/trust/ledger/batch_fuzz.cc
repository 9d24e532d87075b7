// Batches from a damaged or foreign disk: what is accepted is written as it was read.
#include <cstdint>

#include "ledger/batch.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (auto batch = mc::ledger::parse_batch(bytes)) {
    const std::size_t read = batch->size;
    std::string again;
    mc::ledger::print_batch(*batch, again);
    MC_CHECK(again == bytes.substr(0, read));
  }
  return 0;
}
