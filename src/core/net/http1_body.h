// Chunked bodies (RFC 9112 section 7.1), sans-IO: sizes, extensions and trailers are checked and
// bounded, payload is handed out as views into the input. Used to decode request bodies and to
// follow response bodies that pass through unchanged.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace mc::net::http1 {

inline constexpr std::int64_t kChunkExtensionBytesMax = 4096;  // a message, in all
inline constexpr std::int64_t kTrailerBytesMax = 8192;         // a message, in all

class ChunkDecoder {
 public:
  enum class Step : std::uint8_t {
    more,  // all input used, the body goes on
    data,  // `data` is payload
    last,  // the line of the last chunk is complete; trailers and the final CRLF follow
    end,   // the body is complete; input behind `used` belongs to the next message
    bad,   // not chunked coding, or a limit broken; the decoder stays bad
  };
  struct Piece {
    Step step;
    std::size_t used;  // bytes of the input that are done with, payload included
    std::string_view data;
  };
  // Goes on with `in`, which starts where the last call stopped. Call again after data and last.
  Piece next(std::string_view in);

 private:
  enum class State : std::uint8_t {
    size_first,
    size,
    extension,
    size_lf,
    data,
    data_cr,
    data_lf,
    trailer_first,
    trailer_name,
    trailer_value,
    trailer_lf,
    final_lf,
    done,
    bad
  };
  // One byte outside of payload.
  Step take(char c);
  Step take_size(char c);
  Step take_trailer(char c);

  State state_ = State::size_first;
  int digits_ = 0;
  std::uint64_t left_ = 0;  // of the chunk
  std::int64_t extension_bytes_ = 0;
  std::int64_t trailer_bytes_ = 0;
};

}  // namespace mc::net::http1
