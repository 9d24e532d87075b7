// The admin API from the command line: through a running server when --url or MC_URL is given,
// otherwise on the data directory itself, whose lock proves that no server runs on it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "maestro/command.h"
#include "net/net.h"

namespace mc::app {

// One admin request; `path` begins with /v1/. Problem details become an Error. A segment that is
// empty, "." or ".." is refused: it would name something else than its place says.
struct AdminCall {
  std::string method = "GET";
  std::string path = {};
  std::string body = {};
  net::Headers headers = {};
  bool anonymous = false;       // no token is sent
  bool may_lack_token = false;  // none is sent when there is none
  std::string_view token = "";  // sent in the place of the configured one
  std::string_view content_type = "application/json";
  bool reads = false;  // it changes nothing, so there is nothing to try out
};
Result<json::Value> call_admin(Context& context, const AdminCall& call);
// The same for any body of a reply, and with its headers.
Result<std::string> call_for_text(Context& context, const AdminCall& call);
Result<net::Response> call_for_reply(Context& context, const AdminCall& call);

// Percent-encoded but for letters, digits and -._~: what it is in a path or a query, it stays
// there.
std::string encoded(std::string_view text);
// "/v1/tenants/alpha/tokens": each segment is encoded, so that an argument is one, whatever it is.
std::string v1_path(const std::vector<std::string>& segments);

// Field values a command collects; empty ones are not sent.
using Fields = std::vector<std::pair<std::string, std::string>>;
std::string to_body(const Fields& fields);
// For a cell of a table; "-" where there is nothing.
std::string text_of(const json::Value& object, std::string_view field);

// What commands do with a reply: --json prints it, otherwise a table or a line a member.
Status show_list(Context& context, const std::string& path,
                 const std::vector<std::string>& columns);
Status show_one(Context& context, const AdminCall& call, const std::string& done);

}  // namespace mc::app
