// A fuzzer with a planted overflow. The test run demands that libFuzzer with the sanitizers finds
// it within seconds: if this one passes, no fuzzing result of the house means anything.
#include <cstddef>
#include <cstdint>
#include <memory>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3 || data[0] != 'M' || data[1] != 'C' || data[2] != '!') {
    return 0;
  }
  const auto copy = std::make_unique<std::uint8_t[]>(size);
  const volatile std::uint8_t beyond = copy.get()[size];
  return beyond == 0 ? 0 : 0;
}
