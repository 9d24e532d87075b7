#include "proof/range_receipt.h"

#include <algorithm>

#include "proof/proto_json.h"

namespace mc::proof {
namespace {

constexpr std::string_view kKind = "mc.range/v1";

Result<ledger::Header> header_at(const ledger::Store& store, const std::string& log,
                                 std::uint64_t seq) {
  MC_TRY(const ledger::ReadRecord record, store.read(log, seq));
  return ledger::parse_leaf(record.leaf);
}

// The first record at or after `time`; the log's size when there is none.
Result<std::uint64_t> first_at(const ledger::Store& store, const std::string& log, WallTime time,
                               std::uint64_t size) {
  std::uint64_t low = 0;
  std::uint64_t high = size;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    MC_TRY(const ledger::Header header, header_at(store, log, middle));
    if (header.time < time) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

Result<RangeReceipt::Record> record_of(const ledger::Store& store, const std::string& log,
                                       std::uint64_t seq, const TimeRange& range) {
  MC_TRY(ledger::ReadRecord held, store.read(log, seq));
  MC_TRY(const ledger::Header header, ledger::parse_leaf(held.leaf));
  RangeReceipt::Record out{std::move(held.leaf), std::nullopt};
  if (range.contains(header.time) && !held.erased) {
    out.opened = Opened{std::move(held.payload), held.salt};
  }
  return out;
}

json::Object print_record(const RangeReceipt::Record& record) {
  json::Object out;
  out.set("leaf", record.leaf);
  if (record.opened) out.set("opened", print_opened(*record.opened));
  return out;
}

std::vector<RangeReceipt::Record> read_records(Fields& fields, std::optional<Error>& fault) {
  std::vector<RangeReceipt::Record> out;
  const json::Value* list = fields.child("records");
  if (list == nullptr || list->as_array() == nullptr || list->as_array()->empty()) {
    fields.refuse("records", "there is none");
    return out;
  }
  if (list->as_array()->size() > kRangeRecordsMax + 2) {
    fields.refuse("records", "there are more than 10002");
    return out;
  }
  for (const json::Value& entry : *list->as_array()) {
    const std::string path = "records[" + std::to_string(out.size()) + "]";
    Fields record(&entry, path, fault);
    RangeReceipt::Record read{record.required_text("leaf"), std::nullopt};
    if (record.has("opened")) {
      read.opened = read_opened(record.child("opened"), path + ".opened", fault);
    }
    record.done();
    out.push_back(std::move(read));
  }
  return out;
}

// What the steps find out one after the other.
class RangeCheck {
 public:
  RangeCheck(const RangeReceipt& receipt, const tlog::Policy& policy)
      : receipt_(receipt), policy_(policy), report_("range receipt") {}

  Report run() {
    report_.step("records", "record_invalid", [this] { return records(); });
    report_.step("chain", "chain_broken", [this] { return chain(); });
    report_.step("complete", "range_incomplete", [this] { return complete(); });
    if (std::none_of(
            receipt_.records.begin(), receipt_.records.end(),
            [](const RangeReceipt::Record& record) { return record.opened.has_value(); })) {
      report_.skip("payloads", "the receipt has none");
    } else {
      report_.step("payloads", "payload_mismatch", [this] { return payloads(); });
    }
    const bool any = !headers_.empty();
    check_anchor(receipt_.anchor, any ? headers_.back() : ledger::Header(),
                 any ? std::string_view(receipt_.records.back().leaf) : "", policy_, report_);
    return std::move(report_);
  }

 private:
  using Detail = Result<std::string>;

  Detail records() {
    for (const RangeReceipt::Record& record : receipt_.records) {
      MC_TRY(ledger::Header header, ledger::parse_leaf(record.leaf));
      if (!headers_.empty() && header.log != headers_.front().log) {
        return fail(Code::invalid, "a record is of the log " + header.log);
      }
      headers_.push_back(std::move(header));
    }
    if (headers_.empty()) return fail(Code::invalid, "there is none");
    return std::to_string(headers_.size()) + " of " + headers_.front().log;
  }

  Detail chain() const {
    if (headers_.front().seq == 0 && headers_.front().prev != tlog::Hash{}) {
      return fail(Code::invalid, "the first record of the log has one before it");
    }
    for (std::size_t i = 1; i < headers_.size(); ++i) {
      const ledger::Header& header = headers_[i];
      if (header.seq != headers_[i - 1].seq + 1) {
        return fail(Code::invalid,
                    "record " + std::to_string(headers_[i - 1].seq + 1) + " is missing");
      }
      if (header.prev != tlog::leaf_hash(receipt_.records[i - 1].leaf)) {
        return fail(Code::invalid,
                    "record " + std::to_string(header.seq) + " does not follow the one before it");
      }
      if (header.time < headers_[i - 1].time) {
        return fail(Code::invalid, "the time of record " + std::to_string(header.seq) +
                                       " is before that of the one before it");
      }
    }
    return "records " + std::to_string(headers_.front().seq) + " to " +
           std::to_string(headers_.back().seq);
  }

  Detail complete() const {
    const ledger::Header& first = headers_.front();
    const ledger::Header& last = headers_.back();
    if (receipt_.range.from >= receipt_.range.to) return fail(Code::invalid, "it is empty");
    if (first.seq != 0 && first.time >= receipt_.range.from) {
      return fail(Code::invalid, "the record before the range is missing");
    }
    if (last.time < receipt_.range.to) {
      return fail(Code::invalid, "the record behind the range is missing");
    }
    std::size_t inside = 0;
    for (const ledger::Header& header : headers_) {
      inside += receipt_.range.contains(header.time) ? 1 : 0;
    }
    return std::to_string(inside) + " records from " + format_rfc3339(receipt_.range.from) +
           " to " + format_rfc3339(receipt_.range.to);
  }

  Detail payloads() const {
    std::size_t count = 0;
    for (std::size_t i = 0; i < headers_.size(); ++i) {
      const std::optional<Opened>& opened = receipt_.records[i].opened;
      if (!opened) continue;
      if (!receipt_.range.contains(headers_[i].time)) {
        return fail(Code::invalid, "a record outside of the range has its payload");
      }
      if (ledger::commit(opened->salt, opened->payload) != headers_[i].commitment) {
        return fail(Code::invalid, "the payload of record " + std::to_string(headers_[i].seq) +
                                       " is not the one that was recorded");
      }
      ++count;
    }
    return std::to_string(count) + " as recorded";
  }

  const RangeReceipt& receipt_;
  const tlog::Policy& policy_;
  Report report_;
  std::vector<ledger::Header> headers_;
};

}  // namespace

Result<RangeReceipt> make_range_receipt(const ledger::Store& store, const std::string& log,
                                        TimeRange range, std::string checkpoint) {
  if (range.from >= range.to)
    return fail(Code::invalid, "the range is empty: from must be before to");
  MC_TRY(const tlog::TreeHead head, store.head(log));
  MC_TRY(std::uint64_t begin, first_at(store, log, range.from, head.size));
  MC_TRY(const std::uint64_t end, first_at(store, log, range.to, head.size));
  if (end == head.size) {
    return fail(Code::conflict, "no record at or after " + format_rfc3339(range.to) +
                                    " shows yet that the range is complete");
  }
  if (end - begin > kRangeRecordsMax) {
    return fail(Code::exhausted, "the range has " + std::to_string(end - begin) +
                                     " records; the limit is 10000: ask for shorter ones");
  }
  if (begin > 0) --begin;
  RangeReceipt out{range, {}, {}};
  for (std::uint64_t seq = begin; seq <= end; ++seq) {
    MC_TRY(RangeReceipt::Record record, record_of(store, log, seq, range));
    out.records.push_back(std::move(record));
  }
  MC_TRY(const ledger::Header last, ledger::parse_leaf(out.records.back().leaf));
  MC_TRY(out.anchor, make_anchor(store, last, std::move(checkpoint)));
  return out;
}

std::string print_range_receipt(const RangeReceipt& receipt) {
  json::Array records;
  for (const RangeReceipt::Record& record : receipt.records) {
    records.emplace_back(print_record(record));
  }
  json::Object out;
  out.set("kind", kKind);
  out.set("from", format_rfc3339(receipt.range.from));
  out.set("to", format_rfc3339(receipt.range.to));
  out.set("records", std::move(records));
  out.set("path", print_path(receipt.anchor.path));
  print_anchor(receipt.anchor, out);
  return json::canonical(out);
}

Result<RangeReceipt> parse_range_receipt(std::string_view json) {
  MC_TRY(const json::Value value, json::parse(json, {.bytes_max = kRangeBytesMax}));
  std::optional<Error> fault;
  Fields fields(&value, "", fault);
  RangeReceipt out;
  if (fields.required_text("kind") != kKind) fields.refuse("kind", "it is not mc.range/v1");
  out.range = {fields.time("from"), fields.time("to")};
  out.records = read_records(fields, fault);
  out.anchor.path = read_path(fields);
  read_anchor(fields, out.anchor, fault);
  fields.done();
  if (fault) return fail(Code::invalid, "range receipt: " + fault->what);
  if (print_range_receipt(out) != json) {
    return fail(Code::invalid, "range receipt: it is not in the form of RFC 8785");
  }
  return out;
}

Report check_range_receipt(const RangeReceipt& receipt, const tlog::Policy& policy) {
  return RangeCheck(receipt, policy).run();
}

}  // namespace mc::proof
