# METADATA
# title: The gate of every request
# description: |
#   One decision for a request: the rules that allow or deny it by name, the reasons that the caller is
#   told, and the obligations that bind whoever serves it. A request is allowed when at least one rule
#   allows it and none denies it; without a purpose nothing is allowed.
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

# A denial without a rule that denies: nothing allowed it.
reasons := sort(denied_by) if count(denied_by) > 0

else := ["role"] if count(allowed_by) == 0

else := []

obligations := {
	"mask_class": class_masks,
	"mask": column_masks,
	"filter": sort(filterable),
	"step_up": step_up,
	"alert": alert,
}
