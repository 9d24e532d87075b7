// One test of a graphql-cats scenario, read into JSON, and what its expectations say of errors.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "graphql/graphql.h"
#include "json/json.h"

namespace mc::conformance {

// `given` over `background`, files already read in.
struct CatsTest {
  std::string id;  // file: name
  std::string query;
  std::string schema;     // SDL, "" when the scenario has none
  json::Value test_data;  // null when there is none
  json::Value when;
  std::vector<json::Value> then;          // one map an expectation
  const json::Value* messages = nullptr;  // error-mapping.yaml
};

// An error of any kind, in the shape of a response.
struct CatsError {
  std::string message;
  std::vector<graphql::Location> locations;
};

// Checks `error-count`, `error`, `error-regex` and `error-code`; the reason of a failure, or "".
std::string check_errors(const CatsTest& test, const json::Value& then,
                         const std::vector<CatsError>& errors);

// The tests whose action is `execute`; "" = passed.
std::string run_cats_execution(const CatsTest& test);

std::string text_at(const json::Value& value, std::string_view member);

}  // namespace mc::conformance
