#include "api/first_page.h"

#include <algorithm>

#include "api/handlers.h"
#include "json/json.h"

namespace mc::api {
namespace {

constexpr std::string_view kApp = "<div id=\"app\">";
constexpr std::string_view kOpen = "<script type=\"application/json\" id=\"answers\">";
constexpr std::string_view kClose = "</script>";

// Where the page's script asks for the figures that its address names; "" when it will be refused,
// and not when it picks another tenant: that is a read of it, made when the script asks, and once.
std::string overview_target(const net::Request& page, const TenantId& own) {
  const Result<net::Headers> query = read_fields(page.query);
  if (!query) return "";
  std::string tenant;
  std::string window = "15m";
  for (const auto& [name, value] : *query) {
    if (name == "tenant") tenant = value;
    if (name == "window" && (value == "1h" || value == "24h")) window = value;
  }
  const auto unescaped = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  };
  if (!std::all_of(tenant.begin(), tenant.end(), unescaped)) return "";
  if (!tenant.empty() && tenant != own.get()) return "";
  if (!tenant.empty()) tenant = "tenant=" + tenant + "&";
  return "/v1/overview?" + tenant + "window=" + window;
}

// The body of the answer; "" unless it is 200.
std::string answer_to(const AdminWorld& world, const AdminRequest& asks, std::string_view target) {
  net::Request http = asks.http;
  const std::size_t question = target.find('?');
  http.target = target;
  http.path = target.substr(0, question);
  http.query = question == std::string_view::npos ? "" : target.substr(question + 1);
  AdminRequest request{http, asks.caller, asks.request_id, asks.cookie};
  net::Response reply = serve_v1(world, request);
  return reply.status == 200 ? std::move(reply.body) : "";
}

// No "<" is left that could end the block; in JSON it can only stand in a string.
void append_without_markup(std::string& out, std::string_view json) {
  for (const char c : json) {
    if (c == '<') {
      out += "\\u003c";
    } else {
      out += c;
    }
  }
}

}  // namespace

bool wants_first_page(const net::Request& request) {
  return request.method == "GET" && request.path == "/" &&
         request.header("accept").find("text/html") != std::string_view::npos;
}

net::Response first_page(const AdminWorld& world, const AdminRequest& request, const Asset& page) {
  std::string block(kOpen);
  char before = '{';
  for (const std::string& target :
       {std::string("/v1/session"), overview_target(request.http, request.caller->tenant),
        std::string("/v1/alerts")}) {
    const std::string body = target.empty() ? "" : answer_to(world, request, target);
    if (body.empty()) continue;
    block += before;
    block.append("\"").append(target).append("\":");
    append_without_markup(block, body);
    before = ',';
  }
  block.append(before == '{' ? "{}" : "}").append(kClose);
  net::Response out;
  out.headers = page_headers();
  out.headers.emplace_back("Cache-Control", "no-store");
  out.headers.emplace_back("Content-Type", page.type);
  out.body = page.plain;
  const std::size_t app = out.body.find(kApp);
  if (app != std::string::npos) out.body.insert(app, block);
  return out;
}

}  // namespace mc::api
