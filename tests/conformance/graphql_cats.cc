#include "graphql_cats.h"

#include <regex.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <optional>

#include "suite.h"

namespace mc::conformance {

std::string text_at(const json::Value& value, std::string_view member) {
  const json::Value* found = value.find(member);
  const std::string* text = found == nullptr ? nullptr : found->as_string();
  return text == nullptr ? std::string() : *text;
}

namespace {

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
  const bool is_text = is_quoted || !plain || plain->as_object() != nullptr ||
                       plain->as_array() != nullptr || plain->as_string() != nullptr;
  if (is_text) return node.Scalar();
  return *plain;
}

Result<json::Value> read_yaml(const Vectors& vectors, const std::string& path) {
  MC_TRY(const std::string text, vectors.read(path));
  try {
    return to_json(YAML::Load(text));
  } catch (const YAML::Exception& problem) {
    return fail(Code::invalid, path + ": " + problem.what());
  }
}

// The suite speaks the language of graphql-js 0.13; these four messages have changed since. Both
// wordings are accepted, everything else must be word for word.
struct Wording {
  std::string_view code;
  std::string_view message;
};
constexpr Wording kWordings[] = {
    {"nonExecutableDefinition", "The \"${defName}\" definition is not executable."},
    {"unknownDirective", "Unknown directive \"@${directiveName}\"."},
    {"misplacedDirective", "Directive \"@${directiveName}\" may not be used on ${location}."},
    {"unknownArgument",
     "Unknown argument \"${argumentName}\" on field "
     "\"${typeName}.${fieldName}\"."}};

// Rules by their present names; the old ones were renamed or merged into others.
constexpr std::pair<std::string_view, std::string_view> kRuleNames[] = {
    {"ArgumentsOfCorrectType", "ValuesOfCorrectType"},
    {"DefaultValuesOfCorrectType", "ValuesOfCorrectType"},
    {"ProvidedNonNullArguments", "ProvidedRequiredArguments"},
    {"UniqueDirectivesPerLocationRule", "UniqueDirectivesPerLocation"}};

std::string filled(std::string text, const json::Value& arguments) {
  const json::Object* members = arguments.as_object();
  for (std::size_t i = 0; members != nullptr && i < members->size(); ++i) {
    const json::Member& member = members->members()[i];
    const std::string place = "${" + member.name + "}";
    const std::string* plain = member.value.as_string();
    const std::string value = plain != nullptr ? *plain : json::print(member.value);
    for (std::size_t at = 0; (at = text.find(place, at)) != text.npos; at += value.size()) {
      text.replace(at, place.size(), value);
    }
  }
  return text;
}

std::vector<std::string> messages_of(const CatsTest& test, const json::Value& then) {
  const std::string code = text_at(then, "error-code");
  const json::Value none;
  const json::Value* given = then.find("args");
  const json::Value& arguments = given == nullptr ? none : *given;
  std::vector<std::string> messages;
  const json::Value* entry = test.messages == nullptr ? nullptr : test.messages->find(code);
  if (entry != nullptr) messages.push_back(filled(text_at(*entry, "message"), arguments));
  for (const Wording& wording : kWordings) {
    if (wording.code == code) messages.push_back(filled(std::string(wording.message), arguments));
  }
  return messages;
}

// {line, column}, [line, column], or a list of either.
std::vector<graphql::Location> places_of(const json::Value& loc) {
  const auto number = [](const json::Value* value) {
    const std::int64_t* integer = value == nullptr ? nullptr : value->as_int();
    return integer == nullptr ? 0U : static_cast<std::uint32_t>(*integer);
  };
  if (loc.as_object() != nullptr) return {{number(loc.find("line")), number(loc.find("column"))}};
  std::vector<graphql::Location> places;
  const json::Array* items = loc.as_array();
  if (items == nullptr) return places;
  if (items->size() == 2 && items->front().as_int() != nullptr) {
    return {{number(&items->front()), number(&items->back())}};
  }
  for (const json::Value& item : *items) {
    for (const graphql::Location& place : places_of(item)) places.push_back(place);
  }
  return places;
}

bool matches(const std::string& pattern, const std::string& text) {
  regex_t compiled;
  const std::string whole = "^(" + pattern + ")$";
  if (regcomp(&compiled, whole.c_str(), REG_EXTENDED | REG_NOSUB) != 0) return false;
  const bool found = regexec(&compiled, text.c_str(), 0, nullptr, 0) == 0;
  regfree(&compiled);
  return found;
}

std::string listed(const std::vector<CatsError>& errors) {
  std::string text = "; errors:";
  for (const CatsError& error : errors) {
    text += " [" + error.message;
    for (const graphql::Location& place : error.locations) {
      text += " " + std::to_string(place.line) + ":" + std::to_string(place.column);
    }
    text += "]";
  }
  return errors.empty() ? "; no errors" : text;
}

std::size_t offset_of(std::string_view text, const graphql::Location& place) {
  std::size_t at = 0;
  for (std::uint32_t line = 1; line < place.line && at != text.npos; ++line) {
    at = text.find('\n', at);
    at += at == text.npos ? 0 : 1;
  }
  return at == text.npos ? at : at + place.column - 1;
}

// graphql-js blames the selection set that must not be there, the suite the field before it.
bool is_brace_of_field(const CatsTest& test, const json::Value& then, const json::Value& loc,
                       const CatsError& error) {
  const std::vector<graphql::Location> wanted = places_of(loc);
  if (text_at(then, "error-code") != "noSubselectionAllowed" || wanted.size() != 1 ||
      error.locations.size() != 1) {
    return false;
  }
  const std::string_view query = test.query;
  const std::size_t field = offset_of(query, wanted[0]);
  const std::size_t brace = offset_of(query, error.locations[0]);
  return field < brace && brace < query.size() && query[brace] == '{' &&
         query.substr(field, brace - field).find_first_of("{}") == query.npos;
}

template <class Fits>
std::string check_one(const CatsTest& test, const json::Value& then,
                      const std::vector<CatsError>& errors, const std::string& what, Fits fits) {
  const json::Value* loc = then.find("loc");
  const bool found = std::any_of(errors.begin(), errors.end(), [&](const CatsError& error) {
    return fits(error.message) && (loc == nullptr || places_of(*loc) == error.locations ||
                                   is_brace_of_field(test, then, *loc, error));
  });
  if (found) return "";
  return "no such error: " + what + (loc == nullptr ? "" : " at " + json::print(*loc)) +
         listed(errors);
}

std::string check_parse(const CatsTest& test) {
  const graphql::ParseResult parsed = graphql::parse(test.query);
  for (const json::Value& then : test.then) {
    if (then.find("syntax-error") != nullptr && parsed) return "no syntax error";
    if (then.find("passes") != nullptr && !parsed) return parsed.error().message;
    if (then.find("syntax-error") == nullptr && then.find("passes") == nullptr) {
      return "unknown expectation: " + json::print(then);
    }
  }
  return "";
}

std::string check_validate(const CatsTest& test, const json::Value& rules) {
  using namespace graphql;
  const auto schema = Schema::build({test.schema}, Schema::Check::structure_only);
  if (!schema) return "schema: " + schema.error().what;
  const ParseResult parsed = parse(test.query);
  if (!parsed) return "query: " + parsed.error().message;
  ValidateOptions options;
  const json::Array* names = rules.as_array();
  for (std::size_t i = 0; names != nullptr && i < names->size(); ++i) {
    std::string name = *(*names)[i].as_string();
    for (const auto& [old, present] : kRuleNames) {
      if (name == old) name = present;
    }
    options.only_rules.push_back(name);
  }
  std::vector<CatsError> errors;
  for (GraphqlError& error : validate(**schema, **parsed, options)) {
    errors.push_back({std::move(error.message), std::move(error.locations)});
  }
  for (const json::Value& then : test.then) {
    const bool passes = then.find("passes") != nullptr;
    if (passes && !errors.empty()) return "does not pass" + listed(errors);
    if (!passes) {
      if (std::string why = check_errors(test, then, errors); !why.empty()) return why;
    }
  }
  return "";
}

std::string run_test(const CatsTest& test) {
  if (test.then.empty()) return "expects nothing";
  if (test.when.find("parse") != nullptr) return check_parse(test);
  if (const json::Value* rules = test.when.find("validate")) return check_validate(test, *rules);
  if (test.when.find("execute") != nullptr) return run_cats_execution(test);
  return "unknown action: " + json::print(test.when);
}

// Reads the parts of `given` or `background`; a file is relative to the scenario.
Status read_parts(const Vectors& vectors, const std::string& folder, const json::Value& from,
                  CatsTest& test) {
  if (const std::string schema = text_at(from, "schema"); !schema.empty()) test.schema = schema;
  if (const std::string file = text_at(from, "schema-file"); !file.empty()) {
    MC_TRY(test.schema, vectors.read(folder + file));
  }
  if (const json::Value* data = from.find("test-data")) test.test_data = *data;
  if (const std::string file = text_at(from, "test-data-file"); !file.empty()) {
    MC_TRY(test.test_data, read_yaml(vectors, folder + file));
  }
  if (const std::string query = text_at(from, "query"); !query.empty()) test.query = query;
  return ok();
}

void run_scenario(const Vectors& vectors, const std::string& path, const json::Value& messages,
                  Report& report) {
  const Result<json::Value> scenario = read_yaml(vectors, path);
  if (!scenario) return report.fail(path, scenario.error().what);
  const json::Value* tests = scenario->find("tests");
  const json::Array* list = tests == nullptr ? nullptr : tests->as_array();
  if (list == nullptr) return;  // a data file of some scenario
  const std::string folder = path.substr(0, path.rfind('/') + 1);
  for (const json::Value& entry : *list) {
    CatsTest test;
    test.id = path + ": " + text_at(entry, "name");
    test.messages = &messages;
    Status read = ok();
    for (const json::Value* from : {scenario->find("background"), entry.find("given")}) {
      if (from != nullptr && read) read = read_parts(vectors, folder, *from, test);
    }
    if (const json::Value* when = entry.find("when")) test.when = *when;
    if (const json::Value* then = entry.find("then")) {
      test.then = then->as_array() != nullptr ? *then->as_array() : json::Array{*then};
    }
    report.add(test.id, read ? run_test(test) : read.error().what);
  }
}

}  // namespace

