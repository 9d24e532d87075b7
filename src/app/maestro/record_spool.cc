#include "maestro/record_spool.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "json/describe.h"
#include "json/json.h"

namespace mc::app {
namespace {

constexpr std::string_view kKind = "mc.record-spool/v1";
constexpr std::size_t kTextsBytesMax = 8 * ledger::kTextBytesMax;  // of an entry, but its payload
// Each byte may need an escape of six.
constexpr std::size_t kFileBytesMax = 6 * (kSpooledBytesMax + kSpooledMax * kTextsBytesMax);

// As they stand in the file.
struct SpooledEntry {
  std::string log, type, actor, tenant, action, purpose, warrant, payload, key;
};
struct SpoolFile {
  std::string kind;
  std::vector<SpooledEntry> entries;
};

}  // namespace
}  // namespace mc::app

namespace mc::json {

template <>
struct Describe<app::SpooledEntry> {
  using T = app::SpooledEntry;
  static constexpr Rules kText = {.min = 1, .max = ledger::kTextBytesMax, .required = true};
  static constexpr auto fields = std::tuple{
      Field{"log", &T::log, "", kText},
      Field{"type", &T::type, "", kText},
      Field{"actor", &T::actor, "", kText},
      Field{"tenant", &T::tenant, "", kText},
      Field{"action", &T::action, "", kText},
      Field{"purpose", &T::purpose, "", kText},
      Field{"warrant", &T::warrant, "", {.max = ledger::kTextBytesMax}},
      Field{"payload", &T::payload, "", {.max = ledger::kPayloadBytesMax, .required = true}},
      Field{"key", &T::key, "", {.min = 32, .max = 32, .required = true}}};
};

template <>
struct Describe<app::SpoolFile> {
  using T = app::SpoolFile;
  static constexpr auto fields =
      std::tuple{Field{"kind", &T::kind, "", {.required = true}},
                 Field{"entries", &T::entries, "", {.max = app::kSpooledMax, .required = true}}};
};

}  // namespace mc::json

namespace mc::app {
namespace {

std::string print_entries(const std::deque<ledger::Entry>& entries) {
  SpoolFile out;
  out.kind = kKind;
  for (const ledger::Entry& one : entries) {
    out.entries.push_back({one.log, one.type, one.actor, one.tenant, one.action, one.purpose,
                           one.warrant, one.payload, to_hex({one.key.data(), one.key.size()})});
  }
  return json::print(json::to_value(out)) + "\n";
}

Result<std::deque<ledger::Entry>> parse_entries(std::string_view text) {
  MC_TRY(const json::Value value, json::parse(text, {.bytes_max = kFileBytesMax}));
  MC_TRY(SpoolFile read, json::read<SpoolFile>(value));
  if (read.kind != kKind) return fail(Code::invalid, "kind: it is not " + std::string(kKind));
  std::deque<ledger::Entry> out;
  for (SpooledEntry& one : read.entries) {
    MC_TRY(const std::string key, from_hex(one.key));
    ledger::Entry entry;
    std::copy(key.begin(), key.end(), entry.key.begin());
    entry.log = std::move(one.log);
    entry.type = std::move(one.type);
    entry.actor = std::move(one.actor);
    entry.tenant = std::move(one.tenant);
    entry.action = std::move(one.action);
    entry.purpose = std::move(one.purpose);
    entry.warrant = std::move(one.warrant);
    entry.payload = std::move(one.payload);
    out.push_back(std::move(entry));
  }
  return out;
}

}  // namespace

Result<std::unique_ptr<RecordSpool>> RecordSpool::open(World world, std::string file) {
  std::unique_ptr<RecordSpool> spool(new RecordSpool(world, std::move(file)));
  MC_TRY_OK(spool->load());
  return spool;
}

RecordSpool::Append RecordSpool::append_to(ledger::Ledger& ledger) {
  return [&ledger](const ledger::Entry& entry) -> Status {
    MC_TRY_OK(ledger.append(entry));
    return ok();
  };
}

RecordSpool::~RecordSpool() {
  stop();
}

Status RecordSpool::load() {
  MC_TRY(const bool there, world_.files.exists(file_));
  if (!there) return ok();
  const Result<std::string> text = world_.files.read_all(file_, kFileBytesMax);
  if (!text && text.error().code != Code::invalid) return tl::unexpected<Error>(text.error());
  if (!text) return put_aside(text.error());  // it is too long
  Result<std::deque<ledger::Entry>> entries = parse_entries(*text);
  if (!entries) return put_aside(entries.error());
  waiting_ = std::move(*entries);
  for (const ledger::Entry& one : waiting_) bytes_ += one.payload.size();
  // The file is there, so it is written or removed when that is not what waits any more.
  version_ = saved_ = 1;
  return ok();
}

Status RecordSpool::put_aside(const Error& why) {
  const std::string aside = file_ + ".corrupt";
  MC_TRY_OK(world_.files.rename(file_, aside));
  ++dropped_;
  world_.log.warn("budget.records_corrupt", {{"file", aside}, {"why", why.what}});
  return ok();
}

void RecordSpool::drop(const ledger::Entry& entry, const std::string& why) {
  ++dropped_;
  world_.log.warn("budget.record_dropped",
                  {{"action", entry.action}, {"tenant", entry.tenant}, {"why", why}});
}

void RecordSpool::put(ledger::Entry entry) {
  if (entry.key == ledger::RepeatKey{}) {
    world_.random.fill(
        std::span(reinterpret_cast<std::uint8_t*>(entry.key.data()), entry.key.size()));
  }
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= kSpooledMax || bytes_ + entry.payload.size() > kSpooledBytesMax) {
      return drop(entry, "too many wait for the ledger");
    }
    bytes_ += entry.payload.size();
    waiting_.push_back(std::move(entry));
    ++version_;
  }
  woken_.notify_one();
}

