// time.*: nanoseconds since 1970 as numbers, with Go's layouts and the machine's time zones.
#include <optional>

#include "builtin/builtin.h"
#include "builtin/civil.h"
#include "builtin/fixed_answers.h"
#include "builtin/operands.h"
#include "builtin/time_layout.h"
#include "term/number.h"

namespace mc::builtin {
namespace {

__extension__ using Wide = __int128;
constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::size_t kLayoutBytesMax = 10'000;

using ZonePointer = std::shared_ptr<const TimeZone>;

// A point in time, and where it is looked at.
struct Moment {
  std::int64_t nanos = 0;
  ZonePointer zone;  // null = UTC
  std::string_view layout;

  std::int64_t second() const { return floor_divide(nanos, kSecond); }
  LocalTime local() const { return local_in(*this, zone.get()); }
  static LocalTime local_in(const Moment& moment, const TimeZone* zone) {
    const auto nanosecond = static_cast<int>(Wide{moment.nanos} - Wide{moment.second()} * kSecond);
    if (zone == nullptr) return local_time(moment.second(), nanosecond, 0, "UTC");
    const TimeZone::Span span = zone->at(moment.second());
    return local_time(moment.second(), nanosecond, span.offset, span.name);
  }
};

Value nanos_value(Context& context, Wide nanos) {
  if (nanos < INT64_MIN || nanos > INT64_MAX) return context.fail("time outside of valid range");
  return Value::integer(static_cast<std::int64_t>(nanos));
}

bool find_zone(Context& context, std::string_view name, ZonePointer& out) {
  if (name.empty() || name == "UTC" || name == "Local") return true;
  if (!context.spend(10)) return false;
  std::string why = "unknown time zone " + excerpt(name);
  if (context.zones != nullptr) {
    if (Result<ZonePointer> zone = context.zones->find(name)) {
      out = std::move(*zone);
      return true;
    } else {
      why = std::move(zone.error().what);
    }
    // A file that was looked for and is not there costs as much as many steps.
    if (!context.spend(100)) return false;
  }
  out = TimeZone::known_without_files(name);
  if (!out) context.fail(std::move(why));
  return out != nullptr;
}

// Operand `index`: a number, or [number, zone], or [number, zone, layout].
std::optional<Moment> want_moment(Context& context, Operands operands, std::size_t index) {
  const Value operand = operands[index];
  const auto refuse = [&context](std::string_view expected, Value got) {
    context.fail(Failure::type, "operand 1 must be " + std::string(expected) + " but got " +
                                    std::string(kind_name(got.kind())));
    return std::nullopt;
  };
  Moment moment;
  Value number = operand;
  if (operand.is_array() && operand.size() > 0) {
    const std::span<const Value> items = operand.items();
    number = items[0];
    if (!number.is_number()) return refuse("number", number);
    if (items.size() > 1) {
      if (!items[1].is_string()) return refuse("string", items[1]);
      if (!find_zone(context, items[1].text(), moment.zone)) return std::nullopt;
    }
    if (items.size() > 2) {
      if (!items[2].is_string()) return refuse("string", items[2]);
      moment.layout = items[2].text();
    }
  } else if (!operand.is_number()) {
    return refuse("either number (ns) or [number (ns), string (tz)]", operand);
  }
  const std::optional<std::int64_t> nanos = term::to_int64(number);
  if (!nanos) {
    context.fail("timestamp too big");
    return std::nullopt;
  }
  moment.nanos = *nanos;
  return moment;
}

Value numbers(Context& context, std::initializer_list<std::int64_t> list) {
  Value out = term::array(context.arena, list.size());
  for (const std::int64_t number : list) {
    term::append(context.arena, out, Value::integer(number));
  }
  return out;
}

Value now_ns(Context& context, Operands) {
  return Value::integer(now_of(context).nanos);
}

Value parsed(Context& context, std::string_view layout, std::string_view value) {
  if (layout.size() > kLayoutBytesMax || value.size() > kLayoutBytesMax) {
    return context.fail("parsing time: layout and value have at most 10000 bytes");
  }
  if (!context.spend(static_cast<std::int64_t>(layout.size() + value.size()) / 10 + 1)) return {};
  const Result<LocalTime> time = parse_time(layout, value);
  if (!time) return context.fail(time.error().what);
  return nanos_value(context, Wide{time->seconds()} * kSecond + time->nanosecond);
}

Value parse_ns(Context& context, Operands operands) {
  if (!context.want(operands, 0, {Kind::string}) || !context.want(operands, 1, {Kind::string})) {
    return {};
  }
  return parsed(context, layout_of(operands[0].text()), operands[1].text());
}

Value parse_rfc3339_ns(Context& context, Operands operands) {
  if (!context.want(operands, 0, {Kind::string})) return {};
  return parsed(context, kRfc3339, operands[0].text());
}

Value parse_duration_ns(Context& context, Operands operands) {
  if (!context.want(operands, 0, {Kind::string})) return {};
  if (!context.spend(static_cast<std::int64_t>(operands[0].text().size()) / 10 + 1)) return {};
  const Result<std::int64_t> duration = parse_go_duration(operands[0].text());
  return duration ? Value::integer(*duration) : context.fail(duration.error().what);
}

Value format(Context& context, Operands operands) {
  const std::optional<Moment> moment = want_moment(context, operands, 0);
  if (!moment) return {};
  const std::string_view layout = moment->layout.empty() ? kRfc3339Nano : layout_of(moment->layout);
  if (layout.size() > kLayoutBytesMax) {
    return context.fail("a layout has at most 10000 bytes");
  }
  if (!context.spend(static_cast<std::int64_t>(layout.size()) / 10 + 1)) return {};
  std::string out;
  append_time(out, moment->local(), layout);
  return checked_string(context, out);
}

Value date(Context& context, Operands operands) {
  const std::optional<Moment> moment = want_moment(context, operands, 0);
  if (!moment) return {};
  const LocalTime local = moment->local();
  return numbers(context, {local.year, local.month, local.day});
}

Value clock(Context& context, Operands operands) {
  const std::optional<Moment> moment = want_moment(context, operands, 0);
  if (!moment) return {};
  const LocalTime local = moment->local();
  return numbers(context, {local.hour, local.minute, local.second});
}

Value weekday(Context& context, Operands operands) {
  const std::optional<Moment> moment = want_moment(context, operands, 0);
  if (!moment) return {};
  const auto day = static_cast<std::size_t>(weekday_of(moment->local().days()));
  return term::string(context.arena, kNames.days[day]);
}

// The wall clock stays, the calendar moves; what is out of its range is carried over.
Value add_date(Context& context, Operands operands) {
  const std::optional<Moment> moment = want_moment(context, operands, 0);
  if (!moment) return {};
  const auto years = want_int(context, operands, 1);
  if (!years) return {};
  const auto months = want_int(context, operands, 2);
  if (!months) return {};
  const auto days = want_int(context, operands, 3);
  if (!days) return {};
  const LocalTime local = moment->local();
  const Wide month = (Wide{local.year} + *years) * 12 + (local.month - 1) + *months;
  const Wide year = floor_divide(month, Wide{12});
  const Wide day =
      days_from_month(year, static_cast<int>(month - year * 12) + 1) + (local.day - 1) + *days;
  const Wide wall = day * kDaySeconds + (local.hour * 3'600 + local.minute * 60 + local.second);
  // Far outside of what nanoseconds reach, before a zone is asked about it.
  constexpr Wide kFar = Wide{1} << 40;
  if (wall < -kFar || wall > kFar) return context.fail("time outside of valid range");
  const auto shown = static_cast<std::int64_t>(wall);
  const std::int64_t second = moment->zone ? moment->zone->from_wall(shown) : shown;
  return nanos_value(context, Wide{second} * kSecond + local.nanosecond);
}

// From the earlier to the later, both in the zone of the first operand: years, months, days, hours,
// minutes, seconds.
Value diff(Context& context, Operands operands) {
  std::optional<Moment> first = want_moment(context, operands, 0);
  if (!first) return {};
  std::optional<Moment> second = want_moment(context, operands, 1);
  if (!second) return {};
  second->zone = first->zone;
  if (first->nanos > second->nanos) std::swap(first, second);
  const LocalTime from = first->local(), to = second->local();
  std::int64_t parts[] = {to.year - from.year, to.month - from.month,   to.day - from.day,
                          to.hour - from.hour, to.minute - from.minute, to.second - from.second};
  const std::int64_t carries[] = {0, 12, days_in_month(from.year, from.month), 24, 60, 60};
  for (std::size_t i = 5; i > 0; --i) {
    if (parts[i] >= 0) continue;
    parts[i] += carries[i];
    --parts[i - 1];
  }
  return numbers(context, {parts[0], parts[1], parts[2], parts[3], parts[4], parts[5]});
}

constexpr Builtin kBuiltins[] = {
    {"time.add_date", "(ns: number, years: number, months: number, days: number) => number",
     add_date},
    {"time.clock", "(x: number | array<number, string>) => array<number, number, number>", clock},
    {"time.date", "(x: number | array<number, string>) => array<number, number, number>", date},
    {"time.diff",
     "(ns1: number | array<number, string>, ns2: number | array<number, string>) => "
     "array<number, number, number, number, number, number>",
     diff},
    {"time.format",
     "(x: number | array<number, string> | array<number, string, string>) => "
     "string",
     format},
    {"time.now_ns", "() => number", now_ns, false},
    {"time.parse_duration_ns", "(duration: string) => number", parse_duration_ns},
    {"time.parse_ns", "(layout: string, value: string) => number", parse_ns},
    {"time.parse_rfc3339_ns", "(value: string) => number", parse_rfc3339_ns},
    {"time.weekday", "(x: number | array<number, string>) => string", weekday},
};

}  // namespace

std::span<const Builtin> time_builtins() {
  return kBuiltins;
}

}  // namespace mc::builtin
