#include "ledger/batch.h"

#include "ledger/bytes.h"

namespace mc::ledger {
namespace {

constexpr std::string_view kMagic = "MCbatch1";
constexpr std::size_t kHashBytes = 32;

std::uint32_t length_of(std::string_view text) {
  return static_cast<std::uint32_t>(text.size());
}

tl::unexpected<Error> damaged(std::string_view why) {
  return fail(Code::corrupt, "batch: " + std::string(why));
}

struct Counts {
  std::size_t logs = 0;
  std::size_t records = 0;
  std::size_t heads = 0;
};

// The counts are foreign: no more is set aside than the bytes can hold.
bool fit(const Counts& counts, std::size_t size) {
  constexpr std::size_t kLogBytesMin = 7;
  constexpr std::size_t kHeadBytes = 44;
  const std::size_t room = size - kBatchHeaderBytes - kHashBytes;
  return counts.logs <= room / kLogBytesMin && counts.records <= room / kRecordOverhead &&
         counts.heads <= room / kHeadBytes;
}

StoredRecord take_record(Cursor& cursor) {
  StoredRecord out;
  out.log = cursor.number<std::uint32_t>();
  const auto leaf = cursor.number<std::uint32_t>();
  const auto payload = cursor.number<std::uint32_t>();
  out.key = cursor.array<RepeatKey>();
  out.leaf = cursor.take(leaf);
  out.salt_offset = cursor.at();
  out.salt = cursor.array<Salt>();
  out.payload = cursor.take(payload);
  return out;
}

// What stands between header and digest.
bool read_body(Cursor& cursor, crypto::Sha256& digest, const Counts& counts, Batch& out,
               std::string_view bytes) {
  std::size_t begin = cursor.at();
  for (std::size_t i = 0; i < counts.logs; ++i) {
    const auto id = cursor.number<std::uint32_t>();
    out.logs.push_back({id, cursor.take(cursor.number<std::uint16_t>())});
  }
  digest.add(bytes.substr(begin, cursor.at() - begin));
  for (std::size_t i = 0; i < counts.records && cursor.good(); ++i) {
    begin = cursor.at();
    StoredRecord& record = out.records.emplace_back(take_record(cursor));
    record.leaf_hash = tlog::leaf_hash(record.leaf);
    digest.add(bytes.substr(begin, kRecordBytesBeforeLeaf)).add(record.leaf_hash);
  }
  begin = cursor.at();
  for (std::size_t i = 0; i < counts.heads; ++i) {
    LogHead& head = out.heads.emplace_back();
    head.log = cursor.number<std::uint32_t>();
    head.head.size = cursor.number<std::uint64_t>();
    head.head.root = cursor.array<tlog::Hash>();
  }
  digest.add(bytes.substr(begin, cursor.at() - begin));
  return cursor.good();
}

}  // namespace

BatchPrinter::BatchPrinter(std::string out) : out_(std::move(out)), begin_(out_.size()) {
  out_.append(kBatchHeaderBytes, '\0');
  logs_end_ = heads_ = out_.size();
}

void BatchPrinter::reserve(std::size_t bytes, std::size_t records) {
  out_.reserve(out_.size() + bytes);
  hashed_.reserve(records * (kRecordBytesBeforeLeaf + kHashBytes));
}

void BatchPrinter::add(const NewLog& log) {
  put(out_, log.id);
  put(out_, static_cast<std::uint16_t>(log.name.size()));
  out_.append(log.name);
  ++log_count_;
  logs_end_ = heads_ = out_.size();
}

std::string& BatchPrinter::begin_record(std::uint32_t log, const RepeatKey& key) {
  record_ = out_.size();
  put(out_, log);
  put(out_, std::uint64_t{0});  // the lengths
  out_.append(key.data(), key.size());
  return out_;
}

tlog::Hash BatchPrinter::end_record(const Salt& salt, std::string_view payload) {
  const std::string_view leaf = std::string_view(out_).substr(record_ + kRecordBytesBeforeLeaf);
  put_at(out_, record_ + 4, length_of(leaf));
  put_at(out_, record_ + 8, length_of(payload));
  const tlog::Hash hash = tlog::leaf_hash(leaf);
  hashed_.append(out_, record_, kRecordBytesBeforeLeaf);
  put(hashed_, hash);
  out_.append(salt.data(), salt.size()).append(payload);
  ++records_;
  heads_ = out_.size();
  return hash;
}

void BatchPrinter::add(const LogHead& head) {
  put(out_, head.log);
  put(out_, head.head.size);
  put(out_, head.head.root);
  ++head_count_;
}

std::string BatchPrinter::finish(Batch& batch) {
  batch.size = out_.size() + kHashBytes - begin_;
  MC_CHECK(batch.size <= kBatchBytesMax);
  std::string header(kMagic);
  put(header, batch.number);
  put(header, static_cast<std::uint32_t>(batch.size));
  for (const std::uint32_t count : {log_count_, records_, head_count_}) put(header, count);
  put(header, static_cast<std::uint64_t>(batch.time.nanos));
  put(header, batch.prev);
  out_.replace(begin_, header.size(), header);
  const std::string_view all = out_;
  batch.digest = crypto::Sha256()
                     .add(all.substr(begin_, logs_end_ - begin_))
                     .add(hashed_)
                     .add(all.substr(heads_))
                     .finish();
  put(out_, batch.digest);
  return std::move(out_);
}

void print_batch(Batch& batch, std::string& out) {
  const std::size_t begin = out.size();
  BatchPrinter printer(std::move(out));
  for (const NewLog& log : batch.logs) printer.add(log);
  for (StoredRecord& record : batch.records) {
    std::string& bytes = printer.begin_record(record.log, record.key);
    bytes.append(record.leaf);
    record.salt_offset = bytes.size() - begin;
    record.leaf_hash = printer.end_record(record.salt, record.payload);
  }
  for (const LogHead& head : batch.heads) printer.add(head);
  out = printer.finish(batch);
}

std::size_t stated_size(std::string_view bytes) {
  if (bytes.size() < kBatchHeaderBytes || !bytes.starts_with(kMagic)) return 0;
  return Cursor(bytes.substr(kMagic.size() + sizeof(std::uint64_t))).number<std::uint32_t>();
}

Result<Batch> parse_batch(std::string_view bytes) {
  if (bytes.substr(0, kMagic.size()) != kMagic.substr(0, bytes.size())) {
    return damaged("no batch begins here");
  }
  if (bytes.size() < kBatchHeaderBytes) return fail(Code::not_found, "the batch is not complete");
  Cursor cursor(bytes);
  cursor.take(kMagic.size());
  Batch out;
  out.number = cursor.number<std::uint64_t>();
  out.size = cursor.number<std::uint32_t>();
  Counts counts;
  counts.logs = cursor.number<std::uint32_t>();
  counts.records = cursor.number<std::uint32_t>();
  counts.heads = cursor.number<std::uint32_t>();
  out.time = WallTime{static_cast<std::int64_t>(cursor.number<std::uint64_t>())};
  out.prev = cursor.array<tlog::Hash>();
  if (out.size < kBatchHeaderBytes + kHashBytes || out.size > kBatchBytesMax ||
      !fit(counts, out.size)) {
    return damaged("its size cannot be");
  }
  if (out.size > bytes.size()) return fail(Code::not_found, "the batch is not complete");
  bytes = bytes.substr(0, out.size);
  crypto::Sha256 digest;
  digest.add(bytes.substr(0, kBatchHeaderBytes));
  Cursor body(bytes.substr(0, out.size - kHashBytes));
  body.take(kBatchHeaderBytes);
  if (!read_body(body, digest, counts, out, bytes) || body.at() != out.size - kHashBytes) {
    return damaged("its parts do not fill it");
  }
  out.digest = digest.finish();
  if (Cursor(bytes.substr(out.size - kHashBytes)).array<tlog::Hash>() != out.digest) {
    return damaged("its digest is not that of its bytes");
  }
  return out;
}

std::size_t stated_record_size(std::string_view bytes) {
  if (bytes.size() < kRecordBytesBeforeLeaf) return 0;
  Cursor cursor(bytes);
  cursor.take(sizeof(std::uint32_t));
  const std::size_t leaf = cursor.number<std::uint32_t>();
  const std::size_t payload = cursor.number<std::uint32_t>();
  return kRecordOverhead + leaf + payload;
}

Result<StoredRecord> parse_record(std::string_view bytes) {
  Cursor cursor(bytes);
  const StoredRecord out = take_record(cursor);
  if (!cursor.good()) return damaged("a record is not complete");
  return out;
}

}  // namespace mc::ledger
