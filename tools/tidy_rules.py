"""The rules of tools/tidy. A rule is a generator `rule_x(house, source)` of (line, message) for one
C++ file, or `house_x(house)` of (path, line, message) for the whole tree.

Nothing here touches the disk except read_tree(), so the tests build a House from a dict.
"""
import bisect
import fnmatch
import os
import posixpath
import re
import subprocess
from collections import namedtuple

HEADER_LINES_MAX = 200
FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 70
COLUMNS_MAX = 100
PARAMETERS_MAX = 5
TEXT_BYTES_MAX = 4 << 20
AWAIT_SAMPLES = "tests/house/coroutine_patterns.cc"  # bad on purpose, for the gate

RULES = {
    "storey": "an include goes to a lower storey, or to a declared dependency of the same storey",
    "private-header": "of another module only its public header module/module.h is included "
                      "(and what its CMakeLists.txt names with '# public: x.h')",
    "adapter": "only app includes adapters",
    "sim": "nothing in src includes sim, except tests, fuzzers and benches",
    "public-header": "each module has its public header module/module.h",
    "floors": "each module folder stands in src/FLOORS, under its storey and its own name",
    "own-header": "x.cc includes its own x.h first",
    "pragma-once": "each header has #pragma once",
    "regex": "no <regex>",
    "heavy-header": "openssl, sqlite3, libpq, asio, yaml-cpp, simdjson, curl, CLI11 only in .cc "
                    "(and in private headers of net and adapters)",
    "header-lines": f"a header has at most {HEADER_LINES_MAX} lines",
    "file-lines": f"a file has at most {FILE_LINES_MAX} lines",
    "function-lines": f"a function body has at most {FUNCTION_LINES_MAX} lines",
    "columns": f"a line has at most {COLUMNS_MAX} columns",
    "parameters": f"a function takes at most {PARAMETERS_MAX} parameters",
    "throw": "our code does not throw",
    "world": "time, random, files, sockets, environment only in sys, net, adapter, app",
    "to-do": "a to-do names its issue: #123",
    "unbuilt": "every .cc file is built by a CMakeLists.txt",
    "await-line": "no braces and no lambda in a statement with co_await",
    "await-twice": "one co_await a statement",
    "machine-path": "no path of a developer's machine in a tracked file",
    "changelog": "CHANGELOG.md exists and has an Unreleased part",
}

Finding = namedtuple("Finding", "path line rule message")

LITERALS = re.compile(
    r"""//[^\n]*(?:\\\n[^\n]*)*|/\*.*?\*/|R"(?P<d>[^()\\\s]{0,16})\(.*?\)(?P=d)"|"(?:\\.|[^"\\\n])*"|"""
    r"""(?<![\w'])[0-9](?:'?[0-9A-Za-z.])*|'(?:\\.|[^'\\\n])*'""", re.S)
DIRECTIVES = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.M)
NOT_NEWLINE = re.compile(r"[^\n]")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^">\n]+)[">]', re.M)


def blank(match):
    """Spaces of the same shape, so that offsets and line numbers stay true."""
    text = match.group()
    if text[0].isdigit():
        return text
    return NOT_NEWLINE.sub(" ", text) if "\n" in text else " " * len(text)


class Source:
    """One C++ file. text: as written; code: comments and literals blanked; body: directives too."""

    def __init__(self, path, text):
        self.path, self.text = path, text
        self.code = LITERALS.sub(blank, text)
        self.body = DIRECTIVES.sub(blank, self.code)
        self.line_starts = [0] + [m.end() for m in re.finditer("\n", text)]
        parts = path.split("/")
        self.is_header = path.endswith(".h")
        stem = posixpath.splitext(parts[-1])[0]
        self.stem = stem
        self.is_check = stem.endswith(("_test", "_fuzz", "_bench")) or parts[0] in ("tests", "bench")
        self.is_tool = stem.endswith(("_fuzz", "_bench")) or parts[0] == "bench"
        in_module = parts[0] == "src" and len(parts) >= 4
        self.storey, self.module = (parts[1], parts[2]) if in_module else ("", "")
        found = [m for m in INCLUDE.finditer(text)
                 if self.code[m.start():m.end()].lstrip()[:1] == "#"]
        self.includes = [(self.line(m.start()), m.group(2)) for m in found]
        self.ours = [(self.line(m.start()), m.group(2)) for m in found if m.group(1) == '"']

    def line(self, offset):
        return bisect.bisect_right(self.line_starts, offset)


