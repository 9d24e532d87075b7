// Leaves from anywhere: what is accepted is written as it was read.
#include <cstdint>

#include "ledger/record.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto header = mc::ledger::parse_leaf(bytes);
  const auto links = mc::ledger::parse_leaf_links(bytes);
  MC_CHECK(header.has_value() == links.has_value());
  if (header) {
    MC_CHECK(mc::ledger::print_leaf(*header) == bytes);
    MC_CHECK(links->seq == header->seq && links->log == header->log);
  }
  if (const auto leaf = mc::ledger::parse_head_leaf(bytes)) {
    MC_CHECK(mc::ledger::print_head_leaf(*leaf) == bytes);
  }
  return 0;
}
