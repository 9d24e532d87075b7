package mc.access_test

import data.mc.access

test_the_operators_people_need_a_warrant if {
	denies(json.remove(operators, ["/warrant"]), ["cross-tenant"])
	allows(operators)
}

test_a_warrant_opens_another_region if {
	abroad := {"/principal/region": "us"}
	allows(changed_from(operators, abroad))
	denies(json.remove(changed_from(operators, abroad), ["/warrant"]), ["cross-region", "cross-tenant"])
}

test_no_warrant_moves_data if {
	denies(changed_from(operators, {"/node/region": "us"}), ["region-not-here"])
}

test_no_warrant_replaces_a_purpose_or_a_role if {
	denies(changed_from(operators, {"/purpose": ""}), ["purpose-missing"])
	denies(changed_from(operators, {"/principal/roles": []}), ["role"])
}

shut(members) if {
	denies(changed_from(operators, members), ["cross-tenant", "warrant-invalid"])
}

shut_without(path) if {
	denies(json.remove(operators, [path]), ["cross-tenant", "warrant-invalid"])
}

test_a_warrant_without_a_member_opens_nothing if {
	every member in object.keys(warrant) - {"id", "kind", "reference"} {
		shut_without(concat("/", ["/warrant", member]))
	}
}

test_a_warrant_that_is_not_in_force if {
	every status in ["requested", "denied", "revoked", "expired", "lapsed", "suspended", "Active", "", true] {
		shut({"/warrant/status": status})
	}
}

test_a_warrant_ends_at_its_end if {
	allows(changed_from(operators, {"/warrant/expires_ms": good.time_ms + 1}))
	shut({"/warrant/expires_ms": good.time_ms})
	shut({"/warrant/expires_ms": 0})
}

test_a_warrant_begins_at_its_beginning if {
	allows(changed_from(operators, {"/warrant/effective_ms": good.time_ms}))
	shut({"/warrant/effective_ms": good.time_ms + 1})
}

test_times_are_numbers if {
	shut({"/warrant/expires_ms": "2026-12-31T00:00:00Z"})
	shut({"/warrant/expires_ms": {}})
	shut({"/warrant/effective_ms": null})
	shut({"/time_ms": null})
	denies(json.remove(operators, ["/time_ms"]), ["cross-tenant", "warrant-invalid"])
}

test_a_warrant_is_for_its_actions if {
	allows(changed_from(operators, {"/warrant/actions": ["*"]}))
	every actions in [[], ["write"], ["Read"], [""], [null], "read", "*", {"any": "read"}] {
		shut({"/warrant/actions": actions})
	}
}

test_a_warrant_is_for_its_tenant if {
	shut({"/warrant/tenant": "bravo"})
	shut({"/warrant/tenant": ""})
	shut({"/tenant/id": "bravo"})
}

test_a_warrant_is_bound if {
	every bound_to in ["ada@system", "dataset:people", ""] {
		allows(changed_from(operators, {"/warrant/bound_to": bound_to}))
	}
	every bound_to in [
		"ada", "bob@system", "ada@alpha", "@system", "dataset:orders", "route:people", "people", "*", null,
		["ada@system"],
	] {
		shut({"/warrant/bound_to": bound_to})
	}
}

test_bound_to_nobody_is_the_operators_people if {
	others := changed_from(operators, {"/principal/tenant": "bravo"})
	denies(others, ["cross-tenant", "warrant-invalid"])
	allows(changed_from(others, {"/warrant/bound_to": "ada@bravo"}))
	allows(changed_from(others, {"/warrant/bound_to": "dataset:people"}))
}

test_who_names_a_warrant_means_it if {
	every named in [{}, null, false, "wrt_1", object.union(warrant, {"status": "revoked"})] {
		denies(changed({"/warrant": named}), ["warrant-invalid"])
	}
}

test_a_good_warrant_does_no_harm_at_home if {
	allows(changed({"/warrant": object.union(warrant, {"bound_to": "ada@alpha"})}))
}

test_the_tenant_is_told if {
	access.alert with input as operators
	not access.alert with input as good
	access.alert with input as changed({"/tenant/id": "bravo"})
}
