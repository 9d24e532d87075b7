// cost_oracle: one JSON request a line on standard input, one line of JSON back for each:
//   {"schema": SDL or null (the one before), "query": TEXT, "operation": INDEX, "variables": {...},
//    "list_size": N}
//   {"type": MILLI, "field": MILLI}  or  {"error": CODE, "what": TEXT}
#include <cstddef>
#include <iostream>
#include <memory>
#include <string>

#include "cost/cost.h"

namespace {

using namespace mc;

constexpr std::size_t kLineBytesMax = 64 << 20;

struct Loaded {
  std::unique_ptr<graphql::Schema> schema;
  std::shared_ptr<const cost::CostModel> model;
  std::int64_t list_size = 0;
};

const std::int64_t* int_member(const json::Value& request, std::string_view name) {
  const json::Value* value = request.find(name);
  return value == nullptr ? nullptr : value->as_int();
}

const std::string* text_member(const json::Value& request, std::string_view name) {
  const json::Value* value = request.find(name);
  return value == nullptr ? nullptr : value->as_string();
}

Status load(Loaded& loaded, const json::Value& request) {
  const std::string* sdl = text_member(request, "schema");
  const std::int64_t* asked = int_member(request, "list_size");
  const std::int64_t list_size = asked == nullptr ? cost::CostConfig{}.list_size : *asked;
  if (sdl != nullptr) {
    loaded = {};
    MC_TRY(loaded.schema, graphql::Schema::build({*sdl}));
  }
  if (loaded.schema == nullptr) return fail(Code::invalid, "schema: there is none yet");
  if (loaded.model != nullptr && loaded.list_size == list_size) return ok();
  MC_TRY(loaded.model, cost::CostModel::make(*loaded.schema, {.list_size = list_size}));
  loaded.list_size = list_size;
  return ok();
}

Result<cost::Cost> answer(Loaded& loaded, const std::string& line) {
  MC_TRY(const json::Value request, json::parse(line, {.bytes_max = kLineBytesMax}));
  MC_TRY_OK(load(loaded, request));
  const std::string* query = text_member(request, "query");
  if (query == nullptr) return fail(Code::invalid, "query: must be text");
  const graphql::ParseResult document = graphql::parse(*query);
  if (!document) return fail(Code::invalid, document.error().message);
  const auto errors = graphql::validate(*loaded.schema, **document);
  if (!errors.empty()) return fail(Code::invalid, errors.front().message);
  const std::int64_t* operation = int_member(request, "operation");
  const std::size_t index = operation == nullptr ? 0 : static_cast<std::size_t>(*operation);
  MC_TRY(const auto program, cost::CostProgram::make(*loaded.model, **document, index));
  const json::Value* variables = request.find("variables");
  const json::Object* given = variables == nullptr ? nullptr : variables->as_object();
  return program->price(given == nullptr ? json::Object() : *given);
}

std::string answer_line(Loaded& loaded, const std::string& line) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  const Result<cost::Cost> cost = answer(loaded, line);
  if (cost) {
    writer.member("type", cost->type).member("field", cost->field);
  } else {
    writer.member("error", code_name(cost.error().code)).member("what", cost.error().what);
  }
  writer.end_object();
  out += '\n';
  return out;
}

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  Loaded loaded;
  std::string line;
  while (std::getline(std::cin, line)) {
    std::cout << answer_line(loaded, line);
    // The peer may wait for this answer before it asks again.
    if (std::cin.rdbuf()->in_avail() <= 0) std::cout.flush();
  }
  return 0;
}
