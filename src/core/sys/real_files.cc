#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "sys/sys.h"

namespace mc::sys {
namespace {

tl::unexpected<Error> failed(std::string_view what, const std::string& path) {
  const int number = errno;
  const Code code = number == ENOENT   ? Code::not_found
                    : number == EEXIST ? Code::conflict
                    : number == EACCES ? Code::denied
                                       : Code::unavailable;
  return fail(code, std::string(what) + " " + path + ": " + std::strerror(number));
}

// Owns a descriptor.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

class RealFile final : public File {
 public:
  RealFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}

  Result<std::size_t> read(std::span<char> out) override {
    for (;;) {
      const ssize_t n = ::read(fd_.get(), out.data(), out.size());
      if (n >= 0) return static_cast<std::size_t>(n);
      if (errno != EINTR) return failed("read", path_);
    }
  }
  Status write(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t n = ::write(fd_.get(), bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return failed("write", path_);
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return ok();
  }
  Status sync() override {
    return ::fdatasync(fd_.get()) == 0 ? ok() : Status(failed("sync", path_));
  }
  Status seek(std::int64_t offset) override {
    return ::lseek(fd_.get(), offset, SEEK_SET) >= 0 ? ok() : Status(failed("seek", path_));
  }
  Result<std::int64_t> size() override {
    struct stat info{};
    if (::fstat(fd_.get(), &info) != 0) return failed("stat", path_);
    return static_cast<std::int64_t>(info.st_size);
  }

 private:
  Descriptor fd_;
  std::string path_;
};

class RealRandomAccessFile final : public RandomAccessFile {
 public:
  RealRandomAccessFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}

  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> out) const override {
    std::size_t done = 0;
    while (done < out.size()) {
      const ssize_t n = ::pread(fd_.get(), out.data() + done, out.size() - done,
                                static_cast<off_t>(offset + done));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return failed("read", path_);
      if (n == 0) break;
      done += static_cast<std::size_t>(n);
    }
    return done;
  }
  Status write_at(std::uint64_t offset, std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t n = ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return failed("write", path_);
      bytes.remove_prefix(static_cast<std::size_t>(n));
      offset += static_cast<std::uint64_t>(n);
    }
    return ok();
  }
  Status sync() override {
    return ::fdatasync(fd_.get()) == 0 ? ok() : Status(failed("sync", path_));
  }
  Result<std::uint64_t> size() const override {
    struct stat info{};
    if (::fstat(fd_.get(), &info) != 0) return failed("stat", path_);
    return static_cast<std::uint64_t>(info.st_size);
  }

 private:
  Descriptor fd_;
  std::string path_;
};

int open_flags(OpenMode mode) {
  switch (mode) {
    case OpenMode::read:
      return O_RDONLY;
    case OpenMode::append:
      return O_WRONLY | O_CREAT | O_APPEND;
    case OpenMode::create_new:
      return O_WRONLY | O_CREAT | O_EXCL;
    case OpenMode::truncate:
      return O_WRONLY | O_CREAT | O_TRUNC;
  }
  return O_RDONLY;
}

class RealFiles final : public Files {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    const int fd = ::open(path.c_str(), open_flags(mode) | O_CLOEXEC, 0600);
    if (fd < 0) return failed("open", path);
    return std::make_unique<RealFile>(fd, path);
  }
  Result<std::unique_ptr<RandomAccessFile>> open_random_access(const std::string& path) override {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return failed("open", path);
    return std::make_unique<RealRandomAccessFile>(fd, path);
  }
  Result<std::vector<std::string>> list(const std::string& folder) override {
    const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(folder.c_str()), ::closedir);
    if (dir == nullptr && errno == ENOTDIR) {
      return fail(Code::invalid, "list " + folder + ": it is no folder");
    }
    if (dir == nullptr) return failed("list", folder);
    std::vector<std::string> names;
    while (true) {
      errno = 0;  // a null of readdir is the end, or an error
      const dirent* const entry = ::readdir(dir.get());
      if (entry == nullptr && errno != 0) return failed("list", folder);
      if (entry == nullptr) break;
      const std::string name = entry->d_name;
      if (name != "." && name != "..") names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  Result<bool> exists(const std::string& path) override {
    struct stat info{};
    if (::stat(path.c_str(), &info) == 0) return true;
    if (errno == ENOENT || errno == ENOTDIR) return false;
    return failed("stat", path);
  }
  Status make_folders(const std::string& path) override {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (!error) return ok();
    return fail(Code::unavailable, "make folder " + path + ": " + error.message());
  }
  Status remove(const std::string& path) override {
    return ::unlink(path.c_str()) == 0 ? ok() : Status(failed("remove", path));
  }
  Status rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return failed("rename", from);
    return sync_folder(std::filesystem::path(to).parent_path().string());
  }
  Status sync_folder(const std::string& path) override {
    const std::string folder = path.empty() ? "." : path;
    const Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd.get() < 0 || ::fsync(fd.get()) != 0) return failed("sync folder", folder);
    return ok();
  }
};

class RealFolderLock final : public FolderLock {
 public:
  explicit RealFolderLock(int fd) : fd_(fd) {}

 private:
  Descriptor fd_;  // the kernel drops the lock with the last descriptor, also after kill -9
};

}  // namespace

std::unique_ptr<Files> real_files() {
  return std::make_unique<RealFiles>();
}

// A duplicate, so that closing it leaves the process its standard output.
std::unique_ptr<File> standard_output() {
  return std::make_unique<RealFile>(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0), "standard output");
}

Result<std::unique_ptr<FolderLock>> lock_folder(const std::string& folder) {
  const std::string path = folder + "/lock";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return failed("open", path);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    const bool held = errno == EWOULDBLOCK;
    ::close(fd);
    if (!held) return failed("lock", path);
    return fail(Code::conflict, "another instance is running on the data directory " + folder);
  }
  return std::make_unique<RealFolderLock>(fd);
}

}  // namespace mc::sys
