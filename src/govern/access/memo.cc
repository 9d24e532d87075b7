#include "access/memo.h"

#include <functional>

#include "access/input.h"

namespace mc::access {
namespace {

std::size_t mixed(std::size_t hash, std::string_view text) {
  return (hash ^ std::hash<std::string_view>()(text)) * 0x9e3779b97f4a7c15ULL;
}

}  // namespace

Question::Question(const Request& request)
    : resource_(request.resource.id()),
      action_(request.action),
      stepped_up_(request.stepped_up),
      is_person_(is_person(request.caller)),
      purpose_(request.purpose),
      tenant_(request.tenant),
      tenant_region_(request.tenant_region),
      node_region_(request.node_region),
      principal_(request.caller.principal.get()),
      of_tenant_(request.caller.tenant.get()),
      region_(request.caller.region),
      roles_(request.caller.roles),
      purposes_(request.caller.purposes) {}

bool Question::is(const Request& request) const {
  const identity::Caller& caller = request.caller;
  return resource_ == request.resource.id() && action_ == request.action &&
         stepped_up_ == request.stepped_up && is_person_ == is_person(caller) &&
         roles_ == caller.roles && purpose_ == request.purpose && tenant_ == request.tenant &&
         principal_ == caller.principal.get() && of_tenant_ == caller.tenant.get() &&
         region_ == caller.region && tenant_region_ == request.tenant_region &&
         node_region_ == request.node_region && purposes_ == caller.purposes;
}

std::size_t Question::hash_of(const Request& request) {
  std::size_t hash = request.resource.id() * 8 + static_cast<std::size_t>(request.action);
  hash = mixed(hash, request.caller.principal.get());
  hash = mixed(hash, request.tenant);
  return mixed(hash, request.purpose);
}

}  // namespace mc::access
