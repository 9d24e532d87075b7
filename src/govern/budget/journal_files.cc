#include "budget/journal_files.h"

#include <algorithm>
#include <cstdio>

namespace mc::budget {
namespace {

constexpr std::string_view kBegin = "admission-", kEnd = ".jsonl";
constexpr std::size_t kReadBytes = 1 << 20;

}  // namespace

std::string journal_file_name(const JournalHeader& header) {
  std::string number = std::to_string(header.file);
  if (number.size() < 6) number.insert(0, 6 - number.size(), '0');
  return std::string(kBegin) + header.run + "-" + number + std::string(kEnd);
}

bool is_journal_file(std::string_view name) {
  return name.size() > kBegin.size() + kEnd.size() && name.starts_with(kBegin) &&
         name.ends_with(kEnd);
}

Result<JournalReader> JournalReader::open(sys::Files& files, const std::string& path) {
  JournalReader out;
  out.files_ = &files;
  const auto names = files.list(path);
  if (names) {
    for (const std::string& name : *names) {
      if (is_journal_file(name)) out.paths_.push_back(path + "/" + name);
    }
    if (out.paths_.empty()) {
      return fail(Code::not_found, path + ": there are no files " + std::string(kBegin) + "*" +
                                       std::string(kEnd) + " in it");
    }
  } else {
    out.paths_.push_back(path);
  }
  for (const std::string& one : out.paths_) {
    MC_TRY(const auto file, files.open(one, sys::OpenMode::read));
    MC_TRY(const std::int64_t size, file->size());
    out.bytes_ += size;
  }
  return out;
}

JournalReader JournalReader::of_text(std::string text, std::string name) {
  JournalReader out;
  out.paths_.push_back(std::move(name));
  out.bytes_ = static_cast<std::int64_t>(text.size());
  out.buffer_ = std::move(text);
  out.at_path_ = 1;
  return out;
}

tl::unexpected<Error> JournalReader::wrong(const std::string& what) const {
  return fail(Code::invalid, paths_[at_path_ - 1] + ":" + std::to_string(line_) + ": " + what);
}

Result<bool> JournalReader::fill() {
  if (file_ == nullptr) return false;
  buffer_.erase(0, begin_);
  begin_ = 0;
  const std::size_t before = buffer_.size();
  buffer_.resize(before + kReadBytes);
  const auto got = file_->read(std::span(buffer_).subspan(before));
  buffer_.resize(before + got.value_or(0));
  if (!got) return tl::unexpected<Error>(got.error());
  return *got > 0;
}

Status JournalReader::open_next_file() {
  MC_TRY(file_, files_->open(paths_[at_path_], sys::OpenMode::read));
  ++at_path_;
  buffer_.clear();
  begin_ = 0;
  line_ = 0;
  ended_ = false;
  return ok();
}

// False when nothing is left in any file.
Result<bool> JournalReader::next_line(std::string_view& line) {
  std::size_t searched = begin_;
  while (true) {
    const std::size_t end = buffer_.find('\n', searched);
    if (end != std::string::npos) {
      line = std::string_view(buffer_).substr(begin_, end - begin_);
      bytes_read_ += static_cast<std::int64_t>(line.size()) + 1;
      begin_ = end + 1;
      ++line_;
      return true;
    }
    if (buffer_.size() - begin_ > kJournalHeaderMax) {
      ++line_;
      return wrong("it has more than " + std::to_string(kJournalHeaderMax) + " bytes");
    }
    searched = buffer_.size() - begin_;
    MC_TRY(const bool more, fill());
    if (more) continue;
    if (begin_ < buffer_.size()) {
      cut_.push_back(paths_[at_path_ - 1] + ":" + std::to_string(line_ + 1));
      bytes_read_ += static_cast<std::int64_t>(buffer_.size() - begin_);
      begin_ = buffer_.size();
    }
    if (at_path_ == paths_.size()) return false;
    MC_TRY_OK(open_next_file());
    searched = 0;
  }
}

Result<bool> JournalReader::wants(const JournalEvent& event) {
  const std::int64_t seq = seq_of(event);
  if (const auto* header = std::get_if<JournalHeader>(&event)) {
    if (header->run != run_) {
      run_ = header->run;
      expected_ = header->first;
      partial_runs_ += expected_ == 1 ? 0 : 1;
    }
    return true;
  }
  if (line_ == 1 || run_.empty()) return wrong("a log begins with a header");
  if (const auto* loss = std::get_if<Loss>(&event)) {
    if (loss->count > INT64_MAX - loss->seq) return wrong("count: more than there can be");
    const std::int64_t end = loss->seq + loss->count;
    if (end <= expected_) return false;
    missing_ += end - expected_;
    expected_ = end;
    return true;
  }
  if (seq < expected_) {
    ++repeated_;
    return false;
  }
  missing_ += seq - expected_;
  if (seq == INT64_MAX) return wrong("seq: more than there can be");
  expected_ = seq + 1;
  return true;
}

Result<std::optional<JournalLine>> JournalReader::next() {
  while (true) {
    JournalLine out;
    if (file_ == nullptr && files_ != nullptr) MC_TRY_OK(open_next_file());
    MC_TRY(const bool more, next_line(out.text));
    if (!more) return std::optional<JournalLine>();
    auto event = parse_line(out.text);
    if (!event) return wrong(event.error().what);
    MC_TRY(const bool wanted, wants(*event));
    if (!wanted) continue;
    out.file = paths_[at_path_ - 1];
    out.line = line_;
    out.event = std::move(*event);
    return std::optional<JournalLine>(std::move(out));
  }
}

}  // namespace mc::budget
