// mc-isolation [--requests N] [--seed S]: non-interference through the gateway. Two worlds, one
// with bravo's rows, documents and requests and one without, get the same random requests of alpha.
// Every reply must have the same status, headers and bytes in both (but for the request id), and
// must not hold a mark of bravo's rows; at the end alpha's counts are those of alpha's own rows and
// bravo's rows and people are untouched. Closes with "N passed, N failed".
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string>

#include "api/api.h"
#include "contract/guarded_world.h"
#include "isolation/requests.h"
#include "json/json.h"

namespace mc::isolation {
namespace {

constexpr const char* kMarks[] = {"bravo person", "bravo-paid", "bravo-open"};

struct Side {
  explicit Side(std::vector<std::string> with_rows) : world({.with_rows = std::move(with_rows)}) {
    world.set_front(api);
    api.set_ready(true);
    alpha = world.token({.principal = "ada"});
    bravo = world.token({.tenant = "bravo", .principal = "bea"});
  }
  guarded::World world;
  api::Api api{{world.clock(),
                world.log(),
                world.metrics(),
                world.directory(),
                world.gateway(),
                &world.catalog(),
                {"0.1.0", "SQLite"},
                false,
                false}};
  std::string alpha;
  std::string bravo;
};

void collect_cursors(const json::Value& value, std::vector<std::string>& out) {
  if (const json::Array* items = value.as_array()) {
    for (const json::Value& item : *items) collect_cursors(item, out);
  }
  if (value.as_object() == nullptr) return;
  for (const json::Member& member : value.as_object()->members()) {
    if (member.name == "cursor" && member.value.as_string() != nullptr) {
      out.push_back(*member.value.as_string());
    }
    collect_cursors(member.value, out);
  }
}

// Bravo works: its documents are cached and registered, its cursors and ids become loot.
Loot use_as_bravo(Side& side) {
  Loot loot;
  loot.token_id = side.world.directory().check(side.bravo)->token_id;
  const std::vector<std::string> documents = {
      "{ people(first: 20) { edges { cursor node { id name } } } }",
      "{ f1: orders(first: 9) { totalCount nodes { id status personId total } } }",
      "{ f1: person(id: \"p3\") { id name email } }"};
  for (const std::string& document : documents) {
    const std::string id = to_hex(sys::sha256(document));
    loot.document_ids.push_back(id);
    std::string body = guarded::body_of(document);
    body.pop_back();
    body += R"(,"extensions":{"persistedQuery":{"version":1,"sha256Hash":")" + id + "\"}}}";
    const net::Response reply = side.world.post(body, side.bravo);
    MC_CHECK(guarded::code_of(reply).empty());
    const auto json = json::parse(reply.body);
    MC_CHECK(json.has_value());
    collect_cursors(*json, loot.cursors);
  }
  MC_CHECK(!loot.cursors.empty());
  return loot;
}

// Everything the client can see, without the request id, which is unique by design.
std::string visible(const net::Response& reply) {
  std::string out = std::to_string(reply.status) + "\n";
  for (const auto& [name, value] : reply.headers) out += name + ": " + value + "\n";
  out += reply.body;
  const std::string id = sim::header_of(reply.headers, "X-Request-Id");
  for (std::size_t at = out.find(id); !id.empty() && at != out.npos; at = out.find(id, at)) {
    out.replace(at, id.size(), "ID");
  }
  return out;
}

std::string mark_in(const std::string& text) {
  for (const char* mark : kMarks) {
    if (text.find(mark) != std::string::npos) return mark;
  }
  return "";
}

std::size_t lines_of(const std::string& text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
  return count;
}

struct Tally {
  int passed = 0;
  int failed = 0;
  void check(bool good, const std::string& what) {
    ++(good ? passed : failed);
    if (!good) std::fprintf(stderr, "FAILED %s\n", what.c_str());
  }
};

// Counts as alpha sees them against the rows that are alpha's.
void check_counts(Side& side, Tally& tally) {
  const std::string rows = side.world.dump("alpha");
  const std::size_t orders = lines_of(rows, "\n") - lines_of(rows, "@");
  const net::Response reply = side.world.query(
      "{ people { totalCount } orders { totalCount } peopleAggregate { count } }", side.alpha);
  const std::string expected =
      R"({"data":{"people":{"totalCount":)" + std::to_string(lines_of(rows, "@")) +
      R"(},"orders":{"totalCount":)" + std::to_string(orders) + R"(},"peopleAggregate":{"count":)" +
      std::to_string(lines_of(rows, "@")) + "}}}";
  tally.check(reply.body == expected, "counts: " + reply.body + " is not " + expected);
}

int run(int requests, std::uint64_t seed) {
  Side full({"bravo", "alpha"});
  Side empty({"alpha"});
  const Loot loot = use_as_bravo(full);
  const std::string rows_before = full.world.dump("bravo");
  // The other world needs the ids of its own token: same generator, same text.
  MC_CHECK(empty.world.directory().check(empty.bravo)->token_id == loot.token_id);
  RequestMaker maker(loot, seed);
  Tally tally;
  int answered = 0;
  for (int i = 0; i < requests; ++i) {
    const sim::FakeRequest request = maker.next();
    const net::Response with = full.world.ask(request, full.alpha);
    const net::Response without = empty.world.ask(request, empty.alpha);
    const std::string seen = visible(with);
    const std::string where = "request " + std::to_string(i) + ": " + request.method + " " +
                              request.target + " " + request.body;
    const bool same = seen == visible(without);
    const std::string mark = mark_in(with.body);
    tally.check(
        same && mark.empty() && with.status != 0,
        where + "\n  with:    " + seen + "\n  without: " + visible(without) + "\n  mark: " + mark);
    if (guarded::code_of(with).empty() && with.status == 200) ++answered;
    if (i % 100 == 99) check_counts(full, tally);
  }
  check_counts(full, tally);
  check_counts(empty, tally);
  tally.check(full.world.dump("bravo") == rows_before, "bravo's rows have changed");
  tally.check(full.world.directory().check(full.bravo) != nullptr, "bravo's token is gone");
  tally.check(full.world.directory().tokens(TenantId("bravo"))->size() == 1, "bravo's tokens");
  tally.check(answered * 4 > requests, "too few requests were answered to prove anything");
  full.api.stop();
  empty.api.stop();
  std::printf("seed %llu, %d of %d requests answered with data\n",
              static_cast<unsigned long long>(seed), answered, requests);
  std::printf("%d passed, %d failed\n", tally.passed, tally.failed);
  return tally.failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace mc::isolation

int main(int argc, char** argv) {
  long requests = 500;
  long seed = 1;
  for (int i = 1; i + 1 < argc; i += 2) {
    const auto value = mc::parse_int(argv[i + 1]);
    if (!value || *value < 1) return 2;
    if (std::strcmp(argv[i], "--requests") == 0) {
      requests = *value;
    } else if (std::strcmp(argv[i], "--seed") == 0) {
      seed = *value;
    } else {
      std::fprintf(stderr, "usage: mc-isolation [--requests N] [--seed S]\n");
      return 2;
    }
  }
  return mc::isolation::run(static_cast<int>(requests), static_cast<std::uint64_t>(seed));
}
