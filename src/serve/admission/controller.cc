#include "admission/controller.h"

#include <algorithm>
#include <mutex>

#include "admission/tenant_table.h"

namespace mc::admission {
namespace {

using Index = std::uint32_t;
constexpr Index kNone = UINT32_MAX;
constexpr std::size_t kSystem = 0;
// What a queue is charged with: so long on one seat.
constexpr std::int64_t kCostUnit = 100'000;
constexpr std::uint32_t kFirstCost = 100;  // by seat, while nothing is known
constexpr std::int64_t kTenantMemory = 8;  // requests, of a moving mean
constexpr std::int64_t kClassMemory = 64;
constexpr std::array<std::int64_t, kClasses> kClassWeight = {8, 8, 2, 1};
constexpr Nanos kOverFor = millis(100);     // a wait that was too long is held against it
constexpr std::int64_t kFewWaiting = 8;     // they are held against nobody
constexpr std::int64_t kFewSeats = 4;       // more than twice its part is a lot only then
constexpr Nanos kRestAfter = seconds(1);    // without anybody who waits
constexpr Nanos kWaitsFor = seconds(10);    // of half of what percentiles are of
constexpr MonoTime kLatest{INT64_MAX / 2};  // so that anything may be added
constexpr Nanos kReportHolds = seconds(5);
constexpr std::int64_t kGuardLendPct = 50;
constexpr Nanos kRetryLeast = seconds(1), kRetryMost = seconds(30);

std::uint32_t cost_of(std::int64_t seats, std::int64_t by_seat) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(seats * by_seat, 1, kCostMax));
}

std::uint32_t moved_mean(std::uint32_t mean, std::int64_t value, std::int64_t memory) {
  const std::int64_t moved = (mean * (memory - 1) + value + memory / 2) / memory;
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(moved, 1, kCostMax));
}

struct Slot {
  enum class Is : std::uint8_t { free, waiting, running };
  std::uint64_t token = 0;
  MonoTime arrived{}, started{};
  FairQueue::Place place{};
  Index tenant = kNone;
  std::uint32_t cost = 0;  // as guessed
  std::uint32_t route_class = 0;
  std::uint32_t round = 0;
  std::uint8_t seats = 1;  // asked for; then those that it has
  std::uint8_t in = 0;
  Is is = Is::free;
  bool charged = false;  // its tenant has been, with `cost`
  bool on_kept = false;  // it runs on seats kept for tenants that were idle
};

struct ClassState {
  std::int64_t seats = 0, seats_pct = 100;
  std::int64_t tag = 0;  // among the classes as of a tenant in a FairQueue
  std::uint32_t seat_cost = kFirstCost;
  MonoTime emptied;
};

}  // namespace

std::uint32_t seats_for(std::int64_t cost, std::int64_t unit) {
  unit = std::max<std::int64_t>(unit, 1);
  if (cost <= unit) return 1;
  const std::int64_t seats = (cost - 1) / unit + 1;
  return static_cast<std::uint32_t>(std::min<std::int64_t>(seats, kSeatsOfRequestMax));
}

std::string_view why_name(Why why) {
  constexpr std::array<std::string_view, 7> kNames = {
      "none", "late", "shed", "queue_full", "tenant_full", "expired", "evicted"};
  return kNames[static_cast<std::size_t>(why)];
}

struct Controller::State {
  explicit State(const Settings& given)
      : settings(given), limiter(given.limiter), tenants(given.idle) {
    classes[static_cast<std::size_t>(Class::batch)].seats_pct = given.batch_pct;
    classes[static_cast<std::size_t>(Class::exports)].seats_pct = given.export_pct;
  }

  // ---- seats ----

