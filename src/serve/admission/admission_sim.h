// A world for the tests of admission: tenants that send requests, a Controller, and servers behind
// it, on a clock of its own. Events in the order of their times; the same seed, the same run.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <queue>
#include <random>
#include <string>
#include <vector>

#include "admission/controller.h"
#include "admission/sim_tools.h"

namespace mc::admission {

class AdmissionSim {
 public:
  using Sender = SimSender;
  using Tally = SimTally;
  explicit AdmissionSim(const Settings& settings, std::uint32_t seed = 1)
      : controller(settings), random_(seed) {}

  Controller controller;
  int places = 0;  // of the servers; 0 = as many as are asked for
  std::int64_t in_use_most = 0;

  std::size_t add(const Sender& sender) {
    senders_.push_back(sender);
    tallies_.emplace_back();
    generation_.push_back(0);
    if (sender.per_second > 0) plan(senders_.size() - 1);
    return senders_.size() - 1;
  }
  void set_rate(std::size_t who, double per_second) {
    senders_[who].per_second = per_second;
    ++generation_[who];
    if (per_second > 0) plan(who);
  }
  const Tally& of(std::size_t who) const { return tallies_[who]; }
  Tally all() const {
    Tally sum;
    for (const Tally& of : tallies_) sum.add(of);
    return sum;
  }
  void forget_tallies() {
    for (Tally& of : tallies_) of = {};
    in_use_most = 0;
  }
  MonoTime now() const { return now_; }

  void run(Nanos duration) {
    const MonoTime end = now_ + duration;
    while (!events_.empty() && events_.top().at <= end) {
      const Event event = events_.top();
      events_.pop();
      now_ = event.at;
      event.act();
      act_on_effects();
    }
    now_ = end;
  }
  // Nobody sends any more; everything that was sent ends.
  void drain() {
    for (std::size_t who = 0; who < senders_.size(); ++who) set_rate(who, 0);
    run(seconds(60));
  }

 private:
  struct Event {
    MonoTime at;
    std::uint64_t order = 0;
    std::function<void()> act;
    bool operator<(const Event& other) const {
      return at != other.at ? at > other.at : order > other.order;
    }
  };
  struct Request {
    std::size_t who = 0;
    Ticket ticket;
    MonoTime sent, started;
    bool runs = false;
  };

  void at(MonoTime when, std::function<void()> act) {
    events_.push({when, ++order_, std::move(act)});
  }
  Nanos exponential(double mean_ms) {
    return {static_cast<std::int64_t>(std::exponential_distribution<>(1 / mean_ms)(random_) * 1e6)};
  }
  void plan(std::size_t who) {
    const std::uint64_t generation = generation_[who];
    at(now_ + exponential(1'000 / senders_[who].per_second), [this, who, generation] {
      if (generation != generation_[who]) return;
      plan(who);
      send(who);
    });
  }
  void send(std::size_t who) {
    const std::uint64_t token = ++tokens_;
    const Sender& sender = senders_[who];
    ++tallies_[who].sent;
    requests_[token] = {.who = who, .ticket = {}, .sent = now_, .started = {}};
    const Arrived arrived = controller.arrive({.token = token,
                                               .tenant = sender.tenant,
                                               .weight = sender.weight,
                                               .priority = sender.priority,
                                               .in = sender.in,
                                               .seats = sender.seats,
                                               .now = now_},
                                              effects_);
    if (arrived.answer == Answer::refused) {
      ++tallies_[who].refused;
      requests_.erase(token);
      return;
    }
    requests_[token].ticket = arrived.ticket;
    if (arrived.answer == Answer::runs) return start(token);
    if (sender.leaves_after == Nanos{}) return;
    at(now_ + sender.leaves_after, [this, token] { leave(token); });
  }
  void leave(std::uint64_t token) {
    const auto found = requests_.find(token);
    if (found == requests_.end() || found->second.runs) return;
    REQUIRE(controller.withdraw(found->second.ticket, now_, effects_));
    ++tallies_[found->second.who].left;
    requests_.erase(found);
  }
  void start(std::uint64_t token) {
    Request& request = requests_.at(token);
    REQUIRE_FALSE(request.runs);
    request.runs = true;
    request.started = now_;
    tallies_[request.who].waits.push_back(now_ - request.sent);
    ++in_use_;
    in_use_most = std::max(in_use_most, in_use_);
    if (places == 0 || working_ < places) {
      work_on(token);
    } else {
      backlog_.push(token);
    }
  }
  void work_on(std::uint64_t token) {
    ++working_;
    const Sender& sender = senders_[requests_.at(token).who];
    const Nanos takes = sender.random_service
                            ? exponential(sender.service_ms)
                            : Nanos{static_cast<std::int64_t>(sender.service_ms * 1e6)};
    at(now_ + takes, [this, token] { done(token); });
  }
  void done(std::uint64_t token) {
    const Request request = requests_.at(token);
    requests_.erase(token);
    --working_;
    --in_use_;
    if (!backlog_.empty()) {
      work_on(backlog_.front());
      backlog_.pop();
    }
    Tally& tally = tallies_[request.who];
    ++tally.done;
    tally.totals.push_back(now_ - request.sent);
    REQUIRE(controller.finish(request.ticket, {.now = now_, .service = now_ - request.started},
                              effects_));
  }
  void act_on_effects() {
    const Effects effects = effects_;
    effects_.clear();
    for (const Effects::Started& of : effects.started) start(of.token);
    for (const Effects::Ended& of : effects.ended) {
      ++tallies_[requests_.at(of.token).who].ended;
      REQUIRE(requests_.erase(of.token) == 1);
    }
    if (effects.next_tick.nanos == INT64_MAX || (timer_ > now_ && timer_ <= effects.next_tick)) {
      return;
    }
    timer_ = std::max(effects.next_tick, now_);
    at(timer_, [this] { controller.tick(now_, effects_); });
  }

  std::mt19937 random_;
  std::vector<Sender> senders_;
  std::vector<Tally> tallies_;
  std::vector<std::uint64_t> generation_;
  std::priority_queue<Event> events_;
  std::map<std::uint64_t, Request> requests_;
  std::queue<std::uint64_t> backlog_;
  Effects effects_;
  MonoTime now_{1'000'000'000}, timer_;
  std::uint64_t order_ = 0, tokens_ = 0;
  std::int64_t in_use_ = 0;
  int working_ = 0;
};

}  // namespace mc::admission
