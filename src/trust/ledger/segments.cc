#include "ledger/segments.h"

#include <algorithm>
#include <charconv>

namespace mc::ledger {
namespace {

constexpr std::size_t kNameDigits = 20;
constexpr std::string_view kSuffix = ".batches";
constexpr std::size_t kReadBytes = 1 << 20;  // what a processor has near at hand

std::string name_of(std::uint64_t number) {
  const std::string digits = std::to_string(number);
  return std::string(kNameDigits - digits.size(), '0') + digits + std::string(kSuffix);
}

// Of a name that name_of() gives.
Result<std::uint64_t> number_of(std::string_view name) {
  std::uint64_t out = 0;
  const std::string_view digits = name.substr(0, std::min(kNameDigits, name.size()));
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  if (error != std::errc() || name_of(out) != name) {
    return fail(Code::corrupt, "ledger: '" + std::string(name) + "' is not a segment");
  }
  return out;
}

std::string at_text(const Place& place) {
  return "segment " + std::to_string(place.segment) + ", offset " + std::to_string(place.offset);
}

// A window that moves over the first `size` bytes of a file.
class Window {
 public:
  Window(const sys::RandomAccessFile& file, std::uint64_t offset, std::uint64_t size)
      : file_(file), read_(offset), size_(size) {}
  // The bytes from the position on; at least `wanted` of them where there are as many.
  Result<std::string_view> bytes(std::size_t wanted) {
    if (end_ - used_ < wanted && read_ < size_) MC_TRY_OK(read_more(wanted));
    return std::string_view(buffer_.get() + used_, end_ - used_);
  }
  void skip(std::size_t size) { used_ += size; }

 private:
  Status read_more(std::size_t wanted) {
    const std::size_t kept = end_ - used_;
    const std::size_t room = std::max(kReadBytes, wanted);
    if (room > room_) {
      // As it comes: to fill it with zeros first would be a part of the work.
      auto larger = std::make_unique_for_overwrite<char[]>(room);
      std::copy_n(buffer_.get() + used_, kept, larger.get());
      buffer_ = std::move(larger);
      room_ = room;
    } else {
      std::copy_n(buffer_.get() + used_, kept, buffer_.get());
    }
    used_ = 0;
    end_ = kept;
    const std::size_t more = std::min<std::uint64_t>(size_ - read_, room_ - kept);
    MC_TRY(const std::size_t found, file_.read_at(read_, std::span(buffer_.get() + kept, more)));
    end_ += found;
    read_ += found;
    if (found < more) size_ = read_;  // it has become shorter
    return ok();
  }