  std::int64_t share_of_seats(std::int64_t pct) const {
    return std::max<std::int64_t>(1, limiter.seats() * pct / 100);
  }
  std::int64_t kept() const {
    return tenants.kept(limiter.seats(),
                        guarded ? std::min(settings.lend_pct, kGuardLendPct) : settings.lend_pct);
  }
  // One request at least may run, however wide it is.
  bool class_has_room(std::size_t in, std::int64_t seats) const {
    const ClassState& of = classes[in];
    return of.seats == 0 || of.seats + seats <= share_of_seats(of.seats_pct);
  }
  bool tenant_has_room(Index tenant, std::size_t in, std::int64_t seats) const {
    const std::int64_t has = tenants[tenant].in_use;
    return in == kSystem || has == 0 || has + seats <= share_of_seats(settings.tenant_pct);
  }
  bool has_room(std::size_t in, std::int64_t seats) const {
    if (in_use + seats > limiter.seats()) return in_use == 0;
    if (in == kSystem) return true;
    const std::int64_t here = in_use - in_use_kept;
    return here == 0 || here + seats <= limiter.seats() - kept();
  }
  std::int64_t seats_of(const Slot& slot) const {
    return std::min<std::int64_t>(slot.seats, limiter.seats());
  }

  // ---- a request's way ----

  void begin(MonoTime time) {
    now = std::clamp(time, now, std::max(now, kLatest));
    tenants.forget_idle(now);
    if (reported && now - reported_at > kReportHolds) {
      reported = false;
      pressure = {};
      watch = {};
      set_guards();
    }
    const double most = watch.on() && !watch.in_vain() ? pressure.most() : 0;
    for (std::size_t in = kSystem + 1; in < kClasses; ++in) cursors[in].roll(now, most);
    if (now - waits_begin < kWaitsFor) return;
    waits_before = now - waits_begin < kWaitsFor * 2 ? waits : LogHistogram();
    waits.clear();
    waits_begin = now;
  }

  void set_guards() {
    for (Cursor& cursor : cursors) cursor.set_guarded(guarded || pressure.all_cpu());
  }

  Index make_slot(const Arrival& arrival, Index tenant) {
    Index at = kNone;
    if (free_slots.empty()) {
      at = static_cast<Index>(slots.size());
      slots.emplace_back();
    } else {
      at = free_slots.back();
      free_slots.pop_back();
    }
    const std::uint32_t round = std::max(slots[at].round + 1, 1U);
    const auto in = static_cast<std::uint8_t>(
        std::min<std::size_t>(static_cast<std::size_t>(arrival.in), kClasses - 1));
    const std::uint32_t seats = std::clamp(arrival.seats, 1U, kSeatsOfRequestMax);
    const std::uint32_t by_seat =
        tenants[tenant].seat_cost > 0 ? tenants[tenant].seat_cost : classes[in].seat_cost;
    slots[at] = {.token = arrival.token,
                 .arrived = now,
                 .tenant = tenant,
                 .cost = cost_of(seats, by_seat),
                 .route_class = arrival.route_class,
                 .round = round,
                 .seats = static_cast<std::uint8_t>(seats),
                 .in = in};
    return at;
  }
  void free_slot(Index at) {
    slots[at].is = Slot::Is::free;
    free_slots.push_back(at);
  }
  Slot* find(Ticket ticket, Slot::Is is) {
    if (ticket.slot >= slots.size()) return nullptr;
    Slot& slot = slots[ticket.slot];
    return slot.round == ticket.round && slot.is == is ? &slot : nullptr;
  }

  bool uses_its_share(const Slot& slot) const {
    const TenantTable::Tenant& tenant = tenants[slot.tenant];
    const std::int64_t twice = 2 * tenants.guaranteed(slot.tenant, limiter.seats());
    if (tenant.waiting > std::max(kFewWaiting, twice) && now < tenant.over_until) return false;
    const std::int64_t many = std::max(kFewSeats, twice);
    return tenant.in_use == 0 || tenant.in_use + slot.seats <= many;
  }

  void run(Index at) {
    Slot& slot = slots[at];
    TenantTable::Tenant& tenant = tenants[slot.tenant];
    const std::int64_t seats = seats_of(slot);
    slot.seats = static_cast<std::uint8_t>(seats);
    slot.is = Slot::Is::running;
    slot.started = now;
    in_use += seats;
    tenant.in_use += seats;
    classes[slot.in].seats += seats;
    if (slot.on_kept) {
      in_use_kept += seats;
      ++tenant.in_kept;
    }
    const Nanos waited = now - slot.arrived;
    cursors[slot.in].started(waited);
    waits.add(waited);
    if (waited > settings.cursor.wait) tenant.over_until = now + kOverFor;
  }

