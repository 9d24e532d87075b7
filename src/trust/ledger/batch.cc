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

void print_batch(Batch& batch, std::string& out) {
  const std::size_t begin = out.size();
  crypto::Sha256 digest;
  std::size_t hashed = begin;
  const auto hash_to_here = [&] {
    digest.add(std::string_view(out).substr(hashed));
    hashed = out.size();
  };
  batch.size = kBatchHeaderBytes + kHashBytes;
  for (const NewLog& log : batch.logs) batch.size += 6 + log.name.size();
  for (const StoredRecord& record : batch.records) {
    batch.size += kRecordOverhead + record.leaf.size() + record.payload.size();
  }
  batch.size += batch.heads.size() * 44;
  MC_CHECK(batch.size <= kBatchBytesMax);
  out.reserve(out.size() + batch.size);
  out.append(kMagic);
  put(out, batch.number);
  put(out, static_cast<std::uint32_t>(batch.size));
  for (const std::size_t count : {batch.logs.size(), batch.records.size(), batch.heads.size()}) {
    put(out, static_cast<std::uint32_t>(count));
  }
  put(out, static_cast<std::uint64_t>(batch.time.nanos));
  put(out, batch.prev);
  for (const NewLog& log : batch.logs) {
    put(out, log.id);
    put(out, static_cast<std::uint16_t>(log.name.size()));
    out.append(log.name);
  }
  hash_to_here();
  for (StoredRecord& record : batch.records) {
    put(out, record.log);
    put(out, length_of(record.leaf));
    put(out, length_of(record.payload));
    out.append(record.key.data(), record.key.size());
    hash_to_here();
    if (record.leaf_hash == tlog::Hash{}) record.leaf_hash = tlog::leaf_hash(record.leaf);
    digest.add(record.leaf_hash);
    out.append(record.leaf);
    record.salt_offset = out.size() - begin;
    out.append(record.salt.data(), record.salt.size()).append(record.payload);
    hashed = out.size();
  }
  for (const LogHead& head : batch.heads) {
    put(out, head.log);
    put(out, head.head.size);
    put(out, head.head.root);
  }
  hash_to_here();
  batch.digest = digest.finish();
  put(out, batch.digest);
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
