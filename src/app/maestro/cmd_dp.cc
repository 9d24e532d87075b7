// maestro dp audit: the falsifier, on the mechanisms and the randomness of this very program.
#include "maestro/cmd_dp.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include "dp/audit.h"
#include "maestro/command.h"

namespace mc::app {
namespace {

struct Flags {
  std::string mechanism;
  std::int64_t samples = dp::AuditOptions().samples;
};

std::string decimal(double number) {
  char out[32];
  std::snprintf(out, sizeof out, "%.4f", number);
  return out;
}

// "0.5 of 1.0": what was found of what is promised.
std::string found_of(double lower, double promised) {
  return promised > 0 ? decimal(lower) + " of " + decimal(promised) : "-";
}

void write(json::Writer& writer, const dp::AuditFinding& found) {
  writer.begin_object().member("mechanism", found.mechanism).member("pair", found.pair);
  writer.member("holds", found.holds);
  writer.member("epsilon", found.epsilon).member("epsilon_at_least", found.lower);
  writer.member("delta", found.delta);
  if (found.rho > 0) {
    writer.member("rho", found.rho).member("rho_at_least", found.rho_lower);
  } else {
    writer.key("rho").null().key("rho_at_least").null();
  }
  writer.member("event", found.event).member("chance", found.chance);
  writer.member("chance_other", found.chance_other).end_object();
}

void show(const Context& context, const Flags& flags,
          const std::vector<dp::AuditFinding>& findings) {
  if (context.json) {
    std::string out;
    json::Writer writer(out);
    writer.begin_object().member("holds", std::ranges::all_of(findings, &dp::AuditFinding::holds));
    writer.member("samples", flags.samples).member("noise_source", noise::noise_source());
    writer.member("error_chance", dp::kAuditErrorChance).key("pairs").begin_array();
    for (const dp::AuditFinding& found : findings) write(writer, found);
    writer.end_array().end_object();
    print_out(out + "\n");
    return;
  }
  std::vector<std::vector<std::string>> rows;
  rows.reserve(findings.size());
  for (const dp::AuditFinding& found : findings) {
    rows.push_back({found.holds ? "holds" : "BROKEN", found.mechanism, found.pair,
                    found_of(found.lower, found.epsilon), found_of(found.rho_lower, found.rho),
                    found.event});
  }
  print_table(
      {"claim", "mechanism", "neighbours differ by", "epsilon at least", "rho at least", "told by"},
      rows);
}

Status audit(Context& context, const Flags& flags) {
  noise::Source source(*context.machine.random);
  noise::Pool pool(source);
  const bool draws = ::isatty(STDERR_FILENO) == 1 && !context.quiet;
  const auto progress = [&](double share) {
    if (draws) std::fprintf(stderr, "\r%3.0f %%", 100 * share);
    return true;
  };
  const auto findings =
      dp::audit({.mechanism = flags.mechanism, .samples = flags.samples, .progress = progress},
                {pool, source});
  if (draws) std::fputs("\r\033[K", stderr);
  if (!findings) return tl::unexpected(findings.error());
  show(context, flags, *findings);
  const auto broken = std::ranges::count(*findings, false, &dp::AuditFinding::holds);
  if (broken == 0) return ok();
  return fail(Code::corrupt, "promises that do not hold: " + std::to_string(broken) + " of " +
                                 std::to_string(findings->size()));
}

}  // namespace

void add_dp(cli::Command& app, Context& context) {
  cli::Command& noun = app.add("dp", "Noisy answers, and whether they keep their promise");
  const auto flags = std::make_shared<Flags>();
  cli::Command& audited =
      noun.add("audit", "Try to break the privacy of every mechanism, by statistics");
  audited.option("--mechanism", flags->mechanism, "Only this one").one_of(dp::audit_mechanisms());
  audited
      .option("--samples", flags->samples,
              "Releases of each of two neighbouring tables; 5000000 take some minutes")
      .between(dp::kAuditSamplesMin, dp::kAuditSamplesMax);
  audited.runs([&context, flags] { return audit(context, *flags); });
}

}  // namespace mc::app
