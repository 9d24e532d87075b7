#include "tap/desk.h"

#include <algorithm>

#include "crypto/crypto.h"
#include "tap/state.h"

namespace mc::tap {
namespace {

constexpr std::string_view kType = "tap";
constexpr std::string_view kAction = "tap.";
constexpr std::string_view kLog = "audit/system";  // as transparency::log_of()
constexpr std::string_view kTenant = "system";
const Actor kTime = {.name = "time@system", .way = "time"};
// Each tap that there is may still be lifted or end.
constexpr std::size_t kSpoolOfSetsMax = kSpoolMax - kTapsMax;

ledger::RepeatKey key_of(const Event& event) {
  const crypto::Digest digest =
      crypto::Sha256().add(kAction).add(name_of(event.act)).add(" ").add(event.tap.id).finish();
  ledger::RepeatKey out{};
  std::transform(digest.begin(), digest.begin() + out.size(), out.begin(),
                 [](std::uint8_t byte) { return static_cast<char>(byte); });
  return out;
}

json::Value text_or_null(const std::string& text) {
  return text.empty() ? json::Value() : json::Value(text);
}
json::Value number_or_null(const std::optional<std::int64_t>& number) {
  return number ? json::Value(*number) : json::Value();
}

void add_terms(const Tap& tap, json::Object& out) {
  const Terms& terms = tap.terms;
  out.set("tenant", text_or_null(terms.tenant));
  out.set("route", text_or_null(terms.route));
  out.set("document", text_or_null(terms.document));
  out.set("client", text_or_null(terms.client));
  out.set("operation", text_or_null(terms.operation));
  out.set("upstream", text_or_null(terms.upstream));
  out.set("everything", terms.everything);
  out.set("action", name_of(terms.action));
  out.set("rate", number_or_null(terms.rate));
  out.set("burst", number_or_null(terms.burst));
  out.set("seats", number_or_null(terms.seats));
  out.set("percent", number_or_null(terms.percent));
  out.set("reason", terms.reason);
  out.set("set_at", format_rfc3339(tap.set));
  out.set("until", format_rfc3339(tap.until));
  out.set("set_by", tap.by);
  out.set("way", tap.way);
}

std::string payload_of(const Event& event, WallTime now) {
  json::Object out;
  out.set("tap", event.tap.id);
  add_terms(event.tap, out);
  out.set("effective_at", format_rfc3339(event.effective));
  out.set("recorded_at", format_rfc3339(now));
  out.set("done_way", event.way);
  out.set("request_id", text_or_null(event.request_id));
  return json::canonical(out);
}

tl::unexpected<Error> no_tap(const std::string& id) {
  return fail(Code::not_found, "no tap '" + excerpt(id) + "' is in force");
}

}  // namespace

json::Object to_json(const Shown& shown) {
  json::Object out;
  out.set("id", shown.tap.id);
  add_terms(shown.tap, out);
  out.set("stored", shown.stored);
  out.set("record", number_or_null(shown.tap.record));
  const Affected& affected = shown.affected;
  json::Object counts;
  counts.set("last_second", affected.last_second);
  counts.set("last_minute", affected.last_minute);
  counts.set("total", affected.total);
  counts.set("refused_last_second", affected.refused_last_second);
  counts.set("refused_last_minute", affected.refused_last_minute);
  counts.set("refused_total", affected.refused_total);
  json::Array tenants;
  for (const Affected::Of& one : affected.tenants) {
    json::Object of;
    of.set("tenant", text_or_null(one.tenant));
    of.set("last_minute", one.last_minute);
    tenants.emplace_back(std::move(of));
  }
  counts.set("tenants", std::move(tenants));
  out.set("affected", std::move(counts));
  return out;
}

Desk::Desk(World world, Config config)
    : world_(world), config_(std::move(config)), state_(std::make_unique<State>()) {}
Desk::~Desk() = default;

Result<std::unique_ptr<Desk>> Desk::open(World world, Config config) {
  std::unique_ptr<Desk> desk(new Desk(world, std::move(config)));
  const std::string& path = desk->config_.file;
  MC_TRY(const bool there, world.files.exists(path));
  if (there) {
    MC_TRY(const std::string text, world.files.read_all(path, kStateBytesMax));
    Result<State> state = parse_state(text);
    if (!state) {
      return fail(Code::corrupt, path + ": " + state.error().what +
                                     "; the taps in force are not known. Moved away, the server "
                                     "starts without any");
    }
    *desk->state_ = std::move(*state);
  }
  const std::lock_guard lock(desk->mutex_);
  for (const Tap& tap : desk->state_->taps) {
    desk->entries_.push_back({tap, desk->end_of(tap)});
  }
  desk->put_on_board();
  return desk;
}

WallTime Desk::now() {
  latest_ = std::max(latest_, whole_ms(world_.clock.wall()));
  return latest_;
}

MonoTime Desk::end_of(const Tap& tap) {
  return world_.clock.mono() + (tap.until - now());
}

Status Desk::check_places(const Terms& terms) const {
  const auto check = [](std::string_view name, const std::string& text,
                        const std::vector<std::string>& known) -> Status {
    if (text.empty() || std::ranges::find(known, text) != known.end()) return ok();
    return fail(Code::invalid,
                std::string(name) + ": this server has none '" + excerpt(text) + "'");
  };
  MC_TRY_OK(check("route", terms.route, config_.routes));
  return check("upstream", terms.upstream, config_.upstreams);
}

Status Desk::check_room() const {
  if (state_->taps.size() >= kTapsMax) {
    return fail(Code::exhausted,
                "there are " + std::to_string(kTapsMax) + " taps, which is the limit; lift some");
  }
  if (state_->spool.size() >= kSpoolOfSetsMax) {
    return fail(Code::exhausted, std::to_string(kSpoolOfSetsMax) +
                                     " changes of taps wait for the ledger, which is the limit");
  }
  return ok();
}

Result<Tap> Desk::made(const Wanted& wanted, const Actor& by) {
  const WallTime time = now();
  MC_TRY_OK(check(wanted.terms));
  MC_TRY_OK(check_until(wanted.until, time));
  MC_TRY_OK(check_places(wanted.terms));
  MC_TRY_OK(check_room());
  return Tap{sys::make_id("tap", world_.clock, world_.random),
             wanted.terms,
             time,
             wanted.until,
             by.name,
             by.way,
             std::nullopt};
}

// Of the state and of the board at once; mutex_ is held.
void Desk::change(Act act, const Tap& tap, WallTime effective, const Actor& by) {
  if (act == Act::set) {
    state_->taps.push_back(tap);
    entries_.push_back({tap, end_of(tap)});
  } else {
    std::erase_if(state_->taps, [&](const Tap& one) { return one.id == tap.id; });
    std::erase_if(entries_, [&](const Board::Entry& one) { return one.tap.id == tap.id; });
  }
  put_on_board();
  state_->spool.push_back({act, tap, effective, by.name, by.way, by.purpose, by.request_id});
  ++version_;
  world_.log.event("tap.changed", {{"act", name_of(act)},
                                   {"tap", tap.id},
                                   {"action", name_of(tap.terms.action)},
                                   {"by", by.name},
                                   {"way", by.way},
                                   {"until", format_rfc3339(tap.until)}});
}

void Desk::put_on_board() {
  world_.board.put(entries_);
}

// Whether the file has what there is when it is called. Told once when it does not.
bool Desk::save() {
  const std::lock_guard writing(writing_);
  std::string text;
  std::uint64_t version = 0;
  {
    const std::lock_guard lock(mutex_);
    if (saved_ == version_) return true;
    text = print_state(*state_);
    version = version_;
  }
  const Status written = world_.files.write_atomic(config_.file, text);
  const std::lock_guard lock(mutex_);
  if (written) saved_ = version;
  if (!written && !unsaved_told_) world_.log.warn("tap.unstored", {{"why", written.error().what}});
  unsaved_told_ = !written;
  return written.has_value();
}

Shown Desk::shown(Tap tap, bool stored) const {
  Shown out{std::move(tap), stored, {}};
  out.affected = world_.board.affected(out.tap.id, world_.clock.mono());
  return out;
}

Result<Shown> Desk::set(const Wanted& wanted, const Actor& by, Run run) {
  Tap tap;
  {
    const std::lock_guard lock(mutex_);
    MC_TRY(tap, made(wanted, by));
    if (run == Run::dry) return Shown{std::move(tap), false, {}};
    change(Act::set, tap, tap.set, by);
  }
  const bool stored = save();
  return shown(std::move(tap), stored);
}

Result<Shown> Desk::lift(const std::string& id, const Actor& by, Run run) {
  Shown out;
  {
    const std::lock_guard lock(mutex_);
    const auto found = std::ranges::find(state_->taps, id, &Tap::id);
    if (found == state_->taps.end()) return no_tap(id);
    out = shown(*found, saved_ == version_);
    if (run == Run::dry) return out;
    change(Act::lift, out.tap, now(), by);
  }
  out.stored = save();
  return out;
}

Result<Shown> Desk::take(const SignedOrder& signed_order) {
  const Order& order = signed_order.order;
  const Actor by{.name = "key:" + signed_order.key_id, .way = "file"};
  Shown out;
  {
    const std::lock_guard lock(mutex_);
    const WallTime time = now();
    if (order.expires <= time) return fail(Code::invalid, "expires_at: it is past");
    if (order.issued > time + kOrderAheadMax) {
      return fail(Code::invalid, "issued_at: it is more than 5 minutes ahead");
    }
    auto last = state_->serials.find(signed_order.key_id);
    if (last != state_->serials.end() && order.serial <= last->second) {
      return fail(Code::conflict, "serial: an order of this key with number " +
                                      std::to_string(last->second) + " was taken before");
    }
    if (last == state_->serials.end() && state_->serials.size() >= kSerialsMax) {
      return fail(Code::exhausted,
                  "more than " + std::to_string(kSerialsMax) + " keys gave orders");
    }
    const auto held = std::ranges::find(state_->taps, order.id, &Tap::id);
    if (!order.set && held == state_->taps.end()) return no_tap(order.id);
    if (order.set) {
      if (held != state_->taps.end()) return fail(Code::conflict, "tap: it is there already");
      MC_TRY(out.tap, made(*order.set, by));
      out.tap.id = order.id;
    } else {
      out = shown(*held, false);
    }
    state_->serials[signed_order.key_id] = order.serial;
    change(order.set ? Act::set : Act::lift, out.tap, time, by);
  }
  out.stored = save();
  return out;
}

Result<Shown> Desk::find(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find(state_->taps, id, &Tap::id);
  if (found == state_->taps.end()) return no_tap(id);
  return shown(*found, saved_ == version_);
}

std::vector<Shown> Desk::list() const {
  const std::lock_guard lock(mutex_);
  const MonoTime time = world_.clock.mono();
  std::vector<Shown> out;
  for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
    if (entry->ends <= time) continue;
    const auto tap = std::ranges::find(state_->taps, entry->tap.id, &Tap::id);
    out.push_back(shown(*tap, saved_ == version_));
  }
  return out;
}

