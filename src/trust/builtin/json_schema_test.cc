#include <doctest/doctest.h>

#include "builtin/test_calls.h"

namespace mc::builtin {
namespace {

// The problems of a document, one a line: "type field: description".
std::string problems(Calls& call, std::string_view document, std::string_view schema) {
  const Builtin* const builtin = find_builtin("json.match_schema");
  CountingRandom random;
  const auto caches = make_caches();
  Context context(call.arena(), *caches, WallTime{}, random);
  context.steps_left = call.steps;
  const Value operands[] = {term::string(call.arena(), document),
                            term::string(call.arena(), schema)};
  const Value answer = builtin->function(context, operands);
  if (context.fault) return "fault: " + context.fault->message;
  std::string out;
  for (const Value problem : answer.items()[1].items()) {
    const std::string field(problem.find("field").text());
    const std::string description(problem.find("desc").text());
    CHECK(problem.find("error").text() == field + ": " + description);
    out += std::string(problem.find("type").text()) + " " + field + ": " + description + "\n";
  }
  CHECK(answer.items()[0].is_true() == out.empty());
  return out;
}

struct Row {
  const char* document;
  const char* schema;
  const char* problems;
};

void check(std::initializer_list<Row> rows) {
  Calls call;
  for (const Row& row : rows) {
    CAPTURE(row.document);
    CAPTURE(row.schema);
    CHECK(problems(call, row.document, row.schema) == row.problems);
  }
}

TEST_CASE("json.match_schema: types and bounds of numbers") {
  check({
      {"1", R"({"type": "integer"})", ""},
      {"1.0", R"({"type": "integer"})", ""},
      {"1.5", R"({"type": "integer"})",
       "invalid_type (root): Invalid type. Expected: integer, given: number\n"},
      {"1", R"({"type": ["string", "null"]})",
       "invalid_type (root): Invalid type. Expected: [string,null], given: integer\n"},
      {"null", R"({"type": "object"})",
       "invalid_type (root): Invalid type. Expected: object, given: null\n"},
      {"5", R"({"minimum": 6, "maximum": 4})",
       "number_lte (root): Must be less than or equal to 4\n"
       "number_gte (root): Must be greater than or equal to 6\n"},
      {"5", R"({"exclusiveMinimum": 5})", "number_gt (root): Must be greater than 5\n"},
      {"5", R"({"maximum": 5, "exclusiveMaximum": true})",
       "number_lt (root): Must be less than 5\n"},
      {"0.3", R"({"multipleOf": 0.1})", ""},
      {"0.35", R"({"multipleOf": 0.1})", "multiple_of (root): Must be a multiple of 0.1\n"},
      {"10000000", R"({"maximum": 1500000})",
       "number_lte (root): Must be less than or equal to 1.5e+06\n"},
  });
}

TEST_CASE("json.match_schema: texts") {
  check({
      {R"("äö")", R"({"minLength": 3, "maxLength": 1})",
       "fault: minLength cannot be greater than maxLength"},
      {R"("äö")", R"({"minLength": 3})",
       "string_gte (root): String length must be greater than or equal to 3\n"},
      {R"("äö")", R"({"maxLength": 1})",
       "string_lte (root): String length must be less than or equal to 1\n"},
      {R"("ab")", R"({"pattern": "^b"})", "pattern (root): Does not match pattern '^b'\n"},
      {R"("b")", R"({"const": "a"})", "const (root): (root) does not match: \"a\"\n"},
      {"1.0", R"({"const": 1})", ""},
      {"3", R"({"enum": [1, "<2>"]})",
       "enum (root): (root) must be one of the following: 1, \"\\u003c2\\u003e\"\n"},
      {"3", R"({"enum": []})", "enum (root): (root) must be one of the following: (none)\n"},
  });
}

TEST_CASE("json.match_schema: arrays") {
  check({
      {R"([1, "a"])", R"({"items": {"type": "integer"}})",
       "invalid_type 1: Invalid type. Expected: integer, given: string\n"},
      {R"([1, "a", true])", R"({"items": [{}, {"type": "string"}], "additionalItems": false})",
       "array_no_additional_items (root): No additional items allowed on array\n"},
      {"[1, 2]", R"({"items": [{}], "additionalItems": {"type": "null"}})",
       "invalid_type 1: Invalid type. Expected: null, given: integer\n"},
      {"[1]", R"({"minItems": 2})", "array_min_items (root): Array must have at least 2 items\n"},
      {"[1, 2]", R"({"maxItems": 1})", "array_max_items (root): Array must have at most 1 items\n"},
      {"[1, 2, 1.0]", R"({"uniqueItems": true})",
       "unique (root): array items[0,2] must be unique\n"},
      {"[1, 2]", R"({"contains": {"const": 3}})",
       "contains (root): At least one of the items must match\n"
       "const 0: 0 does not match: 3\n"},
  });
}

TEST_CASE("json.match_schema: objects") {
  check({
      {R"({"a": {"b": [1, "x"]}})",
       R"({"properties": {"a": {"properties": {"b": {"items": {"type": "string"}}}}}})",
       "invalid_type a.b.0: Invalid type. Expected: string, given: integer\n"},
      {R"({"a": 1})", R"({"required": ["a", "b", "c"]})",
       "required (root): b is required\nrequired (root): c is required\n"},
      {R"({"a": 1, "x1": 2, "y": 3})",
       R"({"properties": {"a": {}}, "patternProperties": {"^x": {"type": "string"}},
           "additionalProperties": false})",
       "invalid_type x1: Invalid type. Expected: string, given: integer\n"
       "additional_property_not_allowed (root): Additional property y is not allowed\n"},
      {R"({"a": 1})", R"({"additionalProperties": {"type": "null"}})",
       "invalid_type a: Invalid type. Expected: null, given: integer\n"},
      {"{}", R"({"minProperties": 1})",
       "array_min_properties (root): Must have at least 1 properties\n"},
      {R"({"a": 1})", R"({"maxProperties": 0})",
       "array_max_properties (root): Must have at most 0 properties\n"},
      {R"({"ab": 1})", R"({"propertyNames": {"maxLength": 1}})",
       "invalid_property_name (root): Property name of \"ab\" does not match\n"
       "string_lte (root): String length must be less than or equal to 1\n"},
      {R"({"a": 1})", R"({"dependencies": {"a": ["b"], "c": ["d"]}})",
       "missing_dependency (root): Has a dependency on b\n"},
      {R"({"a": 1})", R"({"dependencies": {"a": {"required": ["z"]}}})",
       "required (root): z is required\n"},
  });
}

