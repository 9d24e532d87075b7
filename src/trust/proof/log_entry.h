// TransparencyLogEntry (dev.sigstore.rekor.v1) in JSON. Private to the module.
#pragma once

#include <optional>
#include <string>

#include "json/json.h"
#include "proof/bundle.h"
#include "proof/proto_json.h"

namespace mc::proof {

LogEntry read_log_entry(const json::Value* value, const std::string& path,
                        std::optional<Error>& fault);
json::Object to_json(const LogEntry& entry);

}  // namespace mc::proof
