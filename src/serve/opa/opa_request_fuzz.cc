// A request's path, query and body, parted by line feeds, and an answer's JSON.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "opa/reply.h"
#include "opa/request.h"

namespace {

using namespace mc;

void require(bool condition) {
  if (!condition) std::abort();
}

void check_path(std::string_view path) {
  opa::PathNames names;
  const auto read = names.read(opa::find_route(path).rest);
  if (!read) return;
  for (const std::string_view name : *read) require(is_valid_utf8(name));
  require(opa::ref_text(*read).starts_with("data"));
}

// What is indented says the same.
void check_indented(term::Value value) {
  const std::string compact = term::to_json(value);
  term::Arena arena;
  const auto again = term::parse_json(arena, opa::indented(compact));
  require(again.has_value() && term::equal(*again, value));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto line = [&] {
    const std::string_view out = bytes.substr(0, bytes.find('\n'));
    bytes.remove_prefix(std::min(bytes.size(), out.size() + 1));
    return out;
  };
  check_path(line());
  const auto flags = opa::read_flags(line());
  constexpr int kDepthMax = 50;
  term::Arena arena;
  if (flags && flags->input) static_cast<void>(opa::read_json(arena, *flags->input, kDepthMax));
  if (const auto value = opa::read_json(arena, bytes, kDepthMax); value && !bytes.empty()) {
    check_indented(*value);
  }
  const auto input = opa::read_input(arena, bytes, kDepthMax);
  const auto batch = opa::read_batch(arena, bytes, kDepthMax);
  require(!batch || batch->inputs.is_undefined() || batch->inputs.is_object());
  require(!input || !batch || batch->common.is_undefined() || !bytes.empty());
  return 0;
}
