#include "tap/tap.h"

#include <algorithm>

namespace mc::tap {
namespace {

constexpr std::string_view kDigest = "sha256:";
constexpr std::size_t kHexDigits = 64;
constexpr std::string_view kId = "tap_";
constexpr std::size_t kIdDigits = 26;

Status check_name(std::string_view name, const std::string& text) {
  if (text.size() <= kNameBytesMax && is_readable_line(text)) return ok();
  return fail(Code::invalid, std::string(name) + ": it must be one line of at most " +
                                 std::to_string(kNameBytesMax) + " bytes, without direction marks");
}

bool is_document(std::string_view text) {
  return text.size() == kDigest.size() + kHexDigits && text.starts_with(kDigest) &&
         std::ranges::all_of(text.substr(kDigest.size()), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

// The number that belongs to the action, and to no other.
Status check_number(std::string_view name, const std::optional<std::int64_t>& number, bool wanted,
                    std::int64_t max) {
  if (number.has_value() != wanted) {
    return fail(Code::invalid, std::string(name) + (wanted ? ": it is needed by this action"
                                                           : ": it belongs to another action"));
  }
  if (!number || (*number >= 1 && *number <= max)) return ok();
  return fail(Code::invalid, std::string(name) + ": 1 to " + std::to_string(max));
}

Status check_matcher(const Terms& terms) {
  for (const auto& [name, text] :
       {std::pair<std::string_view, const std::string&>{"tenant", terms.tenant},
        {"route", terms.route},
        {"client", terms.client},
        {"upstream", terms.upstream}}) {
    MC_TRY_OK(check_name(name, text));
  }
  if (!terms.document.empty() && !is_document(terms.document)) {
    return fail(Code::invalid, "document: it is sha256: and 64 hexadecimal digits in lower case");
  }
  if (!terms.operation.empty() && terms.operation != "query" && terms.operation != "mutation") {
    return fail(Code::invalid, "operation: it is query or mutation");
  }
  const bool names = !terms.tenant.empty() || !terms.route.empty() || !terms.document.empty() ||
                     !terms.client.empty() || !terms.operation.empty() || !terms.upstream.empty();
  if (names == terms.everything) {
    return fail(Code::invalid,
                "everything: a tap names which requests it is for, or says that it is for all");
  }
  return ok();
}

}  // namespace

std::string_view name_of(Action action) {
  return json::Describe<Action>::names[static_cast<std::size_t>(action)].text;
}

bool is_tap_id(std::string_view text) {
  return text.size() == kId.size() + kIdDigits && text.starts_with(kId) &&
         std::ranges::all_of(text.substr(kId.size()), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
         });
}

Status check(const Terms& terms) {
  MC_TRY_OK(check_matcher(terms));
  const Action action = terms.action;
  MC_TRY_OK(check_number("rate", terms.rate, action == Action::clamp_rate, kRateMax));
  MC_TRY_OK(check_number("seats", terms.seats, action == Action::clamp_seats, kSeatsMax));
  MC_TRY_OK(check_number("percent", terms.percent, action == Action::shed, kPercentMax));
  MC_TRY_OK(check_number("burst", terms.burst,
                         action == Action::clamp_rate && terms.burst.has_value(), kRateMax));
  if (!terms.reason.empty() && terms.reason.size() <= kReasonBytesMax &&
      is_readable_line(terms.reason)) {
    return ok();
  }
  return fail(Code::invalid, "reason: it must be one line of 1 to " +
                                 std::to_string(kReasonBytesMax) +
                                 " bytes, without direction marks");
}

Status check_until(WallTime until, WallTime now) {
  if (until > now && until - now <= kLifetimeMax) return ok();
  return fail(Code::invalid, "until: it is after now, by at most 24 hours");
}

Result<Wanted> read_wanted(const Body& body, WallTime now) {
  if (body.until.empty() == (body.lifetime == Nanos{})) {
    return fail(Code::invalid, "until: one of until and lifetime is needed, not both");
  }
  Wanted out{static_cast<const Terms&>(body), whole_ms(now + body.lifetime)};
  if (!body.until.empty()) {
    const Result<WallTime> until = parse_rfc3339(body.until);
    if (!until) return fail(Code::invalid, "until: " + until.error().what);
    out.until = whole_ms(*until);
  }
  MC_TRY_OK(check(out.terms));
  MC_TRY_OK(check_until(out.until, whole_ms(now)));
  return out;
}

}  // namespace mc::tap
