#include "ledger/store.h"

#include <algorithm>

#include "ledger/draft.h"

namespace mc::ledger {
namespace {

constexpr std::int64_t kNanosPerMilli = 1'000'000;
// Enough for nearly every record in one read.
constexpr std::size_t kReadAhead = 4 << 10;
// The same for the heads that end a batch.
constexpr std::size_t kHeadsBytes = 16 << 10;
// Memory that has just been written to is near at hand for the next batch.
constexpr std::size_t kSpareBytesMax = 4 << 20;

WallTime whole_millis(WallTime time) {
  return WallTime{time.nanos / kNanosPerMilli * kNanosPerMilli};
}

bool is_set(const RepeatKey& key) {
  return key != RepeatKey{};
}

std::string mark_path(const std::string& folder) {
  return folder + "/mark";
}

// The mark if it is there and whole; nothing known otherwise.
Known read_mark(sys::Files& files, const std::string& folder) {
  const Result<std::string> bytes = files.read_all(mark_path(folder), kBatchBytesMax);
  if (!bytes) return {};
  Result<Known> known = parse_known(*bytes);
  return known ? std::move(*known) : Known{};
}

tl::unexpected<Error> does_not_fit(const std::string& what, std::uint64_t batch) {
  return fail(Code::corrupt, "ledger: " + what + " of batch " + std::to_string(batch) +
                                 " does not fit what is before it");
}

tl::unexpected<Error> not_the_one(const std::string& log, std::uint64_t seq) {
  return fail(Code::corrupt, "ledger: record " + std::to_string(seq) + " of '" + log +
                                 "' is not the one in its tree");
}

// Salt and payload are those that the leaf was made with, or all zeros.
bool keeps_promise(const StoredRecord& record) {
  if (record.is_erased()) return record.payload.find_first_not_of('\0') == std::string_view::npos;
  const Result<Header> header = parse_leaf(record.leaf);
  return header && commit(record.salt, record.payload) == header->commitment;
}

}  // namespace

tl::unexpected<Error> stopped() {
  return fail(Code::unavailable, "ledger: a write has failed; nothing is recorded until a restart");
}

Result<std::unique_ptr<Store>> Store::open(sys::Files& files, const std::string& folder,
                                           std::uint64_t segment_bytes) {
  for (const char* name : {"/segments", "/trees"}) MC_TRY_OK(files.make_folders(folder + name));
  MC_TRY(Segments segments, Segments::open(files, folder + "/segments", segment_bytes));
  std::unique_ptr<Store> out(new Store(files, folder, std::move(segments)));
  MC_TRY_OK(out->recover());
  return out;
}

Status Store::recover() {
  known_ = read_mark(files_, folder_);
  for (std::uint32_t id = 0; id < known_.logs.size(); ++id) ids_[known_.logs[id].name] = id;
  MC_TRY(const Segments::Scanned scanned,
         segments_.scan(known_.mark, [this](const Place& place, const Batch& batch) {
           return replay(place, batch);
         }));
  torn_ = scanned.torn;
  known_.mark = scanned.end;
  MC_TRY_OK(segments_.start(scanned));
  std::vector<LogHead> heads;
  std::vector<std::string> names;
  for (std::uint32_t id = 0; id < known_.logs.size(); ++id) {
    heads.push_back({id, known_.logs[id].tree.head()});
    names.push_back(known_.logs[id].name);
  }
  publish(heads, names);
  return erase_again();
}

// A crash may have come between a redaction and what it says.
Status Store::erase_again() {
  for (const auto& [id, seq] : std::exchange(redactions_, {})) {
    MC_TRY_OK(erase(known_.logs[id].name, seq));
    redacted_.push_back({known_.logs[id].name, seq});
  }
  return ok();
}

// Hashes are all it takes: the batch's digest guards its bytes, the heads say that the leaves are
// those of these trees.
Status Store::replay(const Place& place, const Batch& batch) {
  for (const NewLog& log : batch.logs) {
    if (log.id != known_.logs.size()) return does_not_fit("a log", batch.number);
    ids_[std::string(log.name)] = log.id;
    known_.logs.push_back({std::string(log.name), {}, {}});
  }
  std::map<std::uint32_t, Growth> growth;
  for (const StoredRecord& record : batch.records) {
    if (record.log >= known_.logs.size()) return does_not_fit("a record", batch.number);
    LogState& log = known_.logs[record.log];
    const auto [at, fresh] = growth.try_emplace(record.log);
    if (fresh) at->second.first_leaf = log.tree.size();
    log.last = record.leaf_hash;
    remember({record.log, record.key}, {log.tree.size(), batch.time, log.last, false});
    log.tree.append(log.last, [&](tlog::NodeId, const tlog::Hash& node) { at->second.add(node); });
    at->second.add(Place{place.segment, place.offset + record.offset()});
    const auto target = log.name == kSignLog ? std::nullopt : redaction_target(record.leaf);
    if (target) redactions_.emplace_back(record.log, *target);
  }
  for (const LogHead& head : batch.heads) {
    if (head.log >= known_.logs.size() || known_.logs[head.log].tree.head() != head.head) {
      return does_not_fit("a head", batch.number);
    }
  }
  for (const auto& [log, added] : growth) MC_TRY_OK(trees_.write(log, added));
  known_.time = batch.time;
  return ok();
}

const Recorded* Store::find_repeat(const Draft& draft, const RepeatId& id) const {
  if (!is_set(id.second)) return nullptr;
  for (const auto* repeats : {&repeats_, &draft.repeats}) {
    const auto found = repeats->find(id);
    if (found != repeats->end()) return &found->second;
  }
  return nullptr;
}

void Store::remember(const RepeatId& id, const Recorded& recorded) {
  if (!is_set(id.second) || !repeats_.emplace(id, recorded).second) return;
  repeat_order_.push_back(id);
  if (repeat_order_.size() <= kRepeatKeysMax) return;
  repeats_.erase(repeat_order_.front());
  repeat_order_.pop_front();
}

std::uint32_t Store::id_of(const std::string& log, Draft& draft) {
  const auto found = ids_.find(log);
  if (found != ids_.end()) return found->second;
  const auto next = static_cast<std::uint32_t>(known_.logs.size());
  const auto at = ids_.emplace(log, next).first;
  known_.logs.push_back({log, {}, {}});
  draft.batch.logs.push_back({next, at->first});  // keys of a map stay where they are
  draft.printer.add(draft.batch.logs.back());
  return next;
}

// Behind its record in the printer.
void Store::append_leaf(Draft& draft, std::uint32_t log, const tlog::Hash& leaf) {
  LogState& state = known_.logs[log];
  const auto [at, fresh] = draft.growth.try_emplace(log);
  Growth& growth = at->second;
  if (fresh) {
    growth.first_leaf = state.tree.size();
    draft.before.emplace(log, state);
  }
  state.last = leaf;
  state.tree.append(leaf, [&](tlog::NodeId, const tlog::Hash& node) { growth.add(node); });
  growth.offsets.push_back(draft.printer.record_offset());
}

Result<Recorded> Store::append_entry(Draft& draft, std::uint32_t log, const Prepared& from) {
  if (const Recorded* const first = find_repeat(draft, {log, from.key})) {
    Recorded out = *first;
    out.repeated = true;
    return out;
  }
  const LogState& state = known_.logs[log];
  const std::uint64_t seq = state.tree.size();
  if (seq > kSeqMax) return fail(Code::exhausted, "the log is full");
  from.leaf.print(draft.printer.begin_record(log, from.key), seq, state.last, draft.time);
  append_leaf(draft, log, draft.printer.end_record(from.salt, from.payload));
  const Recorded out{seq, draft.batch.time, state.last, false};
  if (is_set(from.key)) draft.repeats.emplace(RepeatId{log, from.key}, out);
  return out;
}

void Store::append_heads(Draft& draft, std::uint32_t root) {
  std::vector<LogHead>& heads = draft.batch.heads;
  for (const auto& [log, growth] : draft.growth) {
    heads.push_back({log, known_.logs[log].tree.head()});
  }
  for (const LogHead& head : heads) {
    const LogState& state = known_.logs[root];
    draft.printer.begin_record(root, {}).append(print_head_leaf(
        {known_.logs[head.log].name, head.head, state.tree.size(), draft.batch.time, state.last}));
    append_leaf(draft, root, draft.printer.end_record({}, {}));
  }
  heads.push_back({root, known_.logs[root].tree.head()});
  for (const LogHead& head : heads) draft.printer.add(head);
}

Result<Store::Pending> Store::write(Draft& draft) {
  Batch& batch = draft.batch;
  const Place place = segments_.next(batch.number, draft.bytes.size());
  Pending out;
  MC_TRY(out.file, segments_.write(batch.number, draft.bytes));
  out.end = place.offset + draft.bytes.size();
  for (auto& [log, growth] : draft.growth) {
    growth.reserve_places();
    for (const std::size_t offset : growth.offsets) {
      growth.add(Place{place.segment, place.offset + offset});
    }
  }
  known_.mark = {batch.number + 1, batch.digest, {place.segment, out.end}};
  known_.time = batch.time;
  for (const auto& [repeat, recorded] : draft.repeats) remember(repeat, recorded);
  out.growth = std::move(draft.growth);
  out.heads = std::move(batch.heads);
  for (const LogHead& head : out.heads) out.names.push_back(known_.logs[head.log].name);
  if (place.offset == 0 && batch.number > 0) out.keep = known_;
  if (draft.bytes.capacity() <= kSpareBytesMax) spare_ = std::move(draft.bytes);
  return out;
}

Store::Draft Store::draft(std::span<const Prepared> entries, WallTime now) {
  Draft out;
  out.batch.number = known_.mark.number;
  out.batch.prev = known_.mark.prev;
  // Each batch has a time of its own, so that a record can be found by it.
  out.batch.time = std::max(whole_millis(now), known_.time + millis(1));
  out.time = format_rfc3339(out.batch.time);
  if (entries.empty()) return out;
  spare_.clear();
  out.printer = BatchPrinter(std::move(spare_));
  // Logs come first: all that begin here, before any record.
  std::vector<std::uint32_t> logs;
  logs.reserve(entries.size());
  std::size_t bytes = 0;
  for (const Prepared& entry : entries) {
    logs.push_back(id_of(entry.log, out));
    bytes += entry.bytes();
  }
  const std::uint32_t root = id_of(kRootLog, out);
  out.printer.reserve(bytes + kHeadsBytes, entries.size());
  out.answers.reserve(entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    out.answers.push_back(append_entry(out, logs[i], entries[i]));
  }
  if (out.growth.empty()) return out;  // only repeats and refusals
  append_heads(out, root);
  out.bytes = out.printer.finish(out.batch);
  return out;
}

void Store::drop(Draft& draft) {
  for (const NewLog& log : draft.batch.logs) ids_.erase(known_.logs[log.id].name);
  known_.logs.resize(known_.logs.size() - draft.batch.logs.size());
  for (auto& [log, state] : draft.before) {
    if (log < known_.logs.size()) known_.logs[log] = std::move(state);
  }
}

Result<Store::Pending> Store::stage(std::span<const Prepared> entries, WallTime now) {
  if (failed_) return stopped();
  Draft made = draft(entries, now);
  Pending out;
  if (!made.bytes.empty()) {
    Result<Pending> written = write(made);
    if (!written) {
      failed_ = true;
      return written;
    }
    out = std::move(*written);
  }
  out.answers = std::move(made.answers);
  return out;
}

Status Store::settle(const Pending& pending) {
  if (failed_) return stopped();
  if (pending.file == nullptr) return ok();
  if (const Status synced = pending.file->sync_to(pending.end); !synced) {
    failed_ = true;
    return synced;
  }
  // The batch is durable. What fails from here on stops the next one, not this one.
  static_cast<void>(show(pending));
  return ok();
}

Status Store::show(const Pending& pending) {
  Status done = ok();
  for (const auto& [log, growth] : pending.growth) {
    if (const Status written = trees_.write(log, growth); !written) done = written;
  }
  if (!done) failed_ = true;
  publish(pending.heads, pending.names);
  return done;
}

Result<std::vector<Result<Recorded>>> Store::commit(std::span<const Prepared> entries,
                                                    WallTime now) {
  MC_TRY(Pending pending, stage(entries, now));
  MC_TRY_OK(settle(pending));
  if (pending.keep) static_cast<void>(keep(*pending.keep));  // a failure stops the next commit
  return std::move(pending.answers);
}

void Store::publish(const std::vector<LogHead>& heads, const std::vector<std::string>& names) {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < heads.size(); ++i) {
    heads_[names[i]] = {heads[i].log, heads[i].head};
  }
}

