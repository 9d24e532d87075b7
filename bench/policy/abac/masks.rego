# How columns are masked: what shows the least stays.
package abac

mask[column] := strongest if {
	some column, facts in input.resource.columns
	strengths := {data.settings.strength[one] | some one in masks_of(facts.sensitivity)}
	count(strengths) > 0
	strongest := data.settings.masks[max(strengths)]
}

masks_of("personal") := personal_masks

masks_of("sensitive") := sensitive_masks

masks_of("secret") := {"drop"}

personal_masks contains "hash" if not reads_personal

personal_masks contains "partial" if input.action == "aggregate"

personal_masks contains "null" if input.action == "forward"

sensitive_masks contains "hash" if not reads_sensitive

sensitive_masks contains "partial" if crosses_tenants

sensitive_masks contains "null" if {
	input.action == "export"
	input.destination != input.tenant.region
}

reads_personal if "tenant-admin" in input.principal.roles

reads_personal if "dpo" in input.principal.roles

reads_personal if input.purpose == "investigation"

reads_sensitive if "dpo" in input.principal.roles

reads_sensitive if {
	"tenant-admin" in input.principal.roles
	input.principal.clearance >= 3
}
