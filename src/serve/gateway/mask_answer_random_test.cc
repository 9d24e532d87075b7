// Random operations with random answers, against a slow twin: it looks at every object anew, goes
// through all selections for every key, and asks every object type of the schema.
#include <doctest/doctest.h>

#include <algorithm>
#include <optional>

#include "gateway/mask_answer.h"
#include "gateway/masked_schema.h"
#include "json/json.h"

namespace mc::gateway {
namespace {

using graphql::FieldDef;
using graphql::kNone;
using graphql::SelectionKind;
using graphql::TypeDef;

struct Dice {
  std::uint64_t state;
  std::uint64_t operator()(std::uint64_t n) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (state >> 33) % n;
  }
};

const masked::World& world() {
  static const masked::World made;
  return made;
}

const std::vector<FieldConfig>& listed() {
  static const std::vector<FieldConfig> made = masked::listed_fields();
  return made;
}

// Can a field that is asked for of `type` be the listed one?
bool stands_for(const FieldConfig& field, const TypeDef& type, std::string_view name) {
  const auto parts = split(field.field, '.');
  if (parts[1] != name) return false;
  const TypeDef& of = *world().schema->find(parts[0]);
  for (const TypeDef& object : world().schema->types()) {
    if (object.kind != graphql::NamedKind::object) continue;
    if (world().schema->is_possible(type.id, object.id) &&
        world().schema->is_possible(of.id, object.id)) {
      return true;
    }
  }
  return false;
}

// Text of a random selection set, sometimes the same key twice.
class Writing {
 public:
  explicit Writing(Dice& dice) : dice_(dice) {}
  std::string document() {
    std::string out = "{ " + selections(*world().schema->find("Query"), 4) + "}";
    for (const Fragment& fragment : fragments_) out += " " + fragment.text;
    return out;
  }

 private:
  std::string selections(const TypeDef& type, int depth) {
    std::string out;
    for (std::uint64_t i = 0; i < 1 + dice_(4); ++i) out += selection(type, depth) + " ";
    return out;
  }
  std::string selection(const TypeDef& type, int depth) {
    if (depth > 0 && (type.fields.empty() || dice_(4) == 0)) return fragment(type, depth);
    if (type.fields.empty() || dice_(12) == 0) return "__typename";
    const FieldDef& field = type.fields[dice_(type.fields.size())];
    const TypeDef& below = world().schema->type(field.type.named);
    if (!below.is_leaf() && depth == 0) return "__typename";
    std::string out = field.name;
    if (dice_(3) == 0) out = "k" + std::to_string(dice_(3)) + ": " + out;
    if (!below.is_leaf()) out += " { " + selections(below, depth - 1) + "}";
    return out;
  }
  std::string fragment(const TypeDef& type, int depth) {
    std::vector<const TypeDef*> fitting;
    for (const TypeDef& other : world().schema->types()) {
      if (!other.is_composite() || other.built_in) continue;
      for (const graphql::TypeId id : other.possible) {
        if (!world().schema->is_possible(type.id, id)) continue;
        fitting.push_back(&other);
        break;
      }
    }
    // One that is whole already, in another place.
    for (std::size_t i = 0; i < fragments_.size() && dice_(3) == 0; ++i) {
      const std::size_t at = dice_(fragments_.size());
      if (std::find(fitting.begin(), fitting.end(), fragments_[at].on) == fitting.end()) continue;
      return "...F" + std::to_string(at);
    }
    const TypeDef& on = *fitting[dice_(fitting.size())];
    const std::string inside = selections(on, depth - 1);
    if (dice_(2) == 0) return "... on " + on.name + " { " + inside + "}";
    const std::string name = "F" + std::to_string(fragments_.size());
    fragments_.push_back({&on, "fragment " + name + " on " + on.name + " { " + inside + "}"});
    return "..." + name;
  }

  struct Fragment {
    const TypeDef* on;
    std::string text;
  };
  Dice& dice_;
  std::vector<Fragment> fragments_;
};

// Where values of an object may come from: selections, and the type they stand under.
struct Place {
  graphql::Index selections;
  const TypeDef* type;
};
using Places = std::vector<Place>;
struct Picked {
  const graphql::SelectionNode* node;
  const FieldDef* field;
  const TypeDef* parent;
};

class Reading {
 public:
  explicit Reading(const graphql::Document& document) : document_(document) {}
  const graphql::Document& document() const { return document_; }

  // All fields below places; with an object type only those that it has.
  std::vector<Picked> fields(const Places& places, const TypeDef* object) const {
    std::vector<Picked> out;
    for (const Place& place : places) collect(place, object, out);
    return out;
  }

