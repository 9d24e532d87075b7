// A receipt, of a record or of a range, or a list of keys that is read is written as it was read;
// checking it asks for nothing.
#include <cstdint>

#include "proof/proof.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto range = mc::proof::parse_range_receipt(bytes)) {
    MC_CHECK(mc::proof::print_range_receipt(*range) == bytes);
    MC_CHECK(!mc::proof::check_range_receipt(*range, mc::tlog::Policy::of_logs({})).verified());
  }
  if (const auto keys = mc::proof::parse_key_list(bytes)) {
    MC_CHECK(mc::proof::print_key_list(*keys) == bytes);
    MC_CHECK(!mc::proof::check_key_list(*keys, {}).verified());
  }
  const auto receipt = mc::proof::parse_receipt(bytes);
  if (!receipt) return 0;
  MC_CHECK(mc::proof::print_receipt(*receipt) == bytes);
  MC_CHECK(!mc::proof::check_receipt(*receipt, mc::tlog::Policy::of_logs({})).verified());
  return 0;
}
