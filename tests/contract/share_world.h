// Many nodes that share budgets, on a virtual clock and a store that can be cut off, be slow, lose
// answers and lose its memory; and a meter of what they admit together.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "share/memory_store.h"
#include "share/share.h"

namespace mc::share::contract {

// How far over the limit any stretch of time was: admitted - (burst + rate * w), the largest.
class Meter {
 public:
  explicit Meter(const Shape& shape) : shape_(shape) {}
  void admit(std::int64_t amount, std::int64_t now_us) {
    const std::int64_t drained = (now_us - at_us_) * shape_.drain;
    level_ = std::max<std::int64_t>(0, level_ - drained);
    at_us_ = now_us;
    level_ += amount * shape_.each;
    admitted += amount;
    const std::int64_t more = level_ - shape_.max * shape_.each;
    over = std::max(over, more <= 0 ? 0 : (more + shape_.each - 1) / shape_.each);
  }
  std::int64_t admitted = 0, over = 0;

 private:
  Shape shape_;
  std::int64_t level_ = 0, at_us_ = 0;
};

// The way of one node to the store.
class Road : public Store {
 public:
  // probes_only: whether it is there is answered, and nothing else.
  enum class State : std::uint8_t { open, refused, silent, loses_answers, probes_only };

  explicit Road(MemoryStore& store) : store_(store) {}
  void ask(std::string_view node, std::vector<Ask> asks, Done done) override {
    if (state == State::refused) return done(fail(Code::unavailable, "refused"));
    if (state == State::silent) return;
    if (state == State::probes_only && (asks.size() > 1 || asks[0].key != "{nodes}live")) return;
    waiting_.push_back({std::string(node), std::move(asks), std::move(done), now + delay});
    run(now);
  }
  void run(MonoTime at) {
    now = at;
    while (!waiting_.empty() && waiting_.front().due <= at) {
      Parcel parcel = std::move(waiting_.front());
      waiting_.erase(waiting_.begin());
      const bool lost = state == State::loses_answers;
      store_.ask(parcel.node, std::move(parcel.asks), [&](Result<std::vector<Reply>> answer) {
        if (!lost) parcel.done(std::move(answer));
      });
    }
  }
  State state = State::open;
  Nanos delay = {};
  MonoTime now = {};

 private:
  struct Parcel {
    std::string node;
    std::vector<Ask> asks;
    Done done;
    MonoTime due;
  };
  MemoryStore& store_;
  std::vector<Parcel> waiting_;
};

class World {
 public:
  struct Node {
    std::unique_ptr<Road> road;
    std::unique_ptr<Share> share;
    std::vector<Event> events;
  };

  explicit World(std::size_t count, Mode mode = Mode::lease) : mode_(mode) {
    tick(Nanos{});
    for (std::size_t i = 0; i < count; ++i) start(i);
    run(millis(1'100));  // they have found each other
  }
  // Starts node i, or ends it without a word and starts it anew.
  void start(std::size_t i) {
    if (nodes.size() <= i) nodes.resize(i + 1);
    nodes[i].share.reset();
    nodes[i].road = std::make_unique<Road>(memory);
    Share::Options options = {.mode = mode_, .node = "node" + std::to_string(1'000 + ++started_)};
    Share::Hooks hooks = {
        .on_event = [this, i](const Event& event) { nodes[i].events.push_back(event); }};
    nodes[i].road->now = now;
    nodes[i].share = *Share::make(options, *nodes[i].road, std::move(hooks));
  }
  void tick(Nanos by) {
    now = now + by;
    memory.set_clock(now.nanos / 1'000 + kStoreAhead);
    for (Node& node : nodes) {
      if (!node.share) continue;
      node.road->run(now);
      node.share->turn(now);
    }
  }
  void run(Nanos time, Nanos step = millis(1)) {
    for (const MonoTime until = now + time; now < until;) tick(step);
  }
  std::shared_ptr<Line> line(std::size_t i, const std::string& key, const Spec& spec) {
    return *nodes[i].share->line(key, spec);
  }
  // What a caller gets, who waits when it must. `later` as Share::wait().
  void take(std::size_t i, std::vector<Need> needs, Share::Later later) {
    const Outcome outcome = nodes[i].share->take(needs, now);
    if (outcome.state != Outcome::State::wait) return later(outcome);
    nodes[i].share->wait(std::move(needs), now, std::move(later));
  }
  // The same, and time passes until it has an answer.
  Outcome take_now(std::size_t i, const std::shared_ptr<Line>& line, std::int64_t amount) {
    std::optional<Outcome> out;
    take(i, {{line, amount}}, [&](const Outcome& outcome) { out = outcome; });
    for (int step = 0; !out && step < 1'000; ++step) tick(micros(100));
    MC_CHECK(out.has_value());
    return *out;
  }
  std::int64_t us() const { return now.nanos / 1'000; }

  MemoryStore memory;
  std::vector<Node> nodes;
  MonoTime now = MonoTime{} + seconds(1'000);

 private:
  static constexpr std::int64_t kStoreAhead = 1'700'000'000'000'000;
  Mode mode_;
  int started_ = 0;
};

inline Spec rate_spec(std::int64_t amount, std::int64_t burst,
                      OnLoss on_loss = OnLoss::local_share) {
  return {.rate = {.amount = amount, .period = seconds(1), .burst = burst}, .on_loss = on_loss};
}

}  // namespace mc::share::contract
