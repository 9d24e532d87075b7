# What no role can do: requests without a purpose that holds, and those that reach across tenants or
# regions without a warrant.
#
# "not" stands before names of rules alone: `not f(x)` and `not x in y` say nothing at all while x or y
# is undefined, and what says nothing denies nothing.
package mc.access

# METADATA
# title: The input is whole
# description: What the other rules compare is there and of its type
denied_by contains "input-invalid" if not whole

whole if {
	is_string(input.principal.id)
	is_string(input.principal.tenant)
	is_string(input.principal.region)
	is_string(input.tenant.id)
	is_string(input.tenant.region)
	is_string(input.node.region)
	is_string(input.resource.kind)
	is_string(input.resource.name)
	is_string(input.resource.region)
	is_array(input.principal.roles)
	is_array(input.principal.purposes)
	is_array(input.resource.purposes)
	is_array(input.resource.sensitivities)
	is_object(input.resource.columns)
	input.principal.id != ""
	input.principal.region != ""
	input.tenant.id != ""
	input.tenant.region != ""
}

# METADATA
# title: A request states its purpose
denied_by contains "purpose-missing" if not has_purpose

has_purpose if {
	is_string(input.purpose)
	input.purpose != ""
}

# METADATA
# title: The purpose is one of the list
denied_by contains "purpose-unknown" if {
	has_purpose
	not is_known
}

is_known if input.purpose in data.mc.settings.purposes

# METADATA
# title: The actor was given the purpose
denied_by contains "purpose-not-granted" if {
	is_known
	not is_granted
}

is_granted if input.purpose in input.principal.purposes

# METADATA
# title: The purpose is one that the resource may be used for
denied_by contains "purpose-mismatch" if {
	is_known
	not fits_resource
}

fits_resource if input.resource.purposes == []

fits_resource if input.purpose in input.resource.purposes

# METADATA
# title: No tenant reaches into another one
denied_by contains "cross-tenant" if {
	not own_tenant
	not warranted
}

own_tenant if input.principal.tenant == input.tenant.id

# METADATA
# title: A tenant's data stay in its region, and so do those who read and serve them
denied_by contains "cross-region" if {
	not own_region
	not warranted
}

own_region if count(regions) < 2

own_region if {
	every region in regions {
		is_agreed(region)
	}
}

# Where the caller, the tenant, this server and the data are, as far as that is one place.
regions := {
	input.principal.region,
	input.tenant.region,
	input.node.region,
	input.resource.region,
} - {"", "local"}

# The tenant's own, and those that it has agreed to.
is_agreed(region) if region == input.tenant.region

is_agreed(region) if region in data.mc.settings.permitted_regions[input.tenant.id]

# METADATA
# title: A server serves what lies in its region; no warrant moves data
denied_by contains "region-not-here" if not lies_here

lies_here if input.resource.region in {input.node.region, "", "local"}

lies_here if input.node.region in {"", "local"}

lies_here if {
	is_agreed(input.resource.region)
	is_agreed(input.node.region)
}
