#include "budget/journal_line.h"

#include <algorithm>

#include "budget/journal_wire.h"
#include "json/json.h"
#include "sys/sys.h"

namespace mc::budget::wire {

struct Header {
  std::string event, kind, run;
  std::int64_t started_ns = 0, file = 0, first = 0;
  std::string hash;
  std::vector<std::string> paths;
  BudgetFile settings;
};

struct Queued {
  std::string event;
  std::int64_t seq = 0, of = 0, at_ns = 0;
  std::string request, tenant;
  std::int64_t waited_ns = 0, seats = 0, in_use = 0, position = 0;
  std::optional<std::string> shed;
};

struct Lost {
  std::string event;
  std::int64_t seq = 0, count = 0;
};

}  // namespace mc::budget::wire

namespace mc::json {

template <>
struct Describe<budget::wire::Header> {
  using T = budget::wire::Header;
  static constexpr auto fields =
      std::tuple{Field{"event", &T::event, "", kName},
                 Field{"kind", &T::kind, "", kName},
                 Field{"run", &T::run, "", {.min = 1, .max = budget::kJournalNameMax}},
                 Field{"started_ns", &T::started_ns, "", kWall},
                 Field{"file", &T::file, "", kPositiveCount},
                 Field{"first", &T::first, "", kPositiveCount},
                 Field{"hash", &T::hash, "", kName},
                 Field{"paths", &T::paths, "", kNeeded},
                 Field{"settings", &T::settings, "", kNeeded}};
};

template <>
struct Describe<budget::wire::Queued> {
  using T = budget::wire::Queued;
  static constexpr auto fields = std::tuple{Field{"event", &T::event, "", kName},
                                            Field{"seq", &T::seq, "", kPositiveCount},
                                            Field{"of", &T::of, "", kCount},
                                            Field{"at_ns", &T::at_ns, "", kSince},
                                            Field{"request", &T::request, "", kName},
                                            Field{"tenant", &T::tenant, "", kName},
                                            Field{"waited_ns", &T::waited_ns, "", kSince},
                                            Field{"seats", &T::seats, "", kCount},
                                            Field{"in_use", &T::in_use, "", kCount},
                                            Field{"position", &T::position, "", kCount},
                                            Field{"shed", &T::shed, "", kName}};
};

template <>
struct Describe<budget::wire::Lost> {
  using T = budget::wire::Lost;
  static constexpr auto fields =
      std::tuple{Field{"event", &T::event, "", kName}, Field{"seq", &T::seq, "", kPositiveCount},
                 Field{"count", &T::count, "", kPositiveCount}};
};

}  // namespace mc::json

