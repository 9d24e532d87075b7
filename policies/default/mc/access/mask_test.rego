package mc.access_test

import data.mc.access
import data.mc.settings

masks_of(request) := masks if masks := access.decision.obligations.mask_class with input as request

all_masks := {"personal": "hash", "sensitive": "partial", "secret": "drop"}

test_every_role_has_its_masks if {
	every role in ["analyst", "auditor", "oncall", "operator", "platform"] {
		masks_of(changed({"/principal/roles": [role]})) == all_masks
	}
	every role in ["dpo", "tenant-admin"] {
		masks_of(changed({"/principal/roles": [role]})) == {"secret": "drop"}
	}
}

test_roles_add_up if {
	masks_of(changed({"/principal/roles": ["analyst", "dpo"]})) == {"secret": "drop"}
}

test_some_purposes_need_personal_data if {
	request := changed({"/purpose": "fraud-risk"})
	masks_of(request) == {"sensitive": "partial", "secret": "drop"}
	every role in ["auditor", "platform"] {
		masks_of(changed_from(request, {"/principal/roles": [role]})) == all_masks
	}
}

test_exports_have_no_personal_data_whoever_asks if {
	every role in ["dpo", "operator", "tenant-admin"] {
		request := changed({"/action": "export", "/principal/roles": [role], "/purpose": "fraud-risk"})
		masks_of(request) == all_masks
	}
}

test_a_legal_hold_has_what_its_requester_may_read if {
	request := changed({"/action": "hold", "/principal/roles": ["dpo"]})
	masks_of(request) == {"secret": "drop"}
}

test_a_warrant_opens_no_masked_column if {
	request := changed_from(operators, {"/principal/roles": ["tenant-admin"], "/purpose": "fraud-risk"})
	allows(changed_from(request, {"/principal/purposes": ["fraud-risk"]}))
	masks_of(request) == all_masks
}

test_a_sensitivity_that_nobody_knows_is_not_shown if {
	every sensitivity in ["", "Public", "top-secret"] {
		masks_of(changed({"/resource/sensitivities": [sensitivity]})) == {sensitivity: "drop"}
	}
}

test_only_what_the_resource_has_is_masked if {
	masks_of(changed({"/resource/sensitivities": []})) == {}
	masks_of(changed({"/resource/sensitivities": ["public", "internal"]})) == {}
}

test_settings_that_are_missing_mask_everything if {
	every name in ["clear", "masks", "clear_at_most", "clear_for_purpose", "clear_across_tenants"] {
		left := object.remove(data.mc.settings, [name])
		masks := access.class_masks with input as changed({"/purpose": "fraud-risk"})
			with data.mc.settings as left
		"secret" in object.keys(masks)
		masks.secret == "drop"
		masks.sensitive != "keep"
	}
	everything := {"personal", "public", "secret", "sensitive"}
	every name in ["clear", "clear_at_most"] {
		masks := access.class_masks with input as good
			with data.mc.settings as object.remove(data.mc.settings, [name])
		object.keys(masks) == everything
	}
	without := access.class_masks with input as good
		with data.mc.settings as object.remove(data.mc.settings, ["masks"])
	without == {"personal": "drop", "secret": "drop", "sensitive": "drop"}
	abroad := access.class_masks with input as operators
		with data.mc.settings as object.remove(data.mc.settings, ["clear_across_tenants"])
	object.keys(abroad) == everything
}

named := {"people": {"id": "tokenise", "email": "null", "gone": "drop"}, "orders": {"key": "null"}}

test_a_column_may_have_a_mask_of_its_own if {
	obligations := access.decision.obligations with input as good
		with data.mc.settings.column_masks as named
	obligations.mask == {"id": "tokenise", "email": "null"}
	obligations.mask_class == all_masks
	"mask-column" in access.decision.rules with input as good
		with data.mc.settings.column_masks as named
}

filter_of(request, roles) := columns if {
	columns := access.decision.obligations.filter with input as request
		with data.mc.settings.filter_masked as roles
}

test_nobody_looks_up_masked_values if {
	every role in object.keys(settings.actions) {
		filter_of(changed({"/principal/roles": [role]}), settings.filter_masked) == []
	}
}

test_a_role_that_may_looks_up_hashed_values if {
	filter_of(good, ["analyst"]) == ["email"]
	filter_of(changed({"/purpose": "fraud-risk"}), ["analyst"]) == []
	filter_of(changed({"/principal/roles": ["auditor"]}), ["analyst"]) == []
	filter_of(changed_from(operators, {"/principal/roles": ["analyst"]}), ["analyst"]) == []
}

test_a_column_with_a_mask_of_its_own_is_not_looked_up if {
	columns := access.decision.obligations.filter with input as good
		with data.mc.settings.column_masks as named
		with data.mc.settings.filter_masked as ["analyst"]
	columns == []
}

step_up_of(request) := wanted if wanted := access.decision.obligations.step_up with input as request

administrator := changed({"/principal/roles": ["tenant-admin"], "/action": "admin"})

test_people_prove_themselves_for_exports_and_administration if {
	every action in ["admin", "export", "hold"] {
		step_up_of(changed_from(administrator, {"/action": action})) == true
	}
	step_up_of(changed_from(administrator, {"/action": "write"})) == false
	step_up_of(changed_from(administrator, {"/stepped_up": true})) == false
	step_up_of(changed_from(administrator, {"/principal/kind": "machine"})) == false
}

test_what_is_not_said_is_not_proven if {
	step_up_of(json.remove(administrator, ["/stepped_up"])) == true
	step_up_of(json.remove(administrator, ["/principal/kind"])) == true
	every value in ["yes", 1, null, []] {
		step_up_of(changed_from(administrator, {"/stepped_up": value})) == true
	}
	wanted := access.step_up with input as good
		with data.mc.settings as object.remove(settings, ["step_up"])
	wanted == true
}
