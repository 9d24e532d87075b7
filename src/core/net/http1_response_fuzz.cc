// Replies of upstreams, through the head parser and the body pump in all its forms: cutting the
// input anywhere must not change what the client gets.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "net/http1_head.h"
#include "net/relay.h"

namespace {

using namespace mc::net;

struct Pumped {
  BodyPump::State state = BodyPump::State::going;
  std::string out;
  std::size_t used = 0;
  std::int64_t payload = 0;
};

void feed(BodyPump& pump, std::string_view in, Pumped& result) {
  std::string prefix;
  const BodyPump::Piece piece = pump.take(in, prefix);
  MC_CHECK(piece.used <= in.size());
  result.state = piece.state;
  result.out.append(prefix).append(piece.direct).append(piece.suffix);
  result.used += piece.used;
  result.payload += piece.payload;
}

Pumped pump_body(const http1::ResponseHead& head, BodyPump::Out out, std::string_view body,
                 std::size_t cut) {
  BodyPump pump;
  pump.start(head, out);
  Pumped result;
  feed(pump, body.substr(0, cut), result);
  if (result.state == BodyPump::State::going) {
    MC_CHECK(result.used == cut);
    feed(pump, body.substr(cut), result);
  }
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  http1::HeadScanner scanner;
  if (scanner.scan(text) != http1::HeadScanner::State::found) return 0;
  http1::ResponseHead head;
  const std::string_view method = size % 2 == 0 ? "GET" : "HEAD";
  if (!http1::parse_response_head(text.substr(0, scanner.head_size()), {}, method, head).good()) {
    return 0;
  }
  MC_CHECK(head.status >= 100 && head.status <= 599);
  MC_CHECK(head.framing != http1::Framing::until_close || !head.keep_alive);
  const std::string_view body = text.substr(scanner.head_size());
  const std::size_t cut = data[size / 2] % (body.size() + 1);
  for (const BodyPump::Out out :
       {BodyPump::Out::as_is, BodyPump::Out::dechunk, BodyPump::Out::discard}) {
    const Pumped whole = pump_body(head, out, body, body.size());
    const Pumped pieces = pump_body(head, out, body, cut);
    MC_CHECK(whole.state == pieces.state);
    MC_CHECK(whole.out == pieces.out);
    MC_CHECK(whole.used == pieces.used);
    MC_CHECK(whole.payload == pieces.payload);
    MC_CHECK(out != BodyPump::Out::discard || whole.out.empty());
  }
  return 0;
}
