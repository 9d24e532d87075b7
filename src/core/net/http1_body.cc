#include "net/http1_body.h"

#include <algorithm>

#include "net/http1_head.h"

namespace mc::net::http1 {
namespace {

constexpr int kDigitsMax = 15;  // below 2^60, so that sums of two sizes cannot overflow

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_text(char c) {  // tab, space, visible, obs-text
  const auto byte = static_cast<unsigned char>(c);
  return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

}  // namespace

ChunkDecoder::Piece ChunkDecoder::next(std::string_view in) {
  std::size_t at = 0;
  while (at < in.size() || state_ == State::done) {
    if (state_ == State::done) return {Step::end, at, {}};
    if (state_ == State::data) {
      const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, in.size() - at));
      left_ -= size;
      if (left_ == 0) state_ = State::data_cr;
      return {Step::data, at + size, in.substr(at, size)};
    }
    const Step step = take(in[at++]);
    if (step == Step::bad) state_ = State::bad;
    if (step != Step::more) return {step, at, {}};
  }
  return {state_ == State::bad ? Step::bad : Step::more, at, {}};
}

ChunkDecoder::Step ChunkDecoder::take(char c) {
  switch (state_) {
    case State::size_first:
    case State::size:
    case State::extension:
    case State::size_lf:
      return take_size(c);
    case State::data_cr:
      state_ = State::data_lf;
      return c == '\r' ? Step::more : Step::bad;
    case State::data_lf:
      state_ = State::size_first;
      return c == '\n' ? Step::more : Step::bad;
    case State::data:
    case State::done:
    case State::bad:
      return Step::bad;
    default:
      return take_trailer(c);
  }
}

// chunk-size [ chunk-ext ] CRLF. No space is allowed before the extension.
ChunkDecoder::Step ChunkDecoder::take_size(char c) {
  if (state_ == State::size_lf) {
    if (c != '\n') return Step::bad;
    state_ = left_ == 0 ? State::trailer_first : State::data;
    return left_ == 0 ? Step::last : Step::more;
  }
  if (c == '\r' && state_ != State::size_first) {
    state_ = State::size_lf;
    return Step::more;
  }
  if (state_ == State::extension) {
    if (!is_text(c) || ++extension_bytes_ > kChunkExtensionBytesMax) return Step::bad;
    return Step::more;
  }
  if (c == ';' && state_ == State::size) {
    state_ = State::extension;
    return Step::more;
  }
  const int digit = hex_value(c);
  if (digit < 0) return Step::bad;
  if (state_ == State::size_first) {
    left_ = 0;
    digits_ = 0;
    state_ = State::size;
  }
  if (++digits_ > kDigitsMax) return Step::bad;
  left_ = left_ * 16 + static_cast<unsigned>(digit);
  return Step::more;
}

// *( field-line CRLF ) CRLF. Trailers are checked like headers and thrown away.
ChunkDecoder::Step ChunkDecoder::take_trailer(char c) {
  if (++trailer_bytes_ > kTrailerBytesMax) return Step::bad;
  switch (state_) {
    case State::trailer_first:
      if (c == '\r') {
        state_ = State::final_lf;
        return Step::more;
      }
      state_ = State::trailer_name;
      return is_token(std::string_view(&c, 1)) ? Step::more : Step::bad;
    case State::trailer_name:
      if (c == ':') {
        state_ = State::trailer_value;
        return Step::more;
      }
      return is_token(std::string_view(&c, 1)) ? Step::more : Step::bad;
    case State::trailer_value:
      if (c == '\r') {
        state_ = State::trailer_lf;
        return Step::more;
      }
      return is_text(c) ? Step::more : Step::bad;
    case State::trailer_lf:
      state_ = State::trailer_first;
      return c == '\n' ? Step::more : Step::bad;
    case State::final_lf:
      if (c != '\n') return Step::bad;
      state_ = State::done;
      return Step::end;
    default:
      return Step::bad;
  }
}

}  // namespace mc::net::http1
