#include "graphql/suggest.h"

#include <doctest/doctest.h>

using namespace mc::graphql;

TEST_CASE("suggest: near names come nearest first, then in natural order") {
  struct Row {
    std::string_view input;
    std::vector<std::string_view> options;
    std::vector<std::string_view> wanted;
  };
  const Row rows[] = {
      {"", {"a"}, {"a"}},
      {"greenish", {"green"}, {"green"}},
      {"green", {"greenish"}, {"greenish"}},
      {"green", {"greenhouse"}, {}},
      {"verylongstring",
       {"VERYLONGSTRING", "verylongstrinX"},
       {"VERYLONGSTRING", "verylongstrinX"}},
      {"agr", {"arg"}, {"arg"}},
      {"214365879", {"123456789"}, {"123456789"}},
      {"a", {"a10", "a2", "b"}, {"a2", "b"}},
      {"ab", {"xy", "ba", "ab"}, {"ab", "ba"}},
      {"\xc3\xa9t\xc3\xa9", {"ete"}, {"ete"}},
      {"x", {"y", "y"}, {"y"}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.input);
    CHECK(suggest(row.input, row.options) == row.wanted);
  }
}

TEST_CASE("suggest: digits compare as numbers") {
  CHECK(natural_less("a2", "a10"));
  CHECK_FALSE(natural_less("a10", "a2"));
  CHECK(natural_less("a", "a1"));
  CHECK(natural_less("A", "a"));
  CHECK_FALSE(natural_less("a1", "a1"));
  CHECK(natural_less("a00b", "a0b"));  // a leading zero is a number of its own
}

TEST_CASE("suggest: the question names five at most") {
  const std::vector<std::string_view> names = {"a", "b", "c", "d", "e", "f"};
  const auto first = [&](std::size_t count) { return std::span(names).first(count); };
  CHECK(did_you_mean(first(0)).empty());
  CHECK(did_you_mean(first(1)) == " Did you mean \"a\"?");
  CHECK(did_you_mean(first(2), "the enum value") == " Did you mean the enum value \"a\" or \"b\"?");
  CHECK(did_you_mean(first(3)) == " Did you mean \"a\", \"b\", or \"c\"?");
  CHECK(did_you_mean(first(6)) == " Did you mean \"a\", \"b\", \"c\", \"d\", or \"e\"?");
}
