// Cost models and programs of foreign schemas and documents: SDL, NUL, document, NUL, variables;
// the last may be absent. What makes a program that cannot be run, or runs differently twice, or
// costs less than nothing, shows here.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "cost/cost.h"

namespace {

using namespace mc;

constexpr std::string_view kDirectives =
    "directive @cost(weight: String!) on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION | "
    "INPUT_FIELD_DEFINITION | OBJECT | SCALAR "
    "directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], "
    "requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION";

std::string_view take(std::string_view& rest) {
  const std::size_t end = rest.find('\0');
  const std::string_view part = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return part;
}

void price(const cost::CostProgram& program, const json::Object& variables) {
  const auto first = program.price(variables);
  const auto second = program.price(variables);
  MC_CHECK(first == second);
  if (!first) return;
  MC_CHECK(first->type >= 0 && first->type <= cost::kCostMax);
  MC_CHECK(first->field >= 0 && first->field <= cost::kCostMax);
  MC_CHECK(first->credits() >= 1);
  if (!program.depends_on_variables()) MC_CHECK(program.price({}) == first);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const std::string_view sdl = take(rest);
  const std::string_view query = take(rest);
  // With its own definitions of the directives, or with those of the specification.
  auto schema = graphql::Schema::build({std::string(sdl)});
  if (!schema) schema = graphql::Schema::build({std::string(kDirectives), std::string(sdl)});
  if (!schema) return 0;
  const auto model = cost::CostModel::make(**schema);
  if (!model) return 0;
  const graphql::ParseResult document = graphql::parse(std::string(query));
  if (!document) return 0;
  const bool valid = graphql::validate(**schema, **document).empty();
  const auto parsed = json::parse(take(rest));
  const json::Object* given = parsed ? parsed->as_object() : nullptr;
  for (std::size_t i = 0; i < (*document)->operations.size(); ++i) {
    const auto program = cost::CostProgram::make(**model, **document, i);
    // What validates is priced, or is too large.
    if (!program) {
      MC_CHECK(!valid || program.error().code == Code::exhausted);
      continue;
    }
    MC_CHECK((*program)->steps() <= 2 * cost::kProgramStepsMax);
    price(**program, {});
    if (given != nullptr) price(**program, *given);
  }
  return 0;
}
