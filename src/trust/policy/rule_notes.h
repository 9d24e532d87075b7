// What people are told of rules: the id that decisions name one by, its METADATA, and which parts
// of the input it reads, through the rules and functions that it calls as well.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rego/ast.h"

namespace mc::policy {

struct RuleNote {
  // Of `denied_by contains "cross-tenant"` that is cross-tenant. A key that begins with a constant
  // (concat, sprintf, a template) is a family: "role-*". METADATA with custom.id says it for any
  // rule. "" = decisions do not name it.
  std::string id;
  std::string path;  // "mc/access/denied_by"
  std::string title, description;
  std::string file;
  std::uint32_t row = 0;
  std::vector<std::string> inputs;  // "purpose", "principal.roles"; sorted
  bool operator==(const RuleNote&) const = default;

  // Whether a decision that names `rule` means this one.
  bool is_named(std::string_view rule) const;
};

// The rules with an id, in the order of the modules. Several may share one.
std::vector<RuleNote> notes_of(const std::vector<rego::Module>& modules);

}  // namespace mc::policy