class House:
    """All files of the tree: {path: text}, and what FLOORS and the CMake files say."""

    def __init__(self, files):
        self.files = files
        self.sources = [Source(path, text) for path, text in sorted(files.items())
                        if path.endswith((".cc", ".h")) and
                        path.split("/")[0] in ("src", "sim", "tests", "bench")]
        self.storeys, self.module_storey = [], {}
        for line in files.get("src/FLOORS", "").splitlines():
            if line.strip() and not line.startswith("#"):
                storey, modules = line.split(":", 1)
                self.storeys.append(storey.strip())
                self.module_storey.update({module: storey.strip() for module in modules.split()})
        self.dependencies = {}
        self.also_public = {}  # "# public: x.h" in a module's CMakeLists.txt: a second contract
        for path, text in files.items():
            if path.startswith("src/") and path.endswith("CMakeLists.txt"):
                self.read_module(re.sub(r"#[^\n]*", "", text))
                for names in re.findall(r"^# public: (.+)$", text, re.M):
                    self.also_public[path.split("/")[2]] = names.split()
        self.by_path = {source.path: source for source in self.sources}

    def read_module(self, text):
        for match in re.finditer(r"mc_module\(\s*(\w+)([^)]*)\)", text):
            words = match.group(2).split()
            start = words.index("DEPS") + 1 if "DEPS" in words else len(words)
            end = words.index("LIBS") if "LIBS" in words else len(words)
            self.dependencies[match.group(1)] = words[start:end] if start <= end else words[start:]


# --- who may include whom ------------------------------------------------------------------------

def rule_storey(house, source):
    if not source.module:
        return
    own = house.storeys.index(source.storey) if source.storey in house.storeys else -1
    for line, target in source.ours:
        module = target.split("/")[0]
        storey = house.module_storey.get(module)
        if storey is None or module == source.module or "/" not in target:
            continue
        if house.storeys.index(storey) > own:
            yield line, f'"{target}" stands on {storey}, above {source.storey}'
        elif storey == source.storey and module not in house.dependencies.get(source.module, [module]):
            yield line, f"'{module}' is not among the DEPS of '{source.module}'"


def rule_private_header(house, source):
    for line, target in source.ours:
        module, _, rest = target.partition("/")
        if module not in house.module_storey or not rest or module == source.module:
            continue
        if source.path.startswith("tests/") and f"/{module}/" in source.path:
            continue  # tests/oracle/MODULE/ is part of that module's tests
        if source.path.startswith("tests/") and rest == "test_tools.h":
            continue  # what a module offers to tests, and to nobody else
        if rest != f"{module}.h" and rest not in house.also_public.get(module, []):
            yield line, f'"{target}" is private to {module}; include "{module}/{module}.h"'


def rule_adapter(house, source):
    for line, target in source.ours:
        module = target.split("/")[0]
        if (source.module and "/" in target and house.module_storey.get(module) == "adapter"
                and source.storey != "app" and module != source.module):
            yield line, f"only app may include the adapter '{module}'"


def rule_sim(_, source):
    if source.module and not source.is_check:
        for line, target in source.ours:
            if target.startswith("sim/"):
                yield line, f'"{target}" is for tests only'


def rule_own_header(house, source):
    own = source.path[:-3] + ".h" if source.path.endswith(".cc") else ""
    if own not in house.files:
        return
    first = source.includes[0] if source.includes else (1, "nothing")
    if first[1] != source.stem + ".h" and not ("/" + own).endswith("/" + first[1]):
        yield first[0], f"the first include is {first[1]}, not the own header"


