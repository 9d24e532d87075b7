#include "ledger/chain.h"

#include "ledger/record.h"

namespace mc::ledger {
namespace {

tl::unexpected<Error> wrong(const std::string& what) {
  return fail(Code::corrupt, "ledger: " + what);
}

Status see_name(SeenPart& out, std::uint32_t log, const std::string& name) {
  const auto [at, fresh] = out.names.try_emplace(log, name);
  if (at->second == name) return ok();
  return wrong("a leaf of '" + excerpt(at->second) + "' says it is of '" + excerpt(name) + "'");
}

Result<SeenLeaf> see_record(SeenPart& out, const StoredRecord& record) {
  SeenLeaf seen;
  seen.log = record.log;
  seen.hash = record.leaf_hash;
  if (record.leaf.starts_with(kHeadLeafBegin)) {
    MC_TRY(const HeadLeaf head, parse_head_leaf(record.leaf));
    if (!record.is_erased() || !record.payload.empty()) return wrong("a head leaf has a payload");
    MC_TRY_OK(see_name(out, record.log, kRootLog));
    seen.seq = head.seq;
    seen.prev = head.prev;
    seen.is_head = true;
    out.batches.back().said.push_back({head.log, head.head});
    return seen;
  }
  if (!record.leaf.starts_with(kRecordLeafBegin) && check_plain_leaf(record.leaf)) {
    if (!record.is_erased() || !record.payload.empty()) return wrong("a plain leaf has a payload");
    MC_TRY_OK(see_name(out, record.log, kSignLog));
    seen.plain = true;
    return seen;
  }
  MC_TRY(const LeafLinks header, parse_leaf_links(record.leaf));
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

}  // namespace

Status see(SeenPart& part, const Place& place, const Batch& batch) {
  if (part.batches.empty()) part.first = {batch.number, batch.prev, place};
  SeenBatch& seen = part.batches.emplace_back();
  for (const NewLog& log : batch.logs) seen.logs.emplace_back(log.id, log.name);
  seen.leaves.reserve(batch.records.size());
  for (const StoredRecord& record : batch.records) {
    MC_TRY(SeenLeaf leaf, see_record(part, record));
    seen.leaves.push_back(std::move(leaf));
  }
  seen.heads = batch.heads;
  part.end = {batch.number + 1, batch.digest, {place.segment, place.offset + batch.size}};
  return ok();
}

Status Chain::add(const SeenPart& part) {
  if (part.batches.empty()) return ok();
  if (part.first.number != next_.number || part.first.prev != next_.prev) {
    return wrong("segment " + std::to_string(part.first.place.segment) +
                 " does not follow the one before it");
  }
  for (const SeenBatch& batch : part.batches) MC_TRY_OK(add(batch));
  for (const auto& [log, name] : part.names) {
    if (logs_[log].name != name) {
      return wrong("log " + std::to_string(log) + " is '" + excerpt(logs_[log].name) +
                   "', its leaves say '" + excerpt(name) + "'");
    }
  }
  next_ = part.end;
  erased_ += part.erased;
  return ok();
}

VerifyReport Chain::report() const {
  VerifyReport out;
  out.batches = next_.number;
  out.records = records_;
  out.erased = erased_;
  for (const LogState& log : logs_) out.heads[log.name] = log.tree.head();
  return out;
}

tlog::TreeHead Chain::head(const std::string& log) const {
  const auto found = ids_.find(log);
  return found == ids_.end() ? tlog::TreeHead{} : logs_[found->second].tree.head();
}

Status Chain::add(const SeenBatch& batch) {
  for (const auto& [id, name] : batch.logs) {
    if (id != logs_.size() || !ids_.emplace(name, id).second) {
      return wrong("log '" + excerpt(name) + "' begins twice");
    }
    logs_.push_back({name, {}, {}});
  }
  auto said = batch.said.begin();
  for (const SeenLeaf& leaf : batch.leaves) {
    MC_TRY_OK(add(leaf, leaf.is_head ? &*said++ : nullptr));
  }
  for (const LogHead& head : batch.heads) {
    if (head.log >= logs_.size() || logs_[head.log].tree.head() != head.head) {
      return wrong("the head of log " + std::to_string(head.log) + " in a batch is another");
    }
    if (logs_[head.log].name == kRootLog && head.head.size == expected_.size &&
        head.head != expected_) {
      return wrong("its first " + std::to_string(expected_.size) +
                   " heads are not those that were signed");
    }
  }
  return ok();
}

Status Chain::add(const SeenLeaf& leaf, const SaidHead* head) {
  if (leaf.log >= logs_.size()) return wrong("a record of a log that never began");
  LogState& log = logs_[leaf.log];
  if (!leaf.plain && (leaf.seq != log.tree.size() || leaf.prev != log.last)) {
    return wrong("record " + std::to_string(log.tree.size()) + " of '" + excerpt(log.name) +
                 "' does not follow the one before it");
  }
  if (head == nullptr) {
    ++records_;
  } else if (const auto named = ids_.find(head->log);
             named == ids_.end() || logs_[named->second].tree.head() != head->head) {
    return wrong("head leaf " + std::to_string(leaf.seq) + " does not have the head of '" +
                 excerpt(head->log) + "'");
  }
  log.last = leaf.hash;
  log.tree.append(leaf.hash);
  return ok();
}

}  // namespace mc::ledger
