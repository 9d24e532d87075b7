# METADATA
# title: The gate of every request
# description: |
#   One decision for a request: the rules that allow or deny it by name, the reasons that the caller
#   is told, and the obligations that bind whoever serves it. A request is allowed when at least one
#   rule allows it and none denies it. What must hold is written as what holds: a member of the input
#   that is missing or of another type makes that undefined, and undefined denies.
package mc.access

decision := {
	"allow": allow,
	"rules": rules,
	"reasons": reasons,
	"obligations": obligations,
}

default allow := false

allow if {
	count(allowed_by) > 0
	count(denied_by) == 0
}

# Every rule that spoke, in one list.
rules := sort(((denied_by | allowed_by) | masked_by))

reasons := sort(denied_by)

obligations := {
	"mask_class": class_masks,
	"mask": column_masks,
	"filter": sort(filterable),
	"step_up": step_up,
	"alert": alert,
}
