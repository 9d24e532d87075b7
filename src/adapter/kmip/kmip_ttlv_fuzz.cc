// Any bytes: as TTLV they are written as they were read, or they are none; as a reply to each
// operation they are an answer or an error of one line; as a stored secret they come back.
#include <cstddef>
#include <cstdint>
#include <string>

#include "kmip/message.h"
#include "kmip/seal.h"
#include "kmip/ttlv.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mc;        // NOLINT(google-build-using-namespace)
  using namespace mc::kmip;  // NOLINT(google-build-using-namespace)
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const auto item = read_item(bytes);
  if (item) {
    MC_CHECK(write_item(*item) == bytes);
    MC_CHECK(message_size(bytes, item->tag).value_or(size) == size);
  } else {
    MC_CHECK(item.error().code == Code::corrupt);
  }
  for (const Operation operation : {Operation::get_attributes, Operation::discover_versions,
                                    Operation::encrypt, Operation::re_key}) {
    const Step step = {"step", operation};
    const auto payload = read_reply(step, 4, bytes);
    if (!payload) {
      const Error& error = payload.error().error;
      MC_CHECK(error.what.starts_with("kmip: step: ") && is_one_line(error.what));
      continue;
    }
    const auto facts = read_facts(*payload, "1");
    if (facts) MC_CHECK(facts->state != State::none && facts->attributes.size() <= 12);
    const auto minor = read_minor(*payload);
    if (minor) MC_CHECK(*minor >= 2 && *minor <= 4);
  }
  const auto sealed = parse_sealed(bytes);
  if (sealed) MC_CHECK(format_sealed(*sealed) == bytes);
  return 0;
}
