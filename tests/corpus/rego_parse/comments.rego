package a
p := {
	"a": [ # one
		1, # two
		# three
	],
	"b": # four
		f(x # five
		),
} # six
q if x == # seven
	y
# eight
