// Heads of HTTP/1.x messages (RFC 9112, RFC 9110), sans-IO. Strict on purpose: what two parsers
// could read in two ways is refused, never repaired, because that is how requests are smuggled.
//
// Refused: bare CR or LF, obs-fold, space before the colon, characters outside the grammar, a
// repeated Content-Length (even identical), Content-Length beside Transfer-Encoding, any transfer
// coding but one `chunked`, Transfer-Encoding in HTTP/1.0, a missing, repeated or malformed Host,
// targets that are not in origin form. All views point into the bytes that were parsed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "net/net.h"

namespace mc::net::http1 {

// The status to refuse with and why; status 0 = accepted.
struct Verdict {
  int status = 0;
  std::string_view why;
  bool good() const { return status == 0; }
};

struct HeadLimits {
  std::int64_t head_bytes_max = 64 << 10;   // 431
  std::int64_t target_bytes_max = 8 << 10;  // 414
  int headers_max = 100;                    // 431
};

// Finds the empty line that ends a head in bytes that arrive in pieces. Linear in all: no byte is
// looked at twice.
class HeadScanner {
 public:
  enum class State { more, found, bad };
  // `bytes` is everything received since the head began; earlier bytes must not have changed.
  State scan(std::string_view bytes);
  std::size_t head_size() const { return line_start_; }  // with its empty line, once found
  bool first_line_done() const { return first_line_done_; }
  void reset() { *this = HeadScanner(); }

 private:
  std::size_t scanned_ = 0;
  std::size_t line_start_ = 0;
  bool first_line_done_ = false;
};

struct RequestHead {
  std::string_view method;
  std::string_view target;
  int minor = 1;  // HTTP/1.minor
  std::vector<HeaderView> headers;
  std::int64_t content_length = 0;
  bool chunked = false;
  bool keep_alive = true;
  bool expect_continue = false;
};

// `head` is exactly one head with its final empty line. On refusal `out` is unspecified.
Verdict parse_request_head(std::string_view head, const HeadLimits& limits, RequestHead& out);

enum class Framing : std::uint8_t { none, length, chunked, until_close };

struct ResponseHead {
  int status = 0;
  std::string_view reason;
  int minor = 1;
  std::vector<HeaderView> headers;
  Framing framing = Framing::none;
  std::int64_t content_length = 0;  // of framing `length`
  bool keep_alive = true;           // false also when the body ends with the connection
};

// A response to a request of `request_method` (RFC 9112 section 6.3). Interim (1xx) heads are
// parsed like others; the caller skips them. Any refusal has status 502.
Verdict parse_response_head(std::string_view head, const HeadLimits& limits,
                            std::string_view request_method, ResponseHead& out);

// RFC 9110 section 5: what may be written into a head.
bool is_token(std::string_view text);
bool is_field_value(std::string_view text);    // no controls but tab, no outer whitespace
bool is_origin_target(std::string_view text);  // absolute path and query, or "*"
// True when `list` (a comma-separated field value) holds `token`, ignoring case.
bool list_has(std::string_view list, std::string_view token);
// Connection, Keep-Alive, TE, Transfer-Encoding, Upgrade ... (RFC 9110 section 7.6.1).
bool is_hop_by_hop(std::string_view name);

}  // namespace mc::net::http1
