#include "sys/secret_memory.h"

#include <string.h>  // explicit_bzero
#include <sys/mman.h>

#include "base/base.h"

namespace mc::sys {

SecretMemory::SecretMemory(std::size_t bytes) : size_(bytes) {
  MC_CHECK(bytes > 0);
  void* at = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  MC_CHECK(at != MAP_FAILED);
  MC_CHECK(::madvise(at, bytes, MADV_WIPEONFORK) == 0);
  ::madvise(at, bytes, MADV_DONTDUMP);  // helps where it is known; nothing rests on it
  data_ = static_cast<std::uint8_t*>(at);
}

SecretMemory::~SecretMemory() {
  ::explicit_bzero(data_, size_);
  ::munmap(data_, size_);
}

}  // namespace mc::sys
