#include "suite.h"

namespace mc::conformance {

std::vector<std::string> Vectors::find(const std::string& path, std::string_view ending,
                                       int depth) const {
  std::vector<std::string> found;
  const auto names = list(path);
  if (!names || depth == 0) return found;
  for (const std::string& name : *names) {
    const std::string inner = path.empty() ? name : path + "/" + name;
    if (name.ends_with(ending)) {
      found.push_back(inner);
    } else if (name.find('.') == std::string::npos) {
      for (std::string& deeper : find(inner, ending, depth - 1)) found.push_back(std::move(deeper));
    }
  }
  return found;
}

}  // namespace mc::conformance
