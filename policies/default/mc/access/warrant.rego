# Warrants: what opens another tenant, or data of another region.
package mc.access

# METADATA
# title: A warrant that is named must open the request
denied_by contains "warrant-invalid" if {
	_ = input.warrant
	not warranted
}

# METADATA
# title: A warrant in force for this tenant and action, bound to this actor or resource
warranted if {
	input.warrant.status == "active"
	input.warrant.tenant == input.tenant.id
	warrant_runs
	warrant_permits
	warrant_binds
}

# Numbers alone: by the order of all values any text is greater than any number.
warrant_runs if {
	is_number(input.time_ms)
	is_number(input.warrant.effective_ms)
	is_number(input.warrant.expires_ms)
	input.warrant.effective_ms <= input.time_ms
	input.time_ms < input.warrant.expires_ms
}

warrant_permits if {
	is_array(input.warrant.actions)
	some action in ["*", input.action]
	action in input.warrant.actions
}

# Bound to nobody by name: the operator's people.
warrant_binds if {
	input.warrant.bound_to == ""
	input.principal.tenant == data.mc.settings.operator_tenant
}

warrant_binds if input.warrant.bound_to == concat("@", [input.principal.id, input.principal.tenant])

warrant_binds if input.warrant.bound_to == concat(":", [input.resource.kind, input.resource.name])
