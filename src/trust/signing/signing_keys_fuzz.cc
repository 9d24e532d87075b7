// A list of keys that is read is written as the same, whatever was undone of it before.
#include <cstdint>

#include "signing/key_list.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  auto list = mc::signing::KeyList::parse(bytes);
  if (!list) return 0;
  do {
    const auto again = mc::signing::KeyList::parse(list->print());
    MC_CHECK(again && *again == *list);
    MC_CHECK(list->trust().logs.size() >= 2);
  } while (list->undo());
  return 0;
}
