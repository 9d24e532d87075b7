// The canonical form that is hashed (docs/formats/accountant.md). Private to the module.
#pragma once

#include <string>

#include "accountant/charge.h"
#include "json/json.h"

namespace mc::accountant {

std::string settled_json(const ChargeRecord& charge);
// What such an object says; what it does not say is empty. Takes other forms of it as well, so
// whoever needs the one form prints it again.
Result<ChargeRecord> parse_settled(const json::Value& value);

}  // namespace mc::accountant
