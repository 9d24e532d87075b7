# METADATA
# title: Access
# authors:
# - Ann <ann@example.com>
package example.access["v 1"].if

import data.roles # who
import input.user as me

default allow := false

# METADATA
# entrypoint: true
allow if {
	some role in roles[me] # each
	role in {"admin", "owner"}; not denied[_]
} else := x if { x := count([1 | true]) > 0 } else := 3

denied contains msg if {
	every k, v in input.attributes { k != v }
	msg := sprintf("%v", [{k: v | v := input[k]}]) with input as {"a": [1, 2,]} with data.x as set()
}

a.b[x].c := y if { x := 1; y := {x | 1 < 2} } { x := 2; y := (x, 1 in {2}) }
f(_, [y]) := $"a{y}\{{$`{y}
`}" if y - 1 * -2.5e3 % 3 == .5
