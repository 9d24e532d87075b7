// Records what is asked before it is served (transparency.h). Private to the module.
#pragma once

#include "api/handlers.h"

namespace mc::api {

using Handler = Reply (*)(const AdminWorld& world, const AdminRequest& request);

// Whether the tenant may have a log: a log begins with its tenant, not with a misspelt name.
// `unavailable` when nobody can tell.
Result<bool> is_known(const AdminWorld& world, const TenantId& tenant);

// Calls `handler` between the record of what is asked and, for a change, the record of what came of
// it. Recorded are changes that are not tried out, what the operator's people read of a tenant, and
// downloads of receipts; a tenant's log has what concerns it, that of the tenant "system" the rest.
Reply run_recorded(const AdminWorld& world, const AdminRequest& request, const Endpoint& endpoint,
                   Handler handler);

// For a read of several tenants' data: passes the gate of one of them that is not the caller's own,
// and records the read in its log. False when the gate is shut, which is recorded too.
Result<bool> reaches(const AdminWorld& world, const AdminRequest& request, const Endpoint& endpoint,
                     const TenantId& tenant);

}  // namespace mc::api
