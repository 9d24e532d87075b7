// Answers of a server that may be anything, in two pieces and in one: the same values, and numbers
// of the script within their bounds.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "redis/answer.h"

namespace {

using namespace mc;         // NOLINT(google-build-using-namespace)
using namespace mc::redis;  // NOLINT(google-build-using-namespace)

// How many values there are before the end, or before what is none.
std::size_t count(std::string_view first, std::string_view second) {
  Answers answers;
  std::size_t out = 0;
  for (const std::string_view piece : {first, second}) {
    if (!answers.feed(piece)) return out;
    for (;;) {
      const auto value = answers.next();
      if (!value) return out;
      if (!*value) break;
      ++out;
      const auto replies = replies_of(**value, 1);
      if (replies) MC_CHECK((*replies)[0].lease >= 0 && (*replies)[0].eligible_us >= -1);
      if (!replies) MC_CHECK(!replies.error().what.empty());
      MC_CHECK(code_of(**value).size() <= 20);
    }
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  if (size > 4'096) return 0;
  const std::size_t whole = count(all, {});
  MC_CHECK(count(all.substr(0, size / 2), all.substr(size / 2)) == whole);
  return 0;
}
