#!/usr/bin/env python3
"""Makes what bench/policy measures with: the same bytes each time.

usage: generate.py data FILE      15 MB of JSON, a million keys
       generate.py policy FILE    a policy of some 1,900 lines
"""
import json
import random
import sys

USERS = 124_000
REGIONS = ["eu-west", "eu-north", "us-east", "us-west", "ap-south"]


def data(chance):
    teams = [f"team-{number}" for number in range(400)]
    users = {f"user{number:06}": {
        "team": chance.choice(teams), "level": chance.randrange(5), "active": chance.random() < 0.9,
        "region": chance.choice(REGIONS), "quota": chance.randrange(100_000), "mfa": True,
        "joined": chance.randrange(1_500_000_000, 1_764_000_000)} for number in range(USERS)}
    return json.dumps({
        "users": users,
        "teams": {team: {"actions": chance.sample(["read", "write", "export", "admin"], 2),
                         "open": chance.random() < 0.2} for team in teams},
        "blocked": {name: True for name in chance.sample(sorted(users), 500)},
    }, separators=(",", ":"))


# A policy as people write them for containers and clusters: lists of what may run, long rules that
# compare a request with them, functions with several bodies, reasons as text.
HEAD = """# What may run here, and how.
package framework

version := "0.9.3"

default mount_device := {"allowed": false}

objects := {"started": started, "mounted": mounted}

started contains name if {
	some name, state in data.state.containers
	state.status in {"running", "created"}
}

mounted contains path if some path, _ in data.state.mounts
"""

CONTAINER = """
candidate_containers contains {{
	"id": "{name}",
	"command": ["/usr/bin/{name}", "--port", "{port}", "--region", "{region}"],
	"working_dir": "/srv/{name}",
	"layers": [
		"{layer0}",
		"{layer1}",
	],
	"env_rules": [
		{{"pattern": "PATH=/usr/local/bin:/usr/bin:/bin", "strategy": "string", "required": true}},
		{{"pattern": "{upper}_[A-Z]+=.+", "strategy": "re2", "required": false}},
	],
	"mounts": [{{"source": "sandbox:///tmp/{name}", "destination": "/var/{name}", "type": "bind", "options": ["rbind", "{mode}"]}}],
	"user": {{"uid": {uid}, "groups": [{uid}, {group}], "umask": "0022"}},
	"capabilities": {{"bounding": ["CAP_CHOWN", "CAP_KILL"], "ambient": []}},
	"allow_elevated": {elevated},
	"exec_processes": [{{"command": ["/bin/check-{name}"], "signals": [{signal}, 15]}}],
}}
"""

RULES = """
default {name} := {{"allowed": false}}

{name} := {{"metadata": updates, "allowed": true, "env_list": env_list}} if {{
	not {name}_is_done
	count({name}_candidates) > 0
	some candidate in {name}_candidates
	env_list := {name}_env(candidate, input.env)
	{name}_layers_ok(candidate.layers, input.layers)
	updates := [{{
		"name": "matches",
		"action": "update",
		"key": input.id,
		"value": candidate.id,
	}}]
}}

{name}_is_done if input.id in started

{name}_is_done if {{
	some state in data.state.containers
	state.origin == input.id
	state.{field} >= {number}
}}

{name}_candidates := [candidate |
	some candidate in candidate_containers
	candidate.user.uid == input.user.uid
	{name}_command_ok(candidate.command, input.command)
	{name}_mounts_ok(candidate.mounts, input.mounts)
	object.get(candidate, ["{field}", "limit"], {number}) <= {number}
]

{name}_command_ok(wanted, given) if {{
	count(wanted) == count(given)
	every i, part in wanted {{
		part == given[i]
	}}
}}

{name}_command_ok(wanted, given) if {{
	given == array.concat(wanted, ["--{field}"])
}}

{name}_mounts_ok(wanted, given) if {{
	every mount in given {{
		some constraint in wanted
		{name}_mount_ok(constraint, mount)
	}}
}}

{name}_mount_ok(constraint, mount) if {{
	constraint.type == mount.type
	constraint.destination == mount.destination
	regex.match(constraint.source, mount.source)
	options := {{option | some option in constraint.options}}
	count(options - {{option | some option in mount.options}}) == 0
}}

{name}_layers_ok(layers, hashes) if {{
	length := count(layers)
	count(hashes) == length
	every i, hash in hashes {{
		layers[(length - i) - 1] == hash
	}}
}}

{name}_env_ok(pattern, "string", value) if pattern == value

{name}_env_ok(pattern, "re2", value) if regex.match(pattern, value)

{name}_env(candidate, given) := kept if {{
	kept := [value |
		some value in given
		some rule in candidate.env_rules
		{name}_env_ok(rule.pattern, rule.strategy, value)
	]
	every rule in candidate.env_rules {{
		{name}_env_has(rule, kept)
	}}
}}

{name}_env_has(rule, _) if not rule.required

{name}_env_has(rule, values) if {{
	rule.required
	some value in values
	{name}_env_ok(rule.pattern, rule.strategy, value)
}}

errors contains message if {{
	input.rule == "{name}"
	not {name}.allowed
	{name}_is_done
	message := sprintf("{name}: %s has been done already", [input.id])
}}

errors contains message if {{
	input.rule == "{name}"
	some mount in input.mounts
	not startswith(mount.destination, "/var/")
	message := concat(" ", ["{name}:", mount.destination, "is outside of /var, {field} is", format_int({number}, 10)])
}}

{name}_limit := limit if {{
	limit := max([value | some value in data.limits.{field}[input.region]])
}} else := {number} if {{
	input.region in {{"eu-west", "eu-north"}}
}} else := 0

{name}_summary[region] := total if {{
	some region in data.regions
	total := sum([state.{field} |
		some state in data.state.containers
		state.region == region
		not state.id in started
	])
}}
"""

VERBS = ["create", "exec", "mount", "unmount", "load", "scratch", "plan9", "signal", "stats",
         "overlay", "attach", "pull", "policy"]
FIELDS = ["restarts", "memory", "cpu", "devices", "sockets", "files", "threads"]


def policy(chance):
    """A policy of one module."""
    text = [HEAD]

    def digest():
        return f"{chance.getrandbits(256):064x}"

    for number in range(18):
        name = f"svc{number}"
        text.append(CONTAINER.format(
            name=name, upper=name.upper(), port=8000 + number, region=chance.choice(REGIONS),
            layer0=digest(), layer1=digest(), mode=chance.choice(["ro", "rw"]),
            uid=1000 + number, group=chance.randrange(100, 200),
            elevated=chance.choice(["true", "false"]), signal=chance.randrange(1, 12)))
    for verb in VERBS:
        text.append(RULES.format(name=f"{verb}_container", field=chance.choice(FIELDS),
                                 number=chance.randrange(1, 64)))
    return "".join(text)


def main():
    kind, where = sys.argv[1:]
    with open(where, "w", encoding="utf-8") as out:
        out.write({"data": data, "policy": policy}[kind](random.Random(20261129)))


if __name__ == "__main__":
    main()
