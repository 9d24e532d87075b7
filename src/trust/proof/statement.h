// Statements (in-toto.io/Statement/v1): what is said of which bytes.
#pragma once

#include <map>
#include <optional>
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

// What was signed, or what a statement is about: all of it, or its SHA-256 alone.
struct Artifact {
  std::string_view bytes;
  std::optional<std::string> sha256 = std::nullopt;  // 32 bytes; then `bytes` is not looked at
};
// `invalid` when only SHA-256 is known and another algorithm is asked for.
Result<std::string> digest_of(const Artifact& artifact, std::string_view algorithm);
// The subject that is this artifact, for people; `invalid` when there is none.
Result<std::string> find_subject(const Statement& statement, const Artifact& artifact);

// Version 1, or 0.1 as older tools write it; unknown members are passed over, as the format wants.
Result<Statement> parse_statement(std::string_view json);
std::string print_statement(const Statement& statement);  // version 1, canonical (RFC 8785)

}  // namespace mc::proof
