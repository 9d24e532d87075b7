#include "sys/tree.h"

#include <algorithm>

namespace mc::sys {
namespace {

class Walk {
 public:
  using Wanted = std::function<bool(std::string_view path)>;
  Walk(Files& files, const std::string& folder, const Wanted& wanted, std::size_t bytes_max)
      : files_(files), folder_(folder), wanted_(wanted), bytes_max_(bytes_max) {}

  Result<std::vector<TreeFile>> read() {
    MC_TRY(const std::vector<std::string> names, files_.list(folder_));
    MC_TRY_OK(take("", names));
    return std::move(out_);
  }

 private:
  // The names in the folder `inside`: "", or "a/b/".
  // NOLINTNEXTLINE(misc-no-recursion): bounded by kTreeDepthMax
  Status take(const std::string& inside, const std::vector<std::string>& names) {
    if (std::count(inside.begin(), inside.end(), '/') > kTreeDepthMax) {
      return too_much(folder_ + "/" + inside, kTreeDepthMax, "folders deep");
    }
    if (++folders_ > kTreeFoldersMax) return too_much(folder_, kTreeFoldersMax, "folders");
    for (const std::string& name : names) {
      const std::string path = inside + name;
      if (wanted_(path)) {
        MC_TRY_OK(take_file(path));
      } else if (!name.starts_with('.')) {
        MC_TRY_OK(take_folder(path));
      }
    }
    return ok();
  }

  Status take_file(const std::string& path) {
    if (out_.size() == kTreeFilesMax) return too_much(folder_, kTreeFilesMax, "files");
    const std::size_t left = bytes_max_ - bytes_;
    auto bytes = files_.read_all(folder_ + "/" + path, std::min(left, kTreeFileBytesMax));
    if (!bytes && bytes.error().code == Code::invalid && left < kTreeFileBytesMax) {
      return too_much(folder_, bytes_max_, "bytes of files");
    }
    if (!bytes) return tl::unexpected(std::move(bytes.error()));
    bytes_ += bytes->size();
    out_.emplace_back(path, std::move(*bytes));
    return ok();
  }

  // Passed over when it is none, or has gone since it was listed. Another error may hide a folder.
  // NOLINTNEXTLINE(misc-no-recursion): bounded by kTreeDepthMax
  Status take_folder(const std::string& path) {
    const auto names = files_.list(folder_ + "/" + path);
    if (names) return take(path + "/", *names);
    const Code code = names.error().code;
    if (code == Code::invalid || code == Code::not_found) return ok();
    return tl::unexpected(names.error());
  }

  static Status too_much(const std::string& where, std::size_t limit, std::string_view of_what) {
    return fail(Code::invalid,
                where + ": more than " + std::to_string(limit) + " " + std::string(of_what));
  }

  Files& files_;
  const std::string& folder_;
  const Wanted& wanted_;
  const std::size_t bytes_max_;
  std::size_t bytes_ = 0, folders_ = 0;
  std::vector<TreeFile> out_;
};

}  // namespace

Result<std::vector<TreeFile>> read_tree(Files& files, const std::string& folder,
                                        const std::function<bool(std::string_view path)>& wanted,
                                        std::size_t bytes_max) {
  return Walk(files, folder, wanted, bytes_max).read();
}

}  // namespace mc::sys
