#include "access/memo.h"

#include <functional>

#include "access/input.h"

namespace mc::access {
namespace {

std::size_t mixed(std::size_t hash, std::string_view text) {
  return (hash ^ std::hash<std::string_view>()(text)) * 0x9e3779b97f4a7c15ULL;
}

}  // namespace

Memo::Entry::Entry(const Request& request)
    : resource(request.resource.id()),
      action(request.action),
      stepped_up(request.stepped_up),
      is_person(access::is_person(request.caller)),
      purpose(request.purpose),
      tenant(request.tenant),
      tenant_region(request.tenant_region),
      node_region(request.node_region),
      principal(request.caller.principal.get()),
      of_tenant(request.caller.tenant.get()),
      region(request.caller.region),
      roles(request.caller.roles),
      purposes(request.caller.purposes) {}

bool Memo::Entry::answers(const Request& request) const {
  const identity::Caller& caller = request.caller;
  return resource == request.resource.id() && action == request.action &&
         stepped_up == request.stepped_up && is_person == access::is_person(caller) &&
         roles == caller.roles && purpose == request.purpose && tenant == request.tenant &&
         principal == caller.principal.get() && of_tenant == caller.tenant.get() &&
         region == caller.region && tenant_region == request.tenant_region &&
         node_region == request.node_region && purposes == caller.purposes;
}

std::unique_ptr<Memo::Entry>& Memo::place_of(const Request& request) {
  std::size_t hash = request.resource.id() * 8 + static_cast<std::size_t>(request.action);
  hash = mixed(hash, request.caller.principal.get());
  hash = mixed(hash, request.tenant);
  hash = mixed(hash, request.purpose);
  return entries_[hash >> 32 & (kPlaces - 1)];
}

Memo::Kept* Memo::find(const Request& request, std::uint64_t generation) {
  if (request.warrant != nullptr || generation != generation_) return nullptr;
  const std::unique_ptr<Entry>& entry = place_of(request);
  return entry != nullptr && entry->answers(request) ? &entry->kept : nullptr;
}

Memo::Kept* Memo::keep(const Request& request, std::uint64_t generation, const Verdict& verdict) {
  if (request.warrant != nullptr) return nullptr;
  if (generation != generation_) {
    for (std::unique_ptr<Entry>& entry : entries_) entry.reset();
    generation_ = generation;
  }
  std::unique_ptr<Entry>& entry = place_of(request);
  entry = std::make_unique<Entry>(request);
  entry->kept.verdict = verdict;
  return &entry->kept;
}

}  // namespace mc::access
