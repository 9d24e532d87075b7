// OverlappingFieldsCanBeMerged beside a slow twin that is the text of the specification, and
// documents that are made to hurt a validator.
#include <doctest/doctest.h>

#include <random>

#include "graphql/graphql.h"

namespace {

using namespace mc;
using namespace mc::graphql;

constexpr const char* kSdl =
    "type Query { a: A b: B i: I u: U x: Int } interface I { a: A i: I x: Int y: String } "
    "type A implements I { a: A i: I u: U x: Int y: String z(n: Int): [Int] } "
    "type B implements I { a: A b: B i: I x: Int y: String z(n: Int): Int! } union U = A | B";

const Schema& schema() {
  static const auto built = Schema::build({kSdl});
  REQUIRE_MESSAGE(built.has_value(), built.error().what);
  return **built;
}

// The specification, 5.3.2, word for word: every fragment expanded, every pair compared.
class Twin {
 public:
  explicit Twin(const Document& document) : document_(document) {}

  bool valid() {
    for (const OperationNode& node : document_.operations) {
      if (!mergeable(fields_of(node.selections, schema().root(node.kind)))) return false;
    }
    return true;
  }

 private:
  struct Field {
    const SelectionNode* node;
    const TypeDef* parent;
    const FieldDef* definition;
  };
  using Fields = std::vector<Field>;

  Fields fields_of(Index first, const TypeDef* parent) {
    Fields fields;
    for (Index at = first; at != kNone; at = document_.selections[at].next) {
      const SelectionNode& node = document_.selections[at];
      Fields more;
      if (node.kind == SelectionKind::field) {
        more.push_back({&node, parent, parent->field(document_.name(node.name))});
      } else if (node.kind == SelectionKind::inline_fragment) {
        const bool bare = node.type_condition == kNone;
        more = fields_of(node.selections,
                         bare ? parent : schema().find(document_.name(node.type_condition)));
      } else {
        for (const FragmentNode& fragment : document_.fragments) {
          if (fragment.name != node.name) continue;
          more = fields_of(fragment.selections,
                           schema().find(document_.name(fragment.type_condition)));
        }
      }
      fields.insert(fields.end(), more.begin(), more.end());
    }
    return fields;
  }

  Fields below(const Field& field) {
    if (field.definition == nullptr || field.node->selections == kNone) return {};
    return fields_of(field.node->selections, &schema().type(field.definition->type.named));
  }

  Fields merged(const Field& a, const Field& b) {
    Fields fields = below(a);
    const Fields more = below(b);
    fields.insert(fields.end(), more.begin(), more.end());
    return fields;
  }

  template <class F>
  static bool all_pairs(const Fields& fields, F fits) {
    for (std::size_t i = 0; i < fields.size(); ++i) {
      for (std::size_t j = i + 1; j < fields.size(); ++j) {
        const bool same_name = fields[i].node->response_name() == fields[j].node->response_name();
        if (same_name && !fits(fields[i], fields[j])) return false;
      }
    }
    return true;
  }

  bool mergeable(const Fields& fields) {
    for (const Field& field : fields) {
      if (!mergeable_alone(field)) return false;
    }
    return all_pairs(fields, [&](const Field& a, const Field& b) {
      if (!same_shape(a, b)) return false;
      const bool apart = a.parent != b.parent && a.parent->kind == NamedKind::object &&
                         b.parent->kind == NamedKind::object;
      if (apart) return true;
      return a.node->name == b.node->name && argument_of(a) == argument_of(b) &&
             mergeable(merged(a, b));
    });
  }

  // "FieldsInSetCanMerge must be true" holds for every selection set, this field's own too.
  bool mergeable_alone(const Field& field) { return mergeable(below(field)); }

  bool same_shape(const Field& a, const Field& b) {
    if (a.definition == nullptr || b.definition == nullptr) return true;
    const TypeRef left = a.definition->type;
    const TypeRef right = b.definition->type;
    const bool leaf = schema().type(left.named).is_leaf() || schema().type(right.named).is_leaf();
    if (left.wrappers != right.wrappers || (leaf && left.named != right.named)) return false;
    return all_pairs(merged(a, b),
                     [&](const Field& c, const Field& d) { return same_shape(c, d); });
  }

