// The JSON shapes of policies and decisions (wire.h). Private to the module.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "access/explain.h"
#include "access/what_if.h"
#include "api/handlers.h"

namespace mc::api {

// `unavailable` where no policies decide.
Result<const PolicyDesk*> desk_of(const AdminWorld& world);

json::Value text_or_null(std::string_view text);
json::Value texts(const std::vector<std::string>& list);
json::Object to_json(const access::Outcome& outcome);
json::Object to_json(const access::DecisionFacts& decision);
json::Object to_json(const access::Explanation& explanation);
json::Object to_json(const access::WhatIf& result);

}  // namespace mc::api
