package mc.access_test

import data.mc.access

test_purpose_missing if {
	denies(changed({"/purpose": ""}), ["purpose-missing"])
	denies(json.remove(good, ["/purpose"]), ["purpose-missing"])
	denies(changed({"/purpose": ["demo"]}), ["purpose-missing"])
}

test_a_list_that_has_the_empty_purpose_does_not_help if {
	denies(
		changed({"/purpose": "", "/principal/purposes": [""], "/resource/purposes": []}),
		["purpose-missing"],
	)
}

test_purpose_unknown if {
	every purpose in ["Demo", "demo ", "demo,fraud-risk", "*", "curiosity"] {
		request := changed({
			"/purpose": purpose,
			"/principal/purposes": [purpose],
			"/resource/purposes": [purpose],
		})
		denies(request, ["purpose-unknown"])
	}
}

test_purpose_not_granted if {
	denies(changed({"/principal/purposes": ["fraud-risk"]}), ["purpose-not-granted"])
	denies(changed({"/principal/purposes": []}), ["purpose-not-granted"])
	denies(changed({"/principal/purposes": ["*"]}), ["purpose-not-granted"])
}

test_purpose_mismatch if {
	denies(changed({"/resource/purposes": ["fraud-risk"]}), ["purpose-mismatch"])
	denies(changed({"/resource/purposes": [""]}), ["purpose-mismatch"])
}

test_neither_granted_nor_fitting if {
	denies(
		changed({"/principal/purposes": [], "/resource/purposes": ["support"]}),
		["purpose-mismatch", "purpose-not-granted"],
	)
}

test_a_resource_for_any_purpose if allows(changed({"/resource/purposes": []}))

test_cross_tenant if {
	denies(changed({"/tenant/id": "bravo"}), ["cross-tenant"])
	denies(changed({"/principal/tenant": "Alpha"}), ["cross-tenant"])
}

test_two_tenants_without_a_name_are_not_one if {
	denies(changed({"/tenant/id": "", "/principal/tenant": ""}), ["input-invalid"])
}

test_cross_region if {
	denies(changed({"/principal/region": "us"}), ["cross-region"])
	denies(changed({"/tenant/region": "us"}), ["cross-region"])
	denies(changed({"/node/region": "us", "/resource/region": ""}), ["cross-region"])
	denies(changed({"/node/region": "us", "/resource/region": "us"}), ["cross-region"])
	denies(changed({"/node/region": "", "/resource/region": "us"}), ["cross-region"])
}

test_a_region_that_is_anywhere if {
	allows(changed({"/principal/region": "local"}))
	allows(changed({"/tenant/region": "local"}))
	allows(changed({"/node/region": "local"}))
	allows(changed({"/node/region": "", "/resource/region": ""}))
}

test_callers_and_tenants_are_somewhere if {
	denies(changed({"/principal/region": ""}), ["input-invalid"])
	denies(changed({"/tenant/region": ""}), ["input-invalid"])
}

test_region_not_here if {
	denies(changed({"/node/region": "us"}), ["cross-region", "region-not-here"])
	denies(
		changed({"/node/region": "us", "/tenant/region": "local", "/principal/region": "local"}),
		["cross-region", "region-not-here"],
	)
}

allows_in(regions, request) if {
	access.allow with input as request with data.mc.settings.permitted_regions as regions
}

test_a_tenant_may_agree_to_other_regions if {
	agreed := {"alpha": ["us"]}
	every members in [
		{"/node/region": "us", "/resource/region": ""},
		{"/node/region": "us", "/resource/region": "us"},
		{"/node/region": "us"},
		{"/principal/region": "us"},
	] {
		request := changed(members)
		allows_in(agreed, request)
		not allows_in({"alpha": ["ap"]}, request)
		not allows_in({"bravo": ["us"]}, request)
		not allows_in({}, request)
	}
	not allows_in(agreed, changed({"/node/region": "us", "/principal/region": "ap"}))
	not allows_in(agreed, changed({"/tenant/id": "bravo", "/principal/tenant": "bravo", "/node/region": "us"}))
}

test_settings_without_permitted_regions_permit_none if {
	request := changed({"/principal/region": "us"})
	not access.allow with input as request
		with data.mc.settings as object.remove(data.mc.settings, ["permitted_regions"])
}
