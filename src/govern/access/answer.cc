#include "access/answer.h"

namespace mc::access {
namespace {

using term::Value;

constexpr std::size_t kListMax = 256;       // rules or reasons of one answer
constexpr std::size_t kTextBytesMax = 128;  // of one of them

}  // namespace

Status expect(Value value, term::Kind kind, std::string_view name) {
  if (value.kind() == kind) return ok();
  return fail(Code::invalid, "the policies' answer: " + std::string(name) + " is " +
                                 std::string(term::kind_name(value.kind())) + ", wanted " +
                                 std::string(term::kind_name(kind)));
}

Result<std::vector<std::string>> texts_of(Value answer, std::string_view name) {
  const Value list = answer.find(name);
  MC_TRY_OK(expect(list, term::Kind::array, name));
  if (list.size() > kListMax) {
    return fail(Code::invalid, "the policies' answer: " + std::string(name) + ": more than 256");
  }
  std::vector<std::string> out;
  out.reserve(list.size());
  for (const Value item : list.items()) {
    MC_TRY_OK(expect(item, term::Kind::string, name));
    if (item.text().size() > kTextBytesMax) {
      return fail(Code::invalid,
                  "the policies' answer: " + std::string(name) + ": a text of more than 128 bytes");
    }
    out.emplace_back(item.text());
  }
  return out;
}

}  // namespace mc::access
