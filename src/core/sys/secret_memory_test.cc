#include "sys/secret_memory.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

namespace mc::sys {
namespace {

TEST_CASE(
    "secret memory: begins empty, is kept by its process, and is empty again in a forked one") {
  SecretMemory memory(100'000);
  REQUIRE(memory.size() == 100'000);
  const auto is_empty = [&] {
    return std::all_of(memory.data(), memory.data() + memory.size(),
                       [](std::uint8_t byte) { return byte == 0; });
  };
  CHECK(is_empty());
  std::fill_n(memory.data(), memory.size(), std::uint8_t{0xa5});
  const pid_t child = ::fork();
  if (child == 0) {
    const bool good = is_empty();
    memory.data()[memory.size() - 1] = 7;  // its own from here on
    ::_exit(good && memory.data()[memory.size() - 1] == 7 ? 0 : 1);
  }
  REQUIRE(child > 0);
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(std::all_of(memory.data(), memory.data() + memory.size(),
                    [](std::uint8_t byte) { return byte == 0xa5; }));
}

}  // namespace
}  // namespace mc::sys
