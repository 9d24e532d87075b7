#include "tap/state.h"

#include <algorithm>
#include <set>

namespace mc::tap {
namespace {

constexpr std::array<std::string_view, 3> kActs = {"set", "lift", "expire"};
constexpr std::string_view kKind = "mc.taps/v1";

}  // namespace

// As they stand in the file.
namespace wire {

struct Tap : Terms {
  std::string id, set_at, until, by, way;
  std::optional<std::int64_t> record;
};

struct Event {
  std::string act, effective_at, by, way, purpose, request_id;
  Tap tap;
};

struct State {
  std::string kind;
  std::vector<Tap> taps;
  std::vector<Event> spool;
  std::map<std::string, std::int64_t> serials;
};

}  // namespace wire
}  // namespace mc::tap

namespace mc::json {

template <>
struct Describe<tap::wire::Tap> {
  using T = tap::wire::Tap;
  static constexpr Rules kText = {.min = 1, .max = tap::kNameBytesMax, .required = true};
  static constexpr auto fields = std::tuple_cat(
      tap::term_fields<T>(),
      std::tuple{Field{"id", &T::id, "", kText}, Field{"set_at", &T::set_at, "", kText},
                 Field{"until", &T::until, "", kText}, Field{"by", &T::by, "", kText},
                 Field{"way", &T::way, "", kText}, Field{"record", &T::record}});
};

template <>
struct Describe<tap::wire::Event> {
  using T = tap::wire::Event;
  static constexpr Rules kText = {.min = 1, .max = tap::kNameBytesMax, .required = true};
  static constexpr Rules kMaybe = {.max = tap::kNameBytesMax};
  static constexpr auto fields = std::tuple{Field{"act", &T::act, "", kText},
                                            Field{"effective_at", &T::effective_at, "", kText},
                                            Field{"by", &T::by, "", kText},
                                            Field{"way", &T::way, "", kText},
                                            Field{"purpose", &T::purpose, "", kMaybe},
                                            Field{"request_id", &T::request_id, "", kMaybe},
                                            Field{"tap", &T::tap, "", {.required = true}}};
};

template <>
struct Describe<tap::wire::State> {
  using T = tap::wire::State;
  static constexpr auto fields =
      std::tuple{Field{"kind", &T::kind, "", {.required = true}},
                 Field{"taps", &T::taps, "", {.max = tap::kTapsMax}},
                 Field{"spool", &T::spool, "", {.max = tap::kSpoolMax}},
                 Field{"serials", &T::serials, "", {.max = tap::kSerialsMax}}};
};

}  // namespace mc::json

namespace mc::tap {
namespace {

wire::Tap to_wire(const Tap& tap) {
  wire::Tap out;
  static_cast<Terms&>(out) = tap.terms;
  out.id = tap.id;
  out.set_at = format_rfc3339(tap.set);
  out.until = format_rfc3339(tap.until);
  out.by = tap.by;
  out.way = tap.way;
  out.record = tap.record;
  return out;
}

Result<Tap> from_wire(const wire::Tap& tap) {
  Tap out{tap.id, static_cast<const Terms&>(tap), {}, {}, tap.by, tap.way, tap.record};
  MC_TRY_OK(check(out.terms));
  if (!is_tap_id(out.id)) return fail(Code::invalid, "id: it is none of a tap");
  MC_TRY(out.set, parse_rfc3339(tap.set_at));
  MC_TRY(out.until, parse_rfc3339(tap.until));
  MC_TRY_OK(check_until(out.until, out.set));
  if (!is_readable_line(out.by) || !is_readable_line(out.way)) {
    return fail(Code::invalid, "by, way: each is one line");
  }
  if (out.record && *out.record < 0) return fail(Code::invalid, "record: it is 0 or more");
  return out;
}

Result<Event> from_wire(const wire::Event& event) {
  const auto* const act = std::ranges::find(kActs, event.act);
  if (act == kActs.end()) return fail(Code::invalid, "act: it is set, lift or expire");
  Event out;
  out.act = static_cast<Act>(act - kActs.begin());
  MC_TRY(out.tap, from_wire(event.tap));
  MC_TRY(out.effective, parse_rfc3339(event.effective_at));
  for (const std::string* text : {&event.by, &event.way, &event.purpose, &event.request_id}) {
    if (!is_readable_line(*text)) return fail(Code::invalid, "by, way: each is one line");
  }
  out.by = event.by;
  out.way = event.way;
  out.purpose = event.purpose;
  out.request_id = event.request_id;
  return out;
}

Result<State> read_state(std::string_view text) {
  MC_TRY(const json::Value value, json::parse(text, {.bytes_max = kStateBytesMax}));
  MC_TRY(const wire::State read, json::read<wire::State>(value));
  if (read.kind != kKind) return fail(Code::invalid, "kind: it is not " + std::string(kKind));
  State out;
  std::set<std::string_view> ids;
  for (const wire::Tap& one : read.taps) {
    if (!ids.insert(one.id).second)
      return fail(Code::invalid, "taps: " + one.id + " is there twice");
    MC_TRY(Tap tap, from_wire(one));
    out.taps.push_back(std::move(tap));
  }
  for (const wire::Event& one : read.spool) {
    MC_TRY(Event event, from_wire(one));
    out.spool.push_back(std::move(event));
  }
  out.serials = read.serials;
  return out;
}

}  // namespace

std::string_view name_of(Act act) {
  return kActs[static_cast<std::size_t>(act)];
}

std::string print_state(const State& state) {
  wire::State out;
  out.kind = kKind;
  for (const Tap& tap : state.taps) out.taps.push_back(to_wire(tap));
  for (const Event& event : state.spool) {
    out.spool.push_back({std::string(name_of(event.act)), format_rfc3339(event.effective), event.by,
                         event.way, event.purpose, event.request_id, to_wire(event.tap)});
  }
  out.serials = state.serials;
  return json::print(json::to_value(out)) + "\n";
}

Result<State> parse_state(std::string_view text) {
  Result<State> out = read_state(text);
  if (!out) return fail(Code::corrupt, out.error().what);
  if (print_state(*out) != text) {
    return fail(Code::corrupt, "it says the same in another way than it is written here");
  }
  return out;
}

}  // namespace mc::tap
