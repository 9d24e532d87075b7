// A status of three digits, a line feed, and the body of an OPA server's answer.
#include <cstdint>
#include <cstdlib>

#include "access/access.h"
#include "access/remote.h"
#include "access/remote_answer.h"

namespace {

using namespace mc;

void require(bool condition) {
  if (!condition) std::abort();
}

const access::Resource& resource() {
  static const access::Resource kResource(
      {.kind = "dataset",
       .name = "people",
       .purposes = {},
       .licence_class = "",
       .region = "",
       .columns = {{"id", "public", "", false}, {"email", "personal", "", true}}});
  return kResource;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::size_t end = bytes.find('\n');
  const auto status = parse_int(bytes.substr(0, end));
  if (!status || *status < 100 || *status > 999 || end == std::string_view::npos) return 0;
  term::Arena arena;
  const auto answer =
      access::read_remote_answer(arena, static_cast<int>(*status), bytes.substr(end + 1));
  if (!answer) {
    require(is_one_line(answer.error().what));
    return 0;
  }
  require(*status == 200 || *status == 500);
  require((*status == 500) == !answer->error.empty());
  require(answer->error.empty() || answer->result.is_undefined());
  require(!answer->revision.empty() && answer->revision.size() <= access::kRemoteNameBytesMax);
  require(is_one_line(answer->revision) && is_one_line(answer->decision_id));
  require(answer->decision_id.size() <= access::kRemoteNameBytesMax);
  const auto verdict = access::read_verdict(answer->result, resource());
  require(!verdict || !answer->result.is_undefined());
  require(!verdict || verdict->obligations.masks.size() <= resource().facts().columns.size());
  return 0;
}
