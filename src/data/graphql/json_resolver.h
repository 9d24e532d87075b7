// A resolver for tests over a JSON tree: a field is the member of its name, "__typename" gives the
// type of an object, {"$error": MESSAGE, "$code": CODE, "$extensions": {...}} is an
// error. It records every call.
#pragma once

#include <string>
#include <vector>

#include "graphql/execute.h"
#include "json/json.h"

namespace mc::graphql {

class JsonResolver final : public Resolver {
 public:
  JsonResolver(const Schema& schema, const json::Value& root) : schema_(schema), root_(root) {}

  void resolve(const FieldCall& call, std::span<const Object> parents,
               std::span<Datum> out) override {
    calls.push_back(schema_.type(call.parent_type).name + "." + call.field.name + " x" +
                    std::to_string(parents.size()) +
                    (call.arguments.empty() ? "" : " " + json::print(call.arguments)));
    for (std::size_t i = 0; i < parents.size(); ++i) {
      const auto* data = static_cast<const json::Value*>(parents[i].data);
      const json::Value* value = (data == nullptr ? &root_ : data)->find(call.field.name);
      if (value != nullptr) out[i] = datum(call, *value);
    }
  }

  std::vector<std::string> calls;  // "Type.field xPARENTS {arguments}"

 private:
  static std::string_view text_of(const json::Value& value, std::string_view member) {
    const json::Value* found = value.find(member);
    const std::string* text = found == nullptr ? nullptr : found->as_string();
    return text == nullptr ? std::string_view() : *text;
  }

  Datum datum(const FieldCall& call, const json::Value& value) const {
    if (value.find("$error") != nullptr) {
      const json::Value* more = value.find("$extensions");
      return Datum::of_error(text_of(value, "$error"), text_of(value, "$code"),
                             more == nullptr ? nullptr : more->as_object());
    }
    if (const json::Array* array = value.as_array()) {
      Datum* items = call.arena.array<Datum>(array->size());
      for (std::size_t i = 0; i < array->size(); ++i) items[i] = datum(call, (*array)[i]);
      return Datum::of_list(items, static_cast<std::uint32_t>(array->size()));
    }
    const bool is_composite = schema_.type(call.field.type.named).is_composite();
    if (value.as_object() == nullptr || !is_composite) return Datum::of_json(&value);
    const TypeDef* type = schema_.find(text_of(value, "__typename"));
    return Datum::of_object({type == nullptr ? kNoType : type->id, &value, 0});
  }

  const Schema& schema_;
  const json::Value& root_;
};

}  // namespace mc::graphql