def rule_pragma_once(_, source):
    if source.is_header and not re.search(r"^#pragma once\s*$", source.code, re.M):
        yield 1, "#pragma once is missing"


def rule_regex(_, source):
    for line, target in source.includes:
        if target == "regex":
            yield line, "<regex> is slow and recurses on its input; use RE2 or a parser"


HEAVY = re.compile(r"(?:openssl/|sqlite3\.h|libpq-fe\.h|boost/asio|yaml-cpp/|simdjson|curl/|CLI/)")


def contract_headers(house, module):
    """The headers that whoever includes the module's public headers gets from its folder."""
    folder = f"src/{house.module_storey[module]}/{module}"
    todo = [f"{folder}/{name}" for name in [f"{module}.h", *house.also_public.get(module, [])]]
    seen = set()
    while todo:
        path = todo.pop()
        if path in house.by_path and path not in seen:
            seen.add(path)
            todo += [f"{folder}/{target.rpartition('/')[2]}" for _, target in house.by_path[path].ours]
    return seen


def house_heavy_header(house):
    """net and the adapters may share them between their own .cc files, others not even that."""
    for source in house.sources:
        heavy = [(line, t) for line, t in source.includes if HEAVY.match(t)]
        if not source.is_header or not heavy:
            continue
        private = source.module == "net" or source.storey == "adapter"
        if private and source.path not in contract_headers(house, source.module):
            continue
        for line, target in heavy:
            yield source.path, line, f"<{target}> belongs into a .cc file"


# --- sizes ---------------------------------------------------------------------------------------

def rule_header_lines(_, source):
    count = source.text.count("\n")
    if source.is_header and count > HEADER_LINES_MAX:
        yield HEADER_LINES_MAX + 1, f"{count} lines in a header"


def rule_file_lines(_, source):
    count = source.text.count("\n")
    if count > FILE_LINES_MAX:
        yield FILE_LINES_MAX + 1, f"{count} lines"


def rule_columns(_, source):
    for match in re.finditer(r"^[^\n]{%d,}$" % (COLUMNS_MAX + 1), source.text, re.M):
        yield source.line(match.start()), f"{len(match.group())} columns"


SCOPE = re.compile(r"\b(?:namespace|class|struct|union|enum|extern)\b")
LABEL = re.compile(r"\b(?:public|protected|private)\s*:")
TEMPLATE = re.compile(r"\btemplate\s*<")


def is_scope(head):
    """Whether the text before a `{` opens a namespace or class rather than a function body."""
    head = skip_template(head)
    match = SCOPE.search(head)
    if not match:
        return False
    paren = head.find("(")  # `struct X f(...) {` is a function, `class MC_API(x) Y {` is not met
    return paren < 0 or match.start() < paren and ")" not in head[paren:]


def skip_template(head):
    """The text without its leading `template <...>`, whose `class` and commas are not ours."""
    match = TEMPLATE.search(head)
    while match:
        depth, at = 1, match.end()
        while at < len(head) and depth:
            depth += {"<": 1, ">": -1}.get(head[at], 0)
            at += 1
        head = head[:match.start()] + " " * (at - match.start()) + head[at:]
        match = TEMPLATE.search(head)
    return head


def pieces(source):
    """(kind, head, head offset, start, end) of what stands at namespace and class level.

    kind: "body" = `head {start ... end}`, "declaration" = `head;`. Bodies are not looked into.
    """
    depth_inside = 0  # braces open inside a body
    default_value = 0  # braces open inside a parameter list
    head_start = start = 0
    body = source.body
    for match in re.finditer(r"[{};]", body):
        at, sign = match.start(), match.group()
        if depth_inside:
            depth_inside += {"{": 1, "}": -1}.get(sign, 0)
            if depth_inside == 0:
                yield "body", body[head_start:start], head_start, start, at
                head_start = at + 1
        elif default_value or sign == "{" and body.count("(", head_start, at) > body.count(
                ")", head_start, at):
            default_value += {"{": 1, "}": -1}.get(sign, 0)
        elif sign == "{":
            if is_scope(LABEL.sub(" ", body[head_start:at])):
                head_start = at + 1
            else:
                depth_inside, start = 1, at
        else:
            if sign == ";":
                yield "declaration", body[head_start:at], head_start, at, at
            head_start = at + 1