  // `kept_before`: as long as the tenant was idle.
  bool runs_at_once(Index at, std::int64_t kept_before) {
    Slot& slot = slots[at];
    const std::int64_t seats = seats_of(slot);
    const bool anybody = std::ranges::any_of(queues, [](const auto& q) { return q.runnable(); });
    const bool waits_for = slot.in == kSystem ? queues[kSystem].runnable() : anybody;
    if (!class_has_room(slot.in, seats) || !tenant_has_room(slot.tenant, slot.in, seats)) {
      return false;
    }
    if (!waits_for && has_room(slot.in, seats)) return true;
    const TenantTable::Tenant& tenant = tenants[slot.tenant];
    if (tenant.in_use > 0 || tenant.waiting > 0 || in_use_kept + seats > kept_before ||
        in_use + seats > limiter.seats() ||
        seats > tenants.guaranteed(slot.tenant, limiter.seats()) ||
        !queues[slot.in].pass(tenant.name, tenant.weight, slot.cost)) {
      return false;
    }
    slot.on_kept = slot.charged = true;
    return true;
  }

  Arrived refuse(Index at, Why why, std::uint64_t& counter) {
    ++counter;
    free_slot(at);
    return {Answer::refused, why, {}};
  }

  Arrived admit(Index at, const Arrival& arrival, std::int64_t kept_before, Effects& effects) {
    Slot& slot = slots[at];
    const Ticket ticket{at, slot.round};
    if (arrival.deadline <= now) return refuse(at, Why::late, counts.late);
    const std::size_t hash = tenants[slot.tenant].hash;
    if (slot.in != kSystem &&
        !cursors[slot.in].admit(level_of(arrival.priority, hash, now), uses_its_share(slot))) {
      return refuse(at, Why::shed, counts.shed);
    }
    if (runs_at_once(at, kept_before)) {
      run(at);
      ++counts.runs_at_once;
      return {Answer::runs, Why::none, ticket};
    }
    const Why full = enqueue(at, arrival.deadline, effects);
    if (full != Why::none) return refuse(at, full, counts.full);
    if (dispatch(effects, at)) return {Answer::runs, Why::none, ticket};
    return {Answer::waits, Why::none, ticket};
  }

  Why enqueue(Index at, MonoTime deadline, Effects& effects) {
    Slot& slot = slots[at];
    TenantTable::Tenant& tenant = tenants[slot.tenant];
    FairQueue& queue = queues[slot.in];
    if (queue.size() == 0) {
      ClassState& of = classes[slot.in];
      if (now - of.emptied > kRestAfter) queue.rest();
      of.tag = std::max(of.tag, class_virtual);
    }
    const std::int64_t part = tenants.guaranteed(slot.tenant, limiter.seats());
    const FairQueue::Pushed pushed =
        queue.push(tenant.name,
                   {.token = at,
                    .weight = tenant.weight,
                    .cost = slot.cost,
                    .now = now,
                    .deadline = deadline,
                    .keep = static_cast<std::uint32_t>(std::min<std::int64_t>(part, kSeatsMost))});
    if (pushed.result == FairQueue::Push::full) return Why::queue_full;
    if (pushed.result == FairQueue::Push::tenant_full) return Why::tenant_full;
    slot.is = Slot::Is::waiting;
    slot.place = pushed.place;
    ++tenant.waiting;
    waiting_cost += slot.cost;
    if (pushed.evicted) {
      ++counts.evicted;
      end(static_cast<Index>(*pushed.evicted), Why::evicted, effects);
    }
    return Why::none;
  }

  void no_longer_waits(const Slot& slot) {
    --tenants[slot.tenant].waiting;
    waiting_cost -= slot.cost;
    if (queues[slot.in].size() == 0) classes[slot.in].emptied = now;
  }