void RecordSpool::pop() {
  bytes_ -= waiting_.front().payload.size();
  waiting_.pop_front();
  ++version_;
}

// Told once that the ledger takes nothing, until it does again.
Status RecordSpool::record() {
  const std::lock_guard recording(recording_);
  while (true) {
    ledger::Entry next;
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.empty()) break;
      next = waiting_.front();
    }
    const Status done = world_.append(next);
    const bool impossible = !done && done.error().code == Code::invalid;
    if (!done && !impossible) {
      if (!failing_) world_.log.warn("budget.unrecorded", {{"why", done.error().what}});
      failing_ = true;
      (void)save();
      return tl::unexpected<Error>(done.error());
    }
    const std::lock_guard lock(mutex_);
    if (impossible) drop(next, done.error().what);
    pop();
  }
  failing_ = false;
  return save();
}

// There is no file while nothing waits. What it lacks or has too much is tried again by the next
// record(); a restart before that records once what it has too much, by its key.
Status RecordSpool::save() {
  std::string text;
  std::uint64_t version = 0;
  {
    const std::lock_guard lock(mutex_);
    if (saved_ == version_) return ok();
    version = version_;
    if (!waiting_.empty()) text = print_entries(waiting_);
  }
  const Status written = text.empty() ? remove_file() : world_.files.write_atomic(file_, text);
  if (written) saved_ = version;
  if (!written && !unstored_) {
    world_.log.warn("budget.records_unstored", {{"why", written.error().what}});
  }
  unstored_ = !written;
  return written;
}

Status RecordSpool::remove_file() {
  MC_TRY(const bool there, world_.files.exists(file_));
  return there ? world_.files.remove(file_) : ok();
}

std::optional<ledger::Entry> RecordSpool::newest(std::string_view action) const {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find(waiting_.rbegin(), waiting_.rend(), action,
                                       [](const ledger::Entry& one) { return one.action; });
  if (found == waiting_.rend()) return std::nullopt;
  return *found;
}

bool RecordSpool::waits(const ledger::RepeatKey& key) const {
  const std::lock_guard lock(mutex_);
  return std::ranges::any_of(waiting_, [&](const ledger::Entry& one) { return one.key == key; });
}

void RecordSpool::start() {
  thread_ = std::thread([this] { run(); });
}

void RecordSpool::stop() {
  {
    const std::lock_guard lock(mutex_);
    if (end_) return;
    end_ = true;
  }
  woken_.notify_all();
  if (!thread_.joinable()) return;
  thread_.join();
  (void)record();  // which tells, and keeps what the ledger does not take
}

void RecordSpool::run() {
  const std::chrono::nanoseconds again(world_.record_again.count);
  bool behind = false;
  std::unique_lock lock(mutex_);
  while (!end_) {
    woken_.wait(lock, [&] { return end_ || behind || !waiting_.empty(); });
    if (end_) return;
    lock.unlock();
    behind = !record();
    lock.lock();
    if (behind) woken_.wait_for(lock, again, [this] { return end_; });
  }
}

std::size_t RecordSpool::waiting() const {
  const std::lock_guard lock(mutex_);
  return waiting_.size();
}

std::uint64_t RecordSpool::dropped() const {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

void RecordSpool::add_metrics(metric::Registry& metrics) {
  metrics.collect_gauge({.name = "mc_budget_records_waiting",
                         .help = "Records of budgets that the ledger has not taken yet."},
                        [this] { return static_cast<double>(waiting()); });
  metrics.collect_counter(
      {.name = "mc_budget_records_dropped_total",
       .help = "Records of budgets that no ledger will have: too many waited, or their file was "
               "damaged."},
      [this](const metric::Registry::Emit& emit) { emit({}, static_cast<double>(dropped())); });
}

}  // namespace mc::app