def rule_function_lines(_, source):
    for kind, head, _, start, end in pieces(source):
        if kind != "body" or re.search(r"(?<![=!<>])=\s*$", head):
            continue  # a table of constants is not a function
        lines = source.line(end) - source.line(start) + 1
        if lines > FUNCTION_LINES_MAX:
            yield source.line(start), f"a function of {lines} lines"


NAME_BEFORE = re.compile(r"(?:\boperator\s*(?:\(\s*\)|[^\s\w(]+)|[A-Za-z_]\w*)\s*\(")
NOT_A_NAME = {"noexcept", "decltype", "alignas", "requires", "explicit", "static_assert", "if",
              "TEST_CASE", "TEST_SUITE", "__attribute__", "sizeof"}


def parameter_count(head):
    """Parameters of the function that a declaration or definition names, or 0."""
    head = skip_template(head)
    for match in NAME_BEFORE.finditer(head):
        if match.group().rstrip("( \n\t") in NOT_A_NAME:
            continue
        if "=" in re.sub(r"operator\s*\S+|[=!<>]=", "", head[:match.start()]):
            return 0  # the value of a variable
        depth, commas, at = 1, 0, match.end()
        while at < len(head) and depth:
            sign = head[at]
            depth += sign in "([{<"
            depth -= sign in ")]}" or sign == ">" and head[at - 1] not in "-="
            commas += sign == "," and depth == 1
            at += 1
        return commas + 1 if head[match.end():at - 1].strip() else 0
    return 0


def rule_parameters(_, source):
    for _, head, offset, _, _ in pieces(source):
        if head.count(",") < PARAMETERS_MAX or re.search(r"\bvoid\s*\*", head):
            continue  # whoever takes a void* is called by a C library, which chose the parameters
        count = parameter_count(head)
        if count > PARAMETERS_MAX:
            lead = len(head) - len(head.lstrip())
            yield source.line(offset + lead), f"{count} parameters; make a struct"


# --- what the code may touch ---------------------------------------------------------------------

def rule_throw(_, source):
    for match in re.finditer(r"\bthrow\b", source.body) if "throw" in source.body else ():
        yield source.line(match.start()), "return an Error instead"


def needles(*words):
    """[(word, pattern)]: a plain search for the word decides whether the pattern is tried at all;
    one pattern of many alternatives took half of the tool's time."""
    call = r"(?<![\w.>:])(?:std::)?%s\s*\(\s*(?:\)|nullptr|NULL|0\s*\)|\d)"
    system = r"(?<![\w:])%s\s*\("
    return [(word, re.compile(system % re.escape(word[:-1]) if word.startswith("::") else
                              call % word[:-1] if word.endswith("(") else r"\b%s\b" % re.escape(word)))
            for word in words]


TIME_AND_CHANCE = needles(
    "std::chrono::system_clock", "std::chrono::high_resolution_clock", "random_device",
    "sleep_for", "sleep_until", "gettimeofday", "clock_gettime", "localtime", "localtime_r",
    "rand(", "srand(", "time(", "usleep(")
MACHINE = needles(
    "std::chrono::steady_clock", "fopen", "fdopen", "freopen", "fstream", "ifstream", "ofstream",
    "std::filesystem", "getenv", "secure_getenv", "setenv", "unsetenv", "::open(", "::socket(",
    "::connect(", "::bind(", "::listen(", "::accept(", "::accept4(", "::read(", "::write(", "::unlink(")
MACHINE_HEADERS = {"fstream", "filesystem", "sys/socket.h", "netinet/in.h", "fcntl.h", "unistd.h",
                   "sys/stat.h", "netdb.h", "poll.h", "sys/epoll.h"}


