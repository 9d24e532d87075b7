// Lines of the local socket, both ways: what is taken keeps to every limit.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tap/line.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using mc::tap::Question;
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  const mc::WallTime now{1'767'225'600'000'000'000};
  (void)mc::tap::read_answer(line);
  const auto question = mc::tap::read_question(line, now);
  if (!question) return 0;
  MC_CHECK(line.size() <= mc::tap::kLineBytesMax);
  MC_CHECK((question->verb == Question::Verb::set) == question->set.has_value());
  if (!question->set) return 0;
  MC_CHECK(mc::tap::check(question->set->terms));
  MC_CHECK(mc::tap::check_until(question->set->until, now));
  return 0;
}
