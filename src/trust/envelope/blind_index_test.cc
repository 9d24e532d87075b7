#include "envelope/blind_index.h"

#include <doctest/doctest.h>

#include <set>

#include "envelope/made_keys.h"
#include "sim/sim.h"

using namespace mc;            // NOLINT(google-build-using-namespace)
using namespace mc::envelope;  // NOLINT(google-build-using-namespace)

namespace {

const Scope kScope = {.tenant = TenantId("alpha"), .kind = ScopeKind::index, .name = "people"};

}  // namespace

TEST_CASE("blind index: brings values to the form of the column") {
  struct Row {
    Normal form;
    const char *value, *normal;
  };
  const Row rows[] = {{Normal::exact, "Ada", "Ada"},
                      {Normal::lower, "ADA Z@[`{", "ada z@[`{"},
                      {Normal::lower, "\xc3\x84rger", "\xc3\x84rger"},
                      {Normal::digits, "+49 (30) 12-34", "49301234"},
                      {Normal::digits, "none/:", ""},
                      {Normal::exact, "", ""}};
  for (const Row& row : rows) CHECK(normalised(row.form, row.value) == row.normal);
  CHECK(parse_normal("exact") == Normal::exact);
  CHECK(parse_normal("lower") == Normal::lower);
  CHECK(parse_normal("digits") == Normal::digits);
  CHECK(parse_normal("upper").error().code == Code::invalid);
}

TEST_CASE("blind index: is the same for the same value of a column, and for nothing else") {
  sim::SimRandom random;
  MadeKeys made(random, kScope);
  const IndexedColumn column = {.tenant = "alpha", .dataset = "people", .column = "mail"};
  const std::string index = blind_index(made.key, column, "ada");
  CHECK(index.size() == 16);
  CHECK(blind_index(made.key, column, "ada") == index);

  std::set<std::string> seen = {index};
  const auto differs = [&](const DataKey& key, const IndexedColumn& of, std::string_view value) {
    CHECK(seen.insert(blind_index(key, of, value)).second);
  };
  differs(made.key, column, "adb");
  differs(made.key, column, "");
  differs(made.key, column, std::string(100'000, 'a'));
  differs(made.other_key(random), column, "ada");
  differs(made.key, {.tenant = "beta", .dataset = "people", .column = "mail"}, "ada");
  differs(made.key, {.tenant = "alpha", .dataset = "peoplem", .column = "ail"}, "ada");
  differs(made.key, {.tenant = "alpha", .dataset = "people", .column = "name"}, "ada");
  IndexedColumn lower = column;
  lower.form = Normal::lower;
  differs(made.key, lower, "ada");
  CHECK(blind_index(made.key, lower, "ADA") == blind_index(made.key, lower, "ada"));
}

TEST_CASE("blind index: a narrow one is the beginning of a wide one") {
  sim::SimRandom random;
  MadeKeys made(random, kScope);
  IndexedColumn column = {.tenant = "alpha", .dataset = "people", .column = "mail", .bytes = 32};
  const std::string wide = blind_index(made.key, column, "ada");
  for (column.bytes = 4; column.bytes <= 32; ++column.bytes) {
    CHECK(blind_index(made.key, column, "ada") ==
          wide.substr(0, static_cast<std::size_t>(column.bytes)));
  }
}

TEST_CASE("blind index: stays when the data key is wrapped under another branch key") {
  sim::SimRandom random;
  MadeKeys made(random, kScope);
  const BranchKey next = made.other_branch();
  const auto moved = must(rewrap_data_key(made.branch, next, 4, made.row, random));
  const DataKey again = must(open_data_key(next, moved, *made.arena));
  const IndexedColumn column = {.tenant = "alpha", .dataset = "people", .column = "mail"};
  CHECK(blind_index(again, column, "ada") == blind_index(made.key, column, "ada"));
}
