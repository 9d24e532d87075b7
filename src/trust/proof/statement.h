// Statements (in-toto.io/Statement/v1): what is said of which bytes.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "json/json.h"

namespace mc::proof {

// What a statement is about.
struct Subject {
  std::string name;
  std::map<std::string, std::string> digests;  // algorithm to lower-case hexadecimal
  bool operator==(const Subject&) const = default;
};

struct Statement {
  std::vector<Subject> subjects;
  std::string predicate_type;  // a URI
  json::Value predicate;
  bool operator==(const Statement&) const = default;
};

// Version 1, or 0.1 as older tools write it; unknown members are passed over, as the format wants.
Result<Statement> parse_statement(std::string_view json);
std::string print_statement(const Statement& statement);  // version 1, canonical (RFC 8785)

}  // namespace mc::proof
