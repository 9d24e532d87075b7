"""Random budgets and the events under them. A stream depends on its seed alone.

Not among them: more users of a tenant than are counted (kUsersMax), times that go back other than
the calendar's, and counts of windows near the end of their 44 bits.
"""
import heapq
import json
import random

from evaluator import burst_of

PATHS = ["/a", "/b", "/c", "/d"]
PLANS = ["starter", "pro", "free"]
UNLISTED = "gone"
BURSTS = [0.01, 0.07, 0.25, 0.5, 1, 1.1, 1.5, 2, 3.3, 5, 10, 20, 60, 3600]
SETTLED = ["credits", "bytes", "fanout"]
RATES = {"requests": "gql_qps", "credits": "credits_per_s", "bytes": "bytes_per_s",
         "fanout": "fanout_per_s", "deliveries": "subs_fanout", "exports": "exports_per_min"}
OTHERS = {"seats": "seats", "subscriptions": "subscriptions", "day_credits": "credits_per_day",
          "month_credits": "credits_per_month"}
MONTH_END_MS = 1_790_812_800_000  # 2026-10-01T00:00:00Z
DAY_MS = 86_400_000
RATE_MAX = 10**9


class Stream:
    """One book and what happens to it, as requests of budget_oracle."""

    def __init__(self, seed, size, refunds):
        self.seed, self.refunds = seed, refunds
        self.random = random.Random(f"{seed}/{refunds}")
        chance = self.random.random
        self.sets_back = chance() < 0.15  # the calendar
        self.moves = chance() < 0.15      # tenants change their plans
        self.hoards = refunds and chance() < 0.15
        self.pace = 10 ** self.random.uniform(-1, 4.5)  # requests a second, about
        self.typical = {name: 10 ** self.random.uniform(0, 3.5) for name in RATES}
        self.typical["requests"] = self.typical["exports"] = 1
        self.typical["subscriptions"] = self.typical["seats"] = 1
        self.dense = self.random.choice((0.08, 0.15, 0.3, 0.5))
        self.settings = self.book()
        self.bursts = self.find_bursts(self.settings, {})
        self.requests = [{"book": self.settings, "paths": PATHS}]
        self.reserves = 0
        self.at_ns, self.offset_ms = self.random.randrange(10**9), 0
        self.start_ms = MONTH_END_MS - self.random.randrange(3 * DAY_MS)
        self.events(size)

    @property
    def kind(self):
        if self.sets_back:
            return "calendar set back"
        return "plans change" if self.moves else "steady"

    # The settings.

    def limits(self, share, warns=True):
        rng, out = self.random, {}
        for name, setting in RATES.items():
            if rng.random() >= self.dense:
                continue
            rate = self.pace * self.typical[name] * share * 10 ** rng.uniform(-0.4, 1.6)
            rate *= 60 if name == "exports" else 1
            if rng.random() < 0.03:
                rate = rng.choice((1, 7, 997, RATE_MAX - 1, RATE_MAX))
            out[setting] = min(RATE_MAX, max(1, int(rate)))
        if rng.random() < self.dense:
            out["seats"] = max(1, int(200 * share * rng.random()))
        if rng.random() < self.dense / 2:
            out["subscriptions"] = rng.randint(1, 200)
        for setting, most in (("credits_per_day", 3_000), ("credits_per_month", 9_000)):
            if rng.random() < self.dense / 2:
                out[setting] = max(1, int(self.typical["credits"] * share * most * rng.random()))
        if rng.random() < 0.7:
            most = max((out[setting] for setting in RATES.values() if setting in out), default=1)
            out["burst"] = rng.choice([burst for burst in BURSTS if burst * most <= 10**12])
        limited = [name for name, setting in (RATES | OTHERS).items() if setting in out]
        if warns and limited and rng.random() < 0.25:
            out["warn_only"] = rng.sample(limited, rng.randint(1, min(3, len(limited))))
        return out

    def some(self, share):
        return {path: self.limits(share) for path in PATHS[:3] if self.random.random() < 0.5}

    def book(self):
        plans = {}
        for name in PLANS:
            plan = self.limits(0.4)
            if self.random.random() < 0.5:
                plan["users"] = self.limits(0.2)
            plan["routes"] = self.some(0.2)
            if self.random.random() < 0.4:
                plan["together"] = self.limits(0.6)
            plans[name] = plan
        admission = {"routes": self.some(0.5)}
        if self.random.random() < 0.5:
            admission["global"] = self.limits(1)
        return {"budgets": plans, "admission": admission}

    def find_bursts(self, settings, out):
        for name, setting in RATES.items():
            if setting in settings:
                burst = burst_of(settings[setting], settings.get("burst", 1))
                out.setdefault(name, []).append(burst)
        for value in settings.values():
            if isinstance(value, dict):
                self.find_bursts(value, out)
        return out

    # The events.

    def events(self, size):
        rng = self.random
        waiting = []  # (when, order, id, tenant, taken)
        plans = {"t1": "starter", "t2": "pro", "t3": rng.choice(PLANS), "t4": UNLISTED}
        together = 0
        while self.reserves < size:
            if together > 0:
                together -= 1
                self.at_ns += rng.choice((0, 0, 1, rng.randrange(1, 1000)))
            else:
                self.at_ns += self.pause()
                together = rng.choice((0, 0, 0, rng.randrange(12), rng.randrange(40)))
            while waiting and waiting[0][0] <= self.at_ns:
                self.settle(heapq.heappop(waiting), plans)
            self.calendar()
            if self.moves and rng.random() < 0.02:
                plans[rng.choice(list(plans))] = rng.choice(PLANS + [UNLISTED])
            tenant = rng.choice(("t1", "t1", "t1", "t2", "t2", "t3", "t4"))
            taken = self.amounts()
            self.reserves += 1
            self.ask({"reserve": self.reserves, "tenant": tenant, "plan": plans[tenant],
                      "user": f"u{rng.randrange(3)}", "route": rng.randrange(len(PATHS)),
                      "amounts": taken}, self.at_ns)
            if rng.random() < 0.96:
                heapq.heappush(waiting, (self.at_ns + self.duration(), rng.random(),
                                         self.reserves, tenant, taken))
            if rng.random() < 0.02:
                self.ask({"left": tenant, "plan": plans[tenant]}, self.at_ns)

    def ask(self, request, at_ns):
        self.now_ns = at_ns
        request["at_ns"] = at_ns
        request["wall_ms"] = self.start_ms + self.offset_ms + at_ns // 10**6
        self.requests.append(request)

    def pause(self):
        rng, chance = self.random, self.random.random()
        gap = 10**9 / self.pace
        if chance < 0.9:
            return int(rng.expovariate(1) * gap * 8)
        if chance < 0.985:
            return int(rng.random() * gap * 200)
        if chance < 0.999:
            return int(10 ** rng.uniform(8, 11))
        return int(10 ** rng.uniform(11, 14.5))  # up to three days

    def duration(self):
        rng = self.random
        if self.hoards:  # everything ends at once, now and then
            every = int(10**9 / self.pace * 300) + 1
            return every - self.at_ns % every
        if rng.random() < 0.7:
            return int(rng.expovariate(1) * 10**9 / self.pace * 20)
        return int(10 ** rng.uniform(6, 10.5))

    def calendar(self):
        rng, chance = self.random, self.random.random()
        if chance < 0.003:
            self.offset_ms += rng.choice((1, 1000, 3_600_000, DAY_MS, 40 * DAY_MS))
        elif chance < 0.01 and self.sets_back:
            self.offset_ms -= rng.choice((1, 1000, 3_600_000, DAY_MS, 40 * DAY_MS))

    def amounts(self):
        rng, out = self.random, {}
        out["requests"] = 1 if rng.random() < 0.85 else rng.randrange(12)
        out["seats"] = 1 if rng.random() < 0.98 else rng.randrange(40)
        for name in SETTLED:
            if rng.random() < 0.9:
                out[name] = self.amount(name)
        for name in ("deliveries", "exports", "subscriptions"):
            if rng.random() < 0.3:
                out[name] = self.amount(name)
        return out

    def amount(self, name):
        rng, chance = self.random, self.random.random()
        bursts = self.bursts.get(name)
        if bursts and (chance < 0.04 or (self.hoards and chance < 0.5)):
            return rng.choice(bursts) + (rng.choice((-1, 0, 0, 0, 1)) if chance < 0.04 else 0)
        if chance < 0.045:
            return rng.choice((10**9, 10**12, 2**62))
        return int(rng.expovariate(1) * self.typical[name] + 0.5)

    def used(self, taken):
        rng, out = self.random, {}
        for name in SETTLED:
            amount, chance = taken.get(name, 0), rng.random()
            if self.refunds and chance < 0.7:
                out[name] = rng.choice((0, amount, rng.randrange(amount + 1)))
            elif chance < 0.75 or amount > 10**9:
                out[name] = amount
            else:
                most = rng.choice(self.bursts.get(name, [1]))
                out[name] = amount + rng.choice((1, amount, most, 3 * most, rng.randrange(most)))
        return out

    def settle(self, ended, plans):
        when, _, number, tenant, taken = ended
        request = {"settle": number, "used": self.used(taken)}
        when = max(when, self.now_ns)
        look = self.random.random() < 0.15
        if look:
            self.ask({"left": tenant, "plan": plans[tenant]}, when)
        self.ask(request, when)
        if look:
            self.ask({"left": tenant, "plan": plans[tenant]}, when)


def line_of(request):
    return json.dumps(request, separators=(",", ":"))
