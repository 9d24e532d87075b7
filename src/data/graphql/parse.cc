#include <string>

#include "graphql/graphql.h"
#include "graphql/parser.h"
#include "json/json.h"

namespace mc::graphql {
namespace {

// Offsets are 32 bits wide and kNone is taken.
constexpr std::uint32_t kBytesHardMax = 0x7FFFFFFF;

GraphqlError refused(std::string message, Location location) {
  return {"Syntax Error: " + message, {location}, "GRAPHQL_PARSE_FAILED", {}};
}

}  // namespace

ParseResult parse(std::string source, const ParseLimits& limits) {
  const std::uint32_t bytes_max = std::min(limits.bytes_max, kBytesHardMax);
  if (source.size() > bytes_max) {
    return tl::make_unexpected(refused(
        "Document is larger than " + std::to_string(bytes_max) + " bytes. Parsing aborted.", {}));
  }
  const std::size_t invalid = find_invalid_utf8(source);
  if (invalid != std::string_view::npos) {
    // Only what stands before it can be counted in characters.
    source.resize(invalid);
    const Location location = locate(source, static_cast<std::uint32_t>(invalid));
    return tl::make_unexpected(refused("Invalid character: not UTF-8.", location));
  }
  auto document = std::make_unique<Document>(std::move(source));
  Parser parser(*document, limits);
  if (!parser.parse_document()) return tl::make_unexpected(parser.error());
  return document;
}

Location locate(std::string_view source, std::uint32_t at) {
  Location location;
  std::size_t line_start = 0;
  for (std::size_t i = 0; i < at && i < source.size(); ++i) {
    if (source[i] != '\n' && source[i] != '\r') continue;
    if (source[i] == '\r' && i + 1 < source.size() && source[i + 1] == '\n') ++i;
    ++location.line;
    line_start = i + 1;
  }
  const std::size_t end = std::min<std::size_t>(at, source.size());
  if (end > line_start) {
    const std::size_t units = utf16_length(source.substr(line_start, end - line_start));
    location.column += static_cast<std::uint32_t>(units);
  }
  return location;
}

void append_error(std::string& json, const GraphqlError& error) {
  json::Writer writer(json);
  writer.begin_object().member("message", std::string_view(error.message));
  if (!error.locations.empty()) {
    writer.key("locations").begin_array();
    for (const Location& location : error.locations) {
      writer.begin_object()
          .member("line", static_cast<std::int64_t>(location.line))
          .member("column", static_cast<std::int64_t>(location.column))
          .end_object();
    }
    writer.end_array();
  }
  if (!error.code.empty()) {
    writer.key("extensions").begin_object();
    writer.member("code", std::string_view(error.code)).end_object();
  }
  writer.end_object();
}

}  // namespace mc::graphql
