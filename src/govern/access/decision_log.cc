#include "access/decision_log.h"

#include <algorithm>

#include "json/json.h"

namespace mc::access {
namespace {

constexpr std::string_view kBegin = "decisions-", kEnd = ".jsonl";
constexpr std::size_t kLineMax = 1 << 20;

std::string_view text_of(const json::Value& value, std::string_view name) {
  const json::Value* const found = value.find(name);
  const std::string* const text = found == nullptr ? nullptr : found->as_string();
  return text == nullptr ? std::string_view() : std::string_view(*text);
}

bool lists(const json::Value& value, std::string_view name, const std::string& wanted) {
  const json::Value* const found = value.find(name);
  const json::Array* const items = found == nullptr ? nullptr : found->as_array();
  return items != nullptr &&
         std::any_of(items->begin(), items->end(), [&](const json::Value& item) {
           return item.as_string() != nullptr && *item.as_string() == wanted;
         });
}

// A line as it stands in a file; none for one that was torn by a crash.
std::optional<LoggedDecision> read_line(std::string_view line) {
  if (line.size() > kLineMax) return std::nullopt;
  const auto value = json::parse(line);
  if (!value) return std::nullopt;
  const json::Value* const at = value->find("at_ms");
  const json::Value* const allowed = value->find("allowed");
  if (at == nullptr || at->as_int() == nullptr || allowed == nullptr ||
      allowed->as_bool() == nullptr) {
    return std::nullopt;
  }
  LoggedDecision out;
  out.id = text_of(*value, "decision_id");
  out.at = from_unix_ms(*at->as_int());
  out.allowed = *allowed->as_bool();
  out.json = line;
  return out;
}

bool matches(const DecisionQuery& query, const LoggedDecision& decision) {
  if (decision.at < query.from || decision.at >= query.to) return false;
  if (query.allowed && *query.allowed != decision.allowed) return false;
  if (!query.before.empty() && decision.id >= query.before) return false;
  const auto value = json::parse(decision.json);
  if (!value) return false;
  const auto is = [&](std::string_view name, const std::string& wanted) {
    return wanted.empty() || text_of(*value, name) == wanted;
  };
  return is("tenant", query.tenant) && is("principal", query.principal) &&
         (query.rule.empty() || lists(*value, "rules", query.rule)) &&
         (query.reason.empty() || lists(*value, "reasons", query.reason));
}

void sort_by_id(std::vector<LoggedDecision>& decisions) {
  std::sort(decisions.begin(), decisions.end(),
            [](const LoggedDecision& a, const LoggedDecision& b) { return a.id < b.id; });
}

Result<std::vector<LoggedDecision>> read_file(sys::Files& files, const std::string& path) {
  MC_TRY(const std::string text, files.read_all(path, std::size_t{1} << 30));
  std::vector<LoggedDecision> out;
  for (const std::string_view line : split(text, '\n')) {
    if (line.empty()) continue;
    if (auto decision = read_line(line)) out.push_back(std::move(*decision));
  }
  sort_by_id(out);
  return out;
}

}  // namespace

Status DecisionLogConfig::check() const {
  if (queue_max < 1 || denied_reserve < 0 || file_bytes_max < 1'024 || files_max < 1 ||
      sample < 1) {
    return fail(Code::invalid,
                "decisions: queue_max, files_max and sample are at least 1, file_bytes_max 1024");
  }
  return ok();
}

DecisionLog::DecisionLog(sys::Files& files, std::string folder, DecisionLogConfig config)
    : files_(files), folder_(std::move(folder)), config_(config) {}

bool DecisionLog::wants(bool allowed) {
  if (!allowed || config_.sample == 1) return true;
  const std::uint64_t number = seen_.fetch_add(1, std::memory_order_relaxed);
  if (number % static_cast<std::uint64_t>(config_.sample) == 0) return true;
  const std::lock_guard lock(mutex_);
  ++counters_.sampled_out;
  return false;
}

bool DecisionLog::add(LoggedDecision decision) {
  const std::lock_guard lock(mutex_);
  const auto room =
      static_cast<std::size_t>(config_.queue_max + (decision.allowed ? 0 : config_.denied_reserve));
  if (queue_.size() >= room) {
    ++counters_.dropped;
    return false;
  }
  queue_.push_back(std::move(decision));
  return true;
}

std::vector<LoggedDecision> DecisionLog::queued() const {
  const std::lock_guard lock(mutex_);
  return {queue_.begin(), queue_.end()};
}

Result<std::vector<DecisionLog::Place>> DecisionLog::places() const {
  std::vector<Place> out;
  MC_TRY(const bool there, files_.exists(folder_));
  if (!there) return out;
  MC_TRY(const std::vector<std::string> names, files_.list(folder_));
  for (const std::string& name : names) {
    if (!name.starts_with(kBegin) || !name.ends_with(kEnd)) continue;
    out.push_back({folder_ + "/" + name,
                   name.substr(kBegin.size(), name.size() - kBegin.size() - kEnd.size())});
  }
  return out;
}

// Called with writing_ held.
Status DecisionLog::begin_file(const std::string& first_id) {
  MC_TRY_OK(files_.make_folders(folder_));
  MC_TRY(const std::vector<Place> held, places());
  for (std::size_t i = 0; i + static_cast<std::size_t>(config_.files_max) <= held.size(); ++i) {
    MC_TRY_OK(files_.remove(held[i].path));
  }
  const std::string path = folder_ + "/" + std::string(kBegin) + first_id + std::string(kEnd);
  MC_TRY(file_, files_.open(path, sys::OpenMode::append));
  MC_TRY(file_bytes_, file_->size());
  return ok();
}

Status DecisionLog::flush() {
  const std::lock_guard writing(writing_);
  const std::vector<LoggedDecision> batch = queued();
  if (batch.empty()) return ok();
  const auto written = [&]() -> Status {
    if (file_ == nullptr || file_bytes_ >= config_.file_bytes_max) {
      file_.reset();
      MC_TRY_OK(begin_file(batch.front().id));
    }
    std::string text;
    for (const LoggedDecision& decision : batch) text += decision.json + "\n";
    MC_TRY_OK(file_->write(text));
    MC_TRY_OK(file_->sync());
    file_bytes_ += static_cast<std::int64_t>(text.size());
    return ok();
  }();
  const std::lock_guard lock(mutex_);
  if (!written) {
    ++counters_.failed;
    file_.reset();  // whatever is in it is not trusted to end with a whole line
    return written;
  }
  queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(batch.size()));
  counters_.logged += batch.size();
  return ok();
}

