p { x }
package a
q[x]
