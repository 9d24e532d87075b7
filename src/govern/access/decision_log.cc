#include "access/decision_log.h"

#include <algorithm>
#include <map>
#include <span>

#include "json/json.h"

namespace mc::access {
namespace {

constexpr std::string_view kBegin = "decisions-", kEnd = ".jsonl";
constexpr std::size_t kLineMax = 1 << 20;
constexpr std::size_t kBatchMax = 1'000;  // decisions of one write
constexpr std::size_t kFileBytesMax = std::size_t{2} << 30;
constexpr std::int64_t kTailBytes = 64 << 10;  // in which the last line of a file is looked for
constexpr Nanos kLateMax = seconds(3600);      // how far lines and clocks may be out of order

using ById = std::map<std::string, LoggedDecision>;
using Wanted = std::function<bool(const LoggedDecision&, const json::Value&)>;

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

// A line as it stands in a file, when it is wanted; none for one that was torn by a crash.
std::optional<LoggedDecision> read_line(std::string_view line, const Wanted& wanted) {
  if (line.size() > kLineMax) return std::nullopt;
  const auto value = json::parse(line);
  if (!value) return std::nullopt;
  const json::Value* const at = value->find("at_ms");
  const json::Value* const allowed = value->find("allowed");
  LoggedDecision out;
  out.id = text_of(*value, "decision_id");
  if (out.id.empty() || at == nullptr || at->as_int() == nullptr || allowed == nullptr ||
      allowed->as_bool() == nullptr) {
    return std::nullopt;
  }
  out.at = from_unix_ms(*at->as_int());
  out.allowed = *allowed->as_bool();
  out.json = line;
  if (wanted != nullptr && !wanted(out, *value)) return std::nullopt;
  return out;
}

bool matches(const DecisionQuery& query, const LoggedDecision& decision, const json::Value& value) {
  if (decision.at < query.from || decision.at >= query.to) return false;
  if (query.allowed && *query.allowed != decision.allowed) return false;
  if (!query.before.empty() && decision.id >= query.before) return false;
  const auto is = [&](std::string_view name, const std::string& wanted) {
    return wanted.empty() || text_of(value, name) == wanted;
  };
  return is("tenant", query.tenant) && is("principal", query.principal) &&
         (query.rule.empty() || lists(value, "rules", query.rule)) &&
         (query.reason.empty() || lists(value, "reasons", query.reason));
}

// What stands in every line that matches, to be looked for before a line is parsed.
std::vector<std::string> marks_of(const DecisionQuery& query) {
  std::vector<std::string> out;
  const auto add = [&](std::string_view before, const std::string& text) {
    if (text.empty()) return;
    std::string mark(before);
    json::append_quoted(mark, text);
    out.push_back(std::move(mark));
  };
  add("\"tenant\":", query.tenant);
  add("\"principal\":", query.principal);
  add("", query.rule);
  add("", query.reason);
  return out;
}

bool has_all(std::string_view line, const std::vector<std::string>& marks) {
  return std::all_of(marks.begin(), marks.end(), [&](const std::string& mark) {
    return line.find(mark) != std::string_view::npos;
  });
}

// Adds the lines of a file that have all marks and are wanted. A file that was deleted meanwhile
// has none.
Status read_file(sys::Files& files, const std::string& path, const std::vector<std::string>& marks,
                 const Wanted& wanted, ById& out) {
  const Result<std::string> text = files.read_all(path, kFileBytesMax);
  if (!text && text.error().code == Code::not_found) return ok();
  if (!text) return tl::unexpected<Error>(text.error());
  for (const std::string_view line : split(*text, '\n')) {
    if (line.empty() || !has_all(line, marks)) continue;
    auto decision = read_line(line, wanted);
    if (!decision) continue;
    std::string id = decision->id;
    out.emplace(std::move(id), std::move(*decision));
  }
  return ok();
}

// Whether all of a file is from before a time, by its last line. False when that cannot be told.
Result<bool> ended_before(sys::Files& files, const std::string& path, WallTime from) {
  if (from <= WallTime{}) return false;
  const auto file = files.open(path, sys::OpenMode::read);
  if (!file) return false;  // whoever reads it says why
  MC_TRY(const std::int64_t size, (*file)->size());
  MC_TRY_OK((*file)->seek(std::max<std::int64_t>(0, size - kTailBytes)));
  std::string tail(static_cast<std::size_t>(std::min(size, kTailBytes)), '\0');
  std::size_t got = 0;
  while (got < tail.size()) {
    MC_TRY(const std::size_t n, (*file)->read(std::span(tail).subspan(got)));
    if (n == 0) break;
    got += n;
  }
  const std::size_t end = tail.rfind('\n', got);
  if (end == std::string::npos || end == 0) return false;
  const std::size_t begin = tail.rfind('\n', end - 1);
  const auto last = read_line(std::string_view(tail).substr(begin + 1, end - begin - 1), nullptr);
  return last && last->at + kLateMax < from;
}

}  // namespace

Status DecisionLogConfig::check() const {
  const auto at_least = [](std::string_view name, std::int64_t value, std::int64_t min) -> Status {
    if (value >= min) return ok();
    return fail(Code::invalid, "decisions." + std::string(name) + " is " + std::to_string(value) +
                                   ", must be at least " + std::to_string(min));
  };
  MC_TRY_OK(at_least("queue_max", queue_max, 1));
  MC_TRY_OK(at_least("denied_reserve", denied_reserve, 0));
  MC_TRY_OK(at_least("file_bytes_max", file_bytes_max, 1'024));
  MC_TRY_OK(at_least("files_max", files_max, 1));
  return sample.check();
}

DecisionLog::DecisionLog(sys::Files& files, std::string folder, DecisionLogConfig config)
    : files_(files), folder_(std::move(folder)), config_(std::move(config)) {}

std::optional<double> DecisionLog::wants(const Candidate& candidate) {
  const double rate = rate_of(config_.sample, candidate);
  if (is_kept(candidate.id, rate)) return rate;
  const std::lock_guard lock(mutex_);
  ++counters_.sampled_out;
  return std::nullopt;
}

bool DecisionLog::add(LoggedDecision decision) {
  const auto room =
      static_cast<std::size_t>(config_.queue_max + (decision.allowed ? 0 : config_.denied_reserve));
  auto held = std::make_shared<const LoggedDecision>(std::move(decision));
  const std::lock_guard lock(mutex_);
  if (queue_.size() >= room) {
    ++counters_.dropped;
    return false;
  }
  queue_.push_back(std::move(held));
  return true;
}

std::vector<DecisionLog::Held> DecisionLog::queued(std::size_t most) const {
  const std::lock_guard lock(mutex_);
  const auto count = static_cast<std::ptrdiff_t>(std::min(most, queue_.size()));
  return {queue_.begin(), queue_.begin() + count};
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

// Called with writing_ held. Named by its first id, but always after the file before it. One in
// which no write has succeeded is begun again under its name.
Status DecisionLog::begin_file(const std::vector<Held>& batch) {
  MC_TRY_OK(files_.make_folders(folder_));
  MC_TRY(std::vector<Place> held, places());
  if (begun_.empty()) {
    std::string first =
        (*std::min_element(batch.begin(), batch.end(), [](const Held& a, const Held& b) {
          return a->id < b->id;
        }))->id;
    if (!held.empty() && first <= held.back().first_id) first = held.back().first_id + "0";
    begun_ = folder_ + "/" + std::string(kBegin) + first + std::string(kEnd);
  }
  std::erase_if(held, [&](const Place& place) { return place.path == begun_; });
  for (std::size_t i = 0; i + static_cast<std::size_t>(config_.files_max) <= held.size(); ++i) {
    MC_TRY_OK(files_.remove(held[i].path));
  }
  MC_TRY(file_, files_.open(begun_, sys::OpenMode::truncate));
  file_bytes_ = 0;
  return files_.sync_folder(folder_);
}

Status DecisionLog::write(const std::vector<Held>& batch) {
  if (file_ == nullptr || file_bytes_ >= config_.file_bytes_max) {
    file_.reset();
    MC_TRY_OK(begin_file(batch));
  }
  std::size_t bytes = 0;
  for (const Held& decision : batch) bytes += decision->json.size() + 1;
  std::string text;
  text.reserve(bytes);
  for (const Held& decision : batch) text.append(decision->json).append("\n");
  MC_TRY_OK(file_->write(text));
  MC_TRY_OK(file_->sync());
  file_bytes_ += static_cast<std::int64_t>(text.size());
  begun_.clear();
  return ok();
}

Status DecisionLog::flush() {
  const std::lock_guard writing(writing_);
  std::size_t left = 0;
  {
    const std::lock_guard lock(mutex_);
    left = queue_.size();
  }
  while (left > 0) {
    const std::vector<Held> batch = queued(std::min(left, kBatchMax));
    const Status written = write(batch);
    const std::lock_guard lock(mutex_);
    if (!written) {
      ++counters_.failed;
      file_.reset();  // whatever is in it is not trusted to end with a whole line
      return written;
    }
    queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(batch.size()));
    counters_.logged += batch.size();
    left -= batch.size();
  }
  return ok();
}

Result<std::optional<LoggedDecision>> DecisionLog::find(std::string_view id) {
  for (const Held& decision : queued()) {
    if (decision->id == id) return *decision;
  }
  MC_TRY(const std::vector<Place> held, places());
  std::string mark = "\"decision_id\":";
  json::append_quoted(mark, id);
  const Wanted wanted = [&](const LoggedDecision& decision, const json::Value&) {
    return decision.id == id;
  };
  // The file that begins at or before it, then those around.
  const auto after = std::upper_bound(
      held.begin(), held.end(), id,
      [](std::string_view one, const Place& place) { return one < place.first_id; });
  for (const std::ptrdiff_t step : {-1, 0, -2, 1}) {
    const std::ptrdiff_t i = after - held.begin() + step;
    if (i < 0 || i >= std::ssize(held)) continue;
    ById found;
    MC_TRY_OK(read_file(files_, held[static_cast<std::size_t>(i)].path, {mark}, wanted, found));
    if (!found.empty()) return std::move(found.begin()->second);
  }
  return std::optional<LoggedDecision>();
}

Result<std::vector<LoggedDecision>> DecisionLog::search(const DecisionQuery& query) {
  const Wanted wanted = [&](const LoggedDecision& decision, const json::Value& value) {
    return matches(query, decision, value);
  };
  const std::vector<std::string> marks = marks_of(query);
  ById pending;
  for (const Held& decision : queued()) {
    if (!has_all(decision->json, marks)) continue;
    if (auto read = read_line(decision->json, wanted)) pending.emplace(decision->id, *read);
  }
  std::vector<LoggedDecision> out;
  // Those at or after an id: nothing that was not read yet belongs before them.
  const auto take = [&](const std::string& from_id) {
    while (!pending.empty() && out.size() < query.limit && pending.rbegin()->first >= from_id) {
      out.push_back(std::move(std::prev(pending.end())->second));
      pending.erase(std::prev(pending.end()));
    }
  };
  MC_TRY(const std::vector<Place> held, places());
  for (std::size_t i = held.size(); i-- > 0 && out.size() < query.limit;) {
    // None of its decisions is before the second file before it.
    if (!query.before.empty() && i > 1 && held[i - 2].first_id >= query.before) continue;
    MC_TRY(const bool ended, ended_before(files_, held[i].path, query.from));
    if (ended) break;
    MC_TRY_OK(read_file(files_, held[i].path, marks, wanted, pending));
    if (i + 1 < held.size()) take(held[i + 1].first_id);
  }
  take("");
  return out;
}

Status DecisionLog::replay(WallTime from, WallTime to,
                           const std::function<bool(const LoggedDecision&)>& each) {
  const Wanted wanted = [&](const LoggedDecision& decision, const json::Value&) {
    return decision.at >= from && decision.at < to;
  };
  // What is queued first: it may be written while files are read.
  ById pending;
  for (const Held& decision : queued()) {
    if (decision->at >= from && decision->at < to) pending.emplace(decision->id, *decision);
  }
  const auto give = [&](const std::string* before_id) {
    while (!pending.empty() && (before_id == nullptr || pending.begin()->first < *before_id)) {
      if (!each(pending.begin()->second)) return false;
      pending.erase(pending.begin());
    }
    return true;
  };
  MC_TRY(const std::vector<Place> held, places());
  for (std::size_t i = 0; i < held.size(); ++i) {
    MC_TRY(const bool ended, ended_before(files_, held[i].path, from));
    if (!ended) MC_TRY_OK(read_file(files_, held[i].path, {}, wanted, pending));
    // The file after it may have some of its decisions again.
    if (i > 0 && !give(&held[i - 1].first_id)) return ok();
  }
  static_cast<void>(give(nullptr));
  return ok();
}

DecisionCounters DecisionLog::counters() const {
  const std::lock_guard lock(mutex_);
  return counters_;
}

}  // namespace mc::access
