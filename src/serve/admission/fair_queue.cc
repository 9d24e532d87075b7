#include "admission/fair_queue.h"

#include <algorithm>
#include <string>
#include <utility>

namespace mc::admission {
namespace {

using Index = std::uint32_t;
constexpr Index kNone = UINT32_MAX;
// Of virtual time, for a cost of one at weight one: the largest weight still moves a tag by 1,000.
constexpr std::int64_t kUnit = 1'000'000;
constexpr std::size_t kSweepEach = 1'024;  // tenants made between two looks for idle ones

struct Item {
  std::uint64_t token = 0;
  std::uint32_t cost = 1;
  Index tenant = kNone;
  MonoTime at;
  MonoTime deadline;
  Index older = kNone, newer = kNone;   // of the tenant
  Index before = kNone, after = kNone;  // of all, as they came
  std::uint32_t round = 0;              // how often the slot was used
};

struct Tenant {
  std::string name;
  std::int64_t tag = 0;    // virtual start of its next request
  std::uint64_t turn = 0;  // among equal tags who began to wait first goes first
  std::int64_t cost = 0;   // of all that wait
  std::uint32_t weight = 1;
  std::uint32_t count = 0;
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

// Tenants by name: open addressing, with a part of the hash beside each, so that hardly any but the
// right one is looked at. What is erased is erased all at once.
class Names {
 public:
  explicit Names(const std::vector<Tenant>& tenants) : tenants_(tenants), slots_(64) {}
  std::size_t size() const { return size_; }
  std::size_t bytes() const { return slots_.capacity() * sizeof(Slot); }

  Index find(std::string_view name) const {
    const std::size_t hash = std::hash<std::string_view>()(name);
    for (std::size_t at = hash & mask();; at = (at + 1) & mask()) {
      const Slot& slot = slots_[at];
      if (slot.tenant == kNone) return kNone;
      if (slot.hash == part_of(hash) && tenants_[slot.tenant].name == name) return slot.tenant;
    }
  }
  void insert(Index tenant) {
    if (++size_ * 2 > slots_.size()) rebuild(slots_.size() * 2, [](Index) { return true; });
    put(tenant);
  }
  template <class Keeps>
  void erase_but(const Keeps& keeps) {
    rebuild(slots_.size(), keeps);
  }

 private:
  struct Slot {
    std::uint32_t hash = 0;
    Index tenant = kNone;
  };
  std::size_t mask() const { return slots_.size() - 1; }
  static std::uint32_t part_of(std::size_t hash) { return static_cast<std::uint32_t>(hash >> 32); }
  void put(Index tenant) {
    const std::size_t hash = std::hash<std::string_view>()(tenants_[tenant].name);
    std::size_t at = hash & mask();
    while (slots_[at].tenant != kNone) at = (at + 1) & mask();
    slots_[at] = {part_of(hash), tenant};
  }
  template <class Keeps>
  void rebuild(std::size_t size, const Keeps& keeps) {
    std::vector<Slot> old(size);
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.tenant == kNone) continue;
      if (keeps(slot.tenant)) {
        put(slot.tenant);
      } else {
        --size_;
      }
    }
  }

  const std::vector<Tenant>& tenants_;
  std::vector<Slot> slots_;
  std::size_t size_ = 0;
};

using Tag = std::pair<std::int64_t, std::uint64_t>;
Tag tag_of(const Tenant& tenant) {
  return {tenant.tag, tenant.turn};
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
    if (++made % kSweepEach == 0) forget_idle();
    Index at = kNone;
    if (free_tenants.empty()) {
      at = static_cast<Index>(tenants.size());
      tenants.emplace_back();
    } else {
      at = free_tenants.back();
      free_tenants.pop_back();
      tenants[at] = Tenant();
    }
    tenants[at].name = name;
    tenants[at].tag = virtual_time;
    names.insert(at);
    return at;
  }

  // Nothing is lost: a tenant whose tag has passed begins at virtual time as a new one does.
  void forget_idle() {
    names.erase_but([&](Index at) {
      const Tenant& tenant = tenants[at];
      if (tenant.count > 0 || tenant.tag > virtual_time) return true;
      free_tenants.push_back(at);
      return false;
    });
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
    items[at] = {.token = waiting.token,
                 .cost = cost,
                 .tenant = index,
                 .at = waiting.now,
                 .deadline = std::min(waiting.deadline, waiting.now + limits.wait_max),
                 .older = tenant.newest,
                 .before = last,
                 .round = round};
    (tenant.newest == kNone ? tenant.oldest : items[tenant.newest].newer) = at;
    tenant.newest = at;
    (last == kNone ? first : items[last].after) = at;
    last = at;
    ++waiting_count;
    tenant.weight = std::clamp<std::uint32_t>(waiting.weight, 1, kWeightMax);
    tenant.cost += cost;
    if (++tenant.count == 1) {
      tenant.tag = std::max(tenant.tag, virtual_time);
      tenant.turn = ++turns;
      by_tag.insert(index, tag_of(tenant));
      by_length.insert(index, length_of(tenant));
    } else {
      by_length.update(index, length_of(tenant));
    }
    return at;
  }

