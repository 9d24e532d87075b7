#include "budget/journal_pack.h"

#include <algorithm>
#include <array>

namespace mc::budget {
namespace {

constexpr std::size_t kAmounts = static_cast<std::size_t>(Dimension::day_credits);
constexpr std::uint8_t kAdmitted = 1, kWarned = 2, kHasNearest = 4, kShared = 8;

// A name that is too long stays another one than those that begin like it.
std::string cut(std::string_view name) {
  constexpr std::size_t kHash = 17;  // "#" and 16 digits
  std::array<char, 8> hash{};
  std::uint64_t bits = keyed_hash(0, name);
  for (char& byte : hash) {
    byte = static_cast<char>(bits & 0xff);
    bits >>= 8;
  }
  std::size_t end = kJournalNameMax - kHash;
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xc0) == 0x80) --end;
  return std::string(name.substr(0, end)) + "#" + to_hex({hash.data(), hash.size()});
}

}  // namespace

Packer& Packer::kind(Packed kind) {
  out_ += static_cast<char>(kind);
  return *this;
}

Packer& Packer::whole(std::int64_t number) {
  auto left = static_cast<std::uint64_t>(std::max<std::int64_t>(number, 0));
  std::array<char, 10> bytes{};
  std::size_t count = 0;
  for (; left >= 0x80; left >>= 7) bytes[count++] = static_cast<char>((left & 0x7f) | 0x80);
  bytes[count++] = static_cast<char>(left);
  out_.append(bytes.data(), count);
  return *this;
}

Packer& Packer::ticks(Ticks time) {
  return whole(time / kTicksPerNano);
}

Packer& Packer::name(std::string_view name) {
  if (name.size() > kJournalNameMax) return this->name(cut(name));
  whole(static_cast<std::int64_t>(name.size()));
  out_ += name;
  return *this;
}

Packer& Packer::amounts(const Amounts& amounts) {
  std::uint16_t there = 0;
  for (std::size_t i = 0; i < kAmounts; ++i) {
    if (amounts[static_cast<Dimension>(i)] > 0) there |= static_cast<std::uint16_t>(1U << i);
  }
  whole(there);
  for (std::size_t i = 0; i < kAmounts; ++i) {
    if ((there >> i & 1) != 0) {
      whole(std::min(amounts[static_cast<Dimension>(i)], kJournalAmountMax));
    }
  }
  return *this;
}

Packer& Packer::mark(const Mark& mark) {
  out_ += static_cast<char>(mark.scope);
  out_ += static_cast<char>(static_cast<unsigned>(mark.dimension) | (mark.warns ? 0x80U : 0U));
  return whole(mark.amount).whole(mark.quota).whole(mark.left).whole(mark.eligible_at);
}

Packer& Packer::answer(const Answer& answer, std::span<const Mark> against, bool shared) {
  out_ += static_cast<char>((answer.admitted ? kAdmitted : 0) | (answer.warned ? kWarned : 0) |
                            (answer.has_nearest ? kHasNearest : 0) | (shared ? kShared : 0));
  whole(answer.eligible_at);
  whole(static_cast<std::int64_t>(against.size()));
  for (const Mark& one : against) mark(one);
  return answer.has_nearest ? mark(answer.nearest) : *this;
}

Packer& Packer::rules(std::span<const Override> rules) {
  const auto is_kept = [](const Override& rule) { return rule.state == OverrideState::active; };
  const auto count = std::min(std::ranges::count_if(rules, is_kept),
                              static_cast<std::ptrdiff_t>(kOverridesOpenMax));
  whole(count);
  std::ptrdiff_t put = 0;
  for (const Override& rule : rules) {
    if (!is_kept(rule) || put == count) continue;
    ++put;
    name(rule.id).name(rule.route);
    out_ += static_cast<char>(rule.scope);
    out_ += static_cast<char>(rule.dimension);
    out_ += static_cast<char>(rule.factor ? 1 : 0);
    whole(rule.factor ? *rule.factor : rule.amount.value_or(0));
    whole(rule.from.nanos).whole(rule.until.nanos).whole(rule.asked.nanos);
  }
  return *this;
}

Packer& Packer::counts(std::span<const WindowCount> counts) {
  whole(static_cast<std::int64_t>(counts.size()));
  for (const WindowCount& one : counts) {
    out_ += static_cast<char>(one.scope);
    out_ += static_cast<char>(one.dimension);
    name(one.tenant).name(one.user).name(one.plan).name(one.route).name(one.class_name);
    whole(one.window).whole(one.used);
  }
  return *this;
}

