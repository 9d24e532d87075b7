// Writes HTTP/1.1 heads. Field names and values are checked here, the last place before the
// wire, so that nothing a handler copied from input can split a message.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "net/net.h"

namespace mc::net::http1 {

std::string_view reason_phrase(int status);  // "" when unknown

void append_status_line(std::string& out, int status);
void append_field(std::string& out, std::string_view name, std::string_view value);
void append_number_field(std::string& out, std::string_view name, std::int64_t value);

// False when a name is no token or a value holds what may not stand in a head.
bool fields_are_clean(const Headers& headers);

struct ReplyShape {
  int minor = 1;  // of the request
  bool keep_alive = true;
  bool head_only = false;  // the request was HEAD
  std::string_view date;
};
// The head of `response` with Date, Content-Length and Connection. A response with an unclean
// field or a status outside 200..599 is turned into an empty 500. Says whether a body follows.
bool append_response_head(std::string& out, Response& response, const ReplyShape& shape);

// What a refused request gets: plain text, one line.
Response refusal(int status, std::string_view why);

}  // namespace mc::net::http1
