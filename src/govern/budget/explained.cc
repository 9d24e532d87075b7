#include "budget/explained.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>

#include "json/json.h"

namespace mc::budget {
namespace {

constexpr std::string_view kLeft = "left";  // of a queue: its client has gone
constexpr std::string_view kOverload = "overload";
constexpr std::size_t kDimensionsAsked = static_cast<std::size_t>(Dimension::day_credits);

// "1.234 s", "12 ms", "5 us".
std::string for_people(Nanos time) {
  char out[40];
  const auto count = static_cast<double>(time.count);
  if (time >= seconds(1)) {
    std::snprintf(out, sizeof out, "%.3f s", count / 1e9);
  } else if (time >= millis(1)) {
    std::snprintf(out, sizeof out, "%.3g ms", count / 1e6);
  } else {
    std::snprintf(out, sizeof out, "%.3g us", count / 1e3);
  }
  return out;
}

std::string for_people(const Amounts& amounts) {
  std::string out;
  for (std::size_t i = 0; i < kDimensionsAsked; ++i) {
    const auto dimension = static_cast<Dimension>(i);
    if (amounts[dimension] == 0) continue;
    out += (out.empty() ? "" : ", ") + std::to_string(amounts[dimension]) + " " +
           std::string(name_of(dimension));
  }
  return out.empty() ? "nothing" : out;
}

std::string for_people(const budget::DimensionSet& dimensions) {
  std::string out;
  for (const std::string_view name : dimensions.names()) {
    out += (out.empty() ? "" : ", ") + std::string(name);
  }
  return out;
}

// A name from outside on one line: of what moves the cursor or the direction nothing is left.
std::string shown(const std::string& name) {
  if (is_readable_line(name)) return name;
  std::string out;
  json::append_quoted(out, name);
  return is_readable_line(out) ? out : "~" + to_hex(name);
}

std::string of_wait(const Explained::Wait& wait) {
  if (wait.never) return "never: it is more than the limit has at once";
  if (!wait.known) return "as soon as others let go of what they hold";
  return "after " + for_people(wait.wait) + ", at " + format_rfc3339(wait.at) +
         ", if nothing else came";
}

void add_neighbours(std::string& out, const Explained& one) {
  if (one.neighbours_count == 0) return;
  out += "others    " + std::to_string(one.neighbours_count) + " of the tenant had " +
         std::to_string(one.neighbours_amount);
  // What is held has no window, and that of a limit that tenants share may not be told.
  if (one.window > Nanos{} && one.window < kJournalAgeMax)
    out += " in the " + for_people(one.window) + " before";
  out += "; the largest:\n";
  for (const Neighbour& other : one.neighbours) {
    out += "          " + std::to_string(other.amount) + "  " + shown(other.request) + ", user " +
           shown(other.user) + ", route " + shown(other.route) + ", " + for_people(other.before) +
           " before" + (other.open ? ", still running" : "") + "\n";
  }
}

void add_limit(std::string& out, const Explained& one) {
  if (!one.mark) {
    out +=
        one.shared ? "limit     one that tenants share\n" : "limit     none of the tenant's own\n";
    return;
  }
  const Mark& mark = *one.mark;
  out += "limit     " + policy_of(mark) + ": " + std::to_string(mark.quota) + ", of which " +
         std::to_string(mark.left) + " were left";
  out += one.decision.admitted ? " after it" : " for the " + std::to_string(mark.amount) + " asked";
  if (mark.warns) out += "; it only warns";
  if (one.shared) out += "; tenants share it, and only this one's part is told here";
  out += "\n";
}

void add(std::string& out, const Explained& one) {
  const Decision& decision = one.decision;
  out += "request   " + shown(decision.request) + " of tenant " + shown(decision.tenant) + ": " +
         std::string(outcome_of(decision));
  if (decision.step > 1) out += " at step " + std::to_string(decision.step);
  out += "\nat        " + format_rfc3339(decision.wall) + "\nuser      " + shown(decision.user) +
         ", plan " + shown(decision.plan) + ", route " +
         (decision.route.empty() ? "-" : shown(decision.route)) + "\n";
  if (!decision.class_name.empty()) out += "class     " + decision.class_name + "\n";
  if (!decision.exempt.empty()) {
    out += "exempt    from its own limits of " + for_people(decision.exempt) + "\n";
  }
  out += "asked     " + for_people(decision.asked) + "\n";
  add_limit(out, one);
  if (one.wait) out += "let in    " + of_wait(*one.wait) + "\n";
  if (decision.against.size() > 1) {
    out += "against   ";
    for (const Mark& mark : decision.against) {
      out += (&mark == decision.against.data() ? "" : ", ") + policy_of(mark) +
             (mark.warns ? " (warns)" : "");
    }
    out += "\n";
  }
  add_neighbours(out, one);
  if (one.settled) {
    out += "settled   " + for_people(one.settled->at - decision.at) + " later, used " +
           for_people(one.settled->used) + "\n";
  }
  if (!one.next) return;
  out += "next      " + shown(one.next->request) + ", " + for_people(one.next->at - decision.at) +
         " later: " + std::string(outcome_of(*one.next)) + "\n";
}

void write_amounts(json::Writer& writer, std::string_view name, const Amounts& amounts) {
  writer.key(name).begin_object();
  for (std::size_t i = 0; i < kDimensionsAsked; ++i) {
    const auto dimension = static_cast<Dimension>(i);
    if (amounts[dimension] > 0) writer.member(name_of(dimension), amounts[dimension]);
  }
  writer.end_object();
}

void write_limit(json::Writer& writer, const Explained& one) {
  writer.key("limit");
  if (!one.mark) {
    if (one.shared) {
      writer.begin_object().member("shared", true).end_object();
    } else {
      writer.null();
    }
    return;
  }
  writer.begin_object().member("policy", policy_of(*one.mark)).member("asked", one.mark->amount);
  writer.member("quota", one.mark->quota).member("left", one.mark->left);
  writer.member("warns", one.mark->warns).member("shared", one.shared).end_object();
}

void write_wait(json::Writer& writer, const Explained& one) {
  writer.key("let_in");
  if (!one.wait) {
    writer.null();
    return;
  }
  writer.begin_object();
  writer.member("when", one.wait->never ? "never" : one.wait->known ? "at" : "when_let_go");
  if (one.wait->known) {
    writer.member("wait_ns", one.wait->wait.count).member("at", format_rfc3339(one.wait->at));
  }
  writer.end_object();
}

void write_others(json::Writer& writer, const Explained& one) {
  writer.member("window_ns", one.window.count).key("neighbours").begin_array();
  for (const Neighbour& other : one.neighbours) {
    writer.begin_object().member("request", other.request).member("user", other.user);
    writer.member("route", other.route).member("before_ns", other.before.count);
    writer.member("amount", other.amount).member("running", other.open).end_object();
  }
  writer.end_array().member("neighbours_count", one.neighbours_count);
  writer.member("neighbours_amount", one.neighbours_amount).key("next");
  if (!one.next) {
    writer.null();
    return;
  }
  writer.begin_object().member("request", one.next->request).member("user", one.next->user);
  writer.member("after_ns", (one.next->at - one.decision.at).count);
  writer.member("outcome", outcome_of(*one.next)).end_object();
}

void write(json::Writer& writer, const Explained& one) {
  const Decision& decision = one.decision;
  writer.begin_object().member("run", one.run).member("seq", decision.seq);
  writer.member("step", decision.step).member("at", format_rfc3339(decision.wall));
  writer.member("request", decision.request).member("tenant", decision.tenant);
  writer.member("plan", decision.plan).member("user", decision.user);
  writer.member("route", decision.route).member("outcome", outcome_of(decision));
  writer.member("class", decision.class_name).key("exempt").begin_array();
  for (const std::string_view name : decision.exempt.names()) writer.value(name);
  writer.end_array();
  write_amounts(writer, "asked", decision.asked);
  write_limit(writer, one);
  writer.key("against").begin_array();
  for (const Mark& mark : decision.against) writer.value(policy_of(mark));
  writer.end_array();
  write_wait(writer, one);
  writer.key("settled");
  if (one.settled) {
    writer.begin_object().member("after_ns", (one.settled->at - decision.at).count);
    write_amounts(writer, "used", one.settled->used);
    writer.end_object();
  } else {
    writer.null();
  }
  write_others(writer, one);
  writer.end_object();
}

// Of a decision what its tenant has been told, and what it did itself.
void hide_others(Decision& decision) {
  decision.seq = 0;  // it counts what all tenants do
  decision.eligible_at = own_eligible_at(decision.against);
  std::erase_if(decision.against, [](const Mark& mark) { return !is_own(mark.scope); });
  decision.warned = decision.admitted && !decision.against.empty();
}

void keep_own(Explained& one) {
  hide_others(one.decision);
  if (one.next) hide_others(*one.next);
  if (!one.shared) {
    one.wait = wait_of(one.decision, one.decision.eligible_at);
    return;
  }
  one.mark.reset();
  one.wait.reset();
  one.window = {};
  if (!one.decision.admitted) return;
  // A shared limit that only warns is told to nobody: what the answer told is.
  one.mark = speaking_mark(one.decision);
  one.shared = false;
  one.neighbours.clear();
  one.neighbours_count = one.neighbours_amount = 0;
}

}  // namespace

Result<Explanation> explain(const Journal& journal, std::string_view tenant,
                            std::string_view request) {
  const auto none = [&] {
    return fail(Code::not_found, "no request " + excerpt(request) + " of tenant " +
                                     excerpt(tenant) +
                                     " is among those of the last minutes that the server has in "
                                     "memory");
  };
  if (tenant.empty()) return none();  // which is any, for who explains
  Explainer explainer{std::string(request), std::string(tenant)};
  MC_TRY_OK(journal.each([&](const JournalEvent& event) {
    explainer.find(event);
    return ok();
  }));
  if (!explainer.has_found()) return none();
  MC_TRY_OK(journal.each([&](const JournalEvent& event) {
    explainer.look(event);
    return ok();
  }));
  Result<Explanation> found = explainer.result();
  if (!found && found.error().code == Code::not_found) return none();
  return found;
}

Explanation for_tenant(Explanation explanation) {
  for (Explained& one : explanation.decisions) keep_own(one);
  for (QueueFact& fact : explanation.queue) {
    fact.seq = fact.of = 0;
    fact.seats = fact.in_use = fact.position = 0;
    // Which of the queues was full is what others have done.
    if (!fact.shed.empty() && fact.shed != kLeft) fact.shed = kOverload;
  }
  return explanation;
}

std::string to_text(const Explanation& explanation) {
  std::string out;
  for (const Explained& one : explanation.decisions) {
    if (!out.empty()) out += "\n";
    add(out, one);
  }
  for (const QueueFact& fact : explanation.queue) {
    out += "queue     waited " + for_people(fact.waited);
    if (fact.seats > 0) {
      out += " at place " + std::to_string(fact.position) + ", " + std::to_string(fact.in_use) +
             " of " + std::to_string(fact.seats) + " seats in use";
    }
    out += ": " + (fact.shed.empty() ? "served" : "turned away, " + shown(fact.shed)) + "\n";
  }
  return out;
}

std::string to_json(const Explanation& explanation) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("decisions").begin_array();
  for (const Explained& one : explanation.decisions) write(writer, one);
  writer.end_array().key("queue").begin_array();
  for (const QueueFact& fact : explanation.queue) {
    writer.begin_object().member("seq", fact.seq).member("of", fact.of);
    writer.member("tenant", fact.tenant).member("waited_ns", fact.waited.count);
    writer.member("seats", fact.seats).member("in_use", fact.in_use);
    writer.member("position", fact.position).member("shed", fact.shed).end_object();
  }
  writer.end_array().end_object();
  return out;
}

}  // namespace mc::budget