  void end(Index at, Why why, Effects& effects) {
    const Slot& slot = slots[at];
    const Nanos waited = now - slot.arrived;
    effects.ended.push_back({slot.token, why, waited});
    no_longer_waits(slot);
    cursors[slot.in].ended(waited);
    tenants[slot.tenant].over_until = now + kOverFor;
    tenants.update(slot.tenant, now);
    free_slot(at);
  }
  // Its client has left, and no seat and no time of its tenant was used. A long wait is told as
  // that of one that ends otherwise; short ones are not, or a crowd that comes and goes hid all
  // others.
  void leave(Index at) {
    const Slot& slot = slots[at];
    const Nanos waited = now - slot.arrived;
    queues[slot.in].remove(slot.place);
    no_longer_waits(slot);
    if (waited > settings.cursor.wait) {
      cursors[slot.in].ended(waited);
      tenants[slot.tenant].over_until = now + kOverFor;
    }
    tenants.update(slot.tenant, now);
    free_slot(at);
    ++counts.withdrawn;
  }
  void end_expired(Effects& effects) {
    counts.expired += expired.size();
    for (const std::uint64_t at : expired) end(static_cast<Index>(at), Why::expired, effects);
    expired.clear();
  }

  // ---- who is next ----

  // kClasses when none has anybody; `blocked` has a bit for each that is not asked.
  std::size_t next_class(std::uint32_t blocked) const {
    std::size_t best = kClasses;
    for (std::size_t in = 0; in < kClasses; ++in) {
      if ((blocked >> in & 1) != 0 || !queues[in].runnable()) continue;
      if (in == kSystem) return in;
      if (best == kClasses || classes[in].tag < classes[best].tag) best = in;
    }
    return best;
  }

  // Starts whoever may; true when `self` was among them, which is not in `effects` then.
  bool dispatch(Effects& effects, Index self) {
    bool self_runs = false;
    std::uint32_t blocked = 0;
    while (true) {
      const std::size_t in = next_class(blocked);
      if (in == kClasses) break;
      const auto head = queues[in].peek(now, expired);
      if (!expired.empty()) end_expired(effects);
      if (!head) continue;
      const auto at = static_cast<Index>(*head);
      const std::int64_t seats = seats_of(slots[at]);
      if (!tenant_has_room(slots[at].tenant, in, seats)) {
        hold(slots[at].tenant, in);
        continue;
      }
      if (!class_has_room(in, seats)) {
        blocked |= 1U << in;
        classes[in].tag = std::max(classes[in].tag, class_virtual);
        continue;
      }
      if (!has_room(in, seats)) break;
      start(at);
      if (at == self) {
        self_runs = true;
        ++counts.runs_at_once;
      } else {
        ++counts.runs_after_wait;
        effects.started.push_back(
            {slots[at].token, now - slots[at].arrived, Ticket{at, slots[at].round}});
      }
    }
    return self_runs;
  }

  void start(Index at) {
    Slot& slot = slots[at];
    queues[slot.in].pop(now, expired);
    no_longer_waits(slot);
    slot.charged = true;
    ClassState& of = classes[slot.in];
    class_virtual = std::max(class_virtual, of.tag);
    charge_class(of, slot.in, slot.cost);
    run(at);
  }
  void charge_class(ClassState& of, std::size_t in, std::int64_t cost) const {
    of.tag = std::max(class_virtual, of.tag + cost * kClassWeight[kSystem] / kClassWeight[in]);
  }

  void hold(Index tenant, std::size_t in) {
    queues[in].hold(tenants[tenant].name);
    if (tenants[tenant].held == 0) held.push_back(tenant);
    tenants[tenant].held = static_cast<std::uint8_t>(tenants[tenant].held | 1U << in);
  }
  void release(Index tenant) {
    TenantTable::Tenant& of = tenants[tenant];
    for (std::size_t in = 0; in < kClasses; ++in) {
      if ((of.held >> in & 1) != 0) queues[in].release(of.name);
    }
    of.held = 0;
  }
  void release_all() {
    for (const Index tenant : held) release(tenant);
    held.clear();
  }

  // ---- the end of it ----

