// Random filters, orders and pages against a slow twin: rows in memory, one comparison at a time.
#include <doctest/doctest.h>

#include <algorithm>

#include "contract/dataset_contract.h"
#include "contract/filter_maker.h"
#include "contract/filter_twin.h"

namespace mc::dataset::contract {
namespace {

std::vector<std::string> expected_ids(const Rows& rows, const json::Object& filter,
                                      const json::Array& order) {
  std::vector<const json::Object*> kept;
  for (const json::Object& row : rows) {
    if (matches(row, filter) == Truth::yes) kept.push_back(&row);
  }
  std::sort(kept.begin(), kept.end(), [&](const json::Object* a, const json::Object* b) {
    for (const json::Value& term : order) {
      const std::string& name = *term.find("field")->as_string();
      const json::Value* direction = term.find("direction");
      const bool descending = direction != nullptr && *direction == json::Value("DESC");
      const json::Value& x = *a->find(name);
      const json::Value& y = *b->find(name);
      // Missing values are the least.
      const int sign = x.is_null() || y.is_null() ? (y.is_null() ? 1 : 0) - (x.is_null() ? 1 : 0)
                                                  : compare(x, y);
      if (sign != 0) return descending ? sign > 0 : sign < 0;
    }
    return compare(*a->find("id"), *b->find("id")) < 0;
  });
  std::vector<std::string> ids;
  for (const json::Object* row : kept) ids.push_back(*row->find("id")->as_string());
  return ids;
}

constexpr const char* kQuery =
    "query($f: PersonFilter, $o: [PersonOrder!], $first: Int, $after: String, $last: Int, $before: "
    "String) { people(filter: $f, order: $o, first: $first, after: $after, last: $last, before: "
    "$before) { edges { cursor node { id } } totalCount pageInfo { hasNextPage hasPreviousPage "
    "startCursor endCursor } } }";

// All pages, forwards or backwards, put together in order.
std::vector<std::string> walk(World& world, json::Object variables, int size, bool backward,
                              std::size_t total) {
  std::vector<std::string> ids;
  variables.set(backward ? "last" : "first", size);
  for (std::size_t guard = 0; guard <= total + 1; ++guard) {
    const Reply reply = world.ask("alpha", kQuery, variables);
    REQUIRE_MESSAGE(reply.code().empty(), reply.body);
    const json::Value& page = *reply.at({"data", "people"});
    CHECK(*page.find("totalCount")->as_int() == static_cast<std::int64_t>(total));
    std::vector<std::string> part;
    for (const json::Value& edge : *page.find("edges")->as_array()) {
      part.push_back(*edge.find("node")->find("id")->as_string());
    }
    CHECK(part.size() <= static_cast<std::size_t>(size));
    ids.insert(backward ? ids.begin() : ids.end(), part.begin(), part.end());
    const json::Value& info = *page.find("pageInfo");
    const bool more = *info.find(backward ? "hasPreviousPage" : "hasNextPage")->as_bool();
    CHECK(more == (ids.size() < total));
    if (!more || part.empty()) return ids;
    variables.set(backward ? "before" : "after",
                  *info.find(backward ? "startCursor" : "endCursor"));
  }
  return ids;
}

}  // namespace

void run_oracle(const Backend& backend, int rounds) {
  constexpr int kPeople = 40;
  World world(backend, {"bravo", "alpha"}, kPeople);
  const Rows rows = people_of("alpha", kPeople);
  std::size_t found = 0;
  for (int round = 0; round < rounds; ++round) {
    Dice dice(static_cast<std::uint64_t>(round) + 1);
    Generator generator(dice, rows);
    json::Object variables;
    const json::Object filter = generator.filter(3);
    const json::Array order = generator.order();
    variables.set("f", filter);
    variables.set("o", order);
    CAPTURE(round);
    CAPTURE(json::print(variables));
    const std::vector<std::string> expected = expected_ids(rows, filter, order);
    found += expected.size();
    const int size = static_cast<int>(1 + dice.below(dice.one_in(2) ? 4 : 60));
    CHECK(walk(world, variables, size, dice.one_in(2), expected.size()) == expected);
  }
  // Filters that never match would prove nothing.
  CHECK(found > static_cast<std::size_t>(rounds));
}

}  // namespace mc::dataset::contract
