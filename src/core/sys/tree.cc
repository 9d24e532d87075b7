#include "sys/tree.h"

#include <algorithm>

namespace mc::sys {
namespace {

using Wanted = std::function<bool(std::string_view path)>;

// NOLINTNEXTLINE(misc-no-recursion): bounded by kTreeDepthMax
Status walk(Files& files, const TreeFile& place, const Wanted& wanted, std::vector<TreeFile>& out) {
  const auto& [folder, inside] = place;
  if (std::count(inside.begin(), inside.end(), '/') > kTreeDepthMax) {
    return fail(Code::invalid,
                folder + ": more than " + std::to_string(kTreeDepthMax) + " folders deep");
  }
  MC_TRY(const std::vector<std::string> names, files.list(folder));
  for (const std::string& name : names) {
    const std::string path = folder + "/" + name;
    if (wanted(inside + name)) {
      if (out.size() == kTreeFilesMax) {
        return fail(Code::invalid,
                    folder + ": more than " + std::to_string(kTreeFilesMax) + " files");
      }
      MC_TRY(std::string bytes, files.read_all(path, kTreeFileBytesMax));
      out.emplace_back(inside + name, std::move(bytes));
    } else if (!name.starts_with('.') && files.list(path)) {
      MC_TRY_OK(walk(files, {path, inside + name + "/"}, wanted, out));
    }
  }
  return ok();
}

}  // namespace

Result<std::vector<TreeFile>> read_tree(Files& files, const std::string& folder,
                                        const Wanted& wanted) {
  std::vector<TreeFile> out;
  MC_TRY_OK(walk(files, {folder, ""}, wanted, out));
  return out;
}

}  // namespace mc::sys