 private:
  void collect(const Place& place, const TypeDef* object, std::vector<Picked>& out) const {
    const auto go_on = [&](const TypeDef& on, graphql::Index selections) {
      if (object != nullptr && !world().schema->is_possible(on.id, object->id)) return;
      collect({selections, &on}, object, out);
    };
    for (graphql::Index i = place.selections; i != kNone; i = document_.selections[i].next) {
      const graphql::SelectionNode& node = document_.selections[i];
      if (node.kind == SelectionKind::field) {
        const FieldDef* const field =
            selected_field(*world().schema, *place.type, document_.name(node.name));
        out.push_back({&node, field, place.type});
      } else if (node.kind == SelectionKind::inline_fragment) {
        go_on(*world().schema->find(document_.name(node.type_condition)), node.selections);
      } else {
        for (const graphql::FragmentNode& fragment : document_.fragments) {
          if (fragment.name != node.name) continue;
          go_on(*world().schema->find(document_.name(fragment.type_condition)),
                fragment.selections);
        }
      }
    }
  }
  const graphql::Document& document_;
};

// An honest upstream: what it answers holds "SECRET" where a field is a listed one.
class Answering {
 public:
  Answering(Dice& dice, const Reading& reading) : dice_(dice), reading_(reading) {}
  json::Value object(const Places& places, const TypeDef& type) {
    json::Object out;
    for (const Picked& one : reading_.fields(places, &type)) {
      const std::string key(reading_.document().name(one.node->response_name()));
      if (out.find(key) != nullptr) continue;
      Places below;
      for (const Picked& other : reading_.fields(places, &type)) {
        if (reading_.document().name(other.node->response_name()) != key) continue;
        below.push_back({other.node->selections, &world().schema->type(other.field->type.named)});
      }
      bool secret = false;
      for (const FieldConfig& field : listed()) {
        secret = secret || stands_for(field, type, one.field->name);
      }
      out.set(key, value(one, below, one.field->type, secret));
    }
    return out;
  }

