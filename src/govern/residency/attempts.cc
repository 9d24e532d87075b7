#include "residency/attempts.h"

#include <algorithm>
#include <tuple>

#include "json/json.h"
#include "transparency/transparency.h"

namespace mc::residency {
namespace {

constexpr std::string_view kOthers = "(others)";
constexpr std::string_view kNotStated = "not stated";

ledger::Entry record_of(const Attempt& attempt, std::int64_t count) {
  json::Object payload;
  payload.set("reason", attempt.code);
  payload.set("object", attempt.source);
  payload.set("action", attempt.action);
  payload.set("dataset", attempt.dataset);
  payload.set("region_src", attempt.src);
  payload.set("region_dst", attempt.dst);
  payload.set("count", count);
  payload.set("request_id", attempt.request_id);
  ledger::Entry out;
  out.log = transparency::log_of(attempt.tenant);
  out.type = transparency::kind_name(transparency::Kind::denied);
  out.actor = attempt.actor;
  out.tenant = attempt.tenant.get();
  out.action = "residency: " + attempt.action + " of " + attempt.source;
  out.purpose = attempt.purpose.empty() ? kNotStated : attempt.purpose;
  out.payload = json::canonical(payload);
  return out;
}

std::string key_of(const Attempt& attempt) {
  std::string out;
  for (const std::string* part :
       {&attempt.tenant.get(), &attempt.actor, &attempt.action, &attempt.source, &attempt.dataset,
        &attempt.src, &attempt.dst, &attempt.code}) {
    out += *part;
    out += '\0';
  }
  return out;
}

// What is left when there are too many to tell apart.
Attempt without_details(const Attempt& attempt) {
  Attempt out = attempt;
  out.actor = kOthers;
  out.source = kOthers;
  out.dataset.clear();
  out.purpose.clear();
  out.request_id.clear();
  return out;
}

Violation violation_of(const Attempt& attempt, WallTime at) {
  Violation out;
  out.at = whole_ms(at);
  out.code = attempt.code;
  out.actor = attempt.actor;
  out.action = attempt.action;
  out.source = attempt.source;
  out.src = attempt.src;
  out.dst = attempt.dst;
  return out;
}

bool alike(const Violation& a, const Violation& b) {
  const auto all = [](const Violation& each) {
    return std::tie(each.code, each.actor, each.action, each.source, each.src, each.dst,
                    each.denied);
  };
  return all(a) == all(b);
}

bool add_to_like(std::vector<Violation>& sums, const Violation& violation) {
  const auto same = std::find_if(sums.begin(), sums.end(),
                                 [&](const Violation& each) { return alike(each, violation); });
  if (same == sums.end()) return false;
  same->at = std::min(same->at, violation.at);
  same->count += violation.count;
  return true;
}

}  // namespace

void add_violation(std::vector<Violation>& sums, Violation violation) {
  if (add_to_like(sums, violation)) return;
  if (sums.size() >= kAttemptSumsMax) {
    violation.actor = kOthers;
    violation.source = kOthers;
    if (add_to_like(sums, violation)) return;
  }
  sums.push_back(std::move(violation));
}

std::optional<ledger::Entry> Attempts::note(const Attempt& attempt, Now now) {
  const std::lock_guard lock(mutex_);
  ++totals_[attempt.tenant.get()];
  add_violation(sums_[attempt.tenant.get()], violation_of(attempt, now.wall));
  const bool full = windows_.size() >= kAttemptKindsMax && !windows_.contains(key_of(attempt));
  const Attempt kept = full ? without_details(attempt) : attempt;
  const auto [window, made] = windows_.try_emplace(key_of(kept), Window{kept, now.mono});
  if (made) return record_of(kept, 1);
  ++window->second.more;
  return std::nullopt;
}

std::vector<ledger::Entry> Attempts::due(MonoTime now) {
  const std::lock_guard lock(mutex_);
  std::vector<ledger::Entry> out;
  for (auto at = windows_.begin(); at != windows_.end();) {
    Window& window = at->second;
    if (now - window.since < kAttemptWindow) {
      ++at;
    } else if (window.more == 0) {
      at = windows_.erase(at);
    } else {
      out.push_back(record_of(window.attempt, window.more));
      window.more = 0;
      window.since = now;
      ++at;
    }
  }
  return out;
}

std::vector<Violation> Attempts::of(const TenantId& tenant) const {
  const std::lock_guard lock(mutex_);
  const auto found = sums_.find(tenant.get());
  return found == sums_.end() ? std::vector<Violation>() : found->second;
}

Attempts::All Attempts::take_all() {
  const std::lock_guard lock(mutex_);
  return std::exchange(sums_, {});
}

std::map<std::string, std::uint64_t> Attempts::totals() const {
  const std::lock_guard lock(mutex_);
  return totals_;
}

}  // namespace mc::residency
