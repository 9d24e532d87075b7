// Values and types in messages: graphql-js `inspect` of JSON.
#include <algorithm>
#include <cmath>

#include "graphql/coerce.h"

namespace mc::graphql {
namespace {

// The first is ours, so that a reply is not as long as the request; the others are graphql-js's.
constexpr std::size_t kShownBytesMax = 2000;
constexpr std::size_t kShownItemsMax = 10;
constexpr int kShownDepthMax = 2;
constexpr std::int64_t kSafeIntegerMax = 9007199254740991;

void append_inspected(std::string& out, const json::Value& value, int depth);

void append_items(std::string& out, const json::Array& items, int depth) {
  if (items.empty()) {
    out += "[]";
    return;
  }
  if (depth > kShownDepthMax) {
    out += "[Array]";
    return;
  }
  out += '[';
  const std::size_t shown = std::min(items.size(), kShownItemsMax);
  for (std::size_t i = 0; i < shown; ++i) {
    if (i > 0) out += ", ";
    append_inspected(out, items[i], depth);
  }
  // "... 1 more item"
  const std::size_t more = items.size() - shown;
  if (more > 0) out += ", ... " + std::to_string(more) + (more == 1 ? " more item" : " more items");
  out += ']';
}

void append_members(std::string& out, const json::Object& object, int depth) {
  if (object.empty()) {
    out += "{}";
    return;
  }
  if (depth > kShownDepthMax) {
    out += "[Object]";
    return;
  }
  out += "{ ";
  bool first = true;
  for (const json::Member& member : object.members()) {
    if (out.size() > kShownBytesMax) break;
    if (!first) out += ", ";
    first = false;
    out += member.name + ": ";
    append_inspected(out, member.value, depth);
  }
  out += " }";
}

// `depth` counts the containers around the value.
void append_inspected(std::string& out, const json::Value& value, int depth) {
  if (const std::string* text = value.as_string()) {
    json::append_quoted(out,
                        text->size() > kShownBytesMax ? excerpt(*text, kShownBytesMax) : *text);
  } else if (const json::Array* items = value.as_array()) {
    append_items(out, *items, depth + 1);
  } else if (const json::Object* object = value.as_object()) {
    append_members(out, *object, depth + 1);
  } else if (const std::int64_t* whole = value.as_int()) {
    if (std::abs(*whole) > kSafeIntegerMax) {
      json::append_double(out, static_cast<double>(*whole));  // as JavaScript would have read it
    } else {
      out += std::to_string(*whole);
    }
  } else if (const double* real = value.as_double()) {
    json::append_double(out, *real);
  } else if (const bool* flag = value.as_bool()) {
    out += *flag ? "true" : "false";
  } else {
    out += "null";
  }
}

}  // namespace

std::string inspect(const json::Value& value) {
  std::string out;
  append_inspected(out, value, 0);
  return out.size() > kShownBytesMax ? excerpt(out, kShownBytesMax) : out;
}

std::string print_type(const Document& document, Index type) {
  // Wrappers are met from the outside in: brackets open before the name, all ends follow it.
  std::string before;
  std::string after;
  for (Index i = type; i != kNone; i = document.types[i].inner) {
    const TypeNode& node = document.types[i];
    if (node.kind == TypeKind::named) return before + std::string(document.name(node.name)) + after;
    if (node.kind == TypeKind::list) {
      before += '[';
      after.insert(0, "]");
    } else {
      after.insert(0, "!");
    }
  }
  return before + after;
}

}  // namespace mc::graphql
