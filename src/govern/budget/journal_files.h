// Admission logs as files: their names, and reading them event by event, in the order of the runs
// and of their files.
//
// A last line without a line feed is what a crash has left, and is passed over; what stands in two
// files is given once; what is missing is counted. Anything else that is no such log is an error
// that names file and line. Memory: one line and one buffer.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "budget/journal_line.h"
#include "sys/sys.h"

namespace mc::budget {

// "admission-RUN-000001.jsonl"; their order by name is that in which they were begun.
std::string journal_file_name(const JournalHeader& header);
bool is_journal_file(std::string_view name);

struct JournalLine {
  std::string_view file;  // its path
  std::int64_t line = 0;  // from 1
  std::string_view text;  // until the next call
  JournalEvent event;
};

class JournalReader {
 public:
  // A file, or all such files of a folder; `not_found` when there is none.
  static Result<JournalReader> open(sys::Files& files, const std::string& path);
  // Of memory; `name` stands for the path.
  static JournalReader of_text(std::string text, std::string name);

  // The next event. A header is given when a run begins, and for each file of it. None at the end.
  Result<std::optional<JournalLine>> next();

  std::int64_t missing() const { return missing_; }             // events, so far
  std::int64_t repeated() const { return repeated_; }           // the same, given once
  const std::vector<std::string>& cut() const { return cut_; }  // "FILE:LINE" of torn last lines
  // Runs whose first events are not there: what their counts were is unknown.
  std::int64_t partial_runs() const { return partial_runs_; }
  std::int64_t bytes_read() const { return bytes_read_; }
  std::int64_t bytes() const { return bytes_; }  // of all files

 private:
  JournalReader() = default;
  Result<bool> fill();      // false at the end of the file
  Status open_next_file();  // of paths_
  Result<bool> next_line(std::string_view& line);
  Result<bool> wants(const JournalEvent& event);  // whether it is given; counts what is not there
  tl::unexpected<Error> wrong(const std::string& what) const;

  sys::Files* files_ = nullptr;
  std::vector<std::string> paths_;
  std::size_t at_path_ = 0;  // of the file that is read, + 1
  std::unique_ptr<sys::File> file_;
  std::string buffer_;
  std::size_t begin_ = 0;  // of what is not read yet in it
  bool ended_ = false;     // the file
  std::int64_t line_ = 0;

  std::string run_;
  std::int64_t expected_ = 0;  // sequence number
  std::int64_t missing_ = 0, repeated_ = 0, partial_runs_ = 0;
  std::int64_t bytes_read_ = 0, bytes_ = 0;
  std::vector<std::string> cut_;
};

}  // namespace mc::budget