std::vector<std::string> Store::logs() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  out.reserve(heads_.size());
  for (const auto& [name, published] : heads_) out.push_back(name);
  return out;
}

Result<Store::Published> Store::published(const std::string& log) const {
  const std::lock_guard lock(mutex_);
  const auto found = heads_.find(log);
  if (found == heads_.end()) {
    return fail(Code::not_found, "ledger: there is no log '" + excerpt(log) + "'");
  }
  return found->second;
}

Result<tlog::TreeHead> Store::head(const std::string& log) const {
  MC_TRY(const Published found, published(log));
  return found.head;
}

// Empty when no record can begin there.
Result<std::string> Store::read_at(const Place& place) const {
  MC_TRY(std::string bytes, segments_.read(place, kReadAhead));
  const std::size_t size = stated_record_size(bytes);
  if (size > kBatchBytesMax) return std::string();
  if (size > bytes.size()) return segments_.read(place, size);
  return bytes;
}

Result<ReadRecord> Store::read(const std::string& log, std::uint64_t seq) const {
  MC_TRY(const Published found, published(log));
  if (seq >= found.head.size) {
    return fail(Code::not_found, "ledger: '" + log + "' has no record " + std::to_string(seq));
  }
  MC_TRY(const Place place, trees_.place(found.id, seq));
  MC_TRY(const std::string bytes, read_at(place));
  if (bytes.empty()) return not_the_one(log, seq);
  MC_TRY(const StoredRecord record, parse_record(bytes));
  MC_TRY(const tlog::Hash hash, trees_.node(found.id, {0, seq}));
  if (record.log != found.id || tlog::leaf_hash(record.leaf) != hash || !keeps_promise(record)) {
    return not_the_one(log, seq);
  }
  return ReadRecord{std::string(record.leaf), record.salt, std::string(record.payload),
                    record.is_erased()};
}

