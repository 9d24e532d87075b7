#include "admission/fair_queue.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "admission/tenant_names.h"

namespace mc::admission {
namespace {

using Index = std::uint32_t;
constexpr Index kNone = UINT32_MAX;
// Of virtual time, for a cost of one at weight one: the largest weight still moves a tag by 1,000.
constexpr std::int64_t kUnit = 1'000'000;
constexpr std::size_t kLooksEach = 24;  // at tenants that may be idle, for each that is made
// Tags begin anew from there: half of what there is, some days of 1,000 seats.
constexpr std::int64_t kTagMost = std::int64_t{1} << 62;
constexpr std::int64_t kAheadMost = 10 * std::int64_t{kCostMax} * kUnit;  // what settling can owe

struct Item {
  std::uint64_t token = 0;
  std::uint32_t cost = 1;
  Index tenant = kNone;
  MonoTime at;
  MonoTime deadline;
  Index older = kNone, newer = kNone;   // of the tenant
  Index before = kNone, after = kNone;  // of all, as they came
  std::uint64_t turn = 0;               // of its tenant, had it been the first
  std::uint32_t round = 0;              // how often the slot was used
  bool hurried = false;                 // its deadline comes before what anybody may wait
};

struct Tenant {
  std::string name;
  std::int64_t tag = 0;    // virtual end of what it had
  std::int64_t start = 0;  // of its next request, while it waits: no earlier than virtual time
  std::uint64_t turn = 0;  // among equal starts who began to wait first goes first
  std::int64_t cost = 0;   // of all that wait
  std::uint32_t weight = 1;
  std::uint32_t count = 0;
  std::uint32_t keep = 1;
  bool used = false;
  bool held = false;
  StandingQueue standing;
  Index oldest = kNone, newest = kNone;
  Index place[2] = {kNone, kNone};  // in the heaps: by tag, by length
};

// A heap of tenants that knows where each of them is. The lowest key goes first; keys stand in the
// heap itself, four children beside each other, as it is walked once a request.
template <int kHeap, class Key>
class Heap {
 public:
  explicit Heap(std::vector<Tenant>& tenants) : tenants_(tenants) {}
  bool empty() const { return heap_.empty(); }
  Index top() const { return heap_.front().tenant; }
  std::size_t bytes() const { return heap_.capacity() * sizeof(Entry); }

  void insert(Index tenant, const Key& key) {
    heap_.push_back({key, tenant});
    up(heap_.size() - 1);
  }
  void erase(Index tenant) {
    const std::size_t at = place_of(tenant);
    tenants_[tenant].place[kHeap] = kNone;
    const Entry last = heap_.back();
    heap_.pop_back();
    if (last.tenant == tenant) return;
    heap_[at] = last;
    if (!up(at)) down(at);
  }
  void update(Index tenant, const Key& key) {
    const std::size_t at = place_of(tenant);
    heap_[at].key = key;
    if (!up(at)) down(at);
  }
  // Of all keys in a way that leaves their order.
  template <class Change>
  void change_keys(const Change& change) {
    for (Entry& entry : heap_) change(entry.key);
  }

 private:
  static constexpr std::size_t kChildren = 4;
  struct Entry {
    Key key;
    Index tenant = kNone;
  };
  std::size_t place_of(Index tenant) const { return tenants_[tenant].place[kHeap]; }
  void put(std::size_t at, const Entry& entry) {
    heap_[at] = entry;
    tenants_[entry.tenant].place[kHeap] = static_cast<Index>(at);
  }
  bool up(std::size_t at) {
    const Entry entry = heap_[at];
    const std::size_t from = at;
    while (at > 0 && entry.key < heap_[(at - 1) / kChildren].key) {
      put(at, heap_[(at - 1) / kChildren]);
      at = (at - 1) / kChildren;
    }
    put(at, entry);
    return at != from;
  }
  void down(std::size_t at) {
    const Entry entry = heap_[at];
    while (true) {
      const std::size_t begin = at * kChildren + 1;
      const std::size_t end = std::min(begin + kChildren, heap_.size());
      std::size_t first = begin;
      for (std::size_t child = begin + 1; child < end; ++child) {
        if (heap_[child].key < heap_[first].key) first = child;
      }
      if (begin >= heap_.size() || !(heap_[first].key < entry.key)) break;
      put(at, heap_[first]);
      at = first;
    }
    put(at, entry);
  }

