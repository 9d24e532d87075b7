#include "maestro/follow.h"

#include <doctest/doctest.h>

#include <deque>
#include <set>

#include "sim/sim.h"

namespace mc::app {
namespace {

// A server with a log, and what a follower of it does. Each wait is one step of the test.
struct World {
  std::int64_t size = 0;            // of the log
  std::int64_t page_max = 2;        // records of a page
  std::set<std::int64_t> withheld;  // left out of pages that begin before them
  std::string tenant = "alpha";     // of the token
  std::deque<Error> failures;       // of the next requests for records
  std::vector<std::string> asked;
  std::string out;
  std::vector<std::string> told;
  std::deque<std::function<void()>> meanwhile;  // in each wait; then it shall end
  bool output_closed = false;
  sim::SimFiles files;

  Result<net::Response> fetch(const std::string& path) {
    net::Response reply;
    if (path == "/v1/session") {
      reply.body = R"({"tenant":")" + tenant + "\"}";
      return reply;
    }
    asked.push_back(path);
    if (!failures.empty()) {
      const Error failure = failures.front();
      failures.pop_front();
      return tl::unexpected<Error>(failure);
    }
    const std::size_t at = path.find("after=") + 6;
    const std::int64_t after = *parse_int(path.substr(at, path.find('&', at) - at));
    const std::int64_t last = std::min(size - 1, after + page_max);
    const std::string form = path.substr(path.find("form=") + 5, 4);
    std::string lines;
    for (std::int64_t n = after + 1; n <= last; ++n) {
      const std::string number = std::to_string(n);
      if (withheld.contains(n)) continue;
      if (form == "json") lines += (lines.empty() ? "" : ",") + (R"({"record":)" + number + "}");
      if (form == "csv&") lines += number + ",\"two\nlines\"\r\n";
      if (form == "ocsf") lines += R"({"metadata":{"sequence":)" + number + "}}\n";
    }
    const std::string next = std::to_string(std::max(after, last));
    const std::string total = std::to_string(size);
    reply.headers = {{"x-next-after", next}, {"x-total", total}};
    reply.body = lines;
    if (form == "csv&") reply.body = "record,text\r\n" + lines;
    if (form == "json") {
      reply.body =
          R"({"items":[)" + lines + R"(],"next_after":)" + next + R"(,"total":)" + total + "}";
    }
    return reply;
  }
  Status run(const FollowOptions& options) {
    return follow({[this](const std::string& path) { return fetch(path); },
                   [this](std::string_view text) -> Status {
                     if (output_closed) return fail(Code::unavailable, "closed");
                     out += text;
                     return ok();
                   },
                   [this](std::string_view text) { told.emplace_back(text); },
                   [this](Nanos) {
                     if (meanwhile.empty()) return false;
                     meanwhile.front()();
                     meanwhile.pop_front();
                     return true;
                   },
                   files},
                  options);
  }
  std::string cursor() { return *files.read_all("/cursor"); }
};

std::string lines(std::int64_t from, std::int64_t to) {
  std::string out;
  for (std::int64_t n = from; n <= to; ++n) out += R"({"record":)" + std::to_string(n) + "}\n";
  return out;
}

TEST_CASE("follow: what is there comes in pages, what is recorded meanwhile after the next wait") {
  World world;
  world.size = 5;
  world.meanwhile = {[&] { world.size = 6; }, [] {}, [&] { world.size = 8; }};
  REQUIRE(world.run({.tenant = "alpha"}).has_value());
  CHECK(world.out == lines(0, 7));
  CHECK(world.told.empty());
  CHECK(world.asked.front() == "/v1/tenants/alpha/records?after=-1&form=json&limit=200");
  CHECK(world.asked.size() == 3 + 1 + 1 + 1);
}

TEST_CASE("follow: it goes on from the cursor file, which is of that tenant") {
  World world;
  world.size = 3;
  const FollowOptions options{.tenant = "alpha", .after = 0, .cursor_file = "/cursor"};
  REQUIRE(world.run(options).has_value());
  CHECK(world.out == lines(1, 2));
  CHECK(world.cursor() == "{\"after\":2,\"tenant\":\"alpha\"}\n");
  world.size = 5;
  REQUIRE(world.run(options).has_value());
  CHECK(world.out == lines(1, 4));
  FollowOptions other = options;
  other.tenant = world.tenant = "bravo";
  CHECK(world.run(other).error().what.find("is of tenant alpha") != std::string::npos);
  for (const char* text : {"", "17", "{}", R"({"after":-2,"tenant":"bravo"})"}) {
    CAPTURE(text);
    REQUIRE(world.files.write_atomic("/cursor", text).has_value());
    CHECK(world.run(other).error().what.find("is no cursor") != std::string::npos);
  }
}

TEST_CASE("follow: a line that did not leave is not behind the cursor") {
  World world;
  world.size = 2;
  const FollowOptions options{.tenant = "alpha", .cursor_file = "/cursor"};
  world.output_closed = true;
  CHECK_FALSE(world.run({.tenant = "alpha", .cursor_file = "/cursor", .once = true}).has_value());
  CHECK_FALSE(*world.files.exists("/cursor"));
  world.output_closed = false;
  // A cursor that cannot be kept ends it: the line comes again.
  world.files.fail_at(1, sim::SimFiles::Fault::not_stored);
  CHECK_FALSE(world.run({.tenant = "alpha", .cursor_file = "/cursor", .once = true}).has_value());
  CHECK(world.out == lines(0, 1));
}

TEST_CASE("follow: a server that is away is told once, and waited for") {
  World world;
  world.size = 2;
  world.failures = {{Code::unavailable, "refused"}, {Code::exhausted, "slower"}};
  world.meanwhile = {[] {}, [] {}, [&] { world.size = 3; }};
  REQUIRE(world.run({.tenant = "alpha"}).has_value());
  CHECK(world.out == lines(0, 2));
  CHECK(world.told ==
        std::vector<std::string>{"refused; tried again every 2s\n", "the server is back\n"});
  // Who wants it once is told at once.
  world.failures = {{Code::unavailable, "refused"}};
  CHECK(world.run({.tenant = "alpha", .once = true}).error().code == Code::unavailable);
}

TEST_CASE("follow: what will not get better ends it") {
  for (const Code code : {Code::denied, Code::not_found, Code::invalid}) {
    World world;
    world.size = 2;
    world.failures = {{code, "no"}};
    world.meanwhile = {[] {}};
    CHECK(world.run({.tenant = "alpha"}).error().code == code);
    CHECK(world.meanwhile.size() == 1);
  }
}

TEST_CASE("follow: who would read the records of its own reading is refused, but for once") {
  World world;
  world.size = 3;
  world.tenant = "system";
  const Status refused = world.run({.tenant = "alpha"});
  CHECK(refused.error().what.find("would feed itself") != std::string::npos);
  CHECK(world.asked.empty());
  CHECK(world.run({.tenant = "alpha", .once = true}).has_value());
  CHECK(world.out == lines(0, 2));
}

TEST_CASE("follow: a log that grows with every page is read up to what it had when it was asked") {
  World world;
  world.size = 4;
  world.page_max = 1;
  const FollowOptions options{.tenant = "alpha", .once = true};
  FollowWorld seams{[&](const std::string& path) {
                      Result<net::Response> reply = world.fetch(path);
                      ++world.size;
                      return reply;
                    },
                    [&](std::string_view text) -> Status {
                      world.out += text;
                      return ok();
                    },
                    [](std::string_view) {}, [](Nanos) { return false; }, world.files};
  REQUIRE(follow(seams, options).has_value());
  CHECK(world.out == lines(0, 3));
}

TEST_CASE("follow: numbers that are left out are asked for again, and missed when they stay away") {
  for (const char* form : {"json", "csv", "ocsf"}) {
    CAPTURE(form);
    World world;
    world.size = 9;
    world.page_max = 9;
    world.withheld = {3, 4};
    const FollowOptions options{.tenant = "alpha", .form = form, .cursor_file = "/cursor"};
    const Status missing = world.run(options);
    REQUIRE_FALSE(missing.has_value());
    CHECK(missing.error().code == Code::corrupt);
    CHECK(missing.error().what.find("record 3 of tenant alpha is missing") != std::string::npos);
    CHECK(world.told ==
          std::vector<std::string>{"records 3 to 4 were left out; they are asked for again\n"});
    CHECK(world.cursor().find("\"after\":2") != std::string::npos);
    CHECK(world.asked.back().find("after=2&") != std::string::npos);
  }
  // At the end of a page too, and with a filter nothing is missed.
  World world;
  world.size = 3;
  world.withheld = {2};
  CHECK(world.run({.tenant = "alpha", .once = true}).error().code == Code::corrupt);
  CHECK(world.run({.tenant = "alpha", .filters = {{"actor", "otto*"}}, .once = true}).has_value());
  CHECK(world.asked.back().find("actor=otto%2a&after=") != std::string::npos);
}

TEST_CASE("follow: what was left out once and then is there is given out in its place") {
  World world;
  world.size = 5;
  world.page_max = 9;
  world.withheld = {2};
  FollowWorld seams{[&](const std::string& path) {
                      Result<net::Response> reply = world.fetch(path);
                      if (!world.asked.empty()) world.withheld.clear();
                      return reply;
                    },
                    [&](std::string_view text) -> Status {
                      world.out += text;
                      return ok();
                    },
                    [&](std::string_view text) { world.told.emplace_back(text); },
                    [](Nanos) { return false; }, world.files};
  REQUIRE(follow(seams, {.tenant = "alpha"}).has_value());
  CHECK(world.out == lines(0, 4));
  CHECK(world.told.size() == 1);
}

TEST_CASE("follow: a log that became shorter is told once, and nothing is given out twice") {
  World world;
  world.size = 3;
  world.meanwhile = {[&] { world.size = 2; }, [] {}, [&] { world.size = 4; }};
  REQUIRE(world.run({.tenant = "alpha"}).has_value());
  CHECK(world.out == lines(0, 3));
  REQUIRE(world.told.size() == 1);
  CHECK(world.told[0].starts_with("the log has 2 records, and 2 was read before"));
}

TEST_CASE("follow: CSV has its header once, also over a restart") {
  World world;
  world.size = 1;
  world.meanwhile = {[&] { world.size = 2; }};
  const FollowOptions options{.tenant = "alpha", .form = "csv", .cursor_file = "/cursor"};
  REQUIRE(world.run(options).has_value());
  world.size = 3;
  REQUIRE(world.run(options).has_value());
  CHECK(world.out == "record,text\r\n0,\"two\nlines\"\r\n1,\"two\nlines\"\r\n2,\"two\nlines\"\r\n");
}

TEST_CASE("follow: an answer that is no list of records ends it") {
  for (const char* body :
       {"<html>", "{}", R"({"items":[],"total":9})", R"({"items":[],"next_after":-1,"total":9})",
        R"({"items":[{"record":1},{"record":0}],"next_after":1,"total":2})",
        R"({"items":[{"record":5}],"next_after":1,"total":9})",
        R"({"items":{},"next_after":0,"total":1})"}) {
    CAPTURE(body);
    World world;
    int left = 5;  // it must not ask for ever
    const FollowWorld seams{[&](const std::string&) -> Result<net::Response> {
                              if (--left < 0) return fail(Code::denied, "enough");
                              net::Response reply;
                              reply.body = body;
                              return reply;
                            },
                            [](std::string_view) { return ok(); }, [](std::string_view) {},
                            [](Nanos) { return false; }, world.files};
    const Status done =
        follow(seams, {.tenant = "alpha", .filters = {{"type", "access"}}, .once = true});
    REQUIRE_FALSE(done.has_value());
    CHECK(left >= 3);
  }
}

}  // namespace
}  // namespace mc::app
