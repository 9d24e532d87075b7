#include "net/http1_write.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "net/http1_head.h"

namespace mc::net::http1 {
namespace {

struct Reason {
  int status;
  std::string_view phrase;
};

constexpr Reason kReasons[] = {
    {100, "Continue"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {423, "Locked"},
    {424, "Failed Dependency"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
};

// Set by the server alone; a handler's own would contradict the framing.
bool is_servers_own(std::string_view name) {
  switch (name.size()) {
    case 4:
      return equals_ignoring_case(name, "date");
    case 10:
      return equals_ignoring_case(name, "connection") || equals_ignoring_case(name, "keep-alive");
    case 14:
      return equals_ignoring_case(name, "content-length");
    case 17:
      return equals_ignoring_case(name, "transfer-encoding");
    default:
      return false;
  }
}

}  // namespace

std::string_view reason_phrase(int status) {
  const auto* found =
      std::lower_bound(std::begin(kReasons), std::end(kReasons), status,
                       [](const Reason& reason, int wanted) { return reason.status < wanted; });
  return found != std::end(kReasons) && found->status == status ? found->phrase
                                                                : std::string_view();
}

void append_status_line(std::string& out, int status) {
  std::array<char, 8> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), status).ptr;
  out.append("HTTP/1.1 ").append(digits.data(), end).append(" ");
  out.append(reason_phrase(status)).append("\r\n");
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  const std::size_t before = out.size();
  const std::size_t size = name.size() + value.size() + 4;
  out.append(size, '\0');
  char* at = out.data() + before;
  at = std::copy(name.begin(), name.end(), at);
  *at++ = ':';
  *at++ = ' ';
  at = std::copy(value.begin(), value.end(), at);
  *at++ = '\r';
  *at = '\n';
}

void append_number_field(std::string& out, std::string_view name, std::int64_t value) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  const auto size = static_cast<std::size_t>(end - digits.data());
  append_field(out, name, std::string_view(digits.data(), size));
}

bool fields_are_clean(const Headers& headers) {
  return std::all_of(headers.begin(), headers.end(), [](const auto& field) {
    return is_token(field.first) && is_field_value(field.second);
  });
}

bool append_response_head(std::string& out, Response& response, const ReplyShape& shape) {
  if (response.status < 200 || response.status > 599 || !fields_are_clean(response.headers) ||
      !response.fields.sendable()) {
    response = Response{.status = 500, .headers = {}, .body = {}};
  }
  const bool bodiless = response.status == 204 || response.status == 304;
  append_status_line(out, response.status);
  append_field(out, "Date", shape.date);
  for (const auto& [name, value] : response.headers) {
    if (!is_servers_own(name)) append_field(out, name, value);
  }
  out.append(response.fields.text());
  if (!bodiless) {
    append_number_field(out, "Content-Length", static_cast<std::int64_t>(response.body.size()));
  }
  if (!shape.keep_alive) {
    append_field(out, "Connection", "close");
  } else if (shape.minor == 0) {
    append_field(out, "Connection", "keep-alive");
  }
  out.append("\r\n");
  return !bodiless && !shape.head_only && !response.body.empty();
}

Response refusal(int status, std::string_view why) {
  Response response;
  response.status = status;
  response.headers.emplace_back("Content-Type", "text/plain; charset=utf-8");
  if (status == 503) response.headers.emplace_back("Retry-After", "1");
  response.body.append(why).append("\n");
  return response;
}

}  // namespace mc::net::http1
