#include "dataset/connections.h"

#include <algorithm>
#include <chrono>

namespace mc::dataset {
namespace {

// No longer than the request may still take, but long enough to be a bound at all.
Nanos open_wait(Nanos left) {
  return std::clamp(left, millis(1), seconds(5));
}

// Where its server has to be; "local" says as little as nothing.
std::string region_of(const Source& source) {
  return source.region == "local" ? "" : source.region;
}

}  // namespace

struct Writers::Slot {
  std::string url;
  std::string region;
  std::timed_mutex mutex;
  std::unique_ptr<sql::Connection> connection;
};

Writers::Writers(const sql::Drivers& drivers, const Model& model, bool create_missing)
    : drivers_(drivers), create_missing_(create_missing) {
  for (const Source& source : model.sources) {
    auto slot = std::make_unique<Slot>();
    slot->url = source.url;
    slot->region = region_of(source);
    slots_.emplace(model.placement(source), std::move(slot));
  }
}
Writers::~Writers() = default;

Result<Writers::Lease> Writers::borrow(std::string_view placement, Nanos wait) {
  const auto found = slots_.find(placement);
  if (found == slots_.end()) return fail(Code::not_found, "no source " + excerpt(placement));
  Slot& slot = *found->second;
  std::unique_lock lock(slot.mutex, std::defer_lock);
  // Bounded, so that the sum with "now" stays in range.
  const auto bounded = std::chrono::nanoseconds(std::min(wait.count, seconds(60).count));
  if (!lock.try_lock_for(bounded)) {
    return fail(Code::unavailable, "the writer of source " + found->first + " is busy");
  }
  if (slot.connection != nullptr && slot.connection->lost()) slot.connection.reset();
  if (slot.connection == nullptr) {
    MC_TRY(slot.connection, drivers_.open(slot.url, {.access = sql::Access::read_write,
                                                     .create = create_missing_,
                                                     .busy_timeout = open_wait(wait),
                                                     .region = slot.region}));
  }
  return Lease(*this, std::move(lock), slot.connection.get());
}

ConnectionSet::ConnectionSet(const sql::Drivers& drivers, const Model& model, Writers& writers)
    : drivers_(drivers), writers_(writers) {
  for (const Source& source : model.sources) {
    Place& place = places_.emplace_back();
    place.url = source.url;
    place.region = region_of(source);
    place.in_process = drivers.in_process(source.url);
  }
}

Result<sql::Connection*> ConnectionSet::reader(std::size_t source, Nanos wait) {
  Place& place = places_[source];
  if (place.has_view) return place.connection.get();
  if (place.connection != nullptr && place.connection->lost()) place.connection.reset();
  if (place.connection == nullptr) {
    MC_TRY(place.connection, drivers_.open(place.url, {.access = sql::Access::read_only,
                                                       .busy_timeout = open_wait(wait),
                                                       .region = place.region}));
  }
  if (holds_views_ && place.in_process) {
    MC_TRY_OK(place.connection->begin());
    place.has_view = true;
  }
  return place.connection.get();
}

void ConnectionSet::hold_views() {
  const std::uint64_t now = writers_.leases_ended();
  if (now != leases_ended_) end_views();
  leases_ended_ = now;
  holds_views_ = true;
}

// A connection that cannot end its view is of no use any more.
void ConnectionSet::end_views() {
  for (Place& place : places_) {
    if (!place.has_view) continue;
    if (!place.connection->rollback()) place.connection.reset();
    place.has_view = false;
  }
}

void ConnectionSet::release_views() {
  end_views();
  holds_views_ = false;
}

}  // namespace mc::dataset
