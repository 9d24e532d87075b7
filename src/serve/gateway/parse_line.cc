#include "gateway/parse_line.h"

#include <algorithm>
#include <utility>

#include "gateway/call.h"

namespace mc::gateway {
namespace {

// Microseconds, before it is known: about what a usual document takes.
std::int64_t guess_of(std::size_t bytes) {
  return std::min<std::int64_t>(20 + static_cast<std::int64_t>(bytes / 32), admission::kCostMax);
}

admission::FairQueueLimits limits_of(const ParseLine::Limits& limits) {
  admission::FairQueueLimits out;
  out.waiting_max = limits.waiting_max;
  out.of_tenant_max = std::max<std::size_t>(limits.waiting_max / 2, 1);
  out.wait_max = seconds(1);
  return out;
}

}  // namespace

ParseLine::ParseLine(const Limits& limits) : limits_(limits), queue_(limits_of(limits)) {}

CallPtr ParseLine::take(std::uint64_t token) {
  const auto found = waiting_.find(token);
  CallPtr call = std::move(found->second.call);
  waiting_.erase(found);
  return call;
}

ParseLine::Pushed ParseLine::push(const CallPtr& call, std::uint32_t weight, std::size_t bytes,
                                  MonoTime now) {
  Pushed out;
  const std::lock_guard lock(mutex_);
  admission::FairQueue::Waiting waiting;
  waiting.token = next_token_++;
  waiting.weight = weight;
  waiting.cost = static_cast<std::uint32_t>(guess_of(bytes));
  waiting.now = now;
  waiting.deadline = call->deadline;
  const admission::FairQueue::Pushed pushed = queue_.push(call->caller->tenant.get(), waiting);
  if (pushed.result == admission::FairQueue::Push::queued) {
    waiting_.emplace(waiting.token, Held{call, pushed.place});
    out.token = waiting.token;
  } else {
    out.refused.push_back(call);
  }
  if (pushed.evicted) out.refused.push_back(take(*pushed.evicted));
  out.wake = !waiting_.empty() && running_ < limits_.parsers;
  if (out.wake) ++running_;
  return out;
}

CallPtr ParseLine::withdraw(std::uint64_t token) {
  const std::lock_guard lock(mutex_);
  const auto found = waiting_.find(token);
  if (found == waiting_.end()) return nullptr;
  queue_.remove(found->second.place);
  return take(token);
}

CallPtr ParseLine::next(MonoTime now, std::vector<CallPtr>& late) {
  std::vector<std::uint64_t> expired;
  const std::lock_guard lock(mutex_);
  const std::optional<admission::FairQueue::Popped> popped = queue_.pop(now, expired);
  for (const std::uint64_t token : expired) late.push_back(take(token));
  if (popped) return take(popped->token);
  --running_;
  if (waiting_.empty() && running_ == 0) queue_.rest();
  return nullptr;
}

void ParseLine::took(std::string_view tenant, std::size_t bytes, Nanos took) {
  const std::lock_guard lock(mutex_);
  queue_.settle(tenant, took.count / 1'000 - guess_of(bytes));
}

}  // namespace mc::gateway
