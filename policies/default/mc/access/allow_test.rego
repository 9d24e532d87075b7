package mc.access_test

import data.mc.access
import data.mc.settings

test_a_role_allows_its_actions_and_no_others if {
	actions := ["read", "aggregate", "noised", "write", "introspect", "forward", "export", "admin", "hold", "Read", "*"]
	every role, allowed in settings.actions {
		every action in actions {
			request := changed({"/principal/roles": [role], "/action": action})
			same(allows_or_not(request), is_in(action, allowed))
		}
	}
}

allows_or_not(request) := allowed if allowed := access.allow with input as request

is_in(item, list) if item in list

else := false

same(a, b) if a == b

test_the_rule_names_the_role if {
	"role-dpo" in access.decision.rules with input as changed({"/principal/roles": ["dpo"]})
}

test_nobody_without_a_role if {
	every roles in [[], ["nobody"], ["Analyst"], ["analyst "], [null], [["analyst"]]] {
		denies(changed({"/principal/roles": roles}), ["role"])
	}
}

test_one_of_several_roles_is_enough if {
	allows(changed({"/principal/roles": ["nobody", "dpo"], "/action": "export"}))
}

# Whoever may export may not, for that, export without protection.
test_a_legal_hold_is_a_permission_of_its_own if {
	every role in ["operator", "tenant-admin"] {
		allows(changed({"/principal/roles": [role], "/action": "export"}))
		denies(changed({"/principal/roles": [role], "/action": "hold"}), ["role"])
	}
	allows(changed({"/principal/roles": ["dpo"], "/action": "hold"}))
}

test_an_auditor_changes_nothing_with_any_other_role if {
	every action in ["write", "admin"] {
		request := changed({"/principal/roles": ["operator", "auditor"], "/action": action})
		denies(request, ["role-forbids"])
	}
	denies(changed({"/principal/roles": ["dpo", "auditor"], "/action": "hold"}), ["role-forbids"])
	allows(changed({"/principal/roles": ["operator", "auditor"]}))
}
