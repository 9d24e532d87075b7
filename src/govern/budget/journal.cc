#include "budget/journal.h"

#include <algorithm>

#include "budget/journal_files.h"
#include "budget/journal_pack.h"

namespace mc::budget {
namespace {

constexpr std::size_t kChunkBytes = 64 << 10;
constexpr std::size_t kWriteBytes = 256 << 10;  // of one write, about

}  // namespace

struct Journal::Chunk {
  std::int64_t first = 0;  // sequence numbers
  std::int64_t end = 0;
  Ticks newest = 0;
  std::size_t used = 0;
  std::size_t size = 0;
  std::unique_ptr<char[]> bytes;  // NOLINT(modernize-avoid-c-arrays): not filled with zeros
};

// Only what stands behind `used` is written to, so it is read without a lock.
struct Journal::Held {
  std::shared_ptr<const Chunk> chunk;
  std::int64_t first = 0;
  std::size_t used = 0;
};

Status JournalConfig::check() const {
  const auto within = [](std::string_view name, std::int64_t value, std::int64_t min,
                         std::int64_t max) -> Status {
    if (value >= min && value <= max) return ok();
    return fail(Code::invalid, "journal." + std::string(name) + " is " + std::to_string(value) +
                                   ", must be " + std::to_string(min) + " to " +
                                   std::to_string(max));
  };
  MC_TRY_OK(within("memory_bytes_max", memory_bytes_max, 256 << 10, std::int64_t{4} << 30));
  MC_TRY_OK(
      within("memory_age_max", memory_age_max.count, seconds(1).count, seconds(86'400).count));
  MC_TRY_OK(within("file_bytes_max", file_bytes_max, 4'096, std::int64_t{2} << 30));
  return within("files_max", files_max, 2, 100'000);
}

Journal::Journal(sys::Files& files, JournalHeader header, JournalConfig config)
    : files_(files), header_(std::move(header)), config_(std::move(config)) {}

Journal::~Journal() = default;

std::int64_t Journal::Turn::decided(const Asked& asked, const Amounts& amounts, const Moment& at,
                                    const Answer& answer, std::span<const Mark> against) {
  std::string& packing = journal_.packing_;
  packing.clear();
  Packer packer(packing);
  const std::vector<std::string>& paths = journal_.header_.paths;
  const std::size_t route = asked.who.route;
  packer.kind(Packed::decision).ticks(at.now).whole(wall_time_of(at).nanos);
  packer.name(asked.request).whole(std::clamp<std::int64_t>(asked.step, 1, kJournalStepMax));
  packer.name(asked.who.tenant).name(asked.who.plan).name(asked.who.user);
  packer.name(route < paths.size() ? std::string_view(paths[route]) : std::string_view());
  packer.name(asked.who.class_name).whole(asked.who.exempt.bits());
  packer.amounts(amounts).answer(answer, against, asked.shared);
  const std::int64_t seq = journal_.next_;
  journal_.append(packing, at.now);
  return seq;
}

void Journal::Turn::settled(std::int64_t of, const Amounts& used, const Moment& at) {
  std::string& packing = journal_.packing_;
  packing.clear();
  Packer(packing).kind(Packed::settlement).ticks(at.now).whole(of).amounts(used);
  journal_.append(packing, at.now);
}

void Journal::Turn::queued(const Queued& fact, const Moment& at) {
  std::string& packing = journal_.packing_;
  packing.clear();
  Packer packer(packing);
  packer.kind(Packed::queue).ticks(at.now).whole(fact.of).name(fact.request).name(fact.tenant);
  packer.whole(fact.waited.count).whole(fact.seats).whole(fact.in_use).whole(fact.position);
  packer.name(fact.shed);
  journal_.append(packing, at.now);
}

void Journal::Turn::overridden(std::string_view tenant, std::span<const Override> rules,
                               const Moment& at) {
  std::string& packing = journal_.packing_;
  packing.clear();
  Packer packer(packing);
  packer.kind(Packed::overrides).ticks(at.now).name(tenant).rules(rules);
  journal_.append(packing, at.now);
}

void Journal::Turn::restored(std::span<const WindowCount> counts, const Moment& at) {
  MC_CHECK(counts.size() <= kJournalCountsMax);
  std::string& packing = journal_.packing_;
  packing.clear();
  Packer packer(packing);
  packer.kind(Packed::restored).ticks(at.now).whole(wall_time_of(at).nanos).counts(counts);
  journal_.append(packing, at.now);
}

void Journal::append(std::string_view packed, Ticks now) {
  if (chunks_.empty() || chunks_.back()->used + packed.size() > chunks_.back()->size) {
    make_room(now);
    auto chunk = std::make_shared<Chunk>();
    chunk->first = chunk->end = next_;
    chunk->size = std::max(kChunkBytes, packed.size());
    chunk->bytes = std::unique_ptr<char[]>(new char[chunk->size]);  // NOLINT: as above
    counters_.memory_bytes += chunk->size;
    chunks_.push_back(std::move(chunk));
  }
  Chunk& chunk = *chunks_.back();
  std::copy(packed.begin(), packed.end(), chunk.bytes.get() + chunk.used);
  chunk.used += packed.size();
  chunk.end = ++next_;
  chunk.newest = now;
  ++counters_.events;
}

void Journal::make_room(Ticks now) {
  const auto max = static_cast<std::size_t>(config_.memory_bytes_max);
  while (!chunks_.empty() && (counters_.memory_bytes + kChunkBytes > max ||
                              now - chunks_.front()->newest > ticks_of(config_.memory_age_max))) {
    counters_.memory_bytes -= chunks_.front()->size;
    chunks_.pop_front();
  }
}

std::vector<Journal::Held> Journal::held_from(std::int64_t seq) const {
  std::vector<Held> out;
  const std::lock_guard lock(mutex_);
  for (const std::shared_ptr<Chunk>& chunk : chunks_) {
    if (chunk->end > seq) out.push_back({chunk, chunk->first, chunk->used});
  }
  return out;
}

Status Journal::each(const std::function<Status(const JournalEvent&)>& use) const {
  const std::vector<Held> parts = held_from(0);
  JournalHeader header = header_;
  header.first = parts.empty() ? std::int64_t{1} : parts.front().first;
  MC_TRY_OK(use(header));
  for (const Held& part : parts) {
    Unpacker unpacker({part.chunk->bytes.get(), part.used}, part.first);
    while (!unpacker.done()) MC_TRY_OK(use(unpacker.next()));
  }
  return ok();
}

std::string Journal::snapshot() const {
  std::string out;
  (void)each([&](const JournalEvent& event) {
    append_line(out, event);
    out += '\n';
    return ok();
  });
  return out;
}

JournalCounters Journal::counters() const {
  const std::lock_guard lock(mutex_);
  return counters_;
}

Status Journal::flush() {
  if (config_.folder.empty()) return ok();
  const std::lock_guard writing(writing_);
  const std::vector<Held> parts = held_from(written_);
  if (parts.empty()) return ok();
  const std::int64_t before = written_;
  const std::int64_t lost = std::max<std::int64_t>(parts.front().first - written_, 0);
  const Status done = write(parts, written_);
  const std::lock_guard lock(mutex_);
  const bool told = written_ > before;  // the line that tells of it came through
  if (told) counters_.lost += static_cast<std::uint64_t>(lost);
  counters_.written += static_cast<std::uint64_t>(written_ - before - (told ? lost : 0));
  if (done) return done;
  ++counters_.failed;
  file_.reset();  // whatever is in it is not trusted to end with a whole line
  return done;
}

// From the event `next` on; written_ moves with each write that went well.
Status Journal::write(const std::vector<Held>& parts, std::int64_t next) {
  std::string text;
  const auto put = [&]() -> Status {
    if (text.empty()) return ok();
    if (file_ == nullptr || file_bytes_ >= config_.file_bytes_max) MC_TRY_OK(begin_file(written_));
    MC_TRY_OK(file_->write(text));
    file_bytes_ += static_cast<std::int64_t>(text.size());
    written_ = next;
    text.clear();
    return ok();
  };
  for (const Held& part : parts) {
    if (part.first > next) {
      append_line(text, Loss{next, part.first - next});
      text += '\n';
      next = part.first;
    }
    Unpacker unpacker({part.chunk->bytes.get(), part.used}, part.first);
    while (!unpacker.done()) {
      const JournalEvent event = unpacker.next();
      if (seq_of(event) < next) continue;
      append_line(text, event);
      text += '\n';
      ++next;
      if (text.size() >= kWriteBytes) MC_TRY_OK(put());
    }
  }
  return put();
}

Status Journal::begin_file(std::int64_t first) {
  if (file_ != nullptr) MC_TRY_OK(file_->sync());
  file_.reset();
  MC_TRY_OK(files_.make_folders(config_.folder));
  JournalHeader header = header_;
  header.file = file_number_ + 1;
  header.first = first;
  const std::string name = journal_file_name(header);
  MC_TRY_OK(remove_old(name));
  MC_TRY(auto file, files_.open(config_.folder + "/" + name, sys::OpenMode::truncate));
  const std::string line = print_line(header) + "\n";
  MC_TRY_OK(file->write(line));
  file_ = std::move(file);
  file_bytes_ = static_cast<std::int64_t>(line.size());
  ++file_number_;
  return files_.sync_folder(config_.folder);
}

// So that there are files_max of them with the one that is begun.
Status Journal::remove_old(const std::string& but) {
  MC_TRY(std::vector<std::string> names, files_.list(config_.folder));
  std::erase_if(names,
                [&](const std::string& name) { return !is_journal_file(name) || name == but; });
  const auto max = static_cast<std::size_t>(config_.files_max);
  for (std::size_t i = 0; i + max <= names.size(); ++i) {
    MC_TRY_OK(files_.remove(config_.folder + "/" + names[i]));
  }
  return ok();
}

}  // namespace mc::budget