  void give_back(Index at, const Finish& finish) {
    const Slot& slot = slots[at];
    TenantTable::Tenant& tenant = tenants[slot.tenant];
    const Nanos took = now - slot.started;
    const std::int64_t before = in_use;
    in_use -= slot.seats;
    tenant.in_use -= slot.seats;
    classes[slot.in].seats -= slot.seats;
    if (slot.on_kept) {
      in_use_kept -= slot.seats;
      --tenant.in_kept;
    }
    const std::int64_t by_seat =
        std::clamp<std::int64_t>((took.count + kCostUnit - 1) / kCostUnit, 1, kCostMax);
    ClassState& of = classes[slot.in];
    tenant.seat_cost = tenant.seat_cost == 0 ? static_cast<std::uint32_t>(by_seat)
                                             : moved_mean(tenant.seat_cost, by_seat, kTenantMemory);
    of.seat_cost = moved_mean(of.seat_cost, by_seat, kClassMemory);
    if (slot.charged) {
      const std::uint32_t seats = finish.seats == 0 ? slot.seats : finish.seats;
      const std::int64_t more =
          std::int64_t{cost_of(std::min(seats, kSeatsOfRequestMax), by_seat)} - slot.cost;
      queues[slot.in].settle(tenant.name, more);
      if (!slot.on_kept) charge_class(of, slot.in, more);
    }
    if (tenant.held != 0) {
      release(slot.tenant);
      std::erase(held, slot.tenant);
    }
    if (finish.measured && slot.in != kSystem) {
      const Nanos service = finish.service < Nanos{} ? took : finish.service;
      if (limiter.add({slot.route_class, service, before, finish.ok, now})) release_all();
    }
    tenants.update(slot.tenant, now);
    free_slot(at);
  }

  // The last thing of each call.
  void conclude(Effects& effects) {
    MonoTime next{INT64_MAX};
    bool anybody = false;
    for (const FairQueue& queue : queues) {
      if (queue.size() == 0) continue;
      next = std::min(next, queue.next_expiry());
      anybody = anybody || queue.runnable();
    }
    if (anybody && kept() > 0) next = std::min(next, tenants.next_idle());
    effects.next_tick = next;
  }

  mutable std::mutex mutex;
  const Settings settings;
  Limiter limiter;
  TenantTable tenants;
  std::array<FairQueue, kClasses> queues{FairQueue(settings.queue), FairQueue(settings.queue),
                                         FairQueue(settings.queue), FairQueue(settings.queue)};
  std::array<Cursor, kClasses> cursors{Cursor(settings.cursor), Cursor(settings.cursor),
                                       Cursor(settings.cursor), Cursor(settings.cursor)};
  std::array<ClassState, kClasses> classes;
  std::vector<Slot> slots;
  std::vector<Index> free_slots;
  std::vector<Index> held;             // tenants that are in some queue
  std::vector<std::uint64_t> expired;  // of one call of a queue
  std::int64_t in_use = 0, in_use_kept = 0;
  std::int64_t waiting_cost = 0, class_virtual = 0;
  MonoTime now;
  PressureParts pressure;
  PressureWatch watch;
  bool reported = false, guarded = false;
  MonoTime reported_at;
  LogHistogram waits, waits_before;
  MonoTime waits_begin;
  Snapshot counts;  // its counters alone
};

Controller::Controller(const Settings& settings) : state_(std::make_unique<State>(settings)) {}
Controller::~Controller() = default;

Arrived Controller::arrive(const Arrival& arrival, Effects& effects) {
  State& s = *state_;
  const std::lock_guard lock(s.mutex);
  s.begin(arrival.now);
  ++s.counts.arrived;
  const Index tenant = s.tenants.enter(arrival.tenant, std::clamp(arrival.weight, 1U, kWeightMax));
  const std::int64_t kept_before = s.tenants[tenant].kept ? s.kept() : 0;
  s.tenants.keep_none(tenant);
  const Arrived out = s.admit(s.make_slot(arrival, tenant), arrival, kept_before, effects);
  s.tenants.update(tenant, s.now);
  s.conclude(effects);
  return out;
}

