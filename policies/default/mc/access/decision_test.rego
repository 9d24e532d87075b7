# The request that the tests begin with, and what holds for every decision.
package mc.access_test

import data.mc.access

good := {
	"action": "read",
	"purpose": "demo",
	"principal": {
		"id": "ada",
		"tenant": "alpha",
		"region": "eu",
		"roles": ["analyst"],
		"purposes": ["demo", "fraud-risk"],
		"kind": "person",
	},
	"tenant": {"id": "alpha", "region": "eu"},
	"node": {"region": "eu"},
	"resource": {
		"kind": "dataset",
		"name": "people",
		"purposes": ["demo", "fraud-risk"],
		"licence": "Open-Data-OK",
		"region": "eu",
		"columns": {
			"id": {"sensitivity": "public", "licence": "Open-Data-OK", "quasi_identifier": false},
			"email": {"sensitivity": "personal", "licence": "Open-Data-OK", "quasi_identifier": false},
			"age": {"sensitivity": "sensitive", "licence": "Open-Data-OK", "quasi_identifier": true},
			"key": {"sensitivity": "secret", "licence": "Open-Data-OK", "quasi_identifier": false},
		},
		"sensitivities": ["personal", "public", "secret", "sensitive"],
	},
	"time_ms": 1767225600000,
	"stepped_up": false,
}

# Of the operator's people, for the data of alpha.
warrant := {
	"id": "wrt_1",
	"kind": "support-ticket",
	"reference": "TKT-1",
	"status": "active",
	"tenant": "alpha",
	"actions": ["read"],
	"bound_to": "",
	"effective_ms": 1767225500000,
	"expires_ms": 1767225700000,
}

operators := changed({
	"/principal/tenant": "system",
	"/principal/region": "local",
	"/principal/roles": ["operator"],
	"/warrant": warrant,
})

# The good request with other members.
changed(members) := changed_from(good, members)

changed_from(start, members) := json.patch(
	start,
	[{"op": "add", "path": path, "value": value} | some path, value in members],
)

reasons_of(request) := reasons if reasons := access.decision.reasons with input as request

allows(request) if access.decision.allow with input as request

denies(request, reasons) if {
	not allows(request)
	reasons_of(request) == reasons
}

test_a_good_request_is_allowed_by_name if {
	access.decision == {
		"allow": true,
		"reasons": [],
		"rules": ["mask-personal", "mask-secret", "mask-sensitive", "role-analyst"],
		"obligations": {
			"mask_class": {"personal": "hash", "sensitive": "partial", "secret": "drop"},
			"mask": {},
			"filter": [],
			"step_up": false,
			"alert": false,
		},
	} with input as good
}

test_no_input_is_denied if {
	not access.decision.allow
	not access.allow with input as {}
}

test_a_denial_is_a_whole_decision if {
	decision := access.decision with input as {}
	decision.allow == false
	decision.reasons == [
		"cross-region", "cross-tenant", "input-invalid", "purpose-missing", "region-not-here", "role",
	]
	decision.obligations.step_up == false
	decision.obligations.alert == true
}

needed := {
	"/action", "/purpose", "/principal", "/principal/id", "/principal/tenant", "/principal/region",
	"/principal/roles", "/principal/purposes", "/tenant", "/tenant/id", "/tenant/region", "/node",
	"/node/region", "/resource", "/resource/kind", "/resource/name", "/resource/purposes",
	"/resource/region", "/resource/columns", "/resource/sensitivities",
}

test_a_missing_member_denies if {
	every path in needed {
		request := json.remove(good, [path])
		request != good
		not allows(request)
	}
}

# What else these may be.
may_be := {
	"/principal/id": ["nobody"],
	"/resource/kind": ["", "nobody"],
	"/resource/name": ["", "nobody"],
	"/resource/purposes": [[]],
	"/resource/region": [""],
	"/resource/columns": [{}, {"demo": "demo", "read": "read"}],
	"/resource/sensitivities": [[], ["nothing"]],
	"/node/region": [""],
}

odd_values := [null, true, 7, "", "nobody", [], ["nothing"], {}, {"demo": "demo", "read": "read"}]

test_a_member_of_another_type_denies if {
	every path in needed {
		every value in odd_values {
			allowed_or_denied(path, value)
		}
	}
}

allowed_or_denied(path, value) if value in may_be[path]

allowed_or_denied(path, value) if not allows(changed({path: value}))

test_what_a_member_may_be_is_allowed if {
	every path, values in may_be {
		every value in values {
			allows(changed({path: value}))
		}
	}
}

test_settings_that_are_missing_open_nothing if {
	not access.decision.allow with input as good with data.mc.settings as {}
	every name in ["purposes", "actions"] {
		not access.decision.allow with input as good
			with data.mc.settings as object.remove(data.mc.settings, [name])
	}
}
