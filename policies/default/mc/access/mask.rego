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
# title: Columns that are masked, and how
masks[column] := mask if {
	some column, facts in input.resource.columns
	not facts.sensitivity in clear
	mask := mask_of(column, facts)
	mask != "keep"
}

# A mask that the settings name for the column itself, or that of its sensitivity; an unknown
# sensitivity is the most sensitive one.
mask_of(column, _) := mask if mask := data.mc.settings.column_masks[input.resource.name][column]

else := mask if mask := data.mc.settings.masks[input.resource.columns[column].sensitivity]

else := "drop"

masked_by[sprintf("mask-%s", [facts.sensitivity])] contains column if {
	some column, _ in masks
	facts := input.resource.columns[column]
}

redacted contains column if masks[column] == "drop"

# Masked columns that keep their equality may still be looked up by whoever has the role for it.
filterable contains column if {
	some column, mask in masks
	mask in {"hash", "tokenise"}
	some role in input.principal.roles
	role in data.mc.settings.filter_masked
}

default step_up := false

# METADATA
# title: Exports and changes by people want a fresh proof of who they are
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
