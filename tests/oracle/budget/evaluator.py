"""Budgets, evaluated a second time: exact integers, every arrival remembered, nothing clever.

Written from the guide (docs/guides/budgets.md), ADR 0024 and the contracts in the headers of
src/govern/budget. Where those leave something open, the choice taken here stands with "Open:".

A bucket that settles is followed twice. `least` is what is due: the arrivals are replayed as if the
true amounts, as far as they are known, had been taken from the start. `most` gives back only what
no time can have grown back, the taken too much less the time that went by. Nobody may ever be
given more than `least` says, nor less than `most` says; without refunds the two are one.
"""
from datetime import datetime, timezone

TICKS_PER_NANO = 64
SECOND = 10**9 * TICKS_PER_NANO
TICKS_PER_MS = 10**6 * TICKS_PER_NANO
DAY_MS = 86_400_000
NEVER = 1 << 100  # as a time to wait; more than all others
LET_GO = 1 << 99  # when something is let go, which nobody knows; less than never only

RATE, SETTLED, HELD, DAY, MONTH = range(5)
# In the order of the dimensions: name, what it goes by, setting, kind, period in seconds.
DIMENSIONS = (
    ("requests", "requests", "gql_qps", RATE, 1),
    ("credits", "credits", "credits_per_s", SETTLED, 1),
    ("bytes", "bytes", "bytes_per_s", SETTLED, 1),
    ("fanout", "fanout", "fanout_per_s", SETTLED, 1),
    ("deliveries", "deliveries", "subs_fanout", RATE, 1),
    ("exports", "exports", "exports_per_min", RATE, 60),
    ("seats", "seats", "seats", HELD, 0),
    ("subscriptions", "subscriptions", "subscriptions", HELD, 0),
    ("day_credits", "credits", "credits_per_day", DAY, 0),
    ("month_credits", "credits", "credits_per_month", MONTH, 0),
)


