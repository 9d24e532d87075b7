// Stored maps of classes from anywhere, with their digest made right so that more than that is
// read: what is taken is what encode() writes.
#include <cstddef>
#include <cstdint>
#include <string>

#include "crypto/crypto.h"
#include "kanon/intersection.h"

using namespace mc;         // NOLINT(google-build-using-namespace)
using namespace mc::kanon;  // NOLINT(google-build-using-namespace)

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  (void)ClassMap::decode(bytes);
  const crypto::Digest digest = crypto::Sha256().add(bytes).finish();
  bytes.append(reinterpret_cast<const char*>(digest.data()), digest.size());
  const Result<ClassMap> map = ClassMap::decode(bytes);
  if (!map) return 0;
  MC_CHECK(map->encode() == bytes);
  (void)exposures(*map, std::span(&*map, 1), 2);
  return 0;
}
