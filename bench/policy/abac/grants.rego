# What roles, owners, teams and delegates may do.
package abac

granted contains "analyst-reads-datasets" if {
	input.action == "read"
	input.resource.kind == "dataset"
	"analyst" in input.principal.roles
}

granted contains "analyst-reads-reports" if {
	input.action == "read"
	input.resource.kind == "report"
	"analyst" in input.principal.roles
}

granted contains "analyst-aggregates" if {
	input.action == "aggregate"
	input.resource.kind == "dataset"
	"analyst" in input.principal.roles
}

granted contains "dpo-reads" if {
	input.action == "read"
	"dpo" in input.principal.roles
}

granted contains "dpo-aggregates" if {
	input.action == "aggregate"
	"dpo" in input.principal.roles
}

granted contains "dpo-exports" if {
	input.action == "export"
	"dpo" in input.principal.roles
}

granted contains "admin-reads" if {
	input.action == "read"
	"tenant-admin" in input.principal.roles
}

granted contains "admin-writes" if {
	input.action == "write"
	"tenant-admin" in input.principal.roles
}

granted contains "admin-exports" if {
	input.action == "export"
	"tenant-admin" in input.principal.roles
}

granted contains "admin-administers" if {
	input.action == "admin"
	"tenant-admin" in input.principal.roles
}

granted contains "platform-reads-routes" if {
	input.action == "read"
	input.resource.kind == "route"
	"platform" in input.principal.roles
}

granted contains "platform-writes-routes" if {
	input.action == "write"
	input.resource.kind == "route"
	"platform" in input.principal.roles
}

granted contains "platform-forwards" if {
	input.action == "forward"
	"platform" in input.principal.roles
}

granted contains "auditor-reads-ledger" if {
	input.action == "read"
	input.resource.kind == "ledger"
	"auditor" in input.principal.roles
}

granted contains "auditor-introspects" if {
	input.action == "introspect"
	"auditor" in input.principal.roles
}

granted contains "oncall-reads" if {
	input.action == "read"
	"oncall" in input.principal.roles
	warranted
}

granted contains "oncall-forwards" if {
	input.action == "forward"
	"oncall" in input.principal.roles
	warranted
}

granted contains "operator-writes" if {
	input.action == "write"
	"operator" in input.principal.roles
	warranted
}

granted contains "operator-administers" if {
	input.action == "admin"
	"operator" in input.principal.roles
	warranted
}

granted contains "owner-reads" if {
	input.action == "read"
	input.resource.owner == input.principal.id
}

granted contains "owner-writes" if {
	input.action == "write"
	input.resource.owner == input.principal.id
}

granted contains "team-reads" if {
	input.action == "read"
	input.resource.team == input.principal.team
	input.principal.clearance >= 2
}

granted contains "service-forwards" if {
	input.action == "forward"
	input.resource.kind == "route"
	input.principal.kind == "machine"
}

granted contains "public-reads" if {
	input.action == "read"
	input.resource.sensitivity == "public"
}

granted contains "delegate-reads" if {
	input.action == "read"
	input.principal.id in input.resource.delegates
}
