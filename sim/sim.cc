#include "sim/sim.h"

#include <algorithm>
#include <optional>

namespace mc::sim {
namespace {

tl::unexpected<Error> injected() {
  return fail(Code::unavailable, "injected fault");
}

}  // namespace

void SimClock::advance(Nanos by) {
  MC_CHECK(by.count >= 0);
  wall_ += by.count;
  mono_ += by.count;
}

std::uint64_t SimRandom::next() {
  std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

void SimRandom::fill(std::span<std::uint8_t> out) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (i % 8 == 0) word = next();
    out[i] = static_cast<std::uint8_t>(word >> (i % 8 * 8));
  }
}

class SimFile final : public sys::File {
 public:
  SimFile(SimFiles& disk, std::shared_ptr<SimFiles::Inode> inode, bool append)
      : disk_(disk), inode_(std::move(inode)), append_(append) {}

  Result<std::size_t> read(std::span<char> out) override {
    const std::lock_guard lock(disk_.mutex_);
    const std::size_t left = inode_->bytes.size() - std::min(position_, inode_->bytes.size());
    const std::size_t n = std::min(out.size(), left);
    std::copy_n(inode_->bytes.data() + position_, n, out.data());
    position_ += n;
    return n;
  }
  Status write(std::string_view bytes) override {
    const std::lock_guard lock(disk_.mutex_);
    if (append_) position_ = inode_->bytes.size();
    MC_TRY_OK(disk_.store(*inode_, position_, bytes));
    position_ += bytes.size();
    return ok();
  }
  Status sync() override { return disk_.keep(*inode_); }
  Status seek(std::int64_t offset) override {
    if (offset < 0) return fail(Code::invalid, "seek before the start");
    position_ = static_cast<std::size_t>(offset);
    return ok();
  }
  Result<std::int64_t> size() override {
    const std::lock_guard lock(disk_.mutex_);
    return static_cast<std::int64_t>(inode_->bytes.size());
  }

 private:
  SimFiles& disk_;
  std::shared_ptr<SimFiles::Inode> inode_;
  bool append_;
  std::size_t position_ = 0;
};

class SimRandomAccessFile final : public sys::RandomAccessFile {
 public:
  SimRandomAccessFile(SimFiles& disk, std::shared_ptr<SimFiles::Inode> inode)
      : disk_(disk), inode_(std::move(inode)) {}

  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> out) const override {
    const std::lock_guard lock(disk_.mutex_);
    const std::string_view bytes = inode_->bytes;
    const std::string_view found = bytes.substr(std::min(offset, bytes.size()), out.size());
    std::copy(found.begin(), found.end(), out.data());
    return found.size();
  }
  Status write_at(std::uint64_t offset, std::string_view bytes) override {
    return disk_.store(*inode_, offset, bytes);
  }
  Status sync() override { return disk_.keep(*inode_); }
  Result<std::uint64_t> size() const override {
    const std::lock_guard lock(disk_.mutex_);
    return inode_->bytes.size();
  }

 private:
  SimFiles& disk_;
  std::shared_ptr<SimFiles::Inode> inode_;
};

Status SimFiles::store(Inode& inode, std::size_t offset, std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  const auto fault = count();
  if (fault == Fault::not_stored) return injected();
  std::size_t used = 0;
  for (const auto& [path, each] : inodes_) used += each->bytes.size();
  if (used + bytes.size() > capacity_) return fail(Code::unavailable, "disk full");
  inode.bytes.resize(std::max(inode.bytes.size(), offset + bytes.size()));
  std::copy(bytes.begin(), bytes.end(), inode.bytes.data() + offset);
  return fault ? Status(injected()) : ok();
}

Status SimFiles::keep(Inode& inode) {
  const std::lock_guard lock(mutex_);
  const auto fault = count();
  if (fault == Fault::not_stored) return injected();
  inode.durable = inode.bytes;
  return fault ? Status(injected()) : ok();
}

std::optional<SimFiles::Fault> SimFiles::count() {
  const std::lock_guard lock(mutex_);
  ++operations_;
  if (fail_at_ == 0 || operations_ != fail_at_) return std::nullopt;
  fail_at_ = 0;
  return fault_;
}

void SimFiles::fail_at(std::int64_t n, Fault fault) {
  const std::lock_guard lock(mutex_);
  fail_at_ = operations_ + n;
  fault_ = fault;
}

void SimFiles::crash() {
  const std::lock_guard lock(mutex_);
  for (auto& [path, inode] : inodes_) inode->bytes = inode->durable;
}

Result<std::unique_ptr<sys::File>> SimFiles::open(const std::string& path, sys::OpenMode mode) {
  const std::lock_guard lock(mutex_);
  auto found = inodes_.find(path);
  if (mode == sys::OpenMode::read && found == inodes_.end()) {
    return fail(Code::not_found, "open " + path);
  }
  if (mode == sys::OpenMode::create_new && found != inodes_.end()) {
    return fail(Code::conflict, "open " + path + ": exists");
  }
  if (found == inodes_.end()) found = inodes_.emplace(path, std::make_shared<Inode>()).first;
  if (mode == sys::OpenMode::truncate) found->second->bytes.clear();
  return std::make_unique<SimFile>(*this, found->second, mode == sys::OpenMode::append);
}

Result<std::unique_ptr<sys::RandomAccessFile>> SimFiles::open_random_access(
    const std::string& path) {
  const std::lock_guard lock(mutex_);
  std::shared_ptr<Inode>& inode = inodes_[path];
  if (inode == nullptr) inode = std::make_shared<Inode>();
  return std::make_unique<SimRandomAccessFile>(*this, inode);
}

std::string* SimFiles::bytes_of(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const auto found = inodes_.find(path);
  return found == inodes_.end() ? nullptr : &found->second->bytes;
}

Result<std::vector<std::string>> SimFiles::list(const std::string& folder) {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  const std::string prefix = folder + "/";
  for (const auto& [path, inode] : inodes_) {
    if (path.starts_with(prefix) && path.find('/', prefix.size()) == std::string::npos) {
      names.push_back(path.substr(prefix.size()));
    }
  }
  return names;
}

Result<bool> SimFiles::exists(const std::string& path) {
  const std::lock_guard lock(mutex_);
  return inodes_.contains(path) || folders_.contains(path);
}

Status SimFiles::make_folders(const std::string& path) {
  const std::lock_guard lock(mutex_);
  folders_.insert(path);
  return ok();
}

Status SimFiles::remove(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const auto fault = count();
  if (fault == Fault::not_stored) return injected();
  if (inodes_.erase(path) == 0) return fail(Code::not_found, "remove " + path);
  return fault ? Status(injected()) : ok();
}

Status SimFiles::rename(const std::string& from, const std::string& to) {
  const std::lock_guard lock(mutex_);
  const auto fault = count();
  if (fault == Fault::not_stored) return injected();
  const auto found = inodes_.find(from);
  if (found == inodes_.end()) return fail(Code::not_found, "rename " + from);
  inodes_[to] = found->second;
  inodes_.erase(from);
  return fault ? Status(injected()) : ok();
}

Status SimFiles::sync_folder(const std::string&) {
  return ok();
}

}  // namespace mc::sim