def rule_world(_, source):
    """Product code outside the seams touches nothing; tests may read files, but no real time."""
    if (source.module in ("sys", "net") or source.storey in ("adapter", "app") or source.is_tool
            or source.path.split("/")[0] == "tests"):
        return
    banned = TIME_AND_CHANCE if source.is_check else TIME_AND_CHANCE + MACHINE
    for word, pattern in banned:
        for match in pattern.finditer(source.body) if word in source.body else ():
            yield source.line(match.start()), f"'{match.group().strip()}': take it from the World"
    if source.is_check:
        return
    for line, target in source.includes:
        if target in MACHINE_HEADERS:
            yield line, f"<{target}> belongs into sys, net, adapter or app"


# --- coroutines ----------------------------------------------------------------------------------

LAMBDA = re.compile(r"(?<![\w\])])\s*\[[^\[\]]*\]\s*[({]|(?<![\w\])\s])\[[^\[\]]*\]\s*[({]")


def await_statements(source):
    """(offset, text) of each statement with a co_await. The body of a lambda that stands inside
    parentheses is looked at by itself; in the text of its outer statement it reads `{}`."""
    body = source.body
    if "co_await" not in body or source.path == AWAIT_SAMPLES:
        return
    opened, frames = [], []  # kinds of open `{`; the outer statements of open lambda bodies
    begin, text, last, parens = 0, "", 0, 0
    for match in re.finditer(r"[(){};]", body):
        at, sign = match.start(), match.group()
        text, last = text + body[last:at], at
        if sign in "()":
            parens += 1 if sign == "(" else -1
            continue
        if sign == "{":
            opened.append(kind_of_brace(text, parens))
        kind = opened.pop() if sign == "}" and opened else opened[-1] if opened else "block"
        if sign != ";" and kind == "initializer" or sign == ";" and parens > 0:
            continue
        if sign == "{" and kind == "lambda":
            frames.append((begin, text + "{}", parens))
        elif "co_await" in text:
            yield begin + len(text) - len(text.lstrip()), text.strip()
        begin, text, last, parens = at + 1, "", at + 1, 0
        if sign == "}" and kind == "lambda" and frames:
            begin, text, parens = frames.pop()


def kind_of_brace(before, parens):
    if not opens_block(before):
        return "initializer"
    return "lambda" if parens > 0 else "block"


def opens_block(before):
    tail = before.rstrip()
    return not tail or tail[-1] in "):" or re.search(
        r"\b(?:else|do|try|const|noexcept|mutable|override|final)$|->[^;]*$|"
        r"\b(?:namespace|class|struct|union|enum)\b[^;(]*$", tail) is not None


def rule_await_line(_, source):
    for begin, text in await_statements(source):
        at = source.line(begin + text.index("co_await"))
        if "{" in text:
            yield at, "braces in a statement with co_await; name the argument first"
        elif LAMBDA.search(text):
            yield at, "a lambda in a statement with co_await; name it first"


def rule_await_twice(_, source):
    for begin, text in await_statements(source):
        if len(re.findall(r"\bco_await\b", text)) > 1:
            at = begin + text.index("co_await")
            yield source.line(at), "two co_await in one statement"


# --- the tree ------------------------------------------------------------------------------------