namespace mc::budget {
namespace {

constexpr std::string_view kHeaderStart = R"({"event":"header",)";
constexpr std::int64_t kNeverLogged = -1;

std::string readable(std::string_view name) {
  return is_valid_utf8(name) ? std::string(name) : "~" + to_hex(name.substr(0, 120));
}

std::int64_t logged(Ticks eligible_at) {
  return eligible_at == kNever ? kNeverLogged : eligible_at;
}

void write_name(json::Writer& writer, std::string_view key, std::string_view name) {
  if (is_valid_utf8(name)) {
    writer.member(key, name);
  } else {
    writer.member(key, readable(name));
  }
}

void write_amounts(json::Writer& writer, std::string_view key, const Amounts& amounts) {
  writer.key(key).begin_object();
  for (std::size_t i = 0; i < static_cast<std::size_t>(Dimension::day_credits); ++i) {
    const auto dimension = static_cast<Dimension>(i);
    if (amounts[dimension] > 0) writer.member(name_of(dimension), amounts[dimension]);
  }
  writer.end_object();
}

void write_mark(json::Writer& writer, const Mark& mark) {
  writer.begin_object().member("policy", policy_of(mark)).member("asked", mark.amount);
  writer.member("quota", mark.quota).member("left", mark.left);
  if (mark.eligible_at != 0) writer.member("eligible_at", logged(mark.eligible_at));
  if (mark.warns) writer.member("warns", true);
  writer.end_object();
}

std::string hash_of_text(std::string_view canonical) {
  return "sha256:" + to_hex(sys::sha256(canonical));
}

void write(json::Writer& writer, const JournalHeader& header) {
  const std::string settings =
      header.settings_text.empty() ? canonical(header.settings) : header.settings_text;
  writer.member("event", "header").member("kind", kJournalKind);
  writer.member("run", header.run).member("started_ns", header.started.nanos);
  writer.member("file", header.file).member("first", header.first);
  writer.member("hash", hash_of_text(settings)).key("paths").begin_array();
  for (const std::string& path : header.paths) writer.value(path);
  writer.end_array().key("settings").raw(settings);
}

void write(json::Writer& writer, const Decision& decision) {
  writer.member("event", "decided").member("seq", decision.seq);
  writer.member("at_ns", decision.at.count).member("wall_ns", decision.wall.nanos);
  write_name(writer, "request", decision.request);
  writer.member("step", decision.step);
  write_name(writer, "tenant", decision.tenant);
  write_name(writer, "plan", decision.plan);
  write_name(writer, "user", decision.user);
  write_name(writer, "route", decision.route);
  if (!decision.class_name.empty()) writer.member("class", decision.class_name);
  if (!decision.exempt.empty()) {
    writer.key("exempt").begin_array();
    for (const std::string_view name : decision.exempt.names()) writer.value(name);
    writer.end_array();
  }
  write_amounts(writer, "asked", decision.asked);
  writer.member("outcome", outcome_of(decision));
  if (decision.eligible_at != 0) writer.member("eligible_at", logged(decision.eligible_at));
  if (!decision.against.empty()) {
    writer.key("against").begin_array();
    for (const Mark& mark : decision.against) write_mark(writer, mark);
    writer.end_array();
  }
  if (!decision.has_nearest) return;
  writer.key("nearest");
  write_mark(writer, decision.nearest);
}

void write(json::Writer& writer, const Settlement& settlement) {
  writer.member("event", "settled").member("seq", settlement.seq).member("of", settlement.of);
  writer.member("at_ns", settlement.at.count);
  write_amounts(writer, "used", settlement.used);
}

void write(json::Writer& writer, const QueueFact& fact) {
  writer.member("event", "queued").member("seq", fact.seq).member("of", fact.of);
  writer.member("at_ns", fact.at.count);
  write_name(writer, "request", fact.request);
  write_name(writer, "tenant", fact.tenant);
  writer.member("waited_ns", fact.waited.count).member("seats", fact.seats);
  writer.member("in_use", fact.in_use).member("position", fact.position);
  if (!fact.shed.empty()) write_name(writer, "shed", fact.shed);
}

void write(json::Writer& writer, const Overridden& overridden) {
  writer.member("event", "overridden").member("seq", overridden.seq);
  writer.member("at_ns", overridden.at.count);
  write_name(writer, "tenant", overridden.tenant);
  writer.key("rules").begin_array();
  for (const Override& rule : overridden.rules) {
    writer.begin_object();
    write_name(writer, "id", rule.id);
    writer.member("scope", name_of(rule.scope));
    if (!rule.route.empty()) write_name(writer, "route", rule.route);
    writer.member("dimension", name_of(rule.dimension));
    if (rule.amount) writer.member("amount", *rule.amount);
    if (rule.factor) writer.member("factor", *rule.factor);
    writer.member("from_ns", rule.from.nanos).member("until_ns", rule.until.nanos);
    writer.member("asked_ns", rule.asked.nanos).end_object();
  }
  writer.end_array();
}

void write(json::Writer& writer, const Restored& restored) {
  writer.member("event", "restored").member("seq", restored.seq);
  writer.member("at_ns", restored.at.count).member("wall_ns", restored.wall.nanos);
  writer.key("counts").begin_array();
  for (const WindowCount& one : restored.counts) {
    writer.begin_object().member("scope", name_of(one.scope));
    if (!one.tenant.empty()) write_name(writer, "tenant", one.tenant);
    if (!one.user.empty()) write_name(writer, "user", one.user);
    if (!one.plan.empty()) write_name(writer, "plan", one.plan);
    if (!one.route.empty()) write_name(writer, "route", one.route);
    if (!one.class_name.empty()) writer.member("class", one.class_name);
    writer.member("dimension", name_of(one.dimension));
    writer.member("window", std::int64_t{one.window}).member("used", one.used).end_object();
  }
  writer.end_array();
}

void write(json::Writer& writer, const Loss& loss) {
  writer.member("event", "lost").member("seq", loss.seq).member("count", loss.count);
}

Result<Amounts> amounts_of(std::string_view member, const wire::Counts& counts) {
  Amounts out;
  for (const auto& [name, amount] : counts) {
    const auto dimension = dimension_of(name);
    const std::string where = std::string(member) + "." + excerpt(name);
    if (!dimension || *dimension >= Dimension::day_credits) {
      return fail(Code::invalid, where + ": no such dimension");
    }
    if (amount < 1 || amount > kJournalAmountMax) {
      return fail(Code::invalid, where + " is " + std::to_string(amount) + ", must be 1 to " +
                                     std::to_string(kJournalAmountMax));
    }
    out.set(*dimension, amount);
  }
  return out;
}

Result<DimensionSet> exempt_of(const std::optional<std::vector<std::string>>& names) {
  DimensionSet out;
  for (const std::string& name : names.value_or(std::vector<std::string>())) {
    const auto dimension = dimension_of(name);
    if (!dimension) return fail(Code::invalid, "exempt: no such dimension: " + excerpt(name));
    out.add(*dimension);
  }
  return out;
}

Result<std::string> class_of(std::optional<std::string> name) {
  if (!name) return std::string();
  if (!is_class_name(*name)) return fail(Code::invalid, "class: no such one: " + excerpt(*name));
  return std::move(*name);
}

Result<Ticks> eligible_of(const std::optional<std::int64_t>& logged_as) {
  if (!logged_as) return Ticks{0};
  if (*logged_as == kNeverLogged) return kNever;
  if (*logged_as > 0 && *logged_as < kNever) return *logged_as;
  return fail(Code::invalid,
              "eligible_at is " + std::to_string(*logged_as) + ", must be -1 or 1 up");
}

Result<Mark> mark_of(const wire::Mark& from) {
  Mark out;
  const std::size_t dash = from.policy.rfind('-');
  const std::string_view policy = from.policy;
  const auto dimension =
      dash == std::string::npos ? std::nullopt : dimension_of(policy.substr(dash + 1));
  std::size_t scope = 0;
  while (scope < kScopes && name_of(static_cast<Scope>(scope)) != policy.substr(0, dash)) ++scope;
  if (!dimension || scope == kScopes) {
    return fail(Code::invalid, "policy: no such one: " + excerpt(policy));
  }
  out.scope = static_cast<Scope>(scope);
  out.dimension = *dimension;
  out.amount = from.asked;
  out.quota = from.quota;
  out.left = from.left;
  MC_TRY(out.eligible_at, eligible_of(from.eligible_at));
  out.warns = from.warns.value_or(false);
  return out;
}

Result<JournalEvent> read_header(const json::Value& value) {
  MC_TRY(wire::Header from, json::read<wire::Header>(value));
  if (from.kind != kJournalKind) {
    return fail(Code::invalid,
                "kind is " + excerpt(from.kind) + ", not " + std::string(kJournalKind));
  }
  JournalHeader out;
  out.settings_text = json::canonical(*value.find("settings"));
  if (from.hash != hash_of_text(out.settings_text)) {
    return fail(Code::invalid, "hash is not that of the settings");
  }
  out.run = std::move(from.run);
  out.started = {from.started_ns};
  out.file = from.file;
  out.first = from.first;
  out.settings = std::move(from.settings);
  out.paths = std::move(from.paths);
  return out;
}

Result<JournalEvent> read(wire::Decided from) {
  Decision out;
  out.seq = from.seq;
  out.at = {from.at_ns};
  out.wall = {from.wall_ns};
  out.request = std::move(from.request);
  out.step = from.step;
  out.tenant = std::move(from.tenant);
  out.plan = std::move(from.plan);
  out.user = std::move(from.user);
  out.route = std::move(from.route);
  MC_TRY(out.class_name, class_of(std::move(from.class_name)));
  MC_TRY(out.exempt, exempt_of(from.exempt));
  MC_TRY(out.asked, amounts_of("asked", from.asked));
  out.shared = from.outcome == "denied_shared";
  out.admitted = from.outcome != "denied" && !out.shared;
  MC_TRY(out.eligible_at, eligible_of(from.eligible_at));
  if (from.against && from.against->size() > kJournalMarksMax) {
    return fail(Code::invalid, "against: at most " + std::to_string(kJournalMarksMax));
  }
  for (const wire::Mark& mark : from.against.value_or(std::vector<wire::Mark>())) {
    MC_TRY(out.against.emplace_back(), mark_of(mark));
    out.warned = out.warned || mark.warns.value_or(false);
  }
  out.has_nearest = from.nearest.has_value();
  if (from.nearest) {
    MC_TRY(out.nearest, mark_of(*from.nearest));
  }
  return out;
}

Result<JournalEvent> read(const wire::Settled& from) {
  Settlement out{from.seq, from.of, {from.at_ns}, {}};
  MC_TRY(out.used, amounts_of("used", from.used));
  return out;
}

Result<JournalEvent> read(wire::Queued from) {
  return QueueFact{from.seq,
                   from.of,
                   {from.at_ns},
                   std::move(from.request),
                   std::move(from.tenant),
                   {from.waited_ns},
                   from.seats,
                   from.in_use,
                   from.position,
                   std::move(from.shed).value_or("")};
}

// What check() of an override looks at, without its words and times.
Status check_shape(const Override& rule) {
  if (rule.route.empty() == (rule.scope == Scope::tenant_route)) {
    return fail(Code::invalid, "route: scope tenant-route has one, the others have none");
  }
  if (rule.amount.has_value() == rule.factor.has_value()) {
    return fail(Code::invalid, "amount: one of amount and factor");
  }
  if (rule.factor && *rule.factor > kFactorMax) {
    return fail(Code::invalid, "factor is " + std::to_string(*rule.factor) + ", must be 1 to " +
                                   std::to_string(kFactorMax));
  }
  return ok();
}

Result<Override> rule_of(wire::Rule from) {
  Override out;
  const auto scope = scope_of(from.scope);
  const auto dimension = dimension_of(from.dimension);
  if (!scope || !is_own(*scope) || *scope == Scope::tenant_class) {
    return fail(Code::invalid, "scope: no such one of a tenant");
  }
  if (!dimension) return fail(Code::invalid, "dimension: no such one");
  out.id = std::move(from.id);
  out.scope = *scope;
  out.route = std::move(from.route).value_or("");
  out.dimension = *dimension;
  out.amount = from.amount;
  out.factor = from.factor;
  out.from = {from.from_ns};
  out.until = {from.until_ns};
  out.asked = {from.asked_ns};
  out.state = OverrideState::active;
  MC_TRY_OK(check_shape(out));
  return out;
}

Result<JournalEvent> read(wire::Overridden from) {
  Overridden out{from.seq, {from.at_ns}, std::move(from.tenant), {}};
  for (wire::Rule& rule : from.rules) {
    MC_TRY(Override one, rule_of(std::move(rule)));
    out.rules.push_back(std::move(one));
  }
  return out;
}

Result<WindowCount> count_of(wire::Count from) {
  const auto scope = scope_of(from.scope);
  const auto dimension = dimension_of(from.dimension);
  if (!scope) return fail(Code::invalid, "scope: no such one");
  if (dimension != Dimension::day_credits && dimension != Dimension::month_credits) {
    return fail(Code::invalid, "dimension: it is day_credits or month_credits");
  }
  WindowCount out;
  out.scope = *scope;
  out.tenant = std::move(from.tenant).value_or("");
  out.user = std::move(from.user).value_or("");
  out.plan = std::move(from.plan).value_or("");
  out.route = std::move(from.route).value_or("");
  MC_TRY(out.class_name, class_of(std::move(from.class_name)));
  out.dimension = *dimension;
  out.window = static_cast<std::int32_t>(from.window);
  out.used = from.used;
  return out;
}

Result<JournalEvent> read(wire::Restored from) {
  Restored out{from.seq, {from.at_ns}, {from.wall_ns}, {}};
  for (wire::Count& count : from.counts) {
    MC_TRY(WindowCount one, count_of(std::move(count)));
    out.counts.push_back(std::move(one));
  }
  return out;
}

Result<JournalEvent> read(const wire::Lost& from) {
  return Loss{from.seq, from.count};
}

template <class Wire>
Result<JournalEvent> read_as(const json::Value& value) {
  MC_TRY(Wire wire, json::read<Wire>(value));
  return read(std::move(wire));
}

Result<JournalEvent> read_event(const json::Value& value) {
  const json::Value* const event = value.find("event");
  const std::string* const name = event == nullptr ? nullptr : event->as_string();
  if (name == nullptr) return fail(Code::invalid, "it has no event");
  if (*name == "decided") return read_as<wire::Decided>(value);
  if (*name == "settled") return read_as<wire::Settled>(value);
  if (*name == "queued") return read_as<wire::Queued>(value);
  if (*name == "overridden") return read_as<wire::Overridden>(value);
  if (*name == "restored") return read_as<wire::Restored>(value);
  if (*name == "lost") return read_as<wire::Lost>(value);
  if (*name == "header") return read_header(value);
  return fail(Code::invalid, "event: no such one: " + excerpt(*name));
}

}  // namespace

std::string canonical(const BudgetSettings& settings) {
  BudgetFile file;
  static_cast<BudgetSettings&>(file) = settings;
  return json::canonical(json::to_value(file));
}

std::string hash_of(const BudgetSettings& settings) {
  return hash_of_text(canonical(settings));
}

std::int64_t seq_of(const JournalEvent& event) {
  return std::visit(
      [](const auto& one) {
        if constexpr (requires { one.first; }) {
          return one.first;
        } else {
          return one.seq;
        }
      },
      event);
}

void append_line(std::string& out, const JournalEvent& event) {
  json::Writer writer(out);
  writer.begin_object();
  std::visit([&](const auto& one) { write(writer, one); }, event);
  writer.end_object();
}

std::string print_line(const JournalEvent& event) {
  std::string out;
  append_line(out, event);
  return out;
}

Result<JournalEvent> parse_line(std::string_view line) {
  const std::size_t max = line.starts_with(kHeaderStart) ? kJournalHeaderMax : kJournalLineMax;
  if (line.size() > max) {
    return fail(Code::invalid, "it has " + std::to_string(line.size()) + " bytes, at most " +
                                   std::to_string(max) + " are read");
  }
  MC_TRY(const json::Value value, json::parse(line, {.bytes_max = max}));
  MC_TRY(JournalEvent event, read_event(value));
  if (print_line(event) != line) {
    return fail(Code::invalid,
                "it is not written as such lines are: members in their order, none "
                "that says nothing, no spaces");
  }
  return event;
}

Moment moment_of(const Decision& decision) {
  return Moment::of(decision.at, decision.wall);
}

Moment moment_of(const Restored& restored) {
  return Moment::of(restored.at, restored.wall);
}

Moment moment_of(const Settlement& settlement) {
  return {.now = ticks_of(settlement.at)};
}

WallTime wall_time_of(const Moment& at) {
  const std::int64_t end = (std::int64_t{at.day} + 1) * 86'400'000'000'000;
  return {end - (at.day_end - at.now) / kTicksPerNano};
}

std::string_view outcome_of(const Decision& decision) {
  if (!decision.admitted) return decision.shared ? "denied_shared" : "denied";
  return decision.warned ? "warned" : "admitted";
}

}  // namespace mc::budget