// Heads stand behind all other records of a batch.
Result<WallTime> Store::written_at(const std::string& log, std::uint64_t seq) const {
  MC_TRY(const Published found, published(log));
  MC_TRY(const Published root, published(kRootLog));
  if (seq >= found.head.size) {
    return fail(Code::not_found, "ledger: '" + log + "' has no record " + std::to_string(seq));
  }
  MC_TRY(Place place, trees_.place(found.id, seq));
  const std::uint64_t end = place.offset + kBatchBytesMax;
  while (place.offset < end) {
    MC_TRY(const std::string bytes, read_at(place));
    if (bytes.empty()) break;
    MC_TRY(const StoredRecord record, parse_record(bytes));
    place.offset += kRecordOverhead + record.leaf.size() + record.payload.size();
    if (record.log != root.id) continue;
    MC_TRY(const HeadLeaf head, parse_head_leaf(record.leaf));
    if (head.log != log) continue;
    MC_TRY(const tlog::Hash hash, trees_.node(root.id, {0, head.seq}));
    if (head.head.size <= seq || tlog::leaf_hash(record.leaf) != hash) break;
    return head.time;
  }
  return fail(Code::corrupt,
              "ledger: no head of '" + log + "' follows its record " + std::to_string(seq));
}

Result<tlog::Path> Store::prove_inclusion(const std::string& log, std::uint64_t seq,
                                          std::uint64_t size) const {
  MC_TRY(const Published found, published(log));
  if (size > found.head.size) return fail(Code::invalid, "ledger: the log is not as large");
  return tlog::prove_inclusion(LogNodes(trees_, found.id), seq, size);
}

