// A schema with the directives, and what operations on it cost, for tests.
#pragma once

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "cost/cost.h"

namespace mc::cost {

inline constexpr const char* kDirectives =
    "directive @cost(weight: String!) on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION | "
    "INPUT_FIELD_DEFINITION | OBJECT | SCALAR "
    "directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], "
    "requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION ";

class Priced {
 public:
  explicit Priced(const std::string& sdl, std::int64_t list_size = 100) {
    auto built = graphql::Schema::build({kDirectives + sdl});
    REQUIRE_MESSAGE(built.has_value(), built.error().what);
    schema_ = std::move(*built);
    auto model = CostModel::make(*schema_, {.list_size = list_size});
    REQUIRE_MESSAGE(model.has_value(), model.error().what);
    model_ = *model;
  }

  const CostModel& model() const { return *model_; }

  Result<std::unique_ptr<const CostProgram>> program(const std::string& query,
                                                     std::size_t operation = 0) const {
    const auto document = parsed(query);
    const auto errors = graphql::validate(*schema_, *document);
    REQUIRE_MESSAGE(errors.empty(), errors.front().message);
    return CostProgram::make(*model_, *document, operation);
  }
  Result<std::unique_ptr<const CostProgram>> unchecked(const std::string& query,
                                                       std::size_t operation = 0) const {
    return CostProgram::make(*model_, *parsed(query), operation);
  }

  Result<Cost> price(const std::string& query, const std::string& variables = "{}") const {
    const auto made = program(query);
    if (!made) return tl::unexpected<Error>(made.error());
    const auto parsed_variables = json::parse(variables);
    REQUIRE(parsed_variables.has_value());
    return (*made)->price(*parsed_variables->as_object());
  }
  // In credits, "type field", or what is wrong.
  std::string text(const std::string& query, const std::string& variables = "{}") const {
    const auto cost = price(query, variables);
    if (!cost) return std::string(code_name(cost.error().code)) + " " + cost.error().what;
    return credits(cost->type) + " " + credits(cost->field);
  }

 private:
  static std::unique_ptr<const graphql::Document> parsed(const std::string& query) {
    auto document = graphql::parse(query, {.tokens_max = 1'000'000, .depth_max = 2'000});
    REQUIRE_MESSAGE(document.has_value(), document.error().message);
    return std::move(*document);
  }
  static std::string credits(Milli milli) {
    std::string text;
    json::append_double(text, static_cast<double>(milli) / 1000);
    return text;
  }

  std::unique_ptr<graphql::Schema> schema_;
  std::shared_ptr<const CostModel> model_;
};

struct Row {
  const char* query;
  const char* variables;
  const char* cost;
};

template <std::size_t N>
void check_rows(const Priced& priced, const Row (&rows)[N]) {
  for (const Row& row : rows) {
    CAPTURE(row.query);
    CAPTURE(row.variables);
    CHECK(priced.text(row.query, row.variables) == row.cost);
  }
}

}  // namespace mc::cost
