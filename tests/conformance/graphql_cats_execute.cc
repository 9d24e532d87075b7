// The execution scenarios of graphql-cats (https://github.com/graphql-cats/graphql-cats) through
// execute(). The YAML files are not in this repository: they are looked for under MC_VECTORS, by
// default ../shared/vectors; without them the test says so and passes.
#include <doctest/doctest.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cstdio>

#include "graphql/graphql.h"
#include "json/json.h"
#include "sys/sys.h"

namespace {

using namespace mc;
using namespace mc::graphql;

json::Value to_json(const YAML::Node& node) {
  if (node.IsMap()) {
    json::Object object;
    for (const auto& member : node) object.set(member.first.Scalar(), to_json(member.second));
    return object;
  }
  if (node.IsSequence()) {
    json::Array items;
    for (const auto& item : node) items.push_back(to_json(item));
    return items;
  }
  if (!node.IsScalar()) return {};
  const bool is_quoted = node.Tag() == "!";
  const Result<json::Value> plain = json::parse(node.Scalar());  // number, true, false
  if (is_quoted || !plain || plain->as_object() != nullptr) return node.Scalar();
  return *plain;
}

std::string text_at(const json::Value& value, std::string_view member) {
  const json::Value* found = value.find(member);
  const std::string* text = found == nullptr ? nullptr : found->as_string();
  return text == nullptr ? std::string() : *text;
}

// Values come from the test data of a scenario or from directives on the field definitions.
class CatsResolver final : public Resolver {
 public:
  CatsResolver(const Schema& schema, const json::Value& data, const json::Value* root)
      : schema_(schema), data_(data), root_(root) {}

  void resolve(const FieldCall& call, std::span<const Object> parents,
               std::span<Datum> out) override {
    for (std::size_t i = 0; i < parents.size(); ++i) {
      if (by_directive(call, i, out[i])) continue;
      const auto* parent = static_cast<const json::Value*>(parents[i].data);
      if (parent == nullptr) parent = root_;
      const json::Value* value = parent == nullptr ? nullptr : parent->find(call.field.name);
      if (value != nullptr) out[i] = datum(call, *value);
    }
  }

 private:
  // The directives of the suite; false when the field has none that gives a value.
  bool by_directive(const FieldCall& call, std::size_t parent, Datum& out) const {
    for (const AppliedDirective& directive : call.field.directives) {
      const json::Value arguments(directive.arguments);
      const std::string& name = directive.name;
      if (name == "resolveString" || name == "resolvePromiseString") {
        out = Datum::of_text(call.arena.keep(filled(call, text_at(arguments, "value"))));
      } else if (name == "resolveError" || name == "resolvePromiseReject") {
        out = Datum::of_error(call.arena.keep(text_at(arguments, "message")));
      } else if (name == "resolveErrorList" || name == "resolvePromiseRejectList") {
        out = datum(call, *directive.arguments.find("values"));
        for (const json::Value& message : *directive.arguments.find("messages")->as_array()) {
          call.notes.push_back({parent, *message.as_string(), ""});
        }
      } else if (name == "resolveEmptyObject") {
        out = datum(call, nothing_);
      } else if (name == "argumentsJson") {
        out = Datum::of_text(call.arena.keep(json::print(call.arguments)));
      } else {
        continue;  // @resolvePromise: the data as it is
      }
      return true;
    }
    return false;
  }

  // "$size" is the argument of that name.
  static std::string filled(const FieldCall& call, std::string text) {
    for (const json::Member& argument : call.arguments.members()) {
      const std::string place = "$" + argument.name;
      const std::string* plain = argument.value.as_string();
      const std::string value = plain != nullptr ? *plain : json::print(argument.value);
      for (std::size_t at = 0; (at = text.find(place, at)) != text.npos; at += value.size()) {
        text.replace(at, place.size(), value);
      }
    }
    return text;
  }

  Datum datum(const FieldCall& call, const json::Value& value) const {
    if (const std::string name = text_at(value, "$ref"); !name.empty()) {
      const json::Value* target = data_.find(name);
      return target == nullptr ? Datum() : datum(call, *target);
    }
    if (const json::Array* array = value.as_array()) {
      Datum* items = call.arena.array<Datum>(array->size());
      for (std::size_t i = 0; i < array->size(); ++i) items[i] = datum(call, (*array)[i]);
      return Datum::of_list(items, static_cast<std::uint32_t>(array->size()));
    }
    if (value.as_object() == nullptr) return Datum::of_json(&value);
    const TypeDef* type = schema_.find(text_at(value, "type"));
    return Datum::of_object({type == nullptr ? kNoType : type->id, &value, 0});
  }

