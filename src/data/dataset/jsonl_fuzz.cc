#include <cstdint>
#include <cstdlib>

#include "dataset/import_types.h"
#include "dataset/record.h"

namespace {

using namespace mc;

// A file that is the input, read in blocks of its own size.
class OneFile final : public sys::File {
 public:
  explicit OneFile(std::string_view bytes) : bytes_(bytes) {}
  Result<std::size_t> read(std::span<char> out) override {
    const std::size_t n = std::min({out.size(), bytes_.size() - at_, std::size_t{64}});
    bytes_.copy(out.data(), n, at_);
    at_ += n;
    return n;
  }
  Status write(std::string_view) override { return fail(Code::denied, "read only"); }
  Status sync() override { return ok(); }
  Status seek(std::int64_t offset) override {
    at_ = std::min(static_cast<std::size_t>(offset), bytes_.size());
    return ok();
  }
  Result<std::int64_t> size() override { return static_cast<std::int64_t>(bytes_.size()); }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
};

class OneFiles final : public sys::Files {
 public:
  explicit OneFiles(std::string_view bytes) : bytes_(bytes) {}
  Result<std::unique_ptr<sys::File>> open(const std::string&, sys::OpenMode) override {
    return std::unique_ptr<sys::File>(std::make_unique<OneFile>(bytes_));
  }
  Result<std::unique_ptr<sys::RandomAccessFile>> open_random_access(const std::string&) override {
    return denied();
  }
  Result<std::vector<std::string>> list(const std::string&) override { return denied(); }
  Result<bool> exists(const std::string&) override { return true; }
  Status make_folders(const std::string&) override { return denied(); }
  Status remove(const std::string&) override { return denied(); }
  Status rename(const std::string&, const std::string&) override { return denied(); }
  Status sync_folder(const std::string&) override { return denied(); }

 private:
  static tl::unexpected<Error> denied() { return fail(Code::denied, "read only"); }
  std::string_view bytes_;
};

}  // namespace

// Values of the detected type always convert, and a reader stands at the end of the file last.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  OneFiles files(input);
  auto file = dataset::BlockFile::open(files, "x.jsonl");
  if (!file) return 0;
  auto reader = dataset::jsonl_records(std::move(*file), {.row_bytes_max = 200}, 100);
  if (!reader) return 0;
  std::vector<dataset::TypeGuess> guesses((*reader)->headers().size());
  for (int pass = 0; pass < 2; ++pass) {
    for (;;) {
      const auto step = (*reader)->next();
      if (!step) std::abort();
      if (*step == dataset::RecordReader::Step::end) break;
      if (*step == dataset::RecordReader::Step::bad) continue;
      for (std::size_t i = 0; i < guesses.size(); ++i) {
        const dataset::RecordCell& cell = (*reader)->cells()[i];
        sql::Param out;
        const bool nul = cell.text.find('\0') != std::string_view::npos;
        if (pass == 0) {
          guesses[i].see(cell);
        } else if (dataset::convert(cell, guesses[i].type(), out) != nullptr && !nul) {
          std::abort();
        }
      }
    }
    if ((*reader)->place().offset != static_cast<std::int64_t>(size)) std::abort();
    if (!(*reader)->seek({})) std::abort();
  }
  return 0;
}
