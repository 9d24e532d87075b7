# What is left of values: by how sensitive a column is, who asks, and for what.
package mc.access

# METADATA
# title: The sensitivities that the role reads as they are
clear contains sensitivity if {
	some role in input.principal.roles
	some sensitivity in data.mc.settings.clear[role]
}

clear contains sensitivity if some sensitivity in data.mc.settings.clear_for_purpose[input.purpose]

# METADATA
# title: How the columns of a sensitivity are masked
class_masks[sensitivity] := mask if {
	some sensitivity, mask in data.mc.settings.masks
	not sensitivity in clear
}

# METADATA
# title: Masks that the settings name for a column itself
column_masks[column] := mask if {
	some column, mask in data.mc.settings.column_masks[input.resource.name]
	input.resource.columns[column]
}

masked_by contains concat("", ["mask-", sensitivity]) if some sensitivity, _ in class_masks

masked_by contains "mask-column" if some _, _ in column_masks

# METADATA
# title: Masked columns that keep their equality may be looked up by whoever has the role for it
filterable contains column if {
	some role in input.principal.roles
	role in data.mc.settings.filter_masked
	some column, facts in input.resource.columns
	class_masks[facts.sensitivity] in {"hash", "tokenise"}
	not column_masks[column]
}

default step_up := false

# METADATA
# title: Exports and administration by people want a fresh proof of who they are
step_up if {
	input.action in data.mc.settings.step_up
	input.principal.kind == "person"
	not input.stepped_up
}

default alert := false

# METADATA
# title: The operator's people in a tenant's data are told of
alert if {
	input.principal.tenant == data.mc.settings.operator_tenant
	crosses_tenants
}
