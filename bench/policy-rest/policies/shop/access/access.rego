# Who may do what with which document: roles, owners, places, hours and marks of secrecy.
package shop.access

default allow := false

allow if {
	count(deny) == 0
	some grant in grants
	input.action in grant.actions
	input.resource.kind == grant.kind
}

allow if {
	count(deny) == 0
	input.resource.owner == input.user.name
	input.action in {"read", "write"}
}

grants contains grant if {
	some role in data.shop.people.roles[input.user.name]
	some grant in data.shop.people.grants[role]
}

deny contains "the account is locked" if input.user.name in data.shop.people.locked

deny contains "secret documents stay in the house" if {
	input.resource.mark == "secret"
	not net.cidr_contains("10.0.0.0/8", input.request.address)
}

deny contains "people of another country" if {
	input.resource.country != input.user.country
	not "travel" in input.user.marks
}

deny contains "exports need a ticket" if {
	input.action == "export"
	not regex.match(`^T-[0-9]{4,8}$`, object.get(input.request, "ticket", ""))
}

deny contains "writes are closed at night" if {
	input.action == "write"
	input.request.hour >= 22
}

decision := {"allow": allow, "reasons": deny}
