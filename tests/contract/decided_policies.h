// The policies of decided_world.h: like those of a new installation, and shorter.
#pragma once

#include <string>
#include <vector>

#include "archive/archive.h"

namespace mc::access {

inline constexpr char kSettingsText[] =
    R"({"purposes": ["fraud-risk", "investigation", "support", "training"],
 "actions": {"analyst": ["read"], "auditor": ["read"], "dpo": ["read", "aggregate", "export"],
             "oncall": ["read"], "operator": ["read", "write"], "platform": ["write"]},
 "masks": {"personal": "hash", "secret": "drop", "sensitive": "partial"}})";

inline constexpr char kDecisionText[] = R"(package mc.access

decision := {
	"allow": allow,
	"rules": sort((denied_by | allowed_by) | masked_by),
	"reasons": reasons,
	"obligations": {"mask_class": masks},
}

default allow := false

allow if {
	count(allowed_by) > 0
	count(denied_by) == 0
}

reasons := sort(denied_by) if count(denied_by) > 0

else := ["role"] if count(allowed_by) == 0

else := []
)";

inline constexpr char kRulesText[] = R"(package mc.access

# METADATA
# title: The action is one of the role's
allowed_by contains concat("", ["role-", role]) if {
	some role in input.principal.roles
	input.action in data.mc.settings.actions[role]
}

# METADATA
# title: A request states its purpose
denied_by contains "purpose-missing" if input.purpose == ""

denied_by contains "purpose-unknown" if {
	input.purpose != ""
	not input.purpose in data.mc.settings.purposes
}

# METADATA
# title: The actor was given the purpose
denied_by contains "purpose-not-granted" if {
	input.purpose in data.mc.settings.purposes
	not input.purpose in input.principal.purposes
}

denied_by contains "purpose-mismatch" if {
	count(input.resource.purposes) > 0
	not input.purpose in input.resource.purposes
}

# METADATA
# title: No tenant reaches into another one
# description: But for a warrant
denied_by contains "cross-tenant" if {
	crosses_tenants
	not warranted
}

denied_by contains "cross-region" if {
	input.principal.region != input.tenant.region
	not warranted
}

denied_by contains "region-not-here" if {
	input.resource.region != ""
	input.resource.region != input.node.region
}

denied_by contains "warrant-invalid" if {
	input.warrant
	not warranted
}

crosses_tenants if input.principal.tenant != input.tenant.id

warranted if {
	input.warrant.status == "active"
	input.warrant.expires_ms > input.time_ms
	input.action in input.warrant.actions
	binds(input.warrant.bound_to)
}

binds("")

binds(to) if to == concat("@", [input.principal.id, input.principal.tenant])

masks[sensitivity] := mask if {
	some sensitivity, mask in data.mc.settings.masks
	not is_clear(sensitivity)
}

is_clear("personal") if "dpo" in input.principal.roles

is_clear("personal") if input.purpose == "investigation"

masked_by contains sprintf("mask-%v", [sensitivity]) if some sensitivity, _ in masks
)";

using Files = std::vector<archive::Entry>;

inline Files policy_files() {
  return {{".manifest", R"({"revision":"one","roots":["mc/access","mc/settings"]})"},
          {"mc/settings/data.json", kSettingsText},
          {"mc/access/decision.rego", kDecisionText},
          {"mc/access/rules.rego", kRulesText}};
}

}  // namespace mc::access
