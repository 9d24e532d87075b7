#include "ledger/verify.h"

#include <algorithm>
#include <optional>
#include <thread>
#include <vector>

#include "ledger/mark.h"
#include "ledger/record.h"
#include "ledger/segments.h"

namespace mc::ledger {
namespace {

// What a leaf says, to be held against the leaves before it.
struct SeenLeaf {
  std::uint32_t log = 0;
  std::uint64_t seq = 0;
  tlog::Hash prev = {};
  tlog::Hash hash = {};
  std::optional<std::pair<std::string, tlog::TreeHead>> head;  // of a head leaf
};

struct SeenBatch {
  std::vector<std::pair<std::uint32_t, std::string>> logs;
  std::vector<SeenLeaf> leaves;
  std::vector<LogHead> heads;
};

// A segment whose batches hold in themselves.
struct SeenSegment {
  Mark first;
  Segments::Scanned end;
  std::vector<SeenBatch> batches;
  std::map<std::uint32_t, std::string> names;  // that its leaves give their logs
  std::uint64_t erased = 0;
};

tl::unexpected<Error> wrong(const std::string& what) {
  return fail(Code::corrupt, "ledger: " + what);
}

Status see_name(SeenSegment& out, std::uint32_t log, const std::string& name) {
  const auto [at, fresh] = out.names.try_emplace(log, name);
  if (at->second == name) return ok();
  return wrong("a leaf of '" + excerpt(at->second) + "' says it is of '" + excerpt(name) + "'");
}

Result<SeenLeaf> see_record(SeenSegment& out, const StoredRecord& record) {
  SeenLeaf seen{record.log, 0, {}, record.leaf_hash, {}};
  if (const Result<HeadLeaf> head = parse_head_leaf(record.leaf)) {
    if (!record.is_erased() || !record.payload.empty()) return wrong("a head leaf has a payload");
    MC_TRY_OK(see_name(out, record.log, kRootLog));
    seen.seq = head->seq;
    seen.prev = head->prev;
    seen.head = {head->log, head->head};
    return seen;
  }
  MC_TRY(const Header header, parse_leaf(record.leaf));
  MC_TRY_OK(see_name(out, record.log, header.log));
  seen.seq = header.seq;
  seen.prev = header.prev;
  const bool zeros = record.payload.find_first_not_of('\0') == std::string_view::npos;
  if (record.is_erased() && zeros) {
    ++out.erased;
  } else if (commit(record.salt, record.payload) != header.commitment) {
    return wrong("the payload of record " + std::to_string(header.seq) + " of '" +
                 excerpt(header.log) + "' is not the one that was recorded");
  }
  return seen;
}

Result<SeenSegment> see_segment(const Segments& segments, std::uint64_t number) {
  SeenSegment out;
  MC_TRY(out.end, segments.scan_one(number, [&](const Place&, const Batch& batch) -> Status {
    if (out.batches.empty()) out.first = {batch.number, batch.prev, {number, 0}};
    SeenBatch& seen = out.batches.emplace_back();
    for (const NewLog& log : batch.logs) seen.logs.emplace_back(log.id, log.name);
    for (const StoredRecord& record : batch.records) {
      MC_TRY(SeenLeaf leaf, see_record(out, record));
      seen.leaves.push_back(std::move(leaf));
    }
    seen.heads = batch.heads;
    return ok();
  }));
  return out;
}

// Puts segment behind segment.
class Chain {
 public:
  Status add(const SeenSegment& segment) {
    if (segment.batches.empty()) return ok();
    if (segment.first.number != next_.number || segment.first.prev != next_.prev) {
      return wrong("segment " + std::to_string(segment.first.place.segment) +
                   " does not follow the one before it");
    }
    for (const SeenBatch& batch : segment.batches) MC_TRY_OK(add(batch));
    for (const auto& [log, name] : segment.names) {
      if (logs_[log].name != name) {
        return wrong("log " + std::to_string(log) + " is '" + excerpt(logs_[log].name) +
                     "', its leaves say '" + excerpt(name) + "'");
      }
    }
    next_.number = segment.end.end.number;
    next_.prev = segment.end.end.prev;
    report_.erased += segment.erased;
    return ok();
  }
  VerifyReport report() {
    report_.batches = next_.number;
    for (const LogState& log : logs_) report_.heads[log.name] = log.tree.head();
    return report_;
  }

 private:
  Status add(const SeenBatch& batch) {
    for (const auto& [id, name] : batch.logs) {
      if (id != logs_.size() || !ids_.emplace(name, id).second) {
        return wrong("log '" + excerpt(name) + "' begins twice");
      }
      logs_.push_back({name, {}, {}});
    }
    for (const SeenLeaf& leaf : batch.leaves) MC_TRY_OK(add(leaf));
    for (const LogHead& head : batch.heads) {
      if (head.log >= logs_.size() || logs_[head.log].tree.head() != head.head) {
        return wrong("the head of log " + std::to_string(head.log) + " in a batch is another");
      }
    }
    return ok();
  }
  Status add(const SeenLeaf& leaf) {
    if (leaf.log >= logs_.size()) return wrong("a record of a log that never began");
    LogState& log = logs_[leaf.log];
    if (leaf.seq != log.tree.size() || leaf.prev != log.last) {
      return wrong("record " + std::to_string(log.tree.size()) + " of '" + excerpt(log.name) +
                   "' does not follow the one before it");
    }
    if (leaf.head) {
      const auto named = ids_.find(leaf.head->first);
      if (named == ids_.end() || logs_[named->second].tree.head() != leaf.head->second) {
        return wrong("head leaf " + std::to_string(leaf.seq) + " does not have the head of '" +
                     excerpt(leaf.head->first) + "'");
      }
    } else {
      ++report_.records;
    }
    log.last = leaf.hash;
    log.tree.append(leaf.hash);
    return ok();
  }

  VerifyReport report_;
  Mark next_;
  std::vector<LogState> logs_;
  std::map<std::string, std::uint32_t> ids_;
};

}  // namespace

Result<VerifyReport> verify(sys::Files& files, const std::string& folder, int threads,
                            const std::function<void(std::size_t, std::size_t)>& progress) {
  MC_TRY(const Segments segments, Segments::open(files, folder + "/segments"));
  const std::vector<std::uint64_t>& numbers = segments.numbers();
  if (!numbers.empty() && numbers.front() != 0) return wrong("its first segment is missing");
  Chain chain;
  std::uint64_t torn = 0;
  const auto width = static_cast<std::size_t>(std::max(threads, 1));
  for (std::size_t begin = 0; begin < numbers.size(); begin += width) {
    const std::size_t count = std::min(width, numbers.size() - begin);
    std::vector<Result<SeenSegment>> seen(count, Result<SeenSegment>(SeenSegment{}));
    std::vector<std::thread> readers;
    for (std::size_t i = 0; i < count; ++i) {
      readers.emplace_back([&, i] { seen[i] = see_segment(segments, numbers[begin + i]); });
    }
    for (std::thread& reader : readers) reader.join();
    for (const Result<SeenSegment>& each : seen) {
      if (!each) return tl::unexpected<Error>(each.error());
      MC_TRY_OK(chain.add(*each));
      torn = each->end.torn;
    }
    if (progress) progress(begin + count, numbers.size());
  }
  VerifyReport out = chain.report();
  out.segments = numbers.size();
  out.torn = torn;
  return out;
}

}  // namespace mc::ledger
