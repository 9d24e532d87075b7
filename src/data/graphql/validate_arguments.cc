#include "graphql/validate_arguments.h"

#include <algorithm>

namespace mc::graphql {

std::uint32_t ArgumentSignatures::signature(Index first) {
  if (first == kNone) return 0;
  const auto known = known_.find(first);
  if (known != known_.end()) return known->second;
  std::vector<Index> order;
  for (Index at = first; at != kNone; at = document_.arguments[at].next) order.push_back(at);
  std::sort(order.begin(), order.end(), [&](Index a, Index b) {
    const Symbol left = document_.arguments[a].name;
    const Symbol right = document_.arguments[b].name;
    return left != right ? left < right : a < b;
  });
  std::string text;
  for (const Index at : order) {
    text += std::to_string(document_.arguments[at].name) + ":";
    append_value(text, document_.arguments[at].value);
  }
  const auto next = static_cast<std::uint32_t>(numbers_.size() + 1);
  const std::uint32_t number = numbers_.emplace(std::move(text), next).first->second;
  known_.emplace(first, number);
  return number;
}

// A prefix code: no two different values give the same text.
void ArgumentSignatures::append_value(std::string& out, Index value) const {
  const ValueNode& node = document_.values[value];
  out.push_back(static_cast<char>('a' + static_cast<int>(node.kind)));
  switch (node.kind) {
    case ValueKind::variable:
    case ValueKind::enum_:
      out += std::to_string(node.name) + ";";
      return;
    case ValueKind::int_:
    case ValueKind::float_:
    case ValueKind::string:
    case ValueKind::block_string:
      out += std::to_string(node.text_length) + ";";
      out += document_.text(node);
      return;
    case ValueKind::list:
      for (Index at = node.first; at != kNone; at = document_.values[at].next) {
        append_value(out, at);
      }
      out.push_back(']');
      return;
    case ValueKind::object: {
      std::vector<Index> order;
      for (Index at = node.first; at != kNone; at = document_.object_fields[at].next) {
        order.push_back(at);
      }
      std::sort(order.begin(), order.end(), [&](Index a, Index b) {
        const Symbol left = document_.object_fields[a].name;
        const Symbol right = document_.object_fields[b].name;
        return left != right ? left < right : a < b;
      });
      for (const Index at : order) {
        out += std::to_string(document_.object_fields[at].name) + ":";
        append_value(out, document_.object_fields[at].value);
      }
      out.push_back('}');
      return;
    }
    default:
      return;
  }
}

}  // namespace mc::graphql
