#include "graphql/validate_arguments.h"

#include <algorithm>

namespace mc::graphql {

std::uint32_t ArgumentSignatures::signature(Index first) {
  if (first == kNone) return 0;
  const auto known = known_.find(first);
  if (known != known_.end()) return known->second;
  std::string text;
  for (const Index at : sorted(first)) {
    text += std::to_string(document_.arguments[at].name) + ":";
    append_value(text, document_.arguments[at].value);
  }
  const auto next = static_cast<std::uint32_t>(numbers_.size() + 1);
  const std::uint32_t number = numbers_.emplace(std::move(text), next).first->second;
  known_.emplace(first, number);
  return number;
}

std::vector<Index> ArgumentSignatures::sorted(Index first) const {
  std::vector<Index> order;
  for (Index at = first; at != kNone; at = document_.arguments[at].next) order.push_back(at);
  std::sort(order.begin(), order.end(), [&](Index a, Index b) {
    const Symbol left = document_.arguments[a].name;
    const Symbol right = document_.arguments[b].name;
    return left != right ? left < right : a < b;
  });
  return order;
}

bool ArgumentSignatures::has_doubles(Index first) {
  if (first == kNone || document_.arguments[first].next == kNone) return false;
  const auto [known, fresh] = doubles_.try_emplace(first, false);
  if (!fresh) return known->second;
  const std::vector<Index> order = sorted(first);
  known->second = std::adjacent_find(order.begin(), order.end(), [&](Index a, Index b) {
                    return document_.arguments[a].name == document_.arguments[b].name;
                  }) != order.end();
  return known->second;
}

bool ArgumentSignatures::same(Index a, Index b) {
  if (!has_doubles(a) && !has_doubles(b)) return signature(a) == signature(b);
  const auto lasts_of = [&](Index first) {
    std::unordered_map<Symbol, Index> lasts;
    for (Index at = first; at != kNone; at = document_.arguments[at].next) {
      lasts[document_.arguments[at].name] = document_.arguments[at].value;
    }
    return lasts;
  };
  if (sorted(a).size() != sorted(b).size()) return false;
  const auto lasts = lasts_of(b);
  for (Index at = a; at != kNone; at = document_.arguments[at].next) {
    const auto other = lasts.find(document_.arguments[at].name);
    if (other == lasts.end()) return false;
    std::string left;
    std::string right;
    append_value(left, document_.arguments[at].value);
    append_value(right, other->second);
    if (left != right) return false;
  }
  return true;
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
