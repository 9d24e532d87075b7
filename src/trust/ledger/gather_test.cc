#include <doctest/doctest.h>

#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

#include "ledger/ledger.h"
#include "sim/sim.h"

namespace mc::ledger {
namespace {

// Holds each sync of a segment back while it is closed.
class Gate {
 public:
  void pass() {
    std::unique_lock lock(mutex_);
    ++held_;
    moved_.notify_all();
    moved_.wait(lock, [this] { return open_; });
    --held_;
  }
  void set(bool open) {
    const std::lock_guard lock(mutex_);
    open_ = open;
    moved_.notify_all();
  }
  void wait_until_one_is_held() {
    std::unique_lock lock(mutex_);
    moved_.wait(lock, [this] { return held_ > 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable moved_;
  bool open_ = true;
  int held_ = 0;
};

class GatedFile final : public sys::RandomAccessFile {
 public:
  GatedFile(std::unique_ptr<sys::RandomAccessFile> file, Gate& gate)
      : file_(std::move(file)), gate_(gate) {}
  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> out) const override {
    return file_->read_at(offset, out);
  }
  Status write_at(std::uint64_t offset, std::string_view bytes) override {
    return file_->write_at(offset, bytes);
  }
  Status sync() override {
    gate_.pass();
    return file_->sync();
  }
  Result<std::uint64_t> size() const override { return file_->size(); }

 private:
  std::unique_ptr<sys::RandomAccessFile> file_;
  Gate& gate_;
};

class GatedFiles final : public sys::Files {
 public:
  GatedFiles(sys::Files& files, Gate& gate) : files_(files), gate_(gate) {}
  Result<std::unique_ptr<sys::File>> open(const std::string& path, sys::OpenMode mode) override {
    return files_.open(path, mode);
  }
  Result<std::unique_ptr<sys::RandomAccessFile>> open_random_access(
      const std::string& path) override {
    MC_TRY(std::unique_ptr<sys::RandomAccessFile> file, files_.open_random_access(path));
    if (path.find("/segments/") == std::string::npos) return file;
    return std::make_unique<GatedFile>(std::move(file), gate_);
  }
  Result<std::vector<std::string>> list(const std::string& folder) override {
    return files_.list(folder);
  }
  Result<bool> exists(const std::string& path) override { return files_.exists(path); }
  Status make_folders(const std::string& path) override { return files_.make_folders(path); }
  Status remove(const std::string& path) override { return files_.remove(path); }
  Status rename(const std::string& from, const std::string& to) override {
    return files_.rename(from, to);
  }
  Status sync_folder(const std::string& path) override { return files_.sync_folder(path); }

 private:
  sys::Files& files_;
  Gate& gate_;
};

TEST_CASE("ledger: while the disk works on some, about as many are gathered for the next batch") {
  sim::SimClock clock;
  sim::SimRandom random{7};
  sim::SimFiles disk;
  Gate gate;
  GatedFiles files(disk, gate);
  LedgerConfig config{.folder = "/data/ledger", .signed_head_file = "/other/head"};
  config.staged_max = 1'000;  // so that nothing else holds a batch back
  auto ledger = Ledger::open(
      config, {files, clock, random},
      *tlog::NoteSigner::make("ledger.example.org/root", tlog::NoteKeyType::ed25519,
                              *crypto::SigningKey::ed25519(Secret(std::string(32, 's')))));
  REQUIRE(ledger.has_value());
  constexpr std::uint64_t kRecords = 200;
  std::promise<void> all_done;
  std::uint64_t done = 0;
  const auto append = [&] {
    (*ledger)->append({"audit/alpha", "access", "ben", "alpha", "read", "support", "", "row", {}},
                      [&](const Result<Recorded>& recorded) {
                        CHECK(recorded.has_value());
                        if (++done == kRecords) all_done.set_value();
                      });
  };
  gate.set(false);
  append();
  gate.wait_until_one_is_held();  // alone, and so at once
  for (std::uint64_t i = 1; i < kRecords; ++i) {
    append();
    for (int k = 0; k < 50; ++k) std::this_thread::yield();  // it could take this one alone
  }
  gate.set(true);
  all_done.get_future().wait();
  const Store& store = (*ledger)->store();
  const std::uint64_t batches = store.head(kRootLog)->size;
  std::uint64_t before = 0;
  for (std::uint64_t i = 0; i + 1 < batches; ++i) {  // the gate may have let the last one go
    const std::uint64_t size = parse_head_leaf(store.read(kRootLog, i)->leaf)->head.size;
    CHECK(4 * (size - before) >= 3 * before);
    before = size;
  }
  CHECK(store.head("audit/alpha")->size == kRecords);
}

}  // namespace
}  // namespace mc::ledger