TEST_CASE("json.match_schema: combinations show the closest choice") {
  check({
      {"1", R"({"anyOf": [{"type": "string"}, {"minimum": 2}]})",
       "number_any_of (root): Must validate at least one schema (anyOf)\n"
       "number_gte (root): Must be greater than or equal to 2\n"},
      {"1", R"({"oneOf": [{"minimum": 0}, {"maximum": 2}]})",
       "number_one_of (root): Must validate one and only one schema (oneOf)\n"},
      {"1", R"({"oneOf": [{"type": "string"}, {"type": "null"}]})",
       "number_one_of (root): Must validate one and only one schema (oneOf)\n"
       "invalid_type (root): Invalid type. Expected: string, given: integer\n"},
      {"1", R"({"allOf": [{"minimum": 2}, {"maximum": 3}]})",
       "number_gte (root): Must be greater than or equal to 2\n"
       "number_all_of (root): Must validate all the schemas (allOf)\n"},
      {"1", R"({"not": {"type": "integer"}})",
       "number_not (root): Must not validate the schema (not)\n"},
      {"1", R"({"if": {"minimum": 0}, "then": {"const": 2}, "else": {"const": 3}})",
       "condition_then (root): Must validate \"then\" as \"if\" was valid\n"
       "const (root): (root) does not match: 2\n"},
      {"-1", R"({"if": {"minimum": 0}, "then": {"const": 2}, "else": {"const": 3}})",
       "condition_else (root): Must validate \"else\" as \"if\" was not valid\n"
       "const (root): (root) does not match: 3\n"},
      {"1", "false", "false (root): False always fails validation\n"},
      {"1", "true", ""},
  });
}