 private:
  json::Value value(const Picked& one, const Places& below, graphql::TypeRef type, bool secret) {
    if (!type.is_non_null() && dice_(8) == 0) return {};
    type = type.nullable();
    if (type.is_list()) {
      json::Array out;
      for (std::uint64_t i = dice_(4); i > 0; --i) {
        out.push_back(value(one, below, type.inner(), secret));
      }
      return out;
    }
    const TypeDef& of = world().schema->type(type.named);
    if (!of.is_leaf()) {
      const auto& possible = of.possible;
      return object(below, world().schema->type(possible[dice_(possible.size())]));
    }
    const std::string text = (secret ? "SECRET" : "open") + std::to_string(dice_(1'000));
    if (of.name == "Int" || of.name == "Long" || of.name == "Float") {
      return static_cast<std::int64_t>((secret ? 47'110'000 : 1'000) + dice_(1'000));
    }
    if (of.name == "Boolean") return dice_(2) == 0;
    if (of.name == "JSON")
      return json::Object(*json::parse("{\"a\":[\"" + text + "\"]}")->as_object());
    return text;
  }

  Dice& dice_;
  const Reading& reading_;
};

// The twin.
class Twin {
 public:
  Twin(const Reading& reading, const std::vector<ColumnMask>& masks)
      : reading_(reading), masks_(masks) {}

  // None when a null has to go further up.
  std::optional<json::Value> object(const json::Value& given, const Places& places) {
    json::Object out;
    for (const json::Member& member : given.as_object()->members()) {
      Places below;
      const ColumnMask* with = nullptr;
      const FieldDef* field = nullptr;
      for (const Picked& one : reading_.fields(places, nullptr)) {
        if (reading_.document().name(one.node->response_name()) != member.name) continue;
        if (field == nullptr) field = one.field;
        below.push_back({one.node->selections, &world().schema->type(one.field->type.named)});
        for (std::size_t i = 0; i < masks_.size(); ++i) {
          if (!stands_for(listed()[i], *one.parent, one.field->name)) continue;
          if (!masks_[i].mask.masks()) continue;
          if (with == nullptr || rank(masks_[i]) > rank(*with)) with = &masks_[i];
        }
      }
      REQUIRE(field != nullptr);
      auto value = shown(member.value, below, field->type, with);
      if (!value) return std::nullopt;
      out.set(member.name, std::move(*value));
    }
    return out;
  }

 private:
  static int rank(const ColumnMask& column) {
    using mask::Strategy;
    constexpr Strategy kOrder[] = {Strategy::keep,     Strategy::partial, Strategy::generalise,
                                   Strategy::tokenise, Strategy::hash,    Strategy::null,
                                   Strategy::drop};
    return static_cast<int>(std::find(std::begin(kOrder), std::end(kOrder), column.mask.strategy) -
                            std::begin(kOrder));
  }
  std::optional<json::Value> shown(const json::Value& given, const Places& below,
                                   graphql::TypeRef type, const ColumnMask* with) {
    std::optional<json::Value> out = left(given, below, type.nullable(), with);
    if (out && !(out->is_null() && !given.is_null()) && !(hides(with, type) && out->is_null())) {
      return out;
    }
    if (type.is_non_null()) return std::nullopt;
    return json::Value();
  }
  // Whatever is there, nothing of it is shown.
  static bool hides(const ColumnMask* with, graphql::TypeRef type) {
    if (with == nullptr) return false;
    using mask::Strategy;
    const Strategy strategy = with->mask.strategy;
    const std::string& name = world().schema->type(type.named).name;
    const bool texts = name == "String" || name == "ID" || name == "Mail";
    const bool numbers = name == "Int" || name == "Long" || name == "Float";
    const bool dates = name == "Date" || name == "DateTime";
    if (strategy == Strategy::null || strategy == Strategy::drop) return true;
    return !texts && !(strategy == Strategy::generalise && (numbers || dates));
  }
  std::optional<json::Value> left(const json::Value& given, const Places& below,
                                  graphql::TypeRef type, const ColumnMask* with) {
    if (hides(with, type)) return json::Value();
    if (given.is_null()) return given;
    if (type.is_list()) {
      json::Array out;
      for (const json::Value& item : *given.as_array()) {
        auto value = shown(item, below, type.inner(), with);
        if (!value) return std::nullopt;
        out.push_back(std::move(*value));
      }
      return out;
    }
    if (given.as_object() != nullptr && !world().schema->type(type.named).is_leaf()) {
      return object(given, below);
    }
    if (with == nullptr) return given;
    std::string text;
    if (const std::int64_t* number = given.as_int()) return *number - *number % 10;
    const std::string& name = world().schema->type(type.named).name;
    if (name == "Date" || name == "DateTime") return json::Value();  // these are none
    mask::apply(with->mask, with->key, mask::Form::text, *given.as_string(), text);
    return json::Value(text);
  }

  const Reading& reading_;
  const std::vector<ColumnMask>& masks_;
};

masked::World::Masks random_masks(Dice& dice) {
  masked::World::Masks out;
  const char* const texts[] = {"hash", "tokenise", "partial:3", "generalise", "null", "drop"};
  for (const FieldConfig& field : listed()) {
    if (dice(3) != 0) out[field.field] = texts[dice(6)];
  }
  return out;
}

TEST_CASE("masked answers: random operations and answers come out as the slow twin has them") {
  Dice dice{20'261'129};
  int valid = 0, nulls = 0, masked_texts = 0;
  for (int round = 0; round < 2'500; ++round) {
    const std::string text = Writing(dice).document();
    auto document = graphql::parse(text);
    REQUIRE(document);
    if (!graphql::validate(*world().schema, **document).empty()) continue;
    ++valid;
    CAPTURE(text);
    const Reading reading(**document);
    const TypeDef& query = *world().schema->find("Query");
    const Places root = {{(*document)->operations.front().selections, &query}};
    const json::Value answer = Answering(dice, reading).object(root, query);
    CAPTURE(json::print(answer));
    const masked::World::Masks masks = random_masks(dice);
    const std::vector<ColumnMask> columns = world().columns(masks);

    const std::optional<json::Value> wanted = Twin(reading, columns).object(answer, root);
    const std::string out = world().mask({text}, "{\"data\":" + json::print(answer) + "}", masks);
    const auto got = json::parse(out);
    REQUIRE_MESSAGE(got, out);
    const json::Value* const data = got->find("data");
    REQUIRE(data != nullptr);
    CHECK(json::print(*data) == json::print(wanted.value_or(json::Value())));
    // A place that is null instead of a value was told.
    nulls += got->find("errors") != nullptr ? 1 : 0;
    CHECK((got->find("errors") != nullptr || wanted.has_value()));
    masked_texts += out != "{\"data\":" + json::print(answer) + "}" ? 1 : 0;
  }
  CHECK(valid > 600);
  CHECK(nulls > 25);
  CHECK(masked_texts > 200);
}

TEST_CASE("masked answers: planted values of masked fields are in no answer, the others all are") {
  Dice dice{4'711};
  int planted = 0, kept = 0;
  for (int round = 0; round < 2'500; ++round) {
    const std::string text = Writing(dice).document();
    auto document = graphql::parse(text);
    REQUIRE(document);
    if (!graphql::validate(*world().schema, **document).empty()) continue;
    CAPTURE(text);
    const Reading reading(**document);
    const TypeDef& query = *world().schema->find("Query");
    const Places root = {{(*document)->operations.front().selections, &query}};
    const std::string answer =
        "{\"data\":" + json::print(Answering(dice, reading).object(root, query)) + "}";
    masked::World::Masks masks;
    for (const FieldConfig& field : listed()) masks[field.field] = dice(2) == 0 ? "drop" : "hash";
    const std::string out = world().mask({text}, answer, masks);
    CAPTURE(answer);
    CHECK(out.find("SECRET") == std::string::npos);
    CHECK(out.find("4711") == std::string::npos);
    const bool secret = answer.find("SECRET") != std::string::npos;
    planted += secret ? 1 : 0;
    if (!secret && answer.find("4711") == std::string::npos && out == answer) ++kept;
  }
  CHECK(planted > 150);
  CHECK(kept > 30);
}

}  // namespace
}  // namespace mc::gateway
