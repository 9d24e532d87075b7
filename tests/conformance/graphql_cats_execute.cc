// The execution scenarios of graphql-cats through execute().
#include <algorithm>

#include "graphql_cats.h"
#include "sys/sys.h"

namespace mc::conformance {
namespace {

using namespace mc::graphql;

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

struct Answer {
  std::string refused;  // by validation or before execution
  bool by_validation = false;
  json::Value response;
  std::vector<CatsError> errors;
};

std::vector<CatsError> errors_of(const json::Value& response) {
  std::vector<CatsError> errors;
  const json::Value* list = response.find("errors");
  if (list == nullptr || list->as_array() == nullptr) return errors;
  for (const json::Value& item : *list->as_array()) {
    CatsError& error = errors.emplace_back();
    error.message = text_at(item, "message");
    const json::Value* places = item.find("locations");
    if (places == nullptr || places->as_array() == nullptr) continue;
    for (const json::Value& place : *places->as_array()) {
      error.locations.push_back({static_cast<std::uint32_t>(*place.find("line")->as_int()),
                                 static_cast<std::uint32_t>(*place.find("column")->as_int())});
    }
  }
  return errors;
}

Result<Answer> run(const CatsTest& test) {
  MC_TRY(const auto schema, Schema::build({test.schema}, Schema::Check::structure_only));
  const ParseResult document = parse(test.query);
  if (!document) return fail(Code::invalid, "query: " + document.error().message);
  const json::Value& execution = *test.when.find("execute");
  const json::Value* checked = execution.find("validate-query");
  Answer answer;
  if (checked == nullptr || *checked != json::Value(false)) {
    const std::vector<GraphqlError> invalid = validate(*schema, **document);
    for (const GraphqlError& error : invalid) {
      answer.errors.push_back({error.message, error.locations});
    }
    answer.by_validation = !invalid.empty();
    if (answer.by_validation) {
      answer.refused = invalid.front().message;
      return answer;
    }
  }
  const std::string operation = text_at(execution, "operation-name");
  const json::Value* variables = execution.find("variables");
  const json::Object none;
  const bool given = variables != nullptr && variables->as_object() != nullptr;
  CatsResolver resolver(*schema, test.test_data,
                        test.test_data.find(text_at(execution, "test-value")));
  const auto clock = sys::real_clock();
  ExecuteRequest request{**document, operation, given ? *variables->as_object() : none};
  request.subscriptions = Subscriptions::one_event;
  const ExecuteResult result = execute(*schema, request, resolver, *clock);
  MC_TRY(answer.response, json::parse(result.body));
  answer.errors = errors_of(answer.response);
  if (result.request_error && !answer.errors.empty()) answer.refused = answer.errors[0].message;
  return answer;
}

// The words of an exception are those of another implementation; that a request is refused, and at
// which step, is not.
std::string check_exception(const std::string& wanted, const Answer& answer) {
  if (answer.refused.empty()) return "expected a refusal: " + wanted;
  const bool definition = wanted.find("executable") != std::string::npos;
  if (definition != answer.by_validation) return "refused otherwise: " + answer.refused;
  return answer.response.find("data") == nullptr ? "" : "refused, yet there is data";
}

std::string check(const CatsTest& test, const json::Value& then, const Answer& answer) {
  for (const char* kind : {"exception", "exception-regex"}) {
    if (const std::string wanted = text_at(then, kind); !wanted.empty()) {
      return check_exception(wanted, answer);
    }
  }
  const json::Value* data = then.find("data");
  if (data == nullptr) return check_errors(test, then, answer.errors);
  const json::Value* got = answer.response.find("data");
  if (got == nullptr) return "no data, refused: " + answer.refused;
  if (same(*data, *got)) return "";
  return "expected " + json::print(*data) + ", got " + json::print(*got);
}

}  // namespace

std::string run_cats_execution(const CatsTest& test) {
  const Result<Answer> answer = run(test);
  if (!answer) return answer.error().what;
  for (const json::Value& then : test.then) {
    if (std::string why = check(test, then, *answer); !why.empty()) return why;
  }
  return "";
}

}  // namespace mc::conformance