  // The documents of this test have one argument at most.
  std::string argument_of(const Field& field) const {
    if (field.node->arguments == kNone) return "";
    const ValueNode& value = document_.values[document_.arguments[field.node->arguments].value];
    return std::string(document_.text(value));
  }

  const Document& document_;
};

// Small selections of fields that exist, with aliases that collide often.
class Maker {
 public:
  explicit Maker(unsigned seed) : random_(seed) {}

  std::string document() {
    std::string text = "query " + selections("Query", 0);
    for (int i = 0; i < 3; ++i) {
      const std::string type = kTypes[below(3)];
      fragment_ = i + 1;
      text += " fragment F" + std::to_string(i) + " on " + type + " " + selections(type, 2);
    }
    return text;
  }

 private:
  static constexpr const char* kTypes[] = {"A", "B", "I", "U"};

  unsigned below(unsigned limit) { return static_cast<unsigned>(random_() % limit); }

  std::string selections(const std::string& type, int depth) {
    std::string text = "{";
    for (unsigned i = below(3) + 1; i > 0; --i) text += " " + selection(type, depth);
    return text + " }";
  }

  std::string selection(const std::string& type, int depth) {
    const unsigned choice = below(10);
    if (choice == 0 && fragment_ < 3) {
      return "...F" + std::to_string(fragment_ + static_cast<int>(
                                                     below(3u - static_cast<unsigned>(fragment_))));
    }
    if (choice < 3 && depth < 4) {
      const std::string on = kTypes[below(4)];
      return "... on " + on + " " + selections(on, depth + 1);
    }
    const TypeDef& owner = *schema().find(type);
    if (owner.fields.empty()) return "__typename";
    const FieldDef& field = owner.fields[below(static_cast<unsigned>(owner.fields.size()))];
    const TypeDef& target = schema().type(field.type.named);
    if (!target.is_leaf() && depth >= 4) return "__typename";
    static constexpr const char* kAliases[] = {"", "", "", "a: ", "x: ", "i: "};
    std::string text = kAliases[below(6)] + field.name;
    if (!field.arguments.empty() && below(2) == 0) text += "(n: " + std::to_string(below(2)) + ")";
    return target.is_leaf() ? text : text + " " + selections(target.name, depth + 1);
  }

  std::mt19937 random_;
  int fragment_ = 0;  // spreads go to later fragments only
};

std::vector<GraphqlError> overlaps(const std::string& text) {
  const ParseResult document = parse(text, {.tokens_max = 1'000'000});
  REQUIRE_MESSAGE(document.has_value(), document.error().message);
  return validate(schema(), **document, {.only_rules = {"OverlappingFieldsCanBeMerged"}});
}

std::string repeated(int count, const std::string& before, const std::string& after) {
  std::string text;
  for (int i = 0; i < count; ++i) text += before + std::to_string(i) + after;
  return text;
}

}  // namespace

TEST_CASE("overlap: agrees with the text of the specification on 4000 random documents") {
  int refused = 0;
  for (unsigned seed = 1; seed <= 4000; ++seed) {
    const std::string text = Maker(seed).document();
    CAPTURE(text);
    const ParseResult document = parse(text);
    REQUIRE(document.has_value());
    // Fragments that no operation reaches are checked by themselves; the twin has only operations.
    const std::string reachable = text.substr(0, text.find(" fragment F0"));
    if (reachable.find("...F0") == std::string::npos && text.find("...F") == std::string::npos) {
      const ParseResult alone = parse(reachable);
      REQUIRE(alone.has_value());
      const bool valid = Twin(**alone).valid();
      refused += valid ? 0 : 1;
      CHECK(overlaps(reachable).empty() == valid);
    } else if (!Twin(**document).valid()) {
      ++refused;
      CHECK_FALSE(overlaps(text).empty());
    } else if (overlaps(text).empty()) {
      CHECK(Twin(**document).valid());
    }
  }
  CHECK(refused > 300);
  CHECK(refused < 3700);
}

