#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "graphql/graphql.h"

namespace mc::graphql {
namespace {

constexpr std::uint32_t kEndless = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint64_t kEndlessFields = std::numeric_limits<std::uint64_t>::max();

std::unique_ptr<const Document> parsed(const std::string& source) {
  ParseResult result = parse(source, {.tokens_max = 10'000'000});
  REQUIRE_MESSAGE(result.has_value(), source);
  return std::move(*result);
}

TEST_CASE("measure: counts what a reader would count") {
  struct Row {
    const char* source;
    Measure measure;
  };
  const Row rows[] = {
      {"{a}", {.depth = 1, .root_fields = 1, .selections = 1}},
      {"{a{b c{d}}e}", {.depth = 3, .root_fields = 2, .selections = 5}},
      {"{x:a y:a{z:b}}", {.depth = 2, .aliases = 3, .root_fields = 2, .selections = 3}},
      {"query@d{a@e@f ...@g{b}}", {.depth = 1, .root_fields = 2, .directives = 4, .selections = 2}},
      {"{...{a ... on T{b}}}", {.depth = 1, .root_fields = 2, .selections = 2}},
      {"{...F a{...F}}fragment F on T@d{x:b{c}}",
       {.depth = 3, .aliases = 2, .root_fields = 2, .directives = 2, .selections = 5}},
      {"query A{a b}query B{c{d}}",
       {.depth = 2, .aliases = 0, .root_fields = 2, .directives = 0, .selections = 4}},
      {"{...Missing}", {}},
      {"{a}fragment Unused on T{x:b{c}}",
       {.depth = 2, .aliases = 1, .root_fields = 1, .selections = 3}},
      {"query Q($v:I@d@e){a}", {.depth = 1, .root_fields = 1, .directives = 2, .selections = 1}},
      {"type T{a:B}", {}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.source);
    const Measure measured = measure(*parsed(row.source));
    CHECK(measured.depth == row.measure.depth);
    CHECK(measured.aliases == row.measure.aliases);
    CHECK(measured.root_fields == row.measure.root_fields);
    CHECK(measured.directives == row.measure.directives);
    CHECK(measured.selections == row.measure.selections);
  }
}

TEST_CASE("measure: cycles of fragments have no end, wherever they stand") {
  for (const char* source : {
           "{...A}fragment A on T{...A}",
           "{...A}fragment A on T{...B}fragment B on T{a{...A}}",
           "{a}fragment A on T{a ...B}fragment B on T{b ...A}",
           "{...D}fragment A on T{...B}fragment B on T{...C}fragment C on T{...A}"
           "fragment D on T{d{...B}}",
           "{...A}fragment A on T{...B ...C}fragment B on T{...C}fragment C on T{...A}",
       }) {
    CAPTURE(source);
    const Measure measured = measure(*parsed(source));
    CHECK(measured.depth == kEndless);
    CHECK(measured.selections == kEndlessFields);
  }
}

std::string bomb(int fragments) {
  std::string source = "{...F0}";
  for (int i = 0; i < fragments; ++i) {
    const std::string next = "...F" + std::to_string(i + 1);
    source += "fragment F" + std::to_string(i) + " on T{" + next + " " + next + "}";
  }
  return source + "fragment F" + std::to_string(fragments) + " on T{x:a@d}";
}

// Walking them out would take longer than the age of the universe.
TEST_CASE("measure: fragment bombs are priced without being expanded") {
  const Measure thirty = measure(*parsed(bomb(30)));
  CHECK(thirty.selections == std::uint64_t{1} << 30);
  CHECK(thirty.aliases == std::uint32_t{1} << 30);
  CHECK(thirty.depth == 1);
  const Measure hundred = measure(*parsed(bomb(100)));
  CHECK(hundred.selections == kEndlessFields);
  CHECK(hundred.aliases == kEndless);
  CHECK(hundred.directives == kEndless);
  CHECK(hundred.depth == 1);
}

TEST_CASE("measure: a chain of fragments as long as a document does not use up the stack") {
  std::string source = "{...F0}";
  constexpr int kLength = 30'000;
  for (int i = 0; i < kLength; ++i) {
    source += "fragment F" + std::to_string(i) + " on T{a{...F" + std::to_string(i + 1) + "}}";
  }
  source += "fragment F" + std::to_string(kLength) + " on T{b}";
  ParseResult document = parse(source, {.bytes_max = 1 << 24, .tokens_max = 10'000'000});
  REQUIRE(document.has_value());
  CHECK(measure(**document).depth == kLength + 1);
  CHECK(measure(**document).selections == kLength + 1);
}

// The slow twin: walks every spread out.
class Twin {
 public:
  explicit Twin(const Document& document) : document_(document) {}

