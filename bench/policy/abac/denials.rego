# What nobody may do: reasons that the caller is told.
package abac

denied contains "purpose-missing" if not input.purpose

denied contains "purpose-unknown" if {
	input.purpose
	not data.settings.purposes[input.purpose]
}

denied contains "purpose-not-granted" if {
	input.purpose
	not input.purpose in input.principal.purposes
}

denied contains "purpose-mismatch" if {
	input.purpose
	count(input.resource.purposes) > 0
	not input.purpose in input.resource.purposes
}

denied contains "purpose-closed" if {
	input.action == "export"
	data.settings.purposes[input.purpose].closed
}

denied contains "licence-purpose" if {
	licence := data.settings.licences[input.resource.licence]
	not input.purpose in licence.purposes
}

denied contains "licence-expired" if data.settings.licences[input.resource.licence].until_ms < input.time_ms

denied contains "cross-tenant" if {
	crosses_tenants
	not warranted
}

denied contains "cross-region" if {
	input.principal.region != input.tenant.region
	not input.tenant.region in data.settings.adequate[input.principal.region]
	not warranted
}

denied contains "region-not-here" if {
	input.resource.region != "anywhere"
	input.resource.region != input.node.region
}

denied contains "export-abroad" if {
	input.action == "export"
	not input.destination in data.settings.adequate[input.tenant.region]
}

denied contains "warrant-expired" if input.warrant.expires_ms <= input.time_ms

denied contains "warrant-revoked" if input.warrant.status == "revoked"

denied contains "warrant-pending" if input.warrant.status == "pending"

denied contains "warrant-action" if {
	input.warrant
	not input.action in input.warrant.actions
}

denied contains "warrant-binding" if {
	input.warrant
	not bound
}

denied contains "clearance" if input.principal.clearance < data.settings.clearance[input.resource.sensitivity]

denied contains "step-up" if {
	input.action in {"export", "admin"}
	input.principal.kind == "person"
	not input.stepped_up
}

denied contains "machine-administers" if {
	input.action == "admin"
	input.principal.kind == "machine"
}

denied contains "network" if {
	input.action == "admin"
	not in_office
}

denied contains "hours" if {
	input.action == "export"
	input.hour < data.settings.hours.from
}

denied contains "hours" if {
	input.action == "export"
	input.hour >= data.settings.hours.to
}

denied contains "suspended" if input.principal.status == "suspended"

denied contains "held" if {
	input.action == "write"
	input.resource.legal_hold
}

crosses_tenants if input.principal.tenant != input.tenant.id

in_office if {
	some network in data.settings.offices
	net.cidr_contains(network, input.ip)
}

warranted if {
	input.warrant.status == "active"
	input.warrant.expires_ms > input.time_ms
	input.action in input.warrant.actions
	bound
}

bound if input.warrant.bound_to == "anybody"

bound if input.warrant.bound_to == input.principal.id

bound if input.warrant.bound_to == input.resource.name