TEST_CASE("overlap: documents with many paths but few sets are fine") {
  std::string doubled;
  for (int i = 0; i < 60; ++i) doubled += "i { x } i { ";
  std::string bomb = "{ i { ...F0 } }";
  std::string paths = "{ i { ...F0 } }";
  std::string chain = "{ i { ...F0 } }";
  for (int i = 0; i < 30; ++i) {
    const std::string head = " fragment F" + std::to_string(i) + " on I { ";
    const std::string next = "...F" + std::to_string(i + 1);
    bomb += head + (i < 29 ? next + " " + next : "x") + " }";
    paths += head + (i < 29 ? "p: i { " + next + " } q: i { " + next + " }" : "x") + " }";
  }
  for (int i = 0; i < 3000; ++i) {
    chain +=
        " fragment F" + std::to_string(i) + " on I { i { x ...F" + std::to_string(i + 1) + " } }";
  }
  chain += " fragment F3000 on I { x }";
  CHECK(overlaps("{ " + doubled + "x" + std::string(60, '}') + " }").empty());
  CHECK(overlaps(bomb).empty());
  CHECK(overlaps(paths).empty());
  CHECK(overlaps(chain).empty());
  CHECK(overlaps("{" + repeated(5000, " i { x y a", ": x }") + "}").empty());
  CHECK(overlaps("{" + repeated(1000, " query_", ": i { x }") + repeated(1000, " i { z", ": x }") +
                 "}")
            .empty());
}

TEST_CASE("overlap: conflicts without end are cut at the limit") {
  CHECK(overlaps("{ i {" + repeated(2000, " x: x n", ": x x: y") + " } }").size() == 101);
  CHECK(overlaps("{" + repeated(500, " i { x n", ": x } i { x: y }") + "}").size() == 101);
}

TEST_CASE("overlap: every conflict of a set is told, however deep the fragments stand") {
  constexpr std::size_t kNames = 90;
  const std::string here = repeated(kNames, " n", ": a { x }");
  const std::string there = repeated(kNames, " n", ": b { x }");
  CHECK(overlaps("{" + here + there + "}").size() == kNames);
  CHECK(overlaps("{" + here + " ...F } fragment F on Query { ...G } fragment G on Query { ...H } " +
                 "fragment H on Query {" + there + "}")
            .size() == kNames);
}

// P and Q are first compared below a field that has conflicts enough without them; as graphql-js
// goes on comparing there, it has nothing more to say of the two where they stand alone.
TEST_CASE("overlap: a field with many conflicts below is compared to the end") {
  const std::string fragments =
      " fragment P on I { last: x } fragment Q on I { last: y }"
      " fragment F on I { deep: i { ...P } } fragment G on I { deep: i { ...Q } }"
      " fragment L on I {" +
      repeated(90, " n", ": x") + " ...F } fragment R on I {" + repeated(90, " n", ": y") +
      " ...G }";
  CHECK(overlaps("{ i { ...L } i { ...R } a { i { ...P ...Q } } }" + fragments).size() == 1);
}

TEST_CASE("overlap: exponentially many different sets are refused, not explored") {
  constexpr int kLevels = 30;
  std::string text = "{ i { ...F0 } }";
  for (int i = 0; i < kLevels; ++i) {
    const std::string level = std::to_string(i);
    const std::string next = i + 1 < kLevels ? "...F" + std::to_string(i + 1) : "x";
    text += " fragment F" + level + " on I { p: i { " + next + " ...P" + level + "_0 } q: i { " +
            next + " ...Q" + level + "_0 } }";
    for (int j = 0; j < kLevels; ++j) {
      for (const char* side : {"P", "Q"}) {
        const std::string name = side + level + "_";
        const std::string more = j + 1 < kLevels ? " ..." + name + std::to_string(j + 1) : "";
        text += " fragment " + name + std::to_string(j) + " on I { p: i { x" + more +
                " } q: i { x" + more + " } }";
      }
    }
  }
  const auto errors = overlaps(text);
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].message == "Validation aborted.");
}