  std::vector<Tenant>& tenants_;
  std::vector<Entry> heap_;
};

using Tag = std::pair<std::int64_t, std::uint64_t>;
Tag tag_of(const Tenant& tenant) {
  return {tenant.start, tenant.turn};
}
// The longest for its weight goes first.
double length_of(const Tenant& tenant) {
  return -static_cast<double>(tenant.cost) / tenant.weight;
}

}  // namespace

struct FairQueue::State {
  explicit State(const FairQueueLimits& given) : limits(given) {}

  Index tenant_of(std::string_view name) {
    const Index found = names.find(name);
    if (found != kNone) return found;
    forget_idle();
    Index at = kNone;
    if (free_tenants.empty()) {
      at = static_cast<Index>(tenants.size());
      tenants.emplace_back();
    } else {
      at = free_tenants.back();
      free_tenants.pop_back();
      tenants[at] = Tenant();
    }
    tenants[at].used = true;
    tenants[at].name = name;
    tenants[at].tag = virtual_time;
    names.insert(at);
    return at;
  }

  // Nothing is lost: a tenant whose tag has passed begins at virtual time as a new one does.
  void forget_idle() {
    for (std::size_t i = 0; i < std::min(kLooksEach, tenants.size()); ++i) {
      look = look + 1 < tenants.size() ? look + 1 : 0;
      Tenant& tenant = tenants[look];
      if (!tenant.used || tenant.count > 0 || tenant.held || tenant.tag > virtual_time) continue;
      names.erase(tenant.name);
      tenant.used = false;
      free_tenants.push_back(static_cast<Index>(look));
    }
  }

  Index enqueue(Index index, const Waiting& waiting) {
    Index at = kNone;
    if (free_items.empty()) {
      at = static_cast<Index>(items.size());
      items.emplace_back();
    } else {
      at = free_items.back();
      free_items.pop_back();
    }
    Tenant& tenant = tenants[index];
    const std::uint32_t cost = std::clamp<std::uint32_t>(waiting.cost, 1, kCostMax);
    const std::uint32_t round = items[at].round + 1;
    const MonoTime latest = waiting.now + limits.wait_max;
    items[at] = {.token = waiting.token,
                 .cost = cost,
                 .tenant = index,
                 .at = waiting.now,
                 .deadline = std::min(waiting.deadline, latest),
                 .older = tenant.newest,
                 .before = last,
                 .turn = ++turns,
                 .round = round,
                 .hurried = waiting.deadline < latest};
    if (items[at].hurried) hurried.emplace(items[at].deadline, at);
    (tenant.newest == kNone ? tenant.oldest : items[tenant.newest].newer) = at;
    tenant.newest = at;
    (last == kNone ? first : items[last].after) = at;
    last = at;
    ++waiting_count;
    tenant.weight = std::clamp<std::uint32_t>(waiting.weight, 1, kWeightMax);
    tenant.keep = std::max<std::uint32_t>(waiting.keep, 1);
    tenant.cost += cost;
    if (++tenant.count == 1) {
      tenant.start = std::max(tenant.tag, virtual_time);
      tenant.turn = items[at].turn;
      if (!tenant.held) by_tag.insert(index, tag_of(tenant));
      by_length.insert(index, length_of(tenant));
    } else {
      by_length.update(index, length_of(tenant));
      changes_standing(tenant, [&](StandingQueue& queue) {
        queue.waits(waiting.now - items[tenant.oldest].at, waiting.now, limits.standing);
      });
    }
    return at;
  }

  template <class Change>
  void changes_standing(Tenant& tenant, const Change& change) {
    const bool before = tenant.standing.standing();
    change(tenant.standing);
    if (before != tenant.standing.standing()) before ? --standing_count : ++standing_count;
  }

  // Takes a request out of every list; its slot is free afterwards.
  Item take(Index at) {
    const Item item = items[at];
    Tenant& tenant = tenants[item.tenant];
    (item.older == kNone ? tenant.oldest : items[item.older].newer) = item.newer;
    (item.newer == kNone ? tenant.newest : items[item.newer].older) = item.older;
    (item.before == kNone ? first : items[item.before].after) = item.after;
    (item.after == kNone ? last : items[item.after].before) = item.before;
    if (item.hurried) hurried.erase({item.deadline, at});
    items[at].tenant = kNone;
    --waiting_count;
    free_items.push_back(at);
    tenant.cost -= item.cost;
    if (--tenant.count == 0) {
      if (!tenant.held) by_tag.erase(item.tenant);
      by_length.erase(item.tenant);
      changes_standing(tenant, [](StandingQueue& queue) { queue.emptied(); });
    } else {
      by_length.update(item.tenant, length_of(tenant));
    }
    return item;
  }

