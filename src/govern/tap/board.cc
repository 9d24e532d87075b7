#include "tap/board.h"

#include <algorithm>

#include "tap/active.h"

namespace mc::tap {
namespace {

constexpr Nanos kBlockedWait = seconds(30);  // a tap may be lifted before its end
constexpr Nanos kSoon = seconds(1);

bool is_clamp(Action action) {
  return action == Action::clamp_rate || action == Action::clamp_seats;
}

// What it refuses of the requests that fit it, but for clamps, which depend on the others.
bool refuses(const Terms& terms, const Facts& facts, std::uint64_t draw) {
  switch (terms.action) {
    case Action::block:
      return true;
    case Action::shed:
      return (draw >> 16) % static_cast<std::uint64_t>(kPercentMax) <
             static_cast<std::uint64_t>(*terms.percent);
    case Action::safelist_only:
      return !facts.registered;
    case Action::no_introspection:
      return facts.introspects;
    case Action::read_only:
      return facts.mutates;
    case Action::clamp_rate:
    case Action::clamp_seats:
      return false;
  }
  return true;
}

Nanos wait_after(const Active& active, MonoTime now) {
  switch (active.terms().action) {
    case Action::block:
      return std::clamp(active.ends() - now, kSoon, kBlockedWait);
    case Action::shed:
    case Action::clamp_seats:
      return kSoon;
    default:
      return {};
  }
}

Stage stage_of_matcher(const Terms& terms) {
  if (!terms.operation.empty()) return Stage::operation;
  if (!terms.document.empty()) return Stage::text;
  if (!terms.tenant.empty() || !terms.client.empty()) return Stage::caller;
  return Stage::head;
}

Stage stage_of_action(Action action) {
  switch (action) {
    case Action::block:
    case Action::shed:
      return Stage::head;
    // Nobody uses up what others are let through by before it is known who that is.
    case Action::clamp_rate:
    case Action::clamp_seats:
      return Stage::read;
    case Action::safelist_only:
      return Stage::text;
    case Action::no_introspection:
    case Action::read_only:
      return Stage::operation;
  }
  return Stage::operation;
}

}  // namespace

Stage stage_of(const Terms& terms) {
  return std::max(stage_of_matcher(terms), stage_of_action(terms.action));
}

bool matches(const Terms& terms, const Facts& facts) {
  const auto fits = [](const std::string& wanted, std::string_view found) {
    return wanted.empty() || wanted == found;
  };
  if (!fits(terms.route, facts.route) || !fits(terms.upstream, facts.upstream) ||
      !fits(terms.tenant, facts.tenant) || !fits(terms.client, facts.client)) {
    return false;
  }
  if (!terms.document.empty() &&
      std::ranges::find(facts.documents, terms.document) == facts.documents.end()) {
    return false;
  }
  return terms.operation.empty() || (terms.operation == "query" ? facts.queries : facts.mutates);
}

Board::Board(MonoTime start) : start_(start) {}
Board::~Board() = default;

void Board::put(const std::vector<Entry>& entries) {
  MC_CHECK(entries.size() <= kTapsMax);
  auto next = std::make_shared<Snapshot>();
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Active>> taps;
  for (const Entry& entry : entries) {
    const auto known =
        std::ranges::find_if(taps_, [&](const auto& one) { return one->tap().id == entry.tap.id; });
    taps.push_back(known != taps_.end() ? *known
                                        : std::make_shared<Active>(entry.tap, entry.ends, start_));
    next->by_stage[static_cast<std::size_t>(taps.back()->stage())].push_back(taps.back());
  }
  taps_ = std::move(taps);
  const bool any = !taps_.empty();
  snapshot_ = std::move(next);
  any_.store(any, std::memory_order_release);
}

std::shared_ptr<const Board::Snapshot> Board::look() const {
  if (!any_.load(std::memory_order_acquire)) return nullptr;
  const std::lock_guard lock(mutex_);
  return snapshot_;
}

std::size_t Board::active(MonoTime now) const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(
      std::ranges::count_if(taps_, [&](const auto& one) { return one->ends() > now; }));
}

Affected Board::affected(std::string_view id, MonoTime now) const {
  const std::lock_guard lock(mutex_);
  const auto found =
      std::ranges::find_if(taps_, [&](const auto& one) { return one->tap().id == id; });
  return found == taps_.end() ? Affected() : (*found)->affected(now);
}

void Pass::begin(Board& board) {
  board_ = &board;
  snapshot_ = board.look();
}

std::optional<Refused> Pass::test(Stage stage, const Facts& facts, const Moment& at) {
  if (!is_tested(stage)) return std::nullopt;
  std::vector<Active*> clamps;
  Active* by = nullptr;
  std::uint64_t draw = at.draw;
  for (const std::shared_ptr<Active>& one : snapshot_->by_stage[static_cast<std::size_t>(stage)]) {
    if (one->ends() <= at.now || !matches(one->terms(), facts)) continue;
    board_->matched_[static_cast<std::size_t>(one->terms().action)].fetch_add(
        1, std::memory_order_relaxed);
    if (is_clamp(one->terms().action)) {
      clamps.push_back(one.get());
      continue;
    }
    const bool refused = by == nullptr && refuses(one->terms(), facts, draw);
    draw = draw * 6'364'136'223'846'793'005 + 1'442'695'040'888'963'407;  // each its own chance
    draw ^= draw >> 29;
    one->note(facts.tenant, refused, at.now);
    if (refused) by = one.get();
  }
  if (by == nullptr) return take(clamps, facts, at);
  for (Active* const clamp : clamps) clamp->note(facts.tenant, false, at.now);
  refused_by_ = by->tap().id;
  return Refused{by->terms().action, refused_by_, wait_after(*by, at.now)};
}

// All, or none of them.
std::optional<Refused> Pass::take(const std::vector<Active*>& clamps, const Facts& facts,
                                  const Moment& at) {
  const std::size_t held = seats_.size();
  std::vector<Active*> rated;
  Active* by = nullptr;
  Nanos wait = kSoon;
  for (Active* const clamp : clamps) {
    if (clamp->terms().action == Action::clamp_seats) {
      if (!clamp->sit()) {
        by = clamp;
        break;
      }
      const auto& list = snapshot_->by_stage[static_cast<std::size_t>(clamp->stage())];
      seats_.push_back(*std::ranges::find_if(
          list, [&](const std::shared_ptr<Active>& one) { return one.get() == clamp; }));
      continue;
    }
    const budget::Taken taken = clamp->take(facts.operations, at.now);
    if (!taken.ok) {
      by = clamp;
      const budget::Ticks now = budget::ticks_of(at.now - board_->start_);
      wait = budget::nanos_of(taken.eligible_at - now);
      break;
    }
    rated.push_back(clamp);
  }
  for (Active* const clamp : clamps) clamp->note(facts.tenant, clamp == by, at.now);
  if (by == nullptr) return std::nullopt;
  for (Active* const clamp : rated) clamp->undo(facts.operations);
  for (; seats_.size() > held; seats_.pop_back()) seats_.back()->stand();
  refused_by_ = by->tap().id;
  return Refused{by->terms().action, refused_by_, wait};
}

void Pass::end() {
  for (const std::shared_ptr<Active>& one : seats_) one->stand();
  seats_.clear();
}

}  // namespace mc::tap
