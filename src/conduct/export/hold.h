// Exports for a legal hold: the rows as who asks may read them, without k-anonymity and noise. They
// leave by a permission of their own (access::Action::hold), that of who asks and of somebody else
// who approves, for a case that is named. Private to the module.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "export/core.h"
#include "export/source.h"

namespace mc::exporting {

// Rows in memory, and the form in which they leave: in the order of their texts, column by column
// and byte by byte. So the same rows make the same bytes, wherever and in whatever order they were
// read; and their order tells nothing of what is masked, the key among it.
class HoldRows {
 public:
  HoldRows(std::vector<std::string> columns, std::int64_t bytes_max)
      : columns_(std::move(columns)), bytes_max_(bytes_max) {}
  Status add(const std::vector<std::string>& row);  // `exhausted` past bytes_max
  std::int64_t rows() const { return static_cast<std::int64_t>(at_.size()); }
  void sort();  // behind the last row
  // RFC 4180: a header, LF, quotes where they must be.
  Status write_csv(const Blobs::Sink& sink) const;
  Status write_jsonl(const Blobs::Sink& sink) const;  // {"column":"text",...} a line

 private:
  std::vector<std::string_view> cells_of(std::size_t at) const;
  std::vector<std::string> columns_;
  std::string bytes_;            // of each cell its length, 4 bytes, and its text
  std::vector<std::size_t> at_;  // where rows begin
  std::int64_t bytes_max_;
};

// What policies are asked of one person, without any row being read: whether they may read the
// rows, and have them leave. `denied` with the reasons.
struct Holder {
  const identity::Caller& caller;
  std::string_view purpose, request_id;
  bool stepped_up = false;
};
Result<std::string> check_holder(Exports::Core& core, const Run& run, const Holder& holder);

// What the manifest says of it.
HoldPart part_of(const Run& run, std::vector<std::string> masked, std::int64_t exception);

}  // namespace mc::exporting
