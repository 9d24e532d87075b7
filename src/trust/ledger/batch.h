// What one group commit writes to a segment file, byte for byte (docs/formats/ledger.md). Numbers
// are big-endian.
//
//   header   magic 8, number 8, size 4, logs 4, records 4, heads 4, time 8 (ns since 1970), prev 32
//   log      id 4, length 2, name                        for each log that begins here
//   record   log 4, leaf 4, payload 4 (lengths), key 16, the leaf, salt 32, the payload
//   head     log 4, size 8, root 32                      of each log that grew
//   digest   32, SHA-256 of all above with leaf hashes for leaves and without salts and payloads
//
// The digest of a batch is the `prev` of the next, so the batches are a chain of their own. Salt
// and payload are outside of it, so that they can be overwritten with zeros in place; the leaf's
// commitment guards them as long as they are there.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/record.h"

namespace mc::ledger {

inline constexpr std::size_t kBatchHeaderBytes = 72;
inline constexpr std::size_t kBatchBytesMax = 32 << 20;
inline constexpr std::size_t kRecordOverhead = 60;  // beside leaf and payload
inline constexpr std::size_t kRecordBytesBeforeLeaf = 28;
inline constexpr std::size_t kLogNameBytesMax = 255;

// Of an idempotency key, so that a record is not written twice; zeros without one.
using RepeatKey = std::array<char, 16>;

struct NewLog {
  std::uint32_t id = 0;
  std::string_view name;
};
struct StoredRecord {
  std::uint32_t log = 0;
  RepeatKey key = {};
  std::string_view leaf;
  Salt salt = {};
  std::string_view payload;
  std::size_t salt_offset = 0;  // of the salt in the batch, filled when read
  tlog::Hash leaf_hash = {};    // filled when read and printed
  // Where the record begins in the batch.
  std::size_t offset() const { return salt_offset - leaf.size() - kRecordBytesBeforeLeaf; }
  // Salt and payload are gone.
  bool is_erased() const { return salt == Salt{}; }
};
struct LogHead {
  std::uint32_t log = 0;
  tlog::TreeHead head;
};

// Views into somebody else's bytes.
struct Batch {
  std::uint64_t number = 0;
  WallTime time;
  tlog::Hash prev = {};
  std::vector<NewLog> logs;
  std::vector<StoredRecord> records;
  std::vector<LogHead> heads;
  tlog::Hash digest = {};  // filled by print_batch() and parse_batch()
  std::size_t size = 0;    // the same
};

// Prints a batch from front to back: the logs that begin, the records, the heads. Its size must not
// pass kBatchBytesMax.
class BatchPrinter {
 public:
  // Behind what `out` has. The header is filled in at the end.
  explicit BatchPrinter(std::string out = {});
  void reserve(std::size_t bytes, std::size_t records);
  void add(const NewLog& log);
  // A record: between the two calls its leaf is appended to what begin_record() gives.
  std::string& begin_record(std::uint32_t log, const RepeatKey& key);
  // Gives the leaf's hash.
  tlog::Hash end_record(const Salt& salt, std::string_view payload);
  // Where the last record begins in the batch.
  std::size_t record_offset() const { return record_ - begin_; }
  void add(const LogHead& head);
  std::size_t records() const { return records_; }
  // What the header takes from `batch` is number, time and prev. Fills its digest and size.
  std::string finish(Batch& batch);

 private:
  std::string out_;
  std::size_t begin_;
  std::size_t record_ = 0;    // where the last one begins
  std::size_t logs_end_ = 0;  // where the records begin
  std::size_t heads_ = 0;     // where the heads begin
  std::uint32_t log_count_ = 0;
  std::uint32_t records_ = 0;
  std::uint32_t head_count_ = 0;
  std::string hashed_;  // of the records: what the digest is made of
};

// Appends the batch to `out`.
void print_batch(Batch& batch, std::string& out);

// What the header at the front of `bytes` says of the batch's size; 0 when none begins there.
std::size_t stated_size(std::string_view bytes);

// The batch at the front of `bytes`, which may go on behind it. `not_found` when they end before
// the batch does, as after a torn write; `corrupt` when it is damaged.
Result<Batch> parse_batch(std::string_view bytes);

// The same of one record, wherever it stands; 0 when there are too few bytes to tell.
std::size_t stated_record_size(std::string_view bytes);
// The record at the front of `bytes`. Nothing but its tree says whether it is damaged.
Result<StoredRecord> parse_record(std::string_view bytes);

}  // namespace mc::ledger
