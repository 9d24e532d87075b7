package a
# METADATA
# scope: document
# schemas:
# - input.x: schema.x
# custom: &a {b: [1, ~, 0x1f, *c]}
p := 1