std::string check_errors(const CatsTest& test, const json::Value& then,
                         const std::vector<CatsError>& errors) {
  bool known = false;
  if (const json::Value* count = then.find("error-count")) {
    known = true;
    const std::int64_t* wanted = count->as_int();
    if (wanted == nullptr || static_cast<std::size_t>(*wanted) != errors.size()) {
      return "expected " + json::print(*count) + " errors" + listed(errors);
    }
  }
  std::string why;
  if (const std::string part = text_at(then, "error"); !part.empty()) {
    known = true;
    why = check_one(test, then, errors, part, [&](const std::string& message) {
      return message.find(part) != std::string::npos;
    });
  }
  if (const std::string pattern = text_at(then, "error-regex"); why.empty() && !pattern.empty()) {
    known = true;
    why = check_one(test, then, errors, pattern,
                    [&](const std::string& message) { return matches(pattern, message); });
  }
  if (const std::string code = text_at(then, "error-code"); why.empty() && !code.empty()) {
    known = true;
    const std::vector<std::string> messages = messages_of(test, then);
    if (messages.empty()) return "error-mapping.yaml does not know " + code;
    why = check_one(test, then, errors, messages.front(), [&](const std::string& message) {
      return std::find(messages.begin(), messages.end(), message) != messages.end();
    });
  }
  return known ? why : "unknown expectation: " + json::print(then);
}

void run_graphql_cats(const Vectors& vectors, Report& report) {
  static constexpr std::string_view kMapping = "error-mapping.yaml";
  json::Value messages;
  const std::vector<std::string> files = vectors.find("", ".yaml");
  for (const std::string& path : files) {
    if (!path.ends_with(kMapping)) continue;
    Result<json::Value> mapping = read_yaml(vectors, path);
    if (!mapping) return report.fail(path, mapping.error().what);
    messages = std::move(*mapping);
  }
  for (const std::string& path : files) {
    if (!path.ends_with(kMapping)) run_scenario(vectors, path, messages, report);
  }
}

}  // namespace mc::conformance