std::int64_t Unpacker::whole() {
  std::uint64_t out = 0;
  for (unsigned shift = 0;; shift += 7) {
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    out |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return static_cast<std::int64_t>(out);
  }
}

std::string Unpacker::name() {
  const auto size = static_cast<std::size_t>(whole());
  std::string out(rest_.substr(0, size));
  rest_.remove_prefix(size);
  return out;
}

Amounts Unpacker::amounts() {
  Amounts out;
  const std::int64_t there = whole();
  for (std::size_t i = 0; i < kAmounts; ++i) {
    if ((there >> i & 1) != 0) out.set(static_cast<Dimension>(i), whole());
  }
  return out;
}

Mark Unpacker::mark() {
  Mark out;
  out.scope = static_cast<Scope>(rest_[0]);
  const auto second = static_cast<unsigned char>(rest_[1]);
  rest_.remove_prefix(2);
  out.dimension = static_cast<Dimension>(second & 0x7f);
  out.warns = second >= 0x80;
  out.amount = whole();
  out.quota = whole();
  out.left = whole();
  out.eligible_at = whole();
  return out;
}

Decision Unpacker::decision(std::int64_t seq) {
  Decision out;
  out.seq = seq;
  out.at = nanos();
  out.wall = {whole()};
  out.request = name();
  out.step = whole();
  out.tenant = name();
  out.plan = name();
  out.user = name();
  out.route = name();
  out.class_name = name();
  out.exempt = DimensionSet::of_bits(static_cast<std::uint16_t>(whole()));
  out.asked = amounts();
  const auto flags = static_cast<unsigned char>(rest_.front());
  rest_.remove_prefix(1);
  out.admitted = (flags & kAdmitted) != 0;
  out.warned = (flags & kWarned) != 0;
  out.has_nearest = (flags & kHasNearest) != 0;
  out.shared = (flags & kShared) != 0;
  out.eligible_at = whole();
  out.against.resize(static_cast<std::size_t>(whole()));
  for (Mark& one : out.against) one = mark();
  if (out.has_nearest) out.nearest = mark();
  return out;
}

Override Unpacker::rule() {
  Override out;
  out.state = OverrideState::active;
  out.id = name();
  out.route = name();
  out.scope = static_cast<Scope>(rest_[0]);
  out.dimension = static_cast<Dimension>(rest_[1]);
  const bool is_factor = rest_[2] != 0;
  rest_.remove_prefix(3);
  (is_factor ? out.factor : out.amount) = whole();
  out.from = {whole()};
  out.until = {whole()};
  out.asked = {whole()};
  return out;
}

WindowCount Unpacker::count() {
  WindowCount out;
  out.scope = static_cast<Scope>(rest_[0]);
  out.dimension = static_cast<Dimension>(rest_[1]);
  rest_.remove_prefix(2);
  out.tenant = name();
  out.user = name();
  out.plan = name();
  out.route = name();
  out.class_name = name();
  out.window = static_cast<std::int32_t>(whole());
  out.used = whole();
  return out;
}

JournalEvent Unpacker::next() {
  const auto kind = static_cast<Packed>(rest_.front());
  rest_.remove_prefix(1);
  const std::int64_t seq = next_++;
  if (kind == Packed::decision) return decision(seq);
  const Nanos at = nanos();
  if (kind == Packed::settlement) {
    const std::int64_t of = whole();
    return Settlement{seq, of, at, amounts()};
  }
  if (kind == Packed::overrides) {
    Overridden out{seq, at, name(), {}};
    out.rules.resize(static_cast<std::size_t>(whole()));
    for (Override& one : out.rules) one = rule();
    return out;
  }
  if (kind == Packed::restored) {
    Restored out{seq, at, {whole()}, {}};
    out.counts.resize(static_cast<std::size_t>(whole()));
    for (WindowCount& one : out.counts) one = count();
    return out;
  }
  QueueFact out;
  out.seq = seq;
  out.at = at;
  out.of = whole();
  out.request = name();
  out.tenant = name();
  out.waited = nanos();
  out.seats = whole();
  out.in_use = whole();
  out.position = whole();
  out.shed = name();
  return out;
}

}  // namespace mc::budget
