// How notifications stand in the database; private to the module.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/base.h"
#include "notify/types.h"
#include "sql/sql.h"

namespace mc::notify {

std::optional<WallTime> read_time(const sql::Rows& row, int column);

// Of notify_endpoint, in the order of read_endpoint().
inline constexpr std::string_view kEndpointColumns =
    "e.tenant_id, e.endpoint_id, e.kind, e.target, e.events, e.note, e.state, e.reason, "
    "e.generation, e.former_until, e.created_at, e.version, e.form";
inline constexpr int kEndpointColumnCount = 13;
Result<Endpoint> read_endpoint(const sql::Rows& row);

}  // namespace mc::notify