  // The tenant's next to be served.
  static Index next_of(const Tenant& tenant) {
    return tenant.standing.standing() ? tenant.newest : tenant.oldest;
  }

  // Whose turn it is, when those are gone who have waited too long.
  Index next(MonoTime now, std::vector<std::uint64_t>& expired) {
    while (!by_tag.empty()) {
      Tenant& tenant = tenants[by_tag.top()];
      const Index oldest = tenant.oldest;
      changes_standing(tenant, [&](StandingQueue& queue) {
        queue.waits(now - items[oldest].at, now, limits.standing);
      });
      if (tenant.standing.standing() && tenant.count > tenant.keep &&
          items[oldest].at + limits.standing.wait <= now) {
        expired.push_back(take(oldest).token);
        continue;
      }
      const Index at = next_of(tenant);
      if (items[at].deadline > now) return at;
      expired.push_back(take(at).token);
    }
    return kNone;
  }

  void move_on(Index index, std::int64_t cost) {
    Tenant& tenant = tenants[index];
    const std::int64_t moved = tenant.tag + cost * kUnit / tenant.weight;
    tenant.tag = tenant.start = std::clamp(moved, virtual_time, virtual_time + kAheadMost);
    tenant.turn = ++turns;
    highest = std::max(highest, tenant.tag);
    if (tenant.count > 0 && !tenant.held) by_tag.update(index, tag_of(tenant));
  }

  // All tags move down by the same; those that have passed are 0.
  void begin_tags_anew() {
    for (Tenant& tenant : tenants) {
      tenant.tag = std::max<std::int64_t>(0, tenant.tag - virtual_time);
      tenant.start = std::max<std::int64_t>(0, tenant.start - virtual_time);
    }
    by_tag.change_keys([&](Tag& tag) { tag.first -= virtual_time; });
    highest -= virtual_time;
    virtual_time = 0;
  }

