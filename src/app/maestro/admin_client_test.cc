#include "maestro/admin_client.h"

#include <doctest/doctest.h>

#include "maestro/record_query.h"

namespace mc::app {
namespace {

TEST_CASE("paths: an argument is one segment, whatever stands in it") {
  struct Row {
    std::string argument;
    std::string segment;
  };
  for (const Row& row :
       {Row{"alpha", "alpha"}, Row{"tok_A-1.b~", "tok_A-1.b~"}, Row{"../tokens?", "..%2ftokens%3f"},
        Row{"alpha/../system", "alpha%2f..%2fsystem"}, Row{"a#b", "a%23b"},
        Row{"a b&c=d", "a%20b%26c%3dd"}, Row{"%2e%2e", "%252e%252e"}, Row{"\r\n\x7F", "%0d%0a%7f"},
        Row{"\xC3\xA9", "%c3%a9"}}) {
    CAPTURE(row.argument);
    CHECK(encoded(row.argument) == row.segment);
    CHECK(v1_path({"tenants", row.argument, "tokens"}) == "/v1/tenants/" + row.segment + "/tokens");
  }
  CHECK(v1_path({"ledger"}) == "/v1/ledger");
  CHECK(query_of({{"a", "x/y"}, {"b", ""}, {"c", "1&d=2"}}) == "?a=x%2fy&c=1%26d%3d2");
}

TEST_CASE("paths: nothing and dots are no names, and are asked of nobody") {
  Context context;
  context.url = "http://127.0.0.1:1";
  for (const std::string argument : {"", ".", ".."}) {
    CAPTURE(argument);
    for (const std::string& path :
         {v1_path({"tenants", argument}),
          v1_path({"tenants", "alpha", "records", argument, "receipt"})}) {
      const auto reply = call_for_reply(context, {.path = path + "?form=json", .anonymous = true});
      REQUIRE_FALSE(reply);
      CHECK(reply.error().code == Code::invalid);
      CHECK(reply.error().what == "'" + argument + "' is no name of anything");
    }
  }
  // What is a name gets as far as the client, which refuses this method.
  const auto reply = call_for_reply(
      context, {.method = "no token", .path = "/v1/tenants/a..b?x=/../", .anonymous = true});
  REQUIRE_FALSE(reply);
  CHECK(reply.error().what == "method is no token");
}

}  // namespace
}  // namespace mc::app
