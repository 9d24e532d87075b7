#include "maestro/node_name.h"

#include <algorithm>

namespace mc::app {
namespace {

constexpr std::size_t kNodeNameMax = 64;

bool is_node_name(std::string_view name) {
  return !name.empty() && name.size() <= kNodeNameMax && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

}  // namespace

Result<std::string> node_name(Machine& machine, const std::string& file) {
  MC_TRY(const bool there, machine.files->exists(file));
  if (!there) {
    std::string made = sys::make_id("node", *machine.clock, *machine.random);
    MC_TRY_OK(machine.files->write_atomic(file, made));
    return made;
  }
  MC_TRY(std::string name, machine.files->read_all(file, kNodeNameMax));
  if (is_node_name(name)) return name;
  return fail(Code::corrupt, file + " has no name of a node; without the file another one is made");
}

}  // namespace mc::app
