# METADATA
# title: What may leave, and how strong it is protected at least
# description: |
#   One decision for an export: the rules that allow or deny it by name, and the bounds that its
#   profile has to keep to, each with the rule that sets it; all of them hold at once. Whether the
#   rows may be read, and who may export at all, is for data.mc.access.decision to say; both are
#   asked. A setting that is missing makes this undefined, and undefined denies.
package mc.export

decision := {
	"allow": allow,
	"rules": sort(denied_by | allowed_by),
	"reasons": sort(denied_by),
	"bounds": bounds,
}

default allow := false

allow if {
	count(allowed_by) > 0
	count(denied_by) == 0
}

# METADATA
# title: The export is for a purpose, by a role that has exports for it
allowed_by contains concat("", ["export-", role]) if {
	some role in input.principal.roles
	role in data.mc.settings.export.roles
}

# METADATA
# title: No role has exports
denied_by contains "export-role" if count(allowed_by) == 0

# METADATA
# title: A role that is read-only exports nothing, whatever other roles do
denied_by contains "export-role-forbids" if {
	some role in input.principal.roles
	"write" in data.mc.settings.forbidden[role]
}

# METADATA
# title: The input is whole
denied_by contains "input-invalid" if not whole

whole if {
	is_string(input.principal.id)
	is_string(input.principal.tenant)
	is_string(input.tenant.id)
	is_array(input.principal.roles)
	is_array(input.principal.purposes)
	is_string(input.export.kind)
	is_array(input.export.purposes)
	input.principal.id != ""
	input.tenant.id != ""
}

# METADATA
# title: An export states its purpose
denied_by contains "purpose-missing" if not has_purpose

has_purpose if {
	is_string(input.purpose)
	input.purpose != ""
}

# METADATA
# title: The requester was given the purpose
denied_by contains "purpose-not-granted" if {
	has_purpose
	not is_granted
}

is_granted if input.purpose in input.principal.purposes

# METADATA
# title: The purpose is one that the profile is for
denied_by contains "purpose-not-of-profile" if {
	has_purpose
	not is_of_profile
}

is_of_profile if input.purpose in input.export.purposes

# A report is of answers that were given for their purposes already.
is_of_profile if input.export.kind == "dp"

# What holds for all, then for the purpose, then for the roles that have more of them.
bounds := array.concat(
	[object.union({"rule": "bound-default"}, data.mc.settings.export.bounds.default)],
	array.concat(purpose_bounds, role_bounds),
)

purpose_bounds := [object.union({"rule": concat("", ["bound-purpose-", purpose])}, bound) |
	some purpose, bound in data.mc.settings.export.bounds.purposes
	purpose == input.purpose
]

role_bounds := [object.union({"rule": concat("", ["bound-role-", role])}, bound) |
	some role, bound in data.mc.settings.export.bounds.roles
	role in input.principal.roles
]
