#include "share/memory_store.h"

#include <algorithm>

namespace mc::share {
namespace {

constexpr std::int64_t us_of(Nanos time) {
  return time.count / 1'000;
}

}  // namespace

void MemoryStore::restart_empty() {
  states_.clear();
  started_us_ = now_us_;
}

void MemoryStore::ask(std::string_view node, std::vector<Ask> asks, Done done) {
  std::vector<Reply> replies;
  replies.reserve(asks.size());
  for (const Ask& one : asks) replies.push_back(answer(node, one));
  done(std::move(replies));
}

MemoryStore::State& MemoryStore::state_of(const Ask& ask) {
  const auto [at, made] = states_.try_emplace(ask.key);
  State& state = at->second;
  const Shape& shape = ask.shape;
  if (made) {
    state.at = now_us_;
    state.each = shape.each;
    // As if used up when the store started.
    if (shape.kind == Kind::rate) {
      state.level = shape.max * shape.each;
      state.at = std::max(started_us_, now_us_ - state.level / shape.drain - 1);
    }
  }
  if (state.each !=
      shape.each) {  // the limit has changed: the same credits in new ticks, rounded up
    const std::int64_t credits = state.level / state.each + (state.level % state.each > 0 ? 1 : 0);
    state.level = std::min(credits, 2 * shape.max) * shape.each;
    state.each = shape.each;
  }
  return state;
}

void MemoryStore::drain(State& state, const Shape& shape) const {
  const std::int64_t elapsed = std::max<std::int64_t>(0, now_us_ - state.at);
  state.at = now_us_;
  if (shape.drain == 0) return;
  state.level = elapsed > state.level / shape.drain ? 0 : state.level - elapsed * shape.drain;
}

// What is left of a lease that has ended counts as used, but for seats.
void MemoryStore::end_lease(State& state, const Shape& shape, Node& node) const {
  if (node.until > now_us_ || node.lease == 0) return;
  if (shape.kind != Kind::seats) {
    state.level += node.lease * shape.each;
    node.reported += node.lease;
  }
  node.lease = 0;
}

MemoryStore::Others MemoryStore::look_at_others(State& state, const Shape& shape,
                                                std::string_view node) const {
  Others out;
  for (auto at = state.nodes.begin(); at != state.nodes.end();) {
    Node& other = at->second;
    const bool self = at->first == node;
    end_lease(state, shape, other);
    const bool forgotten =
        shape.kind != Kind::window && !self && other.until + us_of(kRememberNode) <= now_us_;
    if (!self && other.lease > 0) {
      out.leases += other.lease;
      ++out.nodes;
      if (out.first_end == 0 || other.until < out.first_end) out.first_end = other.until;
    }
    at = forgotten ? state.nodes.erase(at) : std::next(at);
  }
  return out;
}

// Until `least` fits: the level drains; what others hold may come back at the end of a lease.
std::int64_t MemoryStore::wait_us(const Ask& ask, std::int64_t level, std::int64_t leases,
                                  std::int64_t first_end_us) {
  const Shape& shape = ask.shape;
  const std::int64_t missing = level + (leases + ask.least) * shape.each - shape.max * shape.each;
  if (shape.kind == Kind::rate) {
    if (missing <= level)
      return std::max<std::int64_t>(1, (missing + shape.drain - 1) / shape.drain);
    return std::max<std::int64_t>({1, (level + shape.drain - 1) / shape.drain, first_end_us});
  }
  if (shape.kind == Kind::window && missing <= level) return -1;
  return 0;
}

Reply MemoryStore::answer(std::string_view node, const Ask& ask) {
  const Shape& shape = ask.shape;
  State& state = state_of(ask);
  drain(state, shape);
  const auto found = state.nodes.find(node);
  Reply reply = {.known = found != state.nodes.end()};
  if (reply.known && ask.seq <= found->second.seq) {
    reply.stale = true;
    return reply;
  }
  const Others others = look_at_others(state, shape, node);
  Node& self = state.nodes[std::string(node)];
  if (shape.kind == Kind::window) {  // nothing drains: what was charged too much comes back
    state.level += std::max(-state.level, ask.used - self.reported);
    state.level = std::min(state.level, kTicksMax);
  } else if (shape.kind == Kind::rate) {
    const std::int64_t fresh =
        reply.known ? std::max<std::int64_t>(0, ask.used - self.reported) : ask.charge;
    state.level += std::min({fresh, ask.charge, 2 * shape.max}) * shape.each;
    state.level = std::min(state.level, 2 * shape.max * shape.each);
  }
  const std::int64_t free = shape.max * shape.each - state.level - others.leases * shape.each;
  const std::int64_t room = free > 0 ? std::max<std::int64_t>(0, free / shape.each - ask.held) : 0;
  reply.nodes = others.nodes + 1;
  std::int64_t granted = 0;
  if (room >= ask.least) {
    const std::int64_t share = room / (2 * reply.nodes);
    granted = std::min(room, std::max(ask.need, std::min(ask.want - ask.held, share)));
    granted = std::max<std::int64_t>(0, granted);
  } else {
    reply.eligible_us = wait_us(ask, state.level, others.leases + ask.held,
                                others.first_end == 0 ? 0 : others.first_end - now_us_);
  }
  reply.lease = ask.held + granted;
  reply.left = room - granted;
  self = {.seq = ask.seq,
          .reported = ask.used,
          .lease = reply.lease,
          .until = now_us_ + us_of(ask.ttl)};
  return reply;
}

MemoryStore::Sum MemoryStore::sum(const std::string& key) const {
  Sum out;
  const auto found = states_.find(key);
  if (found == states_.end()) return out;
  out.level = found->second.level;
  for (const auto& [name, node] : found->second.nodes) out.leases += node.lease;
  return out;
}

}  // namespace mc::share
