// What http.send and providers.aws.sign_req both ask of a request. Private to this module.
#pragma once

#include "builtin/operands.h"

namespace mc::builtin {

// Collects keys for a message, which shows them as a set.
class KeyComplaint {
 public:
  explicit KeyComplaint(Context& context) : context_(context), keys_(term::set(context.arena)) {}
  void add(Value key) { term::add(context_.arena, keys_, key); }
  void add(std::string_view key) { add(term::string(context_.arena, key)); }
  // True, with a type error, when there is something to say; `operand` counts from 0.
  bool say(std::size_t operand, std::string_view what);

 private:
  Context& context_;
  Value keys_;
};

// False, with a type error, unless the members of `request` are known and "method" and "url" are
// among them.
bool want_request(Context& context, Value request);

}  // namespace mc::builtin
