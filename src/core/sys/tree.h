// The files of a folder and of the folders in it, as one list.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sys/sys.h"

namespace mc::sys {

inline constexpr int kTreeDepthMax = 32;
inline constexpr std::size_t kTreeFilesMax = 20'000;
inline constexpr std::size_t kTreeFoldersMax = 20'000;
inline constexpr std::size_t kTreeFileBytesMax = 256 << 20;
inline constexpr std::size_t kTreeBytesMax = 512 << 20;  // of all files, unless the caller says

// Path in the folder ("a/b.json") and bytes.
using TreeFile = std::pair<std::string, std::string>;

// Those that `wanted` says yes to, folder by folder, each sorted by name; folders whose name starts
// with '.' are passed over. All or an error: a folder that cannot be listed is never left out.
// `invalid` names the folder that is too deep or has too many files, folders or bytes, and the
// limit.
Result<std::vector<TreeFile>> read_tree(Files& files, const std::string& folder,
                                        const std::function<bool(std::string_view path)>& wanted,
                                        std::size_t bytes_max = kTreeBytesMax);

}  // namespace mc::sys
