# Attributes decide: who asks, for what purpose, from where, of which data, with which warrant. A
# request is allowed when a rule grants it and none denies it; the answer says why, and how columns
# are masked. The same rules in Cedar: ../cedar/policies.cedar.
package abac

default allow := false

allow if {
	count(granted) > 0
	count(denied) == 0
}

decision := {
	"allow": allow,
	"granted": granted,
	"denied": denied,
	"mask": mask,
}