  const sys::RandomAccessFile& file_;
  std::uint64_t read_;  // up to where the file is read
  std::uint64_t size_;
  std::unique_ptr<char[]> buffer_;
  std::size_t room_ = 0;
  std::size_t used_ = 0;  // where the position is in the buffer
  std::size_t end_ = 0;   // where the bytes in it end
};

}  // namespace

Status SegmentFile::write_at(std::uint64_t offset, std::string_view bytes) {
  MC_TRY_OK(file_->write_at(offset, bytes));
  written_.store(offset + bytes.size(), std::memory_order_release);
  return ok();
}

Status SegmentFile::sync_to(std::uint64_t end) {
  if (end <= synced_) return ok();
  const std::uint64_t written = written_.load(std::memory_order_acquire);
  MC_TRY_OK(file_->sync());
  synced_ = written;
  return ok();
}

Result<Segments> Segments::open(sys::Files& files, std::string folder,
                                std::uint64_t segment_bytes) {
  Segments out(files, std::move(folder), segment_bytes);
  MC_TRY(const std::vector<std::string> names, files.list(out.folder_));
  for (const std::string& name : names) {
    MC_TRY(const std::uint64_t number, number_of(name));
    out.numbers_.push_back(number);
  }
  return out;
}

std::string Segments::path(std::uint64_t number) const {
  return folder_ + "/" + name_of(number);
}

// What a loss of power can leave of a batch that was being written: its beginning, all of it with
// parts that never came, or nothing but zeros.
bool Segments::may_be_torn(std::string_view rest) {
  if (rest.find_first_not_of('\0') == std::string_view::npos) return true;
  if (rest.size() < kBatchHeaderBytes) return true;
  return stated_size(rest) >= rest.size();
}

Result<Segments::Scanned> Segments::scan_segment(Mark mark, bool believe,
                                                 const Visit& visit) const {
  MC_TRY(const std::unique_ptr<sys::RandomAccessFile> file,
         files_->open_random_access(path(mark.place.segment)));
  MC_TRY(const std::uint64_t size, file->size());
  if (mark.place.offset > size) {
    return fail(Code::corrupt, "ledger: batch " + std::to_string(mark.number) + " would begin at " +
                                   at_text(mark.place) + ", behind the end of the file");
  }
  Window window(*file, mark.place.offset, size);
  for (;;) {
    MC_TRY(std::string_view bytes, window.bytes(kBatchHeaderBytes));
    if (bytes.empty()) return Scanned{mark, 0};
    MC_TRY(bytes, window.bytes(std::min(stated_size(bytes), kBatchBytesMax) + 1));
    const Result<Batch> batch = parse_batch(bytes);
    if (!batch && may_be_torn(bytes)) return Scanned{mark, bytes.size()};
    if (!batch) {
      return fail(Code::corrupt, batch.error().what + " (" + at_text(mark.place) + ")");
    }
    if (believe) {
      mark.number = batch->number;
      mark.prev = batch->prev;
      believe = false;
    }
    if (batch->number != mark.number || batch->prev != mark.prev) {
      return fail(Code::corrupt, "ledger: the batch does not follow the one before it (" +
                                     at_text(mark.place) + ")");
    }
    MC_TRY_OK(visit(mark.place, *batch));
    mark.number += 1;
    mark.prev = batch->digest;
    mark.place.offset += batch->size;
    window.skip(batch->size);
  }
}

Result<Segments::Scanned> Segments::scan(const Mark& from, const Visit& visit) const {
  Scanned out{from, 0};
  auto at = std::find(numbers_.begin(), numbers_.end(), from.place.segment);
  if (at == numbers_.end()) {
    if (numbers_.empty() && from == Mark()) return out;
    return fail(Code::corrupt,
                "ledger: segment " + std::to_string(from.place.segment) + " is missing");
  }
  for (;;) {
    MC_TRY(out, scan_segment(out.end, false, visit));
    if (++at == numbers_.end()) return out;
    if (*at != out.end.number) {
      return fail(Code::corrupt, "ledger: segment " + std::to_string(*at) + " follows batch " +
                                     std::to_string(out.end.number) + ", which is missing");
    }
    out.end.place = {*at, 0};
  }
}

Result<Segments::Scanned> Segments::scan_one(std::uint64_t segment, const Visit& visit) const {
  return scan_segment({segment, {}, {segment, 0}}, true, visit);
}

Status Segments::start(const Scanned& scanned) {
  end_ = scanned.end.place;
  if (numbers_.empty()) return ok();
  if (end_.offset == 0) {  // nothing in it was ever acknowledged
    MC_TRY_OK(files_->remove(path(end_.segment)));
    numbers_.pop_back();
    return ok();
  }
  if (scanned.torn > 0) return ok();
  MC_TRY(std::unique_ptr<sys::RandomAccessFile> file,
         files_->open_random_access(path(end_.segment)));
  file_ = std::make_shared<SegmentFile>(std::move(file));
  return ok();
}

Place Segments::next(std::uint64_t number, std::size_t bytes) const {
  const bool full = end_.offset > 0 && end_.offset + bytes > segment_bytes_;
  if (file_ == nullptr || full) return {number, 0};
  return end_;
}

Result<Segments::Shared> Segments::write(std::uint64_t number, std::string_view bytes) {
  if (failed_) return fail(Code::unavailable, "ledger: a write has failed; nothing is recorded");
  const Place place = next(number, bytes.size());
  failed_ = true;
  if (place.offset == 0) {
    MC_TRY(std::unique_ptr<sys::RandomAccessFile> file, files_->open_random_access(path(number)));
    file_ = std::make_shared<SegmentFile>(std::move(file));
    MC_TRY_OK(files_->sync_folder(folder_));
    numbers_.push_back(number);
  }
  MC_TRY_OK(file_->write_at(place.offset, bytes));
  end_ = {place.segment, place.offset + bytes.size()};
  failed_ = false;
  return file_;
}

Result<std::string> Segments::read(const Place& place, std::size_t size) const {
  MC_TRY(const std::unique_ptr<sys::RandomAccessFile> file,
         files_->open_random_access(path(place.segment)));
  std::string out(size, '\0');
  MC_TRY(const std::size_t found, file->read_at(place.offset, out));
  out.resize(found);
  return out;
}

Status Segments::erase(const Place& place, std::size_t size) {
  MC_TRY(const std::unique_ptr<sys::RandomAccessFile> file,
         files_->open_random_access(path(place.segment)));
  MC_TRY_OK(file->write_at(place.offset, std::string(size, '\0')));
  return file->sync();
}

}  // namespace mc::ledger
