// Roots: the paths of data that a bundle owns ("a/b"; "" = all of it). Private to the module.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace mc::policy {

// Any text is a name of data, but no path leads to one that is empty or has a slash in it: what
// lies under such a name is in a root only where its parent is.
inline bool can_stand_in_path(std::string_view name) {
  return !name.empty() && name.find('/') == std::string_view::npos;
}

// Does `path` lie at or under `root`?
inline bool lies_under(std::string_view path, std::string_view root) {
  return root.empty() || path == root || (path.starts_with(root) && path[root.size()] == '/');
}

inline bool in_roots(std::string_view path, const std::vector<std::string>& roots) {
  return std::any_of(roots.begin(), roots.end(),
                     [&](const std::string& root) { return lies_under(path, root); });
}

}  // namespace mc::policy