  const Schema& schema_;
  const json::Value& data_;
  const json::Value* root_;
  const json::Value nothing_{json::Object()};
};

// Equality, but for what later editions of the specification changed: `interfaces` of an interface
// is a list now, and the order of possible types is free.
bool same(const json::Value& want, const json::Value& got, std::string_view name = {}) {
  if (name == "interfaces" && want.is_null() && got.as_array() != nullptr) {
    return got.as_array()->empty();
  }
  if (const json::Object* object = want.as_object()) {
    if (got.as_object() == nullptr || got.as_object()->size() != object->size()) return false;
    return std::all_of(object->members().begin(), object->members().end(),
                       [&got](const json::Member& member) {
                         const json::Value* other = got.find(member.name);
                         return other != nullptr && same(member.value, *other, member.name);
                       });
  }
  const json::Array* items = want.as_array();
  if (items == nullptr) return want == got;
  const json::Array* others = got.as_array();
  if (others == nullptr || others->size() != items->size()) return false;
  if (name == "possibleTypes") {
    return std::is_permutation(items->begin(), items->end(), others->begin());
  }
  return std::equal(items->begin(), items->end(), others->begin(),
                    [](const json::Value& a, const json::Value& b) { return same(a, b); });
}

std::vector<json::Value> errors_of(const json::Value& response) {
  const json::Value* errors = response.find("errors");
  return errors == nullptr ? std::vector<json::Value>() : *errors->as_array();
}

struct Answer {
  bool valid = true;
  json::Value response;
};

Answer run(const json::Value& given, const json::Value& background, const json::Value& when) {
  const auto part = [&](std::string_view name) -> const json::Value* {
    const json::Value* own = given.find(name);
    return own != nullptr ? own : background.find(name);
  };
  const auto schema = Schema::build({*part("schema")->as_string()}, Schema::Check::structure_only);
  REQUIRE_MESSAGE(schema.has_value(), schema.error().what);
  const ParseResult document = parse(*part("query")->as_string());
  REQUIRE_MESSAGE(document.has_value(), document.error().message);
  const json::Value& execution = *when.find("execute");
  const json::Value* checked = execution.find("validate-query");
  if (checked == nullptr && !validate(**schema, **document).empty()) return {false, {}};
  const json::Value no_data;
  const json::Value& data = part("test-data") == nullptr ? no_data : *part("test-data");
  const std::string operation = text_at(execution, "operation-name");
  const json::Value* variables = execution.find("variables");
  const json::Object none;
  CatsResolver resolver(**schema, data, data.find(text_at(execution, "test-value")));
  const auto clock = sys::real_clock();
  ExecuteRequest request{**document, operation,
                         variables == nullptr ? none : *variables->as_object()};
  request.subscriptions = Subscriptions::one_event;
  const ExecuteResult result = execute(**schema, request, resolver, *clock);
  return {true, *json::parse(result.body)};
}

// One expectation, a map of the suite's checks.
void check(const json::Value& then, const Answer& answer) {
  if (const json::Value* exception = then.find("exception")) {
    // The wording is that of another implementation; what is refused is not.
    const bool by_validation = exception->as_string()->find("executable") != std::string::npos;
    CHECK(answer.valid != by_validation);
    if (by_validation) return;
    CHECK(answer.response.find("data") == nullptr);
    REQUIRE(errors_of(answer.response).size() == 1);
    CHECK(text_at(*errors_of(answer.response)[0].find("extensions"), "code") ==
          "OPERATION_RESOLUTION_FAILURE");
    return;
  }
  CHECK(answer.valid);
  const std::vector<json::Value> errors = errors_of(answer.response);
  if (const json::Value* data = then.find("data")) {
    REQUIRE(answer.response.find("data") != nullptr);
    CAPTURE(json::print(*answer.response.find("data")));
    CHECK(same(*data, *answer.response.find("data")));
  }
  if (const json::Value* count = then.find("error-count")) {
    CHECK(static_cast<std::int64_t>(errors.size()) == *count->as_int());
  }
  if (const json::Value* message = then.find("error")) {
    CAPTURE(json::print(*message));
    const json::Value* place = then.find("loc");
    CHECK(std::any_of(errors.begin(), errors.end(), [&](const json::Value& error) {
      return text_at(error, "message") == *message->as_string() &&
             (place == nullptr || error.find("locations")->as_array()->front() == *place);
    }));
  }
}

}  // namespace

TEST_CASE("graphql-cats: execution scenarios") {
  const std::string folder =
      sys::environment("MC_VECTORS", "../shared/vectors") + "/graphql-cats/execution";
  const auto files = sys::real_files();
  const auto names = files->list(folder);
  if (!names || names->empty()) {
    std::printf("SKIPPED graphql-cats execution: no vectors in %s\n", folder.c_str());
    return;
  }
  int scenarios = 0;
  for (const std::string& name : *names) {
    if (!name.ends_with(".yaml")) continue;
    const auto text = files->read_all(folder + "/" + name);
    REQUIRE(text.has_value());
    const json::Value suite = to_json(YAML::Load(*text));
    const json::Value nothing;
    const json::Value* background = suite.find("background");
    for (const json::Value& test : *suite.find("tests")->as_array()) {
      CAPTURE(name);
      CAPTURE(text_at(test, "name"));
      const Answer answer = run(*test.find("given"), background == nullptr ? nothing : *background,
                                *test.find("when"));
      const json::Value& then = *test.find("then");
      if (const json::Array* all = then.as_array()) {
        for (const json::Value& one : *all) check(one, answer);
      } else {
        check(then, answer);
      }
      ++scenarios;
    }
  }
  std::printf("graphql-cats execution: %d scenarios\n", scenarios);
  CHECK(scenarios > 0);
}
