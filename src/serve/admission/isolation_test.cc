// What a tenant can learn of others from when it is let in, generated: pairs of runs that differ in
// what others do, on a virtual clock, and all that one tenant meets, to the nanosecond.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <queue>
#include <random>
#include <string>
#include <vector>

#include "admission/controller.h"
#include "admission/sim_tools.h"

namespace mc::admission {
namespace {

constexpr MonoTime kBegin{1'000'000'000};

struct Sent {
  MonoTime at;
  std::string tenant;
  Nanos takes;
  std::uint32_t weight = 1, priority = 0, seats = 1, route_class = 0;
  Class in = Class::interactive;
};

// Runs all that was sent; `text` is what became of each of one tenant's requests, and when.
class Run {
 public:
  Run(const Settings& settings, std::vector<Sent> all, std::string who)
      : controller_(settings), all_(std::move(all)), who_(std::move(who)) {
    std::ranges::sort(all_, {}, [](const Sent& one) { return one.at; });
    tickets_.resize(all_.size());
    for (std::size_t next = 0; next < all_.size() || !ends_.empty() || tick_ != kNever;) {
      const MonoTime arrival = next < all_.size() ? all_[next].at : kNever;
      const MonoTime end = ends_.empty() ? kNever : ends_.top().first;
      now_ = std::min({arrival, end, tick_});
      if (end == now_) {
        finish(ends_.top().second);
      } else if (tick_ == now_) {
        controller_.tick(now_, effects_);
      } else {
        arrive(next++);
      }
      act();
    }
  }

  std::string text;
  std::map<std::string, int> outcomes;  // of that tenant
  bool overloaded = false;              // somebody was shed
  int waiting_most = 0;                 // of all others

 private:
  static constexpr MonoTime kNever{INT64_MAX};
  using End = std::pair<MonoTime, std::size_t>;

  void tell(std::size_t which, const std::string& what, Nanos waited = {}) {
    if (all_[which].tenant != who_) return;
    ++outcomes[what];
    text += std::to_string(all_[which].at.nanos) + " " + what + " " + std::to_string(waited.count) +
            "\n";
  }
  void start(std::size_t which, Ticket ticket) {
    tickets_[which] = ticket;
    ends_.emplace(now_ + all_[which].takes, which);
  }
  void waits(std::size_t which, int more) {
    if (all_[which].tenant != who_) waiting_ += more;
    waiting_most = std::max(waiting_most, waiting_);
  }
  void arrive(std::size_t which) {
    const Sent& sent = all_[which];
    const Arrived arrived = controller_.arrive({.token = which,
                                                .tenant = sent.tenant,
                                                .weight = sent.weight,
                                                .priority = sent.priority,
                                                .in = sent.in,
                                                .seats = sent.seats,
                                                .route_class = sent.route_class,
                                                .now = now_},
                                               effects_);
    if (arrived.answer == Answer::runs) start(which, arrived.ticket);
    if (arrived.answer == Answer::runs) tell(which, "runs");
    if (arrived.answer == Answer::refused) tell(which, std::string(why_name(arrived.why)));
    overloaded = overloaded || arrived.why == Why::shed;
    if (arrived.answer == Answer::waits) waits(which, 1);
  }
  void finish(std::size_t which) {
    ends_.pop();
    controller_.finish(tickets_[which], {.now = now_}, effects_);
  }
  void act() {
    const Effects effects = effects_;
    effects_.clear();
    for (const Effects::Started& of : effects.started) {
      waits(of.token, -1);
      start(of.token, of.ticket);
      tell(of.token, "runs after", of.waited);
    }
    for (const Effects::Ended& of : effects.ended) {
      waits(of.token, -1);
      tell(of.token, std::string(why_name(of.why)), of.waited);
    }
    tick_ = effects.next_tick == kNever ? kNever : std::max(effects.next_tick, now_);
  }

  Controller controller_;
  std::vector<Sent> all_;
  std::string who_;
  std::vector<Ticket> tickets_;
  std::priority_queue<End, std::vector<End>, std::greater<>> ends_;
  Effects effects_;
  MonoTime now_, tick_ = kNever;
  int waiting_ = 0;  // of all others
};

class Dice {
 public:
  explicit Dice(std::uint32_t seed) : random_(seed) {}
  std::int64_t pick(std::int64_t least, std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>(least, most)(random_);
  }
  Nanos exponential(Nanos mean) {
    return {1 + static_cast<std::int64_t>(
                    std::exponential_distribution<>(1 / static_cast<double>(mean.count))(random_))};
  }

 private:
  std::mt19937 random_;
};

struct Load {
  std::string tenant;
  Nanos every, takes;  // on average
  std::uint32_t weight = 1, priority = 0;
  Nanos lasts = seconds(3);
};

void add(std::vector<Sent>& all, Dice& dice, const Load& load) {
  for (MonoTime at = kBegin + dice.exponential(load.every); at < kBegin + load.lasts;
       at = at + dice.exponential(load.every)) {
    all.push_back({.at = at,
                   .tenant = load.tenant,
                   .takes = dice.exponential(load.takes),
                   .weight = load.weight,
                   .priority = load.priority,
                   .seats = static_cast<std::uint32_t>(dice.pick(1, 2)),
                   .route_class = static_cast<std::uint32_t>(dice.pick(0, 3))});
  }
}

// Of `all`, in the order of their times, those with which never more than `seats` are in use.
std::vector<Sent> within(std::vector<Sent> all, std::int64_t seats) {
  std::ranges::sort(all, {}, [](const Sent& one) { return one.at; });
  std::vector<Sent> out;
  std::multimap<MonoTime, std::int64_t> ends;
  std::int64_t in_use = 0;
  for (Sent& one : all) {
    for (; !ends.empty() && ends.begin()->first <= one.at; ends.erase(ends.begin())) {
      in_use -= ends.begin()->second;
    }
    if (in_use + one.seats > seats) continue;
    in_use += one.seats;
    ends.emplace(one.at + one.takes, one.seats);
    out.push_back(std::move(one));
  }
  return out;
}

std::uint32_t level_of_name(const std::string& name, std::uint32_t priority) {
  return level_of(priority, std::hash<std::string_view>()(name), kBegin);
}

// Another name with the same lot among those of its priority: of an hour's lots there are 128, and
// whom overload turns away first goes by them.
std::string twin_of(const std::string& name, std::uint32_t priority) {
  for (int i = 0;; ++i) {
    std::string twin = "twin-" + std::to_string(i) + "-" + name;
    if (level_of_name(twin, priority) == level_of_name(name, priority)) return twin;
  }
}

// (a) Whatever the load, also far over capacity: who the others are is not to be seen.
TEST_CASE("isolation: the same load by others of other names is the same to a tenant") {
  std::map<std::string, int> seen;
  int shed = 0;
  for (std::uint32_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    Settings settings = fixed_seats(dice.pick(2, 12));
    settings.queue.waiting_max = static_cast<std::size_t>(dice.pick(10, 60));
    settings.queue.of_tenant_max = static_cast<std::size_t>(dice.pick(8, 30));
    settings.queue.wait_max = millis(dice.pick(20, 250));
    std::vector<Sent> all;
    add(all, dice, {"alpha", millis(dice.pick(2, 20)), millis(4), 2, 10});
    for (int i = 0; i < static_cast<int>(dice.pick(1, 6)); ++i) {
      add(all, dice,
          {"other-" + std::to_string(i), micros(dice.pick(300, 6'000)), millis(dice.pick(1, 9)),
           static_cast<std::uint32_t>(dice.pick(1, 5)),
           static_cast<std::uint32_t>(dice.pick(0, 30))});
    }
    std::vector<Sent> renamed = all;
    std::map<std::string, std::string> twins;
    for (Sent& one : renamed) {
      if (one.tenant == "alpha") continue;
      std::string& twin = twins[one.tenant];
      if (twin.empty()) twin = twin_of(one.tenant, one.priority);
      one.tenant = twin;
    }
    const Run run(settings, all, "alpha");
    CHECK(Run(settings, renamed, "alpha").text == run.text);
    for (const auto& [what, count] : run.outcomes) seen[what] += count;
    shed += run.overloaded ? 1 : 0;
  }
  for (const char* what : {"runs", "runs after", "expired", "tenant_full", "evicted"}) {
    CAPTURE(what);
    CHECK(seen[what] > 0);
  }
  CHECK(shed > 0);
}

// (b) While there are seats, nothing of others is to be seen: none, some, one of them or many, of
// whatever plans, and however long theirs take. What others were guaranteed a moment ago is kept
// for them, a tenth at most, so the rest is what there is.
TEST_CASE("isolation: below capacity a tenant's answers do not depend on others at all") {
  for (std::uint32_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    Dice dice(1'000 + seed);
    const std::int64_t seats = dice.pick(20, 100);
    Settings settings = fixed_seats(seats);
    settings.limiter.seats_max = 1'000;  // found out, but never fewer
    std::vector<Sent> own;
    add(own, dice, {"alpha", millis(dice.pick(2, 30)), millis(dice.pick(2, 80))});
    own = within(std::move(own), seats / 2);
    const std::string alone = Run(settings, own, "alpha").text;
    REQUIRE(std::ranges::count(alone, '\n') == static_cast<std::ptrdiff_t>(own.size()));
    for (const int tenants : {1, 1, 2, 7, 30}) {
      CAPTURE(tenants);
      std::vector<Sent> others;
      for (int i = 0; i < tenants; ++i) {
        add(others, dice,
            {"other-" + std::to_string(dice.pick(0, 99'999)),
             micros(tenants * dice.pick(200, 20'000)), millis(dice.pick(1, 200)),
             static_cast<std::uint32_t>(dice.pick(1, 1'000)),
             static_cast<std::uint32_t>(dice.pick(0, 63))});
      }
      others = within(std::move(others), seats - seats / 2 - seats / 10);
      REQUIRE(!others.empty());
      others.insert(others.end(), own.begin(), own.end());
      CHECK(Run(settings, others, "alpha").text == alone);
    }
  }
}

double mean_wait_ms(const std::string& text) {
  double sum = 0, count = 0;
  for (const std::string_view line : split(text, '\n')) {
    if (line.find("runs") == std::string_view::npos) continue;
    sum += std::stod(std::string(line.substr(line.rfind(' ') + 1))) / 1e6;
    ++count;
  }
  return count == 0 ? 0 : sum / count;
}

// (c) When others want more than there is, a tenant that uses less than its part waits for its
// turn, and cannot tell how much more they want: how long their queue is, how many of theirs are
// turned away. Both runs begin with the same, so that seats get free at the same moments. Where
// others are shed before they wait, seats are free for moments of their own, so that waits are
// other ones, not longer ones.
TEST_CASE("isolation: how far over capacity others are is not to be seen") {
  int waited = 0, shed = 0;
  for (std::uint32_t seed = 1; seed <= 10; ++seed) {
    CAPTURE(seed);
    Dice dice(2'000 + seed);
    const std::int64_t seats = dice.pick(2, 8);
    const Nanos takes = millis(dice.pick(1, 4));
    std::vector<Sent> base(60, {.at = kBegin, .tenant = "bravo", .takes = takes});
    const Nanos each{takes.count / seats};
    for (MonoTime at = kBegin + seconds(1); at < kBegin + seconds(2);
         at = at + Nanos{each.count * 5} + dice.exponential(each)) {
      base.push_back({.at = at, .tenant = "alpha", .takes = takes});
    }
    std::string seen;
    double mean = 0;
    int queue = 0;
    for (const std::int64_t times : {2, 4, 8}) {
      CAPTURE(times);
      std::vector<Sent> all = base;
      for (MonoTime at = kBegin + Nanos{1}; at < kBegin + seconds(2);
           at = at + dice.exponential({each.count / times})) {
        all.push_back({.at = at, .tenant = "bravo", .takes = takes});
      }
      Settings settings = fixed_seats(seats);
      settings.queue.waiting_max = settings.queue.of_tenant_max = 100'000;
      const Run shedding(settings, all, "alpha");
      settings.cursor.wait = seconds(60);
      settings.queue.standing = {.wait = seconds(30), .after = seconds(60)};
      const Run run(settings, all, "alpha");
      if (times == 2) seen = run.text;
      if (times == 2) mean = mean_wait_ms(shedding.text);
      CHECK((run.text == seen));
      CHECK(run.waiting_most > queue);  // yet it was another queue
      CHECK(std::abs(mean_wait_ms(shedding.text) - mean) < static_cast<double>(each.count) / 1e6);
      queue = run.waiting_most;
      shed += shedding.overloaded ? 1 : 0;
      waited += run.outcomes.contains("runs after") ? run.outcomes.at("runs after") : 0;
    }
  }
  CHECK(waited > 1'000);
  CHECK(shed > 0);
}

}  // namespace
}  // namespace mc::admission