Result<tlog::Path> Store::prove_consistency(const std::string& log, std::uint64_t older,
                                            std::uint64_t newer) const {
  MC_TRY(const Published found, published(log));
  if (newer > found.head.size) return fail(Code::invalid, "ledger: the log is not as large");
  return tlog::prove_consistency(LogNodes(trees_, found.id), older, newer);
}

Result<tlog::Hash> Store::root_at(const std::string& log, std::uint64_t size) const {
  MC_TRY(const Published found, published(log));
  if (size > found.head.size) return fail(Code::invalid, "ledger: the log is not as large");
  if (size == 0) return tlog::kEmptyRoot;
  return tlog::subtree_root(LogNodes(trees_, found.id), {0, size});
}

Result<std::string> Store::tile(const std::string& log, const tlog::Tile& tile) const {
  MC_TRY(const Published found, published(log));
  MC_TRY(const tlog::Tile whole, tlog::tile_of(tile.level, tile.index, found.head.size));
  if (tile.level == tlog::kEntries || tile.width < 1 || tile.width > whole.width) {
    return fail(Code::not_found, "ledger: the tile is none of hashes, or not as wide");
  }
  return trees_.tile(found.id, tile);
}

Status Store::erase(const std::string& log, std::uint64_t seq) {
  MC_TRY(const Published found, published(log));
  MC_TRY(const ReadRecord record, read(log, seq));
  if (record.erased) return ok();
  MC_TRY(Place place, trees_.place(found.id, seq));
  place.offset += kRecordBytesBeforeLeaf + record.leaf.size();
  return segments_.erase(place, record.salt.size() + record.payload.size());
}

Status Store::keep(const Known& known) {
  if (failed_) return stopped();  // the trees may have a hole, which a start fills from the mark on
  Status done = trees_.sync();
  if (done) done = files_.write_atomic(mark_path(folder_), print_known(known));
  if (!done) failed_ = true;
  return done;
}

}  // namespace mc::ledger
