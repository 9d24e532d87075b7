#include "operations.h"

namespace mc::oracle {

void validate_operation(const json::Object& request, json::Writer& answer) {
  const auto schema = graphql::Schema::build({std::string(text_of(request, "schema"))});
  if (!schema) {
    answer.member("refused", std::string_view(schema.error().what));
    return;
  }
  graphql::ValidateOptions options;
  options.suggestions = graphql::Suggestions::on;
  options.errors_max = 1'000'000;
  answer.key("answers").begin_array();
  const json::Value* documents = request.find("documents");
  const json::Array* list = documents == nullptr ? nullptr : documents->as_array();
  for (const json::Value& text : list == nullptr ? json::Array() : *list) {
    answer.begin_array();
    const std::string* source = text.as_string();
    const auto parsed = graphql::parse(source == nullptr ? std::string() : *source);
    if (parsed) {
      for (const graphql::GraphqlError& error : graphql::validate(**schema, **parsed, options)) {
        answer.begin_object();
        write_error(answer, error);
        answer.member("rule", std::string_view(error.rule)).end_object();
      }
    } else {
      answer.begin_object();
      write_error(answer, parsed.error());
      answer.end_object();
    }
    answer.end_array();
  }
  answer.end_array();
}

void build_operation(const json::Object& request, json::Writer& answer) {
  const auto schema = graphql::Schema::build({std::string(text_of(request, "schema"))});
  if (schema) {
    answer.member("printed", std::string_view(graphql::print_schema(**schema)));
  } else {
    answer.member("problems", std::string_view(schema.error().what));
  }
}

}  // namespace mc::oracle
