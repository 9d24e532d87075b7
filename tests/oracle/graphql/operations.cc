#include "operations.h"

namespace mc::oracle {

std::string_view text_of(const json::Object& request, std::string_view member) {
  const json::Value* value = request.find(member);
  const std::string* text = value == nullptr ? nullptr : value->as_string();
  return text == nullptr ? std::string_view() : *text;
}

void write_error(json::Writer& answer, const graphql::GraphqlError& error) {
  std::string text;
  graphql::append_error(text, error);
  answer.key("error").raw(text);
}

void parse_operation(const json::Object& request, json::Writer& answer) {
  // graphql-js has no limits, so they must not show here.
  const graphql::ParseLimits limits = {
      .bytes_max = 64 << 20, .tokens_max = 10'000'000, .depth_max = 1000};
  const graphql::ParseResult result =
      graphql::parse(std::string(text_of(request, "source")), limits);
  if (!result) return write_error(answer, result.error());
  const std::string printed = graphql::print(**result);
  answer.member("ok", true).member("printed", std::string_view(printed));
}

}  // namespace mc::oracle