def burst_of(amount, seconds):
    """In whole credits, rounded up; seconds have three decimals."""
    return -(-amount * round(seconds * 1000) // 1000)


class Limit:
    def __init__(self, scope, dimension, settings, larger):
        self.dimension, self.by, setting, self.kind, period = dimension
        self.name = f"{scope}-{self.dimension}"
        self.warns = self.dimension in settings.get("warn_only", ())
        self.max = settings[setting]
        if self.kind <= SETTLED:
            amount = self.max
            burst = burst_of(amount, float(settings.get("burst", 1.0)))
            self.each = -(-period * SECOND // (amount + larger))  # rounded up
            self.depth = burst * self.each


def limits_of(scope, settings, larger):
    return [Limit(scope, dimension, settings, larger) for dimension in DIMENSIONS
            if settings.get(dimension[2]) is not None]


class Entry:
    __slots__ = ("at", "ticks", "after")

    def __init__(self, at, ticks, after):
        self.at, self.ticks, self.after = at, ticks, after  # `after`: the level with it


class Twin:
    """A bucket that settles."""

    def __init__(self):
        self.full_at = 0   # of `most`: when everything has grown back
        self.entries = []  # of `least`, since it was last empty

    def most(self, now):
        return max(0, self.full_at - now)

    def least(self, now):
        if not self.entries:
            return 0
        last = self.entries[-1]
        return max(0, last.after - (now - last.at))

    def add(self, ticks, now):
        """To `least`. Once it is empty, what came before matters no more: less of it would have
        left it empty as well."""
        level = self.least(now)
        if level == 0:
            self.entries = []
        entry = Entry(now, ticks, level + ticks)
        self.entries.append(entry)
        return self.entries, entry

    def take(self, ticks, now):
        self.full_at = max(now, self.full_at) + ticks
        return self.add(ticks, now)

    def replay(self, entry):
        index = len(self.entries) - 1
        while self.entries[index] is not entry:
            index -= 1
        before = self.entries[index - 1] if index > 0 else Entry(0, 0, 0)
        for later in self.entries[index:]:
            after = max(0, before.after - (later.at - before.at)) + later.ticks
            if after == later.after and later is not entry:
                return  # and so all that follow
            later.after = after
            before = later

    def settle(self, part, used, now):
        limit = part.limit
        more = (used - part.amount) * limit.each
        most = self.most(now)
        if more > 0:
            # What is owed is owed from now on, until one burst is. `least` owes no more than what
            # `most` has room for: that much at least is owed whatever came back before.
            owed = min(more, max(0, 2 * limit.depth - most))
            if owed > 0:
                self.full_at = now + most + owed
                self.add(owed, now)
        elif more < 0:
            elapsed = now - part.since
            self.full_at = now + max(0, most - max(0, -more - elapsed))
            if part.entries is self.entries:
                part.entry.ticks += more
                self.replay(part.entry)


class Account:
    def __init__(self):
        self.full_at = {}  # of rates that do not settle, by dimension
        self.twins = {}    # of those that do
        self.held = {"seats": 0, "subscriptions": 0}
        self.windows = {DAY: [0, 0], MONTH: [0, 0]}  # which, used

    def twin(self, limit):
        if limit.dimension not in self.twins:
            self.twins[limit.dimension] = Twin()
        return self.twins[limit.dimension]


class Part:
    """One limit of one request: how long to wait for it, 0 when it lets it through."""
    __slots__ = ("limit", "account", "amount", "least", "most", "since", "entries", "entry",
                 "window")

    def __init__(self, limit, account, amount):
        self.limit, self.account, self.amount = limit, account, amount
        self.least = self.most = 0


MONTHS = {}


def month_of(day):
    """Months since 1970."""
    if day not in MONTHS:
        date = datetime.fromtimestamp(day * 86_400, timezone.utc)
        MONTHS[day] = (date.year - 1970) * 12 + date.month - 1
    return MONTHS[day]


def month_end(month):
    year, index = divmod(month + 1, 12)
    return int(datetime(1970 + year, index + 1, 1, tzinfo=timezone.utc).timestamp()) * 1000


def window_of(kind, wall_ms):
    day = wall_ms // DAY_MS
    return day if kind == DAY else month_of(day)


def window_end(kind, window):
    return (window + 1) * DAY_MS if kind == DAY else month_end(window)


class Evaluator:
    def __init__(self, settings, paths, larger=0):
        self.plans = {}
        for name, plan in settings.get("budgets", {}).items():
            routes = plan.get("routes", {})
            self.plans[name] = (
                limits_of("tenant-user", plan.get("users", {}), larger),
                [limits_of("tenant-route", routes.get(path, {}), larger) for path in paths],
                limits_of("tenant", plan, larger),
                limits_of("plan", plan.get("together", {}), larger))
        admission = settings.get("admission", {})
        routes = admission.get("routes", {})
        self.routes = [limits_of("route", routes.get(path, {}), larger) for path in paths]
        self.everything = limits_of("global", admission.get("global", {}), larger)
        self.accounts = {}
        self.came = set()
        self.latest = {DAY: 0, MONTH: 0}  # that any request was asked in
        self.open = {}

    def account(self, *key):
        if key not in self.accounts:
            self.accounts[key] = Account()
            self.accounts[key].latest = self.latest
        return self.accounts[key]

    def charges(self, tenant, plan, user, route):
        """The caller's own first: its user's, its tenant's on the route and in all, then its
        plan's, the route's, global. Open: that the counts are the tenant's, of whatever plan."""
        if plan in self.plans:
            users, routes, own, together = self.plans[plan]
            if users:
                yield users, self.account("user", tenant, user)
            if routes[route]:
                yield routes[route], self.account("tenant-route", tenant, route)
            if own:
                yield own, self.account("tenant", tenant)
            if together:
                yield together, self.account("plan", plan)
        if self.routes[route]:
            yield self.routes[route], self.account("route", route)
        if self.everything:
            yield self.everything, self.account("global")

    def weigh(self, request, now):
        """What every limit says, in order; nothing is taken. Open: a limit of which nothing is
        asked for says nothing, and has no part in the settling."""
        if request["plan"] in self.plans:
            self.came.add(request["tenant"])
        for kind in self.latest:
            self.latest[kind] = max(self.latest[kind], window_of(kind, request["wall_ms"]))
        parts = []
        for limits, account in self.charges(request["tenant"], request["plan"], request["user"],
                                            request["route"]):
            for limit in limits:
                amount = request["amounts"].get(limit.by, 0)
                if amount > 0:
                    part = Part(limit, account, amount)
                    weigh_part(part, now, request["wall_ms"])
                    parts.append(part)
        return parts

    def take(self, request, parts, now):
        """`parts` are those that let it through; those that only warned take nothing."""
        for part in parts:
            take_part(part, now, request["wall_ms"])
        self.open[request["reserve"]] = parts

    def settle(self, request):
        now = request["at_ns"] * TICKS_PER_NANO
        for part in self.open.pop(request["settle"], ()):
            settle_part(part, request["used"].get(part.limit.by, 0), now)

    def left(self, request):
        """By dimension: (what `most` leaves, what `least` leaves)."""
        if request["plan"] not in self.plans or request["left"] not in self.came:
            return {}
        now = request["at_ns"] * TICKS_PER_NANO
        account = self.account("tenant", request["left"])
        return {limit.dimension: left_of(limit, account, now, request["wall_ms"])
                for limit in self.plans[request["plan"]][2]}


def weigh_part(part, now, wall_ms):
    limit, account, amount = part.limit, part.account, part.amount
    if limit.kind == RATE:
        part.least = wait_of(limit, amount, max(0, account.full_at.get(limit.dimension, 0) - now))
        part.most = part.least
    elif limit.kind == SETTLED:
        twin = account.twin(limit)
        part.least = wait_of(limit, amount, twin.least(now))
        part.most = wait_of(limit, amount, twin.most(now))
    elif limit.kind == HELD:
        if amount > limit.max:
            part.least = part.most = NEVER
        elif account.held[limit.dimension] + amount > limit.max:
            part.least = part.most = LET_GO
    else:
        window, used = window_now(limit, account, wall_ms)
        if amount > limit.max:
            part.least = part.most = NEVER
        elif used + amount > limit.max:
            end = window_end(limit.kind, window)
            part.least = part.most = (end - wall_ms) * TICKS_PER_MS


def wait_of(limit, amount, level):
    ticks = amount * limit.each
    if ticks > limit.depth:
        return NEVER
    return max(0, level + ticks - limit.depth)


def window_now(limit, account, wall_ms):
    """A calendar that goes back stays in the latest window that there was."""
    window, used = account.windows[limit.kind]
    asked = max(window_of(limit.kind, wall_ms), account.latest[limit.kind])
    return (asked, 0) if asked > window else (window, used)


def take_part(part, now, wall_ms):
    limit, account = part.limit, part.account
    part.since = now
    if limit.kind == RATE:
        before = max(now, account.full_at.get(limit.dimension, 0))
        account.full_at[limit.dimension] = before + part.amount * limit.each
    elif limit.kind == SETTLED:
        part.entries, part.entry = account.twin(limit).take(part.amount * limit.each, now)
    elif limit.kind == HELD:
        account.held[limit.dimension] += part.amount
    else:
        part.window, used = window_now(limit, account, wall_ms)
        account.windows[limit.kind] = [part.window, used + part.amount]


def settle_part(part, used, now):
    limit, account = part.limit, part.account
    if limit.kind == SETTLED:
        account.twin(limit).settle(part, used, now)
    elif limit.kind == HELD:
        account.held[limit.dimension] -= part.amount
    elif limit.kind in (DAY, MONTH):
        window = account.windows[limit.kind]
        if window[0] == part.window:
            window[1] = max(0, window[1] + used - part.amount)


def left_of(limit, account, now, wall_ms):
    if limit.kind == RATE:
        level = max(0, account.full_at.get(limit.dimension, 0) - now)
        left = max(0, limit.depth - level) // limit.each
    elif limit.kind == SETTLED:
        twin = account.twin(limit)
        return (max(0, limit.depth - twin.most(now)) // limit.each,
                max(0, limit.depth - twin.least(now)) // limit.each)
    elif limit.kind == HELD:
        left = max(0, limit.max - account.held[limit.dimension])
    else:
        left = max(0, limit.max - window_now(limit, account, wall_ms)[1])
    return left, left
