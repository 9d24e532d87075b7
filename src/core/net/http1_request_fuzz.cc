// Requests: whatever the scanner, the head parser and the chunk decoder accept must be
// unambiguous. Properties are checked, not only crashes.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "net/http1_body.h"
#include "net/http1_head.h"

namespace {

using namespace mc::net::http1;

void check_head(std::string_view head) {
  RequestHead out;
  if (!parse_request_head(head, HeadLimits{}, out).good()) return;
  int lengths = 0;
  int codings = 0;
  int hosts = 0;
  for (const mc::net::HeaderView& field : out.headers) {
    MC_CHECK(is_token(field.name));
    MC_CHECK(is_field_value(field.value));
    MC_CHECK(field.value.empty() ||
             (field.value.data() > head.data() &&
              field.value.data() + field.value.size() < head.data() + head.size()));
    lengths += mc::equals_ignoring_case(field.name, "content-length") ? 1 : 0;
    codings += mc::equals_ignoring_case(field.name, "transfer-encoding") ? 1 : 0;
    hosts += mc::equals_ignoring_case(field.name, "host") ? 1 : 0;
  }
  MC_CHECK(lengths + codings <= 1);
  MC_CHECK(out.chunked == (codings == 1));
  MC_CHECK(out.minor == 0 || hosts == 1);
  MC_CHECK(out.content_length >= 0);
  MC_CHECK(is_origin_target(out.target));
}

// Cutting the input must not change what is decoded.
void check_chunks(std::string_view text, std::size_t cut) {
  std::string bodies[2];
  std::size_t used[2] = {0, 0};
  ChunkDecoder::Step steps[2] = {ChunkDecoder::Step::more, ChunkDecoder::Step::more};
  for (int way = 0; way < 2; ++way) {
    ChunkDecoder decoder;
    std::size_t given = way == 0 ? text.size() : cut;
    while (true) {
      const auto piece = decoder.next(text.substr(used[way], given - used[way]));
      used[way] += piece.used;
      bodies[way] += piece.data;
      steps[way] = piece.step;
      if (piece.step == ChunkDecoder::Step::more) {
        if (given == text.size()) break;
        given = text.size();
      } else if (piece.step == ChunkDecoder::Step::end || piece.step == ChunkDecoder::Step::bad) {
        break;
      }
    }
  }
  MC_CHECK(steps[0] == steps[1]);
  MC_CHECK(bodies[0] == bodies[1]);
  MC_CHECK(used[0] == used[1]);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t cut = size == 0 ? 0 : data[0] % (size + 1);
  HeadScanner whole;
  HeadScanner pieces;
  const HeadScanner::State state = whole.scan(text);
  HeadScanner::State again = pieces.scan(text.substr(0, cut));
  if (again == HeadScanner::State::more) again = pieces.scan(text);
  MC_CHECK(state == again);
  if (state == HeadScanner::State::found) {
    MC_CHECK(whole.head_size() == pieces.head_size());
    check_head(text.substr(0, whole.head_size()));
    check_chunks(text.substr(whole.head_size()), cut % (size - whole.head_size() + 1));
  }
  check_head(text);
  check_chunks(text, cut);
  return 0;
}