  // Takes a request out of every list; its slot is free afterwards.
  Item take(Index at) {
    const Item item = items[at];
    Tenant& tenant = tenants[item.tenant];
    (item.older == kNone ? tenant.oldest : items[item.older].newer) = item.newer;
    (item.newer == kNone ? tenant.newest : items[item.newer].older) = item.older;
    (item.before == kNone ? first : items[item.before].after) = item.after;
    (item.after == kNone ? last : items[item.after].before) = item.before;
    items[at].tenant = kNone;
    --waiting_count;
    free_items.push_back(at);
    tenant.cost -= item.cost;
    if (--tenant.count == 0) {
      by_tag.erase(item.tenant);
      by_length.erase(item.tenant);
    } else {
      by_length.update(item.tenant, length_of(tenant));
    }
    return item;
  }

  void move_on(Index index, std::int64_t cost) {
    Tenant& tenant = tenants[index];
    tenant.tag = std::max(tenant.tag + cost * kUnit / tenant.weight, virtual_time);
    tenant.turn = ++turns;
    highest = std::max(highest, tenant.tag);
    if (tenant.count > 0) by_tag.update(index, tag_of(tenant));
  }

  FairQueueLimits limits;
  std::vector<Tenant> tenants;
  std::vector<Item> items;
  std::vector<Index> free_tenants, free_items;
  Names names{tenants};
  Heap<0, Tag> by_tag{tenants};
  Heap<1, double> by_length{tenants};
  Index first = kNone, last = kNone;           // of all that wait, as they came
  std::int64_t virtual_time = 0, highest = 0;  // of all tags there ever were
  std::size_t waiting_count = 0;
  std::uint64_t turns = 0;
  std::size_t made = 0;
};

FairQueue::FairQueue(const FairQueueLimits& limits) : state_(std::make_unique<State>(limits)) {}
FairQueue::~FairQueue() = default;

FairQueue::Pushed FairQueue::push(std::string_view tenant, const Waiting& waiting) {
  State& s = *state_;
  const Index index = s.tenant_of(tenant);
  if (s.tenants[index].count >= s.limits.of_tenant_max) return {Push::tenant_full, {}, {}};
  const Index at = s.enqueue(index, waiting);
  const Place place{at, s.items[at].round};
  if (s.waiting_count <= s.limits.waiting_max) return {Push::queued, place, {}};
  const Index last_in = s.tenants[s.by_length.top()].newest;
  const Item evicted = s.take(last_in);
  if (last_in == at) return {Push::full, {}, {}};
  return {Push::queued, place, evicted.token};
}

std::optional<FairQueue::Popped> FairQueue::pop(MonoTime now, std::vector<std::uint64_t>& expired) {
  State& s = *state_;
  while (!s.by_tag.empty()) {
    const Index index = s.by_tag.top();
    const Tenant& tenant = s.tenants[index];
    const Item item = s.take(lifo_ ? tenant.newest : tenant.oldest);
    if (item.deadline <= now) {
      expired.push_back(item.token);
      continue;
    }
    s.virtual_time = std::max(s.virtual_time, s.tenants[index].tag);
    s.move_on(index, item.cost);
    return Popped{item.token, now - item.at};
  }
  return std::nullopt;
}

void FairQueue::expire(MonoTime now, std::vector<std::uint64_t>& expired) {
  State& s = *state_;
  while (s.first != kNone && s.items[s.first].at + s.limits.wait_max <= now) {
    expired.push_back(s.take(s.first).token);
  }
}

void FairQueue::settle(std::string_view tenant, std::int64_t more) {
  State& s = *state_;
  const Index found = s.names.find(tenant);
  if (found == kNone) return;
  s.move_on(found, std::clamp(more, -std::int64_t{kCostMax}, std::int64_t{kCostMax}));
}

bool FairQueue::remove(const Place& place) {
  State& s = *state_;
  if (place.slot >= s.items.size()) return false;
  const Item& item = s.items[place.slot];
  if (item.round != place.round || item.tenant == kNone) return false;
  s.take(place.slot);
  return true;
}

void FairQueue::rest() {
  if (state_->waiting_count == 0) state_->virtual_time = state_->highest;
}

std::size_t FairQueue::size() const {
  return state_->waiting_count;
}

std::size_t FairQueue::size_of(std::string_view tenant) const {
  const Index found = state_->names.find(tenant);
  return found == kNone ? 0 : state_->tenants[found].count;
}

std::size_t FairQueue::tenants() const {
  return state_->names.size();
}

std::size_t FairQueue::bytes() const {
  const State& s = *state_;
  return s.tenants.capacity() * sizeof(Tenant) + s.items.capacity() * sizeof(Item) +
         (s.free_tenants.capacity() + s.free_items.capacity()) * sizeof(Index) + s.by_tag.bytes() +
         s.by_length.bytes() + s.names.bytes();
}

}  // namespace mc::admission
