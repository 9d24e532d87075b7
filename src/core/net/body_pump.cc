#include <algorithm>
#include <array>
#include <charconv>

#include "net/relay.h"

namespace mc::net {

void BodyPump::start(const http1::ResponseHead& head, Out out) {
  *this = BodyPump();
  framing_ = head.framing;
  left_ = head.content_length;
  out_ = out;
}

BodyPump::Piece BodyPump::take(std::string_view in, std::string& prefix) {
  Piece piece;
  switch (framing_) {
    case http1::Framing::none:
      piece.state = State::done;
      return piece;
    case http1::Framing::chunked:
      return take_chunked(in, prefix);
    case http1::Framing::length:
      piece.used = static_cast<std::size_t>(
          std::min<std::int64_t>(left_, static_cast<std::int64_t>(in.size())));
      left_ -= static_cast<std::int64_t>(piece.used);
      if (left_ == 0) piece.state = State::done;
      break;
    case http1::Framing::until_close:
      piece.used = in.size();
      break;
  }
  piece.payload = static_cast<std::int64_t>(piece.used);
  if (out_ != Out::discard) piece.direct = in.substr(0, piece.used);
  if (out_ == Out::enchunk && piece.used > 0) {
    std::array<char, 20> digits;
    const auto end =
        std::to_chars(digits.data(), digits.data() + digits.size(), piece.used, 16).ptr;
    prefix.append(digits.data(), end).append("\r\n");
    piece.suffix = "\r\n";
  }
  return piece;
}

// As is: every byte up to the last chunk's line passes; trailers do not.
BodyPump::Piece BodyPump::take_chunked(std::string_view in, std::string& prefix) {
  using Step = http1::ChunkDecoder::Step;
  Piece piece;
  std::size_t passed = 0;
  while (piece.state == State::going) {
    const auto step = decoder_.next(in.substr(piece.used));
    piece.used += step.used;
    if (!last_seen_) passed = piece.used;
    piece.payload += static_cast<std::int64_t>(step.data.size());
    if (out_ == Out::dechunk) prefix.append(step.data);
    if (step.step == Step::last) last_seen_ = true;
    if (step.step == Step::bad) piece.state = State::bad;
    if (step.step == Step::end) piece.state = State::done;
    if (step.step == Step::more) break;
  }
  if (out_ == Out::as_is) {
    piece.direct = in.substr(0, passed);
    if (piece.state == State::done) piece.suffix = "\r\n";
  }
  return piece;
}

bool BodyPump::finish(std::string& prefix) {
  if (framing_ != http1::Framing::until_close) return false;
  if (out_ == Out::enchunk) prefix.append("0\r\n\r\n");
  return true;
}

}  // namespace mc::net