Result<std::optional<LoggedDecision>> DecisionLog::find(std::string_view id) {
  for (LoggedDecision& decision : queued()) {
    if (decision.id == id) return std::move(decision);
  }
  MC_TRY(const std::vector<Place> held, places());
  // A file holds ids from that of its name on; threads may have queued a few out of order, so its
  // neighbours are looked at too.
  const auto after = std::upper_bound(
      held.begin(), held.end(), id,
      [](std::string_view wanted, const Place& place) { return wanted < place.first_id; });
  const auto at = after - held.begin();
  for (auto i = std::max<std::ptrdiff_t>(0, at - 2);
       i < std::min<std::ptrdiff_t>(at + 1, std::ssize(held)); ++i) {
    MC_TRY(std::vector<LoggedDecision> decisions,
           read_file(files_, held[static_cast<std::size_t>(i)].path));
    for (LoggedDecision& decision : decisions) {
      if (decision.id == id) return std::move(decision);
    }
  }
  return std::optional<LoggedDecision>();
}

Result<std::vector<LoggedDecision>> DecisionLog::search(const DecisionQuery& query) {
  std::vector<LoggedDecision> out;
  const auto take = [&](std::vector<LoggedDecision> decisions) {
    sort_by_id(decisions);
    for (auto one = decisions.rbegin(); one != decisions.rend() && out.size() < query.limit;
         ++one) {
      if (matches(query, *one)) out.push_back(std::move(*one));
    }
  };
  take(queued());
  MC_TRY(const std::vector<Place> held, places());
  for (auto place = held.rbegin(); place != held.rend() && out.size() < query.limit; ++place) {
    if (!query.before.empty() && place->first_id >= query.before) continue;
    MC_TRY(std::vector<LoggedDecision> decisions, read_file(files_, place->path));
    const bool older = !decisions.empty() && decisions.back().at < query.from;
    take(std::move(decisions));
    if (older) break;
  }
  return out;
}

Status DecisionLog::replay(WallTime from, WallTime to,
                           const std::function<bool(const LoggedDecision&)>& each) {
  MC_TRY(const std::vector<Place> held, places());
  for (const Place& place : held) {
    MC_TRY(const std::vector<LoggedDecision> decisions, read_file(files_, place.path));
    for (const LoggedDecision& decision : decisions) {
      if (decision.at >= from && decision.at < to && !each(decision)) return ok();
    }
  }
  std::vector<LoggedDecision> rest = queued();
  sort_by_id(rest);
  for (const LoggedDecision& decision : rest) {
    if (decision.at >= from && decision.at < to && !each(decision)) return ok();
  }
  return ok();
}

DecisionCounters DecisionLog::counters() const {
  const std::lock_guard lock(mutex_);
  return counters_;
}

}  // namespace mc::access