  FairQueueLimits limits;
  std::vector<Tenant> tenants;
  std::vector<Item> items;
  std::vector<Index> free_tenants, free_items;
  TenantNames<Tenant> names{tenants};
  Heap<0, Tag> by_tag{tenants};  // of those that wait and are not held
  Heap<1, double> by_length{tenants};
  std::set<std::pair<MonoTime, Index>> hurried;
  Index first = kNone, last = kNone;           // of all that wait, as they came
  std::int64_t virtual_time = 0, highest = 0;  // of all tags there ever were
  std::size_t waiting_count = 0, standing_count = 0;
  std::uint64_t turns = 0;
  std::size_t look = 0;  // at the tenant that may be idle
};

FairQueue::FairQueue(const FairQueueLimits& limits) : state_(std::make_unique<State>(limits)) {}
FairQueue::~FairQueue() = default;

FairQueue::Pushed FairQueue::push(std::string_view tenant, const Waiting& waiting) {
  State& s = *state_;
  const Index index = s.tenant_of(tenant);
  const auto last_of = [](const Tenant& of) {
    return of.standing.standing() ? of.oldest : of.newest;
  };
  std::optional<std::uint64_t> evicted;
  if (s.tenants[index].count >= s.limits.of_tenant_max) {
    if (!s.tenants[index].standing.standing()) return {Push::tenant_full, {}, {}};
    evicted = s.take(s.tenants[index].oldest).token;
  }
  const Index at = s.enqueue(index, waiting);
  const Place place{at, s.items[at].round};
  if (s.waiting_count <= s.limits.waiting_max) return {Push::queued, place, evicted};
  const Index gives_way = last_of(s.tenants[s.by_length.top()]);
  const Item gone = s.take(gives_way);
  if (gives_way == at) return {Push::full, {}, {}};
  return {Push::queued, place, gone.token};
}

std::optional<std::uint64_t> FairQueue::peek(MonoTime now, std::vector<std::uint64_t>& expired) {
  const Index at = state_->next(now, expired);
  if (at == kNone) return std::nullopt;
  return state_->items[at].token;
}

std::optional<FairQueue::Popped> FairQueue::pop(MonoTime now, std::vector<std::uint64_t>& expired) {
  State& s = *state_;
  const Index at = s.next(now, expired);
  if (at == kNone) return std::nullopt;
  Tenant& tenant = s.tenants[s.items[at].tenant];
  s.changes_standing(tenant, [&](StandingQueue& queue) {
    queue.served(now - s.items[at].at, now, s.limits.standing);
  });
  const Item item = s.take(at);
  s.virtual_time = std::max(s.virtual_time, tenant.start);
  tenant.tag = tenant.start;
  s.move_on(item.tenant, item.cost);
  if (s.virtual_time > kTagMost) s.begin_tags_anew();
  return Popped{item.token, now - item.at};
}

void FairQueue::expire(MonoTime now, std::vector<std::uint64_t>& expired) {
  State& s = *state_;
  while (!s.hurried.empty() && s.hurried.begin()->first <= now) {
    expired.push_back(s.take(s.hurried.begin()->second).token);
  }
  while (s.first != kNone && s.items[s.first].at + s.limits.wait_max <= now) {
    expired.push_back(s.take(s.first).token);
  }
}

MonoTime FairQueue::next_expiry() const {
  const State& s = *state_;
  MonoTime next{INT64_MAX};
  if (!s.hurried.empty()) next = s.hurried.begin()->first;
  if (s.first != kNone) next = std::min(next, s.items[s.first].at + s.limits.wait_max);
  return next;
}

void FairQueue::settle(std::string_view tenant, std::int64_t more) {
  State& s = *state_;
  const Index found = s.names.find(tenant);
  if (found == kNone) return;
  s.move_on(found, std::clamp(more, -std::int64_t{kCostMax}, std::int64_t{kCostMax}));
}

bool FairQueue::pass(std::string_view tenant, std::uint32_t weight, std::uint32_t cost) {
  State& s = *state_;
  const Index index = s.tenant_of(tenant);
  if (s.tenants[index].tag > s.virtual_time) return false;
  s.tenants[index].weight = std::clamp<std::uint32_t>(weight, 1, kWeightMax);
  s.tenants[index].tag = s.virtual_time;
  s.move_on(index, std::clamp<std::uint32_t>(cost, 1, kCostMax));
  return true;
}

void FairQueue::hold(std::string_view tenant) {
  State& s = *state_;
  const Index index = s.tenant_of(tenant);
  if (s.tenants[index].held) return;
  if (s.tenants[index].count > 0) s.by_tag.erase(index);
  s.tenants[index].held = true;
}

void FairQueue::release(std::string_view tenant) {
  State& s = *state_;
  const Index index = s.names.find(tenant);
  if (index == kNone || !s.tenants[index].held) return;
  Tenant& of = s.tenants[index];
  of.held = false;
  if (of.count == 0) return;
  of.start = std::max(of.tag, s.virtual_time);
  s.by_tag.insert(index, tag_of(of));
}

bool FairQueue::remove(const Place& place) {
  State& s = *state_;
  if (place.slot >= s.items.size()) return false;
  const Item& item = s.items[place.slot];
  if (item.round != place.round || item.tenant == kNone) return false;
  const Index index = s.take(place.slot).tenant;
  Tenant& tenant = s.tenants[index];
  if (tenant.count == 0) return true;
  // As if it had never come: what waited behind it has not been there for longer than it has.
  tenant.start = std::max(tenant.tag, s.virtual_time);
  tenant.turn = std::max(tenant.turn, s.items[tenant.oldest].turn);
  if (!tenant.held) s.by_tag.update(index, tag_of(tenant));
  return true;
}

void FairQueue::rest() {
  if (state_->waiting_count == 0) state_->virtual_time = state_->highest;
}

std::size_t FairQueue::size() const {
  return state_->waiting_count;
}

bool FairQueue::runnable() const {
  return !state_->by_tag.empty();
}

std::size_t FairQueue::size_of(std::string_view tenant) const {
  const Index found = state_->names.find(tenant);
  return found == kNone ? 0 : state_->tenants[found].count;
}

std::size_t FairQueue::standing() const {
  return state_->standing_count;
}

bool FairQueue::standing(std::string_view tenant) const {
  const Index found = state_->names.find(tenant);
  return found != kNone && state_->tenants[found].standing.standing();
}

std::size_t FairQueue::tenants() const {
  return state_->names.size();
}

std::size_t FairQueue::bytes() const {
  const State& s = *state_;
  constexpr std::size_t kSetNode = 64;
  return s.tenants.capacity() * sizeof(Tenant) + s.items.capacity() * sizeof(Item) +
         (s.free_tenants.capacity() + s.free_items.capacity()) * sizeof(Index) + s.by_tag.bytes() +
         s.by_length.bytes() + s.names.bytes() + s.hurried.size() * kSetNode;
}

}  // namespace mc::admission
