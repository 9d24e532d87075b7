// {"op":"execute"}: runs documents with the random resolver; {"op":"introspect"}: a schema's SDL
// through the introspection query.
#include "graphql/random_resolver.h"
#include "operations.h"

namespace mc::oracle {
namespace {

using namespace graphql;

// Time stands still, so no deadline passes.
class StillClock final : public sys::Clock {
 public:
  WallTime wall() override { return {}; }
  MonoTime mono() override { return {}; }
};

Result<std::unique_ptr<Schema>> schema_of(const json::Object& request) {
  return Schema::build({std::string(text_of(request, "schema"))}, Schema::Check::full);
}

void run(const Schema& schema, const json::Object& request, json::Writer& answer) {
  const ParseResult document = parse(std::string(text_of(request, "document")));
  if (!document) return write_error(answer, document.error());
  const json::Object none;
  const json::Value* variables = request.find("variables");
  const json::Value* seed = request.find("seed");
  const bool has_seed = seed != nullptr && seed->as_int() != nullptr;
  RandomResolver resolver(schema, has_seed ? static_cast<std::uint32_t>(*seed->as_int()) : 0);
  StillClock clock;
  ExecuteRequest call{
      **document, text_of(request, "operation"),
      variables != nullptr && variables->as_object() != nullptr ? *variables->as_object() : none};
  call.limits.errors_max = 1'000'000;
  const std::string once = execute(schema, call, resolver, clock).body;
  // A kept plan must not change a byte, neither while it is built nor afterwards.
  if (const auto operation = choose_operation(**document, call.operation_name)) {
    const PreparedOperation prepared(schema, **document, **operation);
    call.prepared = &prepared;
    for (int round = 0; round < 2; ++round) {
      if (execute(schema, call, resolver, clock).body != once) {
        answer.member("refused", "the prepared operation answers differently");
        return;
      }
    }
  }
  answer.key("result").raw(once);
}

}  // namespace

void execute_operation(const json::Object& request, json::Writer& answer) {
  const auto schema = schema_of(request);
  if (!schema) {
    answer.member("refused", std::string_view(schema.error().what));
    return;
  }
  answer.key("answers").begin_array();
  const json::Value* cases = request.find("cases");
  if (cases != nullptr && cases->as_array() != nullptr) {
    for (const json::Value& item : *cases->as_array()) {
      answer.begin_object();
      if (item.as_object() != nullptr) run(**schema, *item.as_object(), answer);
      answer.end_object();
    }
  }
  answer.end_array();
}

void introspect_operation(const json::Object& request, json::Writer& answer) {
  const auto schema = schema_of(request);
  if (!schema) {
    answer.member("refused", std::string_view(schema.error().what));
    return;
  }
  run(**schema, request, answer);
}

}  // namespace mc::oracle
