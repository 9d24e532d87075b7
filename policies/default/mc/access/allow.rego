# What roles may do once nothing denies it. The table is data: data.mc.settings.actions.
package mc.access

# METADATA
# title: The action is one of the role's
allowed_by contains concat("", ["role-", role]) if {
	some role in input.principal.roles
	input.action in data.mc.settings.actions[role]
}

# METADATA
# title: No role has the action
denied_by contains "role" if count(allowed_by) == 0

# METADATA
# title: The action is one that a role forbids, whatever other roles allow
denied_by contains "role-forbids" if {
	some role in input.principal.roles
	input.action in data.mc.settings.forbidden[role]
}