Status Desk::tick() {
  {
    const std::lock_guard lock(mutex_);
    const MonoTime time = world_.clock.mono();
    std::vector<Tap> ended;
    for (const Board::Entry& entry : entries_) {
      if (entry.ends <= time) ended.push_back(entry.tap);
    }
    for (const Tap& tap : ended) change(Act::expire, tap, tap.until, kTime);
  }
  if (save()) return ok();
  return fail(Code::unavailable, config_.file + " cannot be written");
}

Result<std::int64_t> Desk::append(const Event& event) {
  ledger::Entry entry;
  entry.log = kLog;
  entry.type = kType;
  entry.actor = event.by;
  entry.tenant = kTenant;
  entry.action = std::string(kAction) + std::string(name_of(event.act));
  entry.purpose = event.purpose.empty() ? "not stated" : event.purpose;
  entry.payload = payload_of(event, whole_ms(world_.clock.wall()));
  entry.key = key_of(event);
  MC_TRY(const ledger::Recorded recorded, world_.ledger.append(std::move(entry)));
  return static_cast<std::int64_t>(recorded.seq);
}

Status Desk::record() {
  const std::lock_guard recording(recording_);
  while (true) {
    Event event;
    {
      const std::lock_guard lock(mutex_);
      if (state_->spool.empty()) return ok();
      event = state_->spool.front();
    }
    MC_TRY(const std::int64_t seq, append(event));
    {
      const std::lock_guard lock(mutex_);
      state_->spool.erase(state_->spool.begin());
      const auto tap = std::ranges::find(state_->taps, event.tap.id, &Tap::id);
      if (event.act == Act::set && tap != state_->taps.end()) tap->record = seq;
      ++version_;
    }
    (void)save();  // tick() tries again; what is recorded twice is one record, by its key
  }
}

std::size_t Desk::unrecorded() const {
  const std::lock_guard lock(mutex_);
  return state_->spool.size();
}

}  // namespace mc::tap
