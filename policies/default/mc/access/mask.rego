# What is left of values: by how sensitive a column is, who asks, for what, and from where.
package mc.access

# METADATA
# title: What the roles, and the purpose of a role, give as it is
cleared contains sensitivity if {
	some role in input.principal.roles
	some sensitivity in data.mc.settings.clear[role]
}

cleared contains sensitivity if {
	some role in input.principal.roles
	some sensitivity in data.mc.settings.clear_for_purpose[input.purpose][role]
}

# METADATA
# title: A warrant opens another tenant's rows, not its columns
cleared_here := cleared if own_tenant

else := {sensitivity |
	some sensitivity in cleared
	sensitivity in data.mc.settings.clear_across_tenants
}

# METADATA
# title: What leaves is masked more, whoever asks
clear := cleared_here if {
	is_object(data.mc.settings.clear_at_most)
	not data.mc.settings.clear_at_most[input.action]
}

else := {sensitivity |
	some sensitivity in cleared_here
	sensitivity in data.mc.settings.clear_at_most[input.action]
}

# METADATA
# title: How the columns of a sensitivity are masked; one that has no mask is not shown
class_masks[sensitivity] := object.get(data.mc.settings, ["masks", sensitivity], "drop") if {
	some sensitivity in input.resource.sensitivities
	not sensitivity in clear
}

# METADATA
# title: Masks that the settings name for a column itself
column_masks[column] := mask if {
	some column, mask in data.mc.settings.column_masks[input.resource.name]
	_ = input.resource.columns[column]
}

# METADATA
# title: Columns of this sensitivity are masked
masked_by contains concat("", ["mask-", sensitivity]) if some sensitivity, _ in class_masks

# METADATA
# title: Columns have masks of their own
masked_by contains "mask-column" if count(column_masks) > 0

# METADATA
# title: Masked columns that keep their equality may be looked up by whoever has the role for it
filterable contains column if {
	own_tenant
	some role in input.principal.roles
	role in data.mc.settings.filter_masked
	some sensitivity, mask in class_masks
	mask in {"hash", "tokenise"}
	some column, facts in input.resource.columns
	facts.sensitivity == sensitivity
	not column_masks[column]
}

default step_up := false

# METADATA
# title: Exports and administration by people want a fresh proof of who they are
step_up if {
	wants_proof
	not is_machine
	not is_proven
}

wants_proof if input.action in data.mc.settings.step_up

# Settings that do not say which actions mean all.
wants_proof if not has_step_up

has_step_up if is_array(data.mc.settings.step_up)

is_machine if input.principal.kind == "machine"

is_proven if input.stepped_up == true

default alert := true

# METADATA
# title: A tenant is told of everybody else who reaches for its data
alert := false if own_tenant
