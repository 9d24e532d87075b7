# What no role can do: requests without a purpose that holds, and those that reach across tenants or
# regions without a warrant.
package mc.access

# METADATA
# title: A request states its purpose
denied_by contains "purpose-missing" if input.purpose == ""

denied_by contains "purpose-unknown" if {
	input.purpose != ""
	not input.purpose in data.mc.settings.purposes
}

# METADATA
# title: The actor was given the purpose
denied_by contains "purpose-not-granted" if {
	input.purpose in data.mc.settings.purposes
	not input.purpose in input.principal.purposes
}

# METADATA
# title: The actor's purposes contain what the resource is for
denied_by contains "purpose-mismatch" if {
	count(input.resource.purposes) > 0
	not input.purpose in input.resource.purposes
}

# METADATA
# title: No tenant reaches into another one
denied_by contains "cross-tenant" if {
	crosses_tenants
	not warranted
}

# METADATA
# title: Data stay in the region of their tenant
denied_by contains "cross-region" if {
	crosses_regions
	not warranted
}

denied_by contains "region-not-here" if {
	not is_anywhere(input.resource.region)
	not is_anywhere(input.node.region)
	input.resource.region != input.node.region
}

# METADATA
# title: A warrant that is named must open the request
denied_by contains "warrant-invalid" if {
	input.warrant
	not warranted
}

crosses_tenants if input.principal.tenant != input.tenant.id

crosses_regions if {
	not is_anywhere(input.principal.region)
	not is_anywhere(input.tenant.region)
	input.principal.region != input.tenant.region
}

is_anywhere(region) if region in {"", "local"}

# METADATA
# title: A warrant in force, for this action and bound to this actor or resource
warranted if {
	input.warrant.status == "active"
	input.warrant.expires_ms > input.time_ms
	warrant_permits
	warrant_binds
}

warrant_permits if "*" in input.warrant.actions

warrant_permits if input.action in input.warrant.actions

warrant_binds if input.warrant.bound_to == ""

warrant_binds if input.warrant.bound_to == input.principal.id

warrant_binds if input.warrant.bound_to == concat(":", [input.resource.kind, input.resource.name])