def rule_to_do(_, source):
    if not any(word in source.text for word in ("TO" "DO", "FIX" "ME", "XX" "X")):
        return
    for match in re.finditer(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X)\b(?!\s*\(?#\d)", source.text):
        yield source.line(match.start()), "name the issue (#123) or do it"


def house_public_header(house):
    for path in sorted(house.files):
        match = re.fullmatch(r"src/(\w+)/(\w+)/CMakeLists\.txt", path)
        if match and f"src/{match[1]}/{match[2]}/{match[2]}.h" not in house.files:
            if f"src/{match[1]}/{match[2]}/main.cc" not in house.files:  # a program offers nothing
                yield path, 1, f"{match[2]}/{match[2]}.h is missing"


def house_floors(house):
    seen = set()
    for path in sorted(house.files):
        match = re.match(r"src/(\w+)/(\w+)/", path)
        if not match or match.groups() in seen:
            continue
        seen.add(match.groups())
        storey, module = match.groups()
        if house.module_storey.get(module) != storey:
            yield path, 1, f"'{storey}: {module}' is not in src/FLOORS"
        elif f"src/{storey}/{module}/CMakeLists.txt" in house.files:
            if module not in house.dependencies:
                yield f"src/{storey}/{module}/CMakeLists.txt", 1, f"no mc_module({module} ...)"


def built_by(house):
    """(names, patterns): paths and glob patterns that the CMake files mention, from the root."""
    names, patterns = set(), []
    for path, text in house.files.items():
        if not path.endswith(("CMakeLists.txt", ".cmake")):
            continue
        folder = posixpath.dirname(path)
        text = re.sub(r"#[^\n]*", "", text)
        if re.search(r"\bmc_module\(\s*\w", text) and path.startswith("src/"):
            patterns.append(f"{folder}/*.cc")
        for word in re.findall(r"[^\s()\"]+\.cc\b", text):
            inside = re.sub(r"^\$\{(?:CMAKE_CURRENT_SOURCE_DIR|CMAKE_CURRENT_LIST_DIR|dir)\}/", "", word)
            rooted = re.sub(r"^\$\{(?:CMAKE_SOURCE_DIR|PROJECT_SOURCE_DIR)\}/", "", word)
            full = rooted if rooted != word else posixpath.normpath(posixpath.join(folder, inside))
            if "*" in full:
                patterns.append(full)
            names.add(full)
    return names, patterns


def house_unbuilt(house):
    names, patterns = built_by(house)
    for source in house.sources:
        path = source.path
        if source.is_header or path in names:
            continue
        globbed = any(fnmatch.fnmatch(path, p) and ("**" in p or path.count("/") == p.count("/"))
                      for p in patterns)
        if not globbed or path.endswith("/main.cc"):
            yield path, 1, "no CMakeLists.txt builds this file"


MACHINE_PATH = re.compile(r"(?<![\w.$}~-])/(?:" r"work|" r"root|" r"farm)/\w|bash" r"_jobs")


def house_machine_path(house):
    for path, text in sorted(house.files.items()):
        if not any(word in text for word in ("/wo" "rk/", "/ro" "ot/", "/fa" "rm/", "bash" "_jobs")):
            continue
        for match in MACHINE_PATH.finditer(text):
            yield path, text.count("\n", 0, match.start()) + 1, f"'{match.group()}...'"


def house_changelog(house):
    if "## [Unreleased]" not in house.files.get("CHANGELOG.md", ""):
        yield "CHANGELOG.md", 1, "missing, or without '## [Unreleased]'"


def check(house):
    """All findings, in order of path, line and rule."""
    findings = []
    for name in RULES:
        function = name.replace("-", "_")
        if "house_" + function in globals():
            findings += [Finding(path, line, name, message)
                         for path, line, message in globals()["house_" + function](house)]
        else:
            rule = globals()["rule_" + function]
            findings += [Finding(source.path, line, name, message)
                         for source in house.sources for line, message in rule(house, source)]
    return sorted(findings)


def read_tree(root):
    """{path: text} of the text files git knows or would add; without git, of all but build/."""
    try:
        listed = subprocess.run(
            ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            capture_output=True, check=True).stdout
        paths = [name.decode() for name in listed.split(b"\0") if name]
    except (OSError, subprocess.CalledProcessError):  # no git here, or not a work tree
        paths = []
        for folder, folders, names in os.walk(root):
            folders[:] = [f for f in folders if f not in ("build", ".git", "node_modules")]
            paths += [os.path.relpath(os.path.join(folder, name), root) for name in names]
    files = {}
    for path in set(paths):
        full = os.path.join(root, path)
        if not os.path.isfile(full) or os.path.getsize(full) > TEXT_BYTES_MAX:
            continue
        with open(full, "rb") as file:
            data = file.read()
        if b"\0" not in data[:8192]:
            files[path] = data.decode("utf-8", errors="replace")
    return files