  Measure walk(Index first, std::uint32_t depth) const {
    Measure sum;
    for (Index i = first; i != kNone; i = document_.selections[i].next) {
      const SelectionNode& node = document_.selections[i];
      sum.directives += directives(node.directives);
      if (node.kind == SelectionKind::field) {
        add(sum, {.depth = depth + 1,
                  .aliases = node.alias == kNone ? 0U : 1U,
                  .root_fields = depth == 0 ? 1U : 0U,
                  .selections = 1});
        add(sum, walk(node.selections, depth + 1));
      } else if (node.kind == SelectionKind::inline_fragment) {
        add(sum, walk(node.selections, depth));
      } else {
        for (const FragmentNode& fragment : document_.fragments) {
          if (fragment.name != node.name) continue;
          sum.directives += directives(fragment.directives);
          add(sum, walk(fragment.selections, depth));
        }
      }
    }
    return sum;
  }

 private:
  static void add(Measure& sum, const Measure& more) {
    sum.depth = std::max(sum.depth, more.depth);
    sum.aliases += more.aliases;
    sum.root_fields += more.root_fields;
    sum.directives += more.directives;
    sum.selections += more.selections;
  }
  std::uint32_t directives(Index first) const {
    std::uint32_t count = 0;
    for (Index i = first; i != kNone; i = document_.directives[i].next) ++count;
    return count;
  }
  const Document& document_;
};

class Generator {
 public:
  explicit Generator(std::uint64_t seed) : state_(seed) {}
  std::string document() {
    constexpr int kFragments = 6;
    std::string source = "{" + selections(0, 0, kFragments) + "}";
    for (int i = 0; i < kFragments; ++i) {
      const std::string directive = below(3) == 0 ? "@d" : "";
      source += "fragment F" + std::to_string(i) + " on T" + directive + "{" +
                selections(0, i + 1, kFragments) + "}";
    }
    // Every fragment is spread once, so that none counts by itself.
    source += "query All{";
    for (int i = 0; i < kFragments; ++i) source += "...F" + std::to_string(i) + " ";
    return source + "}";
  }

 private:
  std::uint64_t below(std::uint64_t bound) {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return (state_ >> 33) % bound;
  }
  std::string selections(int depth, int fragment_from, int fragments) {
    std::string out;
    for (std::uint64_t i = below(3) + 1; i > 0; --i) {
      const std::uint64_t kind = below(8);
      if (kind < 2 && fragment_from < fragments) {
        const int left = fragments - fragment_from;
        out += "...F" +
               std::to_string(fragment_from + static_cast<int>(below(static_cast<unsigned>(left))));
      } else if (kind == 2 && depth < 4) {
        out += "...@e{" + selections(depth + 1, fragment_from, fragments) + "}";
      } else {
        out += below(2) == 0 ? "x:a" : "a";
        if (below(4) == 0) out += "@f@g";
        if (depth < 4 && below(2) == 0) {
          out += "{" + selections(depth + 1, fragment_from, fragments) + "}";
        }
      }
      out += ' ';
    }
    return out;
  }
  std::uint64_t state_;
};

TEST_CASE("measure: agrees with walking random documents out") {
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    const std::string source = Generator(seed).document();
    CAPTURE(source);
    const auto document = parsed(source);
    Measure expected;
    for (const OperationNode& operation : document->operations) {
      const Measure one = Twin(*document).walk(operation.selections, 0);
      expected.depth = std::max(expected.depth, one.depth);
      expected.root_fields = std::max(expected.root_fields, one.root_fields);
      expected.aliases += one.aliases;
      expected.directives += one.directives;
      expected.selections += one.selections;
    }
    CHECK(measure(*document) == expected);
  }
}

TEST_CASE("measure: one error for each broken limit, none at the limit") {
  const DocumentLimits limits = {.depth_max = 2,
                                 .aliases_max = 1,
                                 .root_fields_max = 1,
                                 .directives_max = 1,
                                 .selections_max = 3};
  CHECK(check_limits(measure(*parsed("{x:a@d{b b}}")), limits).empty());
  struct Row {
    const char* source;
    const char* code;
    const char* message;
  };
  const Row rows[] = {
      {"{a{b{c}}}", "DEPTH_LIMIT_EXCEEDED",
       "Document has too many nested levels of fields: the limit is 2."},
      {"{x:a{y:b}}", "ALIASES_LIMIT_EXCEEDED", "Document has too many aliases: the limit is 1."},
      {"{a b}", "ROOT_FIELDS_LIMIT_EXCEEDED", "Document has too many root fields: the limit is 1."},
      {"{a@d@e}", "DIRECTIVES_LIMIT_EXCEEDED", "Document has too many directives: the limit is 1."},
      {"{a{b b b}}", "SELECTIONS_LIMIT_EXCEEDED",
       "Document has too many fields after expansion of fragments: the limit is 3."},
  };
  for (const Row& row : rows) {
    CAPTURE(row.source);
    const std::vector<GraphqlError> errors = check_limits(measure(*parsed(row.source)), limits);
    REQUIRE(errors.size() == 1);
    CHECK(errors[0].code == row.code);
    CHECK(errors[0].message == row.message);
  }
  const Measure worst = {kEndless, kEndless, kEndless, kEndless, kEndlessFields};
  CHECK(check_limits(worst, limits).size() == 5);
}

}  // namespace
}  // namespace mc::graphql
