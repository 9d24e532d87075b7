// format(): the layout, and the proof that it is the same module.
#include <algorithm>
#include <utility>

#include "rego/formatter.h"
#include "rego/rego.h"

namespace mc::rego {
namespace {

constexpr int kPassesMax = 4;

bool equal_optional(const std::optional<Term>& a, const std::optional<Term>& b) {
  return a.has_value() == b.has_value() && (!a || equal(*a, *b));
}

bool equal_heads(const Head& a, const Head& b) {
  return a.kind == b.kind && equal(a.ref, b.ref) && equal_optional(a.key, b.key) &&
         equal_optional(a.value, b.value) &&
         std::equal(a.arguments.begin(), a.arguments.end(), b.arguments.begin(), b.arguments.end(),
                    [](const Term& x, const Term& y) { return equal(x, y); });
}

bool equal_bodies(const Body& a, const Body& b) {
  if (is_empty_body(a) && is_empty_body(b)) return true;
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Expr& x, const Expr& y) { return equal(x, y); });
}

bool equal_rules(const Rule& a, const Rule& b) {
  const auto same_note = [](const Annotation& x, const Annotation& y) { return x.json == y.json; };
  return a.is_default == b.is_default && equal_heads(a.head, b.head) &&
         equal_bodies(a.body, b.body) &&
         std::equal(a.annotations.begin(), a.annotations.end(), b.annotations.begin(),
                    b.annotations.end(), same_note) &&
         std::equal(a.otherwise.begin(), a.otherwise.end(), b.otherwise.begin(), b.otherwise.end(),
                    equal_rules);
}

template <class List, class Text>
std::vector<std::string> sorted_texts(const List& list, Text text) {
  std::vector<std::string> texts;
  for (const auto& item : list) texts.push_back(text(item));
  std::sort(texts.begin(), texts.end());
  return texts;
}

// The same package, imports, rules and comments. Imports may stand in another order.
bool equal_modules(const Module& a, const Module& b) {
  const auto import_text = [](const Import& import) {
    return to_text(import.path) + " as " + import.alias;
  };
  const auto comment_text = [](const Comment& comment) {
    return comment.text.substr(0, comment.text.find_last_not_of(" \t\r\v\f") + 1);
  };
  const auto json_text = [](const Annotation& annotation) { return annotation.json; };
  return equal(a.package, b.package) &&
         sorted_texts(a.imports, import_text) == sorted_texts(b.imports, import_text) &&
         sorted_texts(a.comments, comment_text) == sorted_texts(b.comments, comment_text) &&
         sorted_texts(a.annotations, json_text) == sorted_texts(b.annotations, json_text) &&
         std::equal(a.rules.begin(), a.rules.end(), b.rules.begin(), b.rules.end(), equal_rules);
}

}  // namespace

// Formatting must never change a policy: what comes out is read again and compared, and formatted
// until it stays as it is. A module for which that fails keeps its text.
std::string format(const Module& module) {
  std::string text = Formatter(module).run();
  for (int pass = 0; pass < kPassesMax; ++pass) {
    const ParseLimits limits{.bytes_max = 2 * module.source.size() + (16 << 20)};
    const Checked<Module> again = parse_module(text, module.file, limits);
    if (!again || !equal_modules(module, *again)) return module.source;
    std::string next = Formatter(*again).run();
    if (next == text) return text;
    text = std::move(next);
  }
  return module.source;
}

}  // namespace mc::rego