bool Controller::finish(Ticket ticket, const Finish& finish, Effects& effects) {
  State& s = *state_;
  const std::lock_guard lock(s.mutex);
  s.begin(finish.now);
  const bool runs = s.find(ticket, Slot::Is::running) != nullptr;
  if (runs) {
    s.give_back(ticket.slot, finish);
    ++s.counts.finished;
  }
  s.dispatch(effects, kNone);
  s.conclude(effects);
  return runs;
}

bool Controller::withdraw(Ticket ticket, MonoTime now, Effects& effects) {
  State& s = *state_;
  const std::lock_guard lock(s.mutex);
  s.begin(now);
  const bool waits = s.find(ticket, Slot::Is::waiting) != nullptr;
  if (waits) s.leave(ticket.slot);
  s.dispatch(effects, kNone);
  s.conclude(effects);
  return waits;
}

void Controller::tick(MonoTime now, Effects& effects) {
  State& s = *state_;
  const std::lock_guard lock(s.mutex);
  s.begin(now);
  for (FairQueue& queue : s.queues) queue.expire(s.now, s.expired);
  s.end_expired(effects);
  s.dispatch(effects, kNone);
  s.conclude(effects);
}

void Controller::report(const Pressures& pressures, MonoTime now) {
  State& s = *state_;
  const std::lock_guard lock(s.mutex);
  s.begin(now);
  s.pressure = parts_of(pressures, s.settings.pressure);
  s.watch.look(s.pressure.most());
  s.set_guards();
  s.reported = true;
  s.reported_at = s.now;
}

void Controller::set_slo_guard(bool on) {
  const std::lock_guard lock(state_->mutex);
  state_->guarded = on;
  state_->set_guards();
}

void Controller::reset_limiter() {
  const std::lock_guard lock(state_->mutex);
  state_->limiter.reset(state_->settings.limiter);
  state_->release_all();
}

Nanos Controller::retry_after() const {
  const std::lock_guard lock(state_->mutex);
  const Nanos drained{state_->waiting_cost / state_->limiter.seats() * kCostUnit};
  return std::clamp(drained, kRetryLeast, kRetryMost);
}

Snapshot Controller::snapshot() const {
  const State& s = *state_;
  const std::lock_guard lock(s.mutex);
  Snapshot out = s.counts;
  out.seats = s.limiter.seats();
  out.in_use = s.in_use;
  out.kept = s.kept();
  for (std::size_t in = 0; in < kClasses; ++in) {
    const Cursor& cursor = s.cursors[in];
    out.classes[in] = {.seats = s.classes[in].seats,
                       .waiting = s.queues[in].size(),
                       .standing_tenants = s.queues[in].standing(),
                       .cursor = cursor.at(),
                       .strict = cursor.strict(),
                       .overloaded = cursor.overloaded()};
    out.lifo = out.lifo || s.queues[in].standing() > 0;
    out.bytes += s.queues[in].bytes();
  }
  LogHistogram waits = s.waits;
  waits.add(s.waits_before);
  out.waited_p50 = waits.quantile(0.5);
  out.waited_p99 = waits.quantile(0.99);
  out.pressure = s.pressure;
  out.pressed = s.watch.on();
  out.in_vain = s.watch.in_vain();
  out.tenants = s.tenants.size();
  out.bytes += sizeof(State) + s.tenants.bytes() + s.limiter.bytes() +
               s.slots.capacity() * sizeof(Slot) + s.free_slots.capacity() * sizeof(Index) +
               kClasses * kLevels * sizeof(std::uint32_t);
  return out;
}

TenantSnapshot Controller::snapshot_of(std::string_view tenant) const {
  const State& s = *state_;
  const std::lock_guard lock(s.mutex);
  const Index at = s.tenants.find(tenant);
  if (at == kNone) return {};
  const TenantTable::Tenant& of = s.tenants[at];
  const std::int64_t most = s.share_of_seats(s.settings.tenant_pct);
  return {std::min(s.tenants.guaranteed(at, s.limiter.seats()), most), of.in_use, most, of.waiting,
          of.weight};
}

}  // namespace mc::admission
