package mc.export_test

import data.mc.export

good := {
	"action": "export",
	"purpose": "training",
	"principal": {"id": "ada", "tenant": "alpha", "roles": ["dpo"], "purposes": ["training"]},
	"tenant": {"id": "alpha"},
	"export": {"kind": "kanon", "purposes": ["training"]},
}

settings := {
	"export": {
		"roles": ["dpo", "tenant-admin"],
		"bounds": {
			"default": {"k": 10, "suppression_ppm": 20000, "criteria": []},
			"purposes": {"training": {"k": 20, "suppression_ppm": 1000, "criteria": []}},
			"roles": {"dpo": {"k": 15, "suppression_ppm": 1000, "criteria": []}},
		},
	},
	"forbidden": {"auditor": ["write"]},
}

decided(patches) := answer if {
	asked := json.patch(good, patches)
	answer := export.decision with input as asked with data.mc.settings as settings
}

test_allows_a_role_that_has_exports if {
	answer := decided([])
	answer.allow
	answer.rules == ["export-dpo"]
	answer.reasons == []
}

test_bounds_are_those_of_all_of_the_purpose_and_of_the_role if {
	[bound.rule | some bound in decided([]).bounds] == ["bound-default", "bound-purpose-training", "bound-role-dpo"]
	other := decided([
		{"op": "replace", "path": "/purpose", "value": "demo"},
		{"op": "replace", "path": "/principal/roles", "value": ["tenant-admin"]},
	])
	[bound.rule | some bound in other.bounds] == ["bound-default"]
	other.bounds[0].k == 10
}

test_denies_without_a_purpose if {
	some value in ["", 7, null]
	answer := decided([{"op": "replace", "path": "/purpose", "value": value}])
	not answer.allow
	"purpose-missing" in answer.reasons
}

test_denies_every_absent_purpose if {
	answer := decided([{"op": "remove", "path": "/purpose"}])
	not answer.allow
	answer.reasons == ["purpose-missing"]
}

test_denies_a_purpose_that_was_not_granted if {
	answer := decided([{"op": "replace", "path": "/principal/purposes", "value": ["demo"]}])
	not answer.allow
	answer.reasons == ["purpose-not-granted"]
}

test_denies_a_purpose_that_the_profile_is_not_for if {
	answer := decided([{"op": "replace", "path": "/export/purposes", "value": ["demo"]}])
	not answer.allow
	answer.reasons == ["purpose-not-of-profile"]
}

test_a_report_has_no_profile if {
	answer := decided([
		{"op": "replace", "path": "/export/kind", "value": "dp"},
		{"op": "replace", "path": "/export/purposes", "value": []},
	])
	answer.allow
}

test_denies_a_role_without_exports if {
	answer := decided([{"op": "replace", "path": "/principal/roles", "value": ["analyst"]}])
	not answer.allow
	answer.reasons == ["export-role"]
}

test_a_read_only_role_denies_whatever_others_do if {
	answer := decided([{"op": "replace", "path": "/principal/roles", "value": ["auditor", "dpo"]}])
	not answer.allow
	answer.reasons == ["export-role-forbids"]
}

test_denies_an_input_that_is_not_whole if {
	paths := ["/principal/id", "/principal/tenant", "/tenant/id", "/export/kind"]
	every path in paths {
		answer := decided([{"op": "replace", "path": path, "value": 7}])
		not answer.allow
		"input-invalid" in answer.reasons
	}
}

test_says_nothing_without_settings if {
	not export.decision with input as good with data.mc.settings as {}
}
