#include "ledger/batch.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace mc::ledger {
namespace {

Salt salt_of(char fill) {
  Salt out;
  out.fill(fill);
  return out;
}

// Two records of a log that begins here, one of another.
Batch sample() {
  Batch out;
  out.number = 7;
  out.time = from_unix_ms(1'700'000'000'000);
  out.prev.fill(0x11);
  out.logs = {{4, "audit/alpha"}};
  out.records = {{4, {}, "leaf one", salt_of('s'), "{\"secret\":1}"},
                 {4, RepeatKey{'k'}, "leaf two", salt_of('t'), ""},
                 {2, {}, "", salt_of('u'), "other"}};
  out.heads = {{4, {2, tlog::leaf_hash("4")}}, {2, {9, tlog::leaf_hash("2")}}};
  return out;
}

void check_same(const Batch& a, const Batch& b) {
  CHECK(a.number == b.number);
  CHECK(a.time == b.time);
  CHECK(a.prev == b.prev);
  CHECK(a.digest == b.digest);
  CHECK(a.size == b.size);
  REQUIRE(a.logs.size() == b.logs.size());
  for (std::size_t i = 0; i < a.logs.size(); ++i) {
    CHECK(a.logs[i].id == b.logs[i].id);
    CHECK(a.logs[i].name == b.logs[i].name);
  }
  REQUIRE(a.records.size() == b.records.size());
  for (std::size_t i = 0; i < a.records.size(); ++i) {
    CHECK(a.records[i].log == b.records[i].log);
    CHECK(a.records[i].key == b.records[i].key);
    CHECK(a.records[i].leaf == b.records[i].leaf);
    CHECK(a.records[i].salt == b.records[i].salt);
    CHECK(a.records[i].payload == b.records[i].payload);
    CHECK(a.records[i].salt_offset == b.records[i].salt_offset);
  }
  REQUIRE(a.heads.size() == b.heads.size());
  for (std::size_t i = 0; i < a.heads.size(); ++i) {
    CHECK(a.heads[i].log == b.heads[i].log);
    CHECK(a.heads[i].head == b.heads[i].head);
  }
}

TEST_CASE("batch: what is written is read, alone and before other bytes") {
  Batch batch = sample();
  std::string bytes = "before";
  print_batch(batch, bytes);
  CHECK(bytes.size() == 6 + batch.size);
  const std::string alone = bytes.substr(6);
  for (const std::string& behind :
       {std::string(), std::string("MCbatch1"), std::string(100, '\0')}) {
    const std::string all = alone + behind;
    const auto read = parse_batch(all);
    REQUIRE(read.has_value());
    check_same(*read, batch);
    CHECK(all.substr(read->records[0].salt_offset, 32) == std::string(32, 's'));
  }
  Batch nothing;
  std::string empty;
  print_batch(nothing, empty);
  CHECK(parse_batch(empty)->records.empty());
}

TEST_CASE("batch: cut anywhere it is not complete") {
  Batch batch = sample();
  std::string bytes;
  print_batch(batch, bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CAPTURE(size);
    const auto read = parse_batch(std::string_view(bytes).substr(0, size));
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().code == Code::not_found);
  }
}

TEST_CASE("batch: no bit can be changed but those of salts and payloads") {
  Batch batch = sample();
  std::string bytes;
  print_batch(batch, bytes);
  std::vector<bool> free(bytes.size());
  for (const StoredRecord& record : batch.records) {
    const std::size_t size = record.salt.size() + record.payload.size();
    std::fill_n(free.begin() + static_cast<std::ptrdiff_t>(record.salt_offset), size, true);
  }
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    CAPTURE(bit);
    std::string other = bytes;
    other[bit / 8] = static_cast<char>(other[bit / 8] ^ 1 << bit % 8);
    CHECK(parse_batch(other).has_value() == free[bit / 8]);
  }
}

TEST_CASE("batch: a payload can be erased, and the rest holds") {
  Batch batch = sample();
  std::string bytes;
  print_batch(batch, bytes);
  const StoredRecord& first = batch.records[0];
  bytes.replace(first.salt_offset, 32 + first.payload.size(), 32 + first.payload.size(), '\0');
  const auto read = parse_batch(bytes);
  REQUIRE(read.has_value());
  CHECK(read->digest == batch.digest);
  CHECK(read->records[0].is_erased());
  CHECK(read->records[0].leaf == "leaf one");
  CHECK_FALSE(read->records[1].is_erased());
  CHECK(bytes.find("secret") == std::string::npos);
}

TEST_CASE("batch: sizes and counts that cannot be are refused before anything is set aside") {
  Batch batch = sample();
  std::string bytes;
  print_batch(batch, bytes);
  for (const std::size_t at : {16U, 20U, 24U, 28U}) {
    std::string other = bytes;
    other.replace(at, 4, 4, '\xff');
    CAPTURE(at);
    const auto read = parse_batch(other);
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().code == Code::corrupt);
  }
}

}  // namespace
}  // namespace mc::ledger