TEST_CASE("json.match_schema: the draft decides which keywords count") {
  check({
      {"1", R"({"$schema": "http://json-schema.org/draft-04/schema#", "const": 2})", ""},
      {"1", R"({"$schema": "http://json-schema.org/draft-06/schema#", "const": 2})",
       "const (root): (root) does not match: 2\n"},
      {"1", R"({"$schema": "http://json-schema.org/draft-06/schema#", "if": {}, "then": false})",
       ""},
      {"1", R"({"$schema": "http://json-schema.org/draft-07/schema#", "if": {}, "then": false})",
       "condition_then (root): Must validate \"then\" as \"if\" was valid\n"
       "false (root): False always fails validation\n"},
      {"1", R"({"$schema": "http://json-schema.org/draft-04/schema#", "exclusiveMinimum": 1})",
       "fault: Invalid type. Expected: boolean, given: exclusiveMinimum"},
      {"1", R"({"$schema": "http://json-schema.org/draft-07/schema#", "exclusiveMinimum": true})",
       "fault: Invalid type. Expected: number, given: exclusiveMinimum"},
  });
}

TEST_CASE("json.match_schema: $ref within the document, by pointer and by $id, never beyond") {
  check({
      {R"({"next": {"next": {"next": 1}}})",
       R"({"type": "object", "properties": {"next": {"$ref": "#"}}})",
       "invalid_type next.next.next: Invalid type. Expected: object, given: integer\n"},
      {"1", R"({"definitions": {"a/b": {"type": "string"}}, "$ref": "#/definitions/a~1b"})",
       "invalid_type (root): Invalid type. Expected: string, given: integer\n"},
      {"1",
       R"({"$id": "http://x.test/root.json", "allOf": [{"$ref": "item.json"}],
           "definitions": {"i": {"$id": "item.json", "type": "null"}}})",
       "invalid_type (root): Invalid type. Expected: null, given: integer\n"
       "number_all_of (root): Must validate all the schemas (allOf)\n"},
      {"1", R"({"$ref": "#/definitions/none"})", "fault: Object has no key 'definitions'"},
      {"1", R"({"$ref": "http://x.test/other.json"})",
       "fault: remote reference loading disabled: http://x.test/other.json"},
      {"1", R"({"$ref": "file:///etc/passwd"})",
       "fault: file reference loading disabled: file:///etc/passwd"},
      {"1", R"({"$ref": "other.json"})", "fault: Reference /other.json must be canonical"},
      {"1", R"({"$ref": "#"})", "fault: the schema or the document is nested too deeply"},
  });
}

TEST_CASE("json.match_schema: what branches without end meets the limit of steps") {
  std::string schema = R"({"definitions": {"d0": {"minimum": 9})";
  for (int i = 1; i < 40; ++i) {
    const std::string ref = R"({"$ref": "#/definitions/d)" + std::to_string(i - 1) + R"("})";
    schema += R"(, "d)" + std::to_string(i) + R"(": {"oneOf": [)" + ref + ", " + ref + "]}";
  }
  schema += R"(}, "$ref": "#/definitions/d39"})";
  Calls call;
  call.steps = 1'000'000;
  CHECK(problems(call, "1", schema) == "fault: the query takes more steps than it is allowed");
}

TEST_CASE("json.match_schema: formats") {
  struct Format {
    const char* format;
    const char* text;
    bool fits;
  };
  const Format rows[] = {
      {"date", "2024-02-29", true},
      {"date", "2023-02-29", false},
      {"date", "2024-2-2", false},
      {"time", "23:59:59.5", true},
      {"time", "23:59:59+02:00", true},
      {"time", "24:00:00", false},
      {"date-time", "2024-02-29T10:00:00Z", true},
      {"date-time", "2024-02-29T10:00:00.123+02:00", true},
      {"date-time", "2024-02-29T10:00:00", false},
      {"date-time", "2024-02-29", true},
      {"hostname", "a-b.example.com", true},
      {"hostname", "-a.example.com", false},
      {"email", "a.b+c@example.com", true},
      {"email", "A B <a@example.com>", true},
      {"email", "\\\"a b\\\"@example.com", true},
      {"email", "a..b@example.com", false},
      {"email", "example.com", false},
      {"ipv4", "10.0.0.1", true},
      {"ipv4", "10.0.0.256", false},
      {"ipv4", "::1", false},
      {"ipv6", "::1", true},
      {"ipv6", "10.0.0.1", false},
      {"uri", "https://example.com/a?b#c", true},
      {"uri", "/a", false},
      {"uri", "https://exa mple.com", false},
      {"uri-reference", "/a", true},
      {"uri-reference", "a\\\\b", false},
      {"uri-template", "/a/{b}", true},
      {"uri-template", "/a/{b", false},
      {"uuid", "F47AC10B-58cc-4372-a567-0e02b2c3d479", true},
      {"uuid", "f47ac10b58cc4372a5670e02b2c3d479", false},
      {"regex", "a+", true},
      {"regex", "a++", false},
      {"json-pointer", "/a/~0b", true},
      {"json-pointer", "a", false},
      {"relative-json-pointer", "1/a", true},
      {"relative-json-pointer", "-1/a", false},
      {"unheard-of", "x", true},
  };
  Calls call;
  for (const Format& row : rows) {
    CAPTURE(row.format);
    CAPTURE(row.text);
    const std::string schema = R"({"format": ")" + std::string(row.format) + R"("})";
    const std::string said = problems(call, '"' + std::string(row.text) + '"', schema);
    CHECK(said ==
          (row.fits ? ""
                    : "format (root): Does not match format '" + std::string(row.format) + "'\n"));
  }
}

TEST_CASE("json.verify_schema: names the first mistake") {
  struct Mistake {
    const char* schema;
    const char* problem;
  };
  const Mistake rows[] = {
      {R"({"type": "text"})",
       "has a primitive type that is NOT VALID -- given: /text/ Expected valid values are:[array "
       "boolean integer number null object string]"},
      {R"({"type": ["string", "string"]})", "string type is duplicated"},
      {R"({"type": 1})", "Invalid type. Expected: type, given: string/array of strings"},
      {R"({"properties": []})", "properties must be of type object"},
      {R"({"properties": {"a": 1}})", "Expected: schema, given: Invalid JSON"},
      {R"({"additionalProperties": 1})",
       "Invalid type. Expected: boolean/schema, given: additionalProperties"},
      {R"({"patternProperties": {"[": {}}})", "Invalid regex pattern '['"},
      {R"({"pattern": "["})", "pattern must be a valid regex"},
      {R"({"items": 1})", "Invalid type. Expected: schema/array of schemas, given: items"},
      {R"({"multipleOf": 0})", "multipleOf must be strictly greater than 0"},
      {R"({"minimum": "1"})", "minimum must be of a number"},
      {R"({"exclusiveMinimum": true})", "exclusiveMinimum cannot be used without minimum"},
      {R"({"minLength": -1})", "minLength must be greater than or equal to 0"},
      {R"({"minLength": 1.0})", "minLength must be of an integer"},
      {R"({"required": ["a", "a"]})", "required items must be unique"},
      {R"({"required": "a"})", "required must be of an array"},
      {R"({"uniqueItems": 1})", "uniqueItems must be of a boolean"},
      {R"({"enum": [1, 1.0]})", "enum items must be unique"},
      {R"({"not": 1})", "not must be of an object"},
      {R"({"allOf": {}})", "allOf must be of an array"},
      {R"({"definitions": {"a": 1}})",
       "Invalid type. Expected: array of schemas, given: definitions"},
      {R"({"dependencies": {"a": [1]}})", "dependency must be of type schema or array of strings"},
      {R"({"$ref": 1})", "Invalid type. Expected: string, given: $ref"},
      {R"({"$schema": 1})", "$schema must be of type string"},
      {"[1]", "schema is invalid"},
  };
  Calls call;
  for (const Mistake& row : rows) {
    CAPTURE(row.schema);
    std::string wanted = "[false, ";
    term::append_rego(wanted,
                      term::string(call.arena(), "jsonschema: " + std::string(row.problem)));
    CHECK(call("json.verify_schema", row.schema) == wanted + "]");
  }
  CHECK(call("json.verify_schema", R"({"type": "string"})") == "[true, null]");
  CHECK(call("json.verify_schema", R"("{}")") == "[true, null]");
  CHECK(call("json.verify_schema", R"("{")") == R"([false, "jsonschema: invalid JSON string"])");
  CHECK(call("json.verify_schema", "1") ==
        R"([false, "jsonschema: wrong type, expected string or object"])");
}

TEST_CASE("json schemas: operands of Rego are taken as JSON, and cached by value") {
  Calls call;
  const char* const wanted =
      R"x([false, [{"desc": "b is required", "error": "(root): b is required", )x"
      R"x("field": "(root)", "type": "required"}]])x";
  CHECK(call("json.match_schema", R"({"a": 1}, {"required": {"a", "b"}})") == wanted);
  CHECK(call("json.match_schema", R"({"a": 1}, {"required": {"a", "b"}})") == wanted);
  CHECK(call("json.match_schema", R"({"a": 1}, {"required": {"a"}})") == "[true, []]");
  CHECK(call("json.match_schema", R"({"a": {1, 2}}, {"properties": {"a": {"type": "array"}}})") ==
        "[true, []]");
  CHECK(call("json.match_schema", R"(1, {})") ==
        "eval_builtin_error: wrong type, expected string or object");
  CHECK(call("json.match_schema", R"("{", {})") == "eval_builtin_error: invalid JSON string");
}

}  // namespace
}  // namespace mc::builtin
