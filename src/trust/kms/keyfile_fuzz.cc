// Key files are refused as corrupt, or are printed as what parses to the same. None is opened: that
// takes the time and memory that the file asks for.
#include <cstdint>

#include "kms/key_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto file = mc::kms::parse_key_file(bytes);
  if (!file) {
    MC_CHECK(file.error().code == mc::Code::corrupt);
    return 0;
  }
  const std::string printed = mc::kms::print_key_file(*file);
  const auto again = mc::kms::parse_key_file(printed);
  MC_CHECK(again && mc::kms::print_key_file(*again) == printed);
  return 0;
}
