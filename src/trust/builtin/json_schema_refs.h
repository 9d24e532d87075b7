// Where a $ref of a schema leads: by the $id of a part, or by a JSON pointer.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "builtin/builtin.h"

namespace mc::builtin::schema {

// A part of a document with the address that references in it are relative to.
struct Part {
  Value node;
  std::string base;
};

class References {
 public:
  explicit References(Value document);

  // The absolute address of a reference.
  static std::string resolve(std::string_view base, std::string_view reference);
  // The base of what lies inside of `node`.
  static std::string base_inside(Value node, const std::string& base);
  // Nothing with the problem when the address leads nowhere here.
  std::optional<Part> find(const std::string& address, std::string& problem) const;

 private:
  void collect(Value node, const std::string& base, int depth);
  static std::optional<Part> follow(Part from, std::string_view pointer, std::string& problem);

  std::map<std::string, Part, std::less<>> parts_;  // by address
};

}  // namespace mc::builtin::schema
