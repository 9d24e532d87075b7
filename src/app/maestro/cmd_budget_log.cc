// maestro budget replay and explain: what an admission log says (docs/guides/budgets.md).
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <memory>

#include "budget/explain.h"
#include "budget/explained.h"
#include "budget/journal_files.h"
#include "budget/replay.h"
#include "config/config.h"
#include "json/json.h"
#include "maestro/admin_client.h"
#include "maestro/cmd_budget.h"
#include "maestro/command.h"
#include "maestro/record_query.h"

namespace mc::app {
namespace {

using budget::Comparison;
using budget::JournalEvent;
using budget::JournalLine;
using budget::JournalReader;

constexpr std::size_t kRowsShown = 50;  // of a table for people
constexpr std::int64_t kProgressLines = 20'000;

struct Flags {
  std::string log, policy, tenant, since, until, request;
};

std::string many(std::int64_t count, const char* noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

// RFC 3339, or a day.
Result<WallTime> time_of(const char* flag, const std::string& text, WallTime otherwise) {
  if (text.empty()) return otherwise;
  auto out = parse_rfc3339(text.size() == 10 ? text + "T00:00:00Z" : text);
  if (!out) return fail(Code::invalid, std::string(flag) + ": " + out.error().what);
  return out;
}

std::string place_of(const JournalLine& line) {
  return std::string(line.file) + ":" + std::to_string(line.line);
}

// Every event of the log; errors of `each` name the line.
Result<JournalReader> read_log(Context& context, const std::string& path,
                               const std::function<Status(const JournalLine&)>& each) {
  MC_TRY(JournalReader reader, JournalReader::open(*context.machine.files, path));
  const bool draws = ::isatty(STDERR_FILENO) == 1 && !context.quiet;
  for (std::int64_t count = 1;; ++count) {
    MC_TRY(const std::optional<JournalLine> line, reader.next());
    if (!line) break;
    const Status done = each(*line);
    if (!done) return fail(done.error().code, place_of(*line) + ": " + done.error().what);
    if (draws && count % kProgressLines == 0) {
      const double all = static_cast<double>(std::max<std::int64_t>(reader.bytes(), 1));
      std::fprintf(stderr, "\r%3.0f %%  %lld events",
                   100 * static_cast<double>(reader.bytes_read()) / all,
                   static_cast<long long>(count));
    }
  }
  if (draws) std::fputs("\r\033[K", stderr);
  return reader;
}

void tell_gaps(const Context& context, const JournalReader& reader, std::int64_t not_compared) {
  for (const std::string& place : reader.cut()) {
    print_talk(context, place + ": the last line is cut off, and was passed over\n");
  }
  if (reader.missing() > 0) {
    print_talk(context, many(reader.missing(), "event") +
                            " of the log are missing: counts differ from there on\n");
  }
  if (reader.partial_runs() > 0) {
    print_talk(context, "the log does not begin with its run, so it starts with full budgets; " +
                            many(not_compared, "decision") +
                            " were run and not counted, until the largest burst had grown back\n");
  }
}

void write_gaps(json::Writer& writer, const JournalReader& reader, std::int64_t not_compared) {
  writer.member("not_compared", not_compared).member("missing", reader.missing());
  writer.member("repeated", reader.repeated()).member("partial_runs", reader.partial_runs());
  writer.key("cut").begin_array();
  for (const std::string& place : reader.cut()) writer.value(place);
  writer.end_array();
}

Status verify(Context& context, const Flags& flags, budget::Between between) {
  budget::Verifier verifier(between);
  std::string first;
  MC_TRY(const JournalReader reader,
         read_log(context, flags.log, [&](const JournalLine& line) -> Status {
           MC_TRY(const bool differs, verifier.run(line.event));
           if (differs && first.empty()) first = place_of(line);
           return ok();
         }));
  const budget::Verifier::Report& report = verifier.report();
  if (context.json) {
    std::string out;
    json::Writer writer(out);
    writer.begin_object().member("log", flags.log).member("same", report.same());
    writer.member("runs", report.runs).member("decisions", report.decisions);
    writer.member("settlements", report.settlements).member("differences", report.differences);
    write_gaps(writer, reader, report.not_compared);
    writer.key("first_difference");
    if (report.same()) {
      writer.null();
    } else {
      writer.begin_object().member("place", first).key("logged").raw(report.logged);
      writer.key("replayed").raw(report.replayed).end_object();
    }
    writer.end_object();
    print_out(out + "\n");
  } else {
    print_out(many(report.decisions, "decision") + " of " + many(report.runs, "run") +
              (report.same() ? " replay as they were made\n" : " were run again\n"));
  }
  tell_gaps(context, reader, report.not_compared);
  if (report.same()) return ok();
  if (!context.json) {
    print_out("first difference, " + first + ":\n  logged:   " + report.logged +
              "\n  replayed: " + report.replayed + "\n");
  }
  return fail(Code::unavailable,
              "decisions that differ from the log: " + std::to_string(report.differences) +
                  ", the first at " + first);
}

void write_counts(json::Writer& writer, const Comparison::Counts& counts) {
  writer.member("decisions", counts.decisions).member("denied", counts.denied);
  writer.member("would_pass", counts.passes).member("would_be_refused", counts.refused);
  writer.member("refused_by_shared", counts.refused_by_shared).member("warned", counts.warned);
  writer.member("would_warn", counts.would_warn).member("not_reached", counts.not_reached);
}

void write_tenants(json::Writer& writer, std::string_view name,
                   const std::map<std::string, Comparison::Counts>& tenants) {
  writer.key(name).begin_array();
  for (const auto& [tenant, counts] : tenants) {
    writer.begin_object().member("tenant", tenant);
    write_counts(writer, counts);
    writer.end_object();
  }
  writer.end_array();
}

std::string json_of(const Flags& flags, const Comparison::Report& report,
                    const budget::BudgetSettings& settings, const JournalReader& reader) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().member("log", flags.log).member("policy", flags.policy);
  writer.member("hash", hash_of(settings)).member("runs", report.runs);
  write_counts(writer, report.total);
  writer.member("assumed", report.assumed);
  writer.member("assumed_without_any", report.assumed_without_any);
  write_gaps(writer, reader, report.not_compared);
  write_tenants(writer, "tenants", report.tenants);
  write_tenants(writer, "losers", report.losers);
  writer.key("policies").begin_array();
  for (const auto& [policy, counts] : report.policies) {
    writer.begin_object().member("policy", policy).member("would_pass", counts.passes);
    writer.member("would_be_refused", counts.refused).end_object();
  }
  writer.end_array().end_object();
  return out + "\n";
}

void print_tenants(const Context& context, std::map<std::string, Comparison::Counts> tenants) {
  std::vector<std::pair<std::string, Comparison::Counts>> order(tenants.begin(), tenants.end());
  std::ranges::sort(order, [](const auto& a, const auto& b) {
    const std::int64_t x = a.second.passes + a.second.refused,
                       y = b.second.passes + b.second.refused;
    return x != y ? x > y : a.first < b.first;
  });
  std::vector<std::vector<std::string>> rows;
  for (const auto& [tenant, counts] : order) {
    if (rows.size() == kRowsShown) break;
    rows.push_back({tenant, std::to_string(counts.decisions), std::to_string(counts.denied),
                    std::to_string(counts.passes), std::to_string(counts.refused),
                    std::to_string(counts.refused_by_shared), std::to_string(counts.not_reached)});
  }
  print_table({"tenant", "decisions", "denied", "would pass", "would be refused",
               "by a shared limit", "not reached"},
              rows);
  if (order.size() > rows.size()) {
    print_talk(context, many(std::ssize(order) - std::ssize(rows), "tenant") +
                            " more; --json has all of them\n");
  }
}

void print_comparison(const Context& context, const Flags& flags,
                      const Comparison::Report& report) {
  const Comparison::Counts& total = report.total;
  print_out(many(total.decisions, "decision") + ": of " + std::to_string(total.denied) +
            " denied " + std::to_string(total.passes) + " would pass, of " +
            std::to_string(total.decisions - total.denied) + " admitted " +
            std::to_string(total.refused) + " would be refused\n\n");
  print_tenants(context, report.tenants);
  std::vector<std::vector<std::string>> rows;
  for (const auto& [policy, counts] : report.policies) {
    rows.push_back({policy, std::to_string(counts.passes), std::to_string(counts.refused)});
  }
  if (!rows.empty()) {
    print_out("\n");
    print_table({"limit", "would pass", "would be refused"}, rows);
  }
  rows.clear();
  for (const auto& [tenant, counts] : report.losers) {
    if (tenant == flags.tenant || rows.size() == kRowsShown) continue;
    rows.push_back(
        {tenant, std::to_string(counts.refused), std::to_string(counts.refused_by_shared)});
  }
  if (!flags.tenant.empty() && !rows.empty()) {
    print_out("\n");
    print_table({"who pays", "would be refused", "by a shared limit"}, rows);
  }
  if (report.assumed > 0) {
    print_talk(context, "assumed: " + many(report.assumed, "request") +
                            " that would pass used what their tenant's others on the route did"
                            " on average; " +
                            std::to_string(report.assumed_without_any) +
                            " came before there were any, and used what they asked for\n");
  }
}

Status compare(Context& context, const Flags& flags, budget::Between between) {
  MC_TRY(auto loaded,
         config::load<budget::BudgetFile>({.file = flags.policy}, *context.machine.files));
  const budget::BudgetSettings settings = loaded.value;
  // What is wrong in the file itself is said before the log is read; its routes are the log's.
  Comparison comparison({.settings = settings, .tenant = flags.tenant, .between = between});
  MC_TRY(const JournalReader reader,
         read_log(context, flags.log, [&](const JournalLine& line) -> Status {
           const Status done = comparison.run(line.event);
           if (done || !std::holds_alternative<budget::JournalHeader>(line.event)) return done;
           return fail(done.error().code,
                       flags.policy + " does not fit the routes of this log: " + done.error().what);
         }));
  if (context.json) {
    print_out(json_of(flags, comparison.report(), settings, reader));
  } else {
    print_comparison(context, flags, comparison.report());
  }
  tell_gaps(context, reader, comparison.report().not_compared);
  return ok();
}

Status replay(Context& context, const Flags& flags) {
  budget::Between between;
  MC_TRY(between.since, time_of("--since", flags.since, between.since));
  MC_TRY(between.until, time_of("--until", flags.until, between.until));
  if (flags.policy.empty() && !flags.tenant.empty()) {
    return fail(Code::invalid,
                "--tenant goes with --policy: without it all of the log is verified");
  }
  return flags.policy.empty() ? verify(context, flags, between) : compare(context, flags, between);
}

// What a running server has in memory; it tells whoever asks what is theirs.
Status explain_by_server(Context& context, const Flags& flags) {
  if (flags.tenant.empty()) {
    return fail(Code::invalid, "without --log a server is asked, and --tenant says whose request");
  }
  const std::string path =
      v1_path({"budgets", "explain", flags.request}) +
      query_of({{"tenant", flags.tenant}, {"form", context.json ? "json" : "text"}});
  MC_TRY(const std::string text, call_for_text(context, {.path = path}));
  print_out(context.json ? text + "\n" : text);
  return ok();
}

Status explain(Context& context, const Flags& flags) {
  if (flags.log.empty()) return explain_by_server(context, flags);
  budget::Explainer explainer(flags.request, flags.tenant);
  MC_TRY(const JournalReader first, read_log(context, flags.log, [&](const JournalLine& line) {
           explainer.find(line.event);
           return ok();
         }));
  MC_TRY_OK(read_log(context, flags.log, [&](const JournalLine& line) {
    explainer.look(line.event);
    return ok();
  }));
  MC_TRY(const budget::Explanation found, explainer.result());
  print_out(context.json ? to_json(found) + "\n" : to_text(found));
  tell_gaps(context, first, 0);
  return ok();
}

}  // namespace

void add_budget_log(cli::Command& noun, Context& context) {
  const auto flags = std::make_shared<Flags>();
  cli::Command& replayed = noun.add("replay", "What other budgets would have done with a log");
  replayed.option("--log", flags->log, "Admission log: a file, or its folder").required();
  replayed.option("--policy", flags->policy,
                  "`budgets` and `admission` (YAML); without it the log is verified");
  replayed.option("--tenant", flags->tenant, "Count its decisions alone");
  replayed.option("--since", flags->since, "From this time on: RFC 3339, or a day");
  replayed.option("--until", flags->until, "Up to this time, without it");
  replayed.runs([&context, flags] { return replay(context, *flags); });

  const auto asked = std::make_shared<Flags>();
  cli::Command& explained = noun.add("explain", "Why a request was admitted, denied or shed");
  explained.option("REQUEST", asked->request, "The request's id").required();
  explained.option("--log", asked->log,
                   "Admission log: a file, or its folder; without it the server is asked, which "
                   "has the last 15 minutes");
  explained.option("--tenant", asked->tenant,
                   "Whose request: of a server's; of a log if several have sent this id");
  explained.runs([&context, asked] { return explain(context, *asked); });
}

}  // namespace mc::app
