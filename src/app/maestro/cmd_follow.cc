// maestro ledger follow: the records of a tenant as they come.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <ctime>
#include <memory>

#include "maestro/command.h"
#include "maestro/follow.h"
#include "maestro/record_query.h"

namespace mc::app {
namespace {

constexpr Nanos kEveryMin = millis(100);
constexpr Nanos kEveryMax = seconds(24LL * 3600);
constexpr std::int64_t kSecondNanos = 1'000'000'000;

struct FollowFlags {
  RecordFilters filters;
  FollowOptions options;
  std::string after;
  std::string every = "2s";
};

sigset_t endings() {
  sigset_t out;
  sigemptyset(&out);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&out, number);
  return out;
}

// Signals are taken between polls; while the server is waited for, one ends the process at once:
// nothing is half done then, and what was given out is in the cursor file.
class EndsAtSignal {
 public:
  EndsAtSignal() {
    struct sigaction action = {};
    action.sa_handler = [](int) { ::_exit(0); };
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) ::sigaction(number, &action, nullptr);
    const sigset_t set = endings();
    ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  }
  ~EndsAtSignal() {
    const sigset_t set = endings();
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  }
  EndsAtSignal(const EndsAtSignal&) = delete;
  EndsAtSignal& operator=(const EndsAtSignal&) = delete;
};

// False when a signal came.
bool wait_for(Nanos time) {
  const sigset_t set = endings();
  const timespec limit{time.count / kSecondNanos, time.count % kSecondNanos};
  return ::sigtimedwait(&set, nullptr, &limit) < 0;
}

Status print_flushed(std::string_view text) {
  const bool done = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (done && std::fflush(stdout) == 0) return ok();
  return fail(Code::unavailable, "standard output takes nothing more");
}

Result<FollowOptions> options_of(const FollowFlags& flags) {
  FollowOptions out = flags.options;
  out.filters = flags.filters.fields();
  const Result<Nanos> every = parse_duration(flags.every);
  if (!every || *every < kEveryMin || *every > kEveryMax) {
    return fail(Code::invalid, "every: it is a time from 100ms to 24h, as 2s");
  }
  out.every = *every;
  if (flags.after.empty()) return out;
  const Result<std::int64_t> after = parse_int(flags.after);
  if (!after || *after < -1) {
    return fail(Code::invalid, "after: it is a record's number, or -1 for the first one");
  }
  out.after = *after;
  return out;
}

Status run_follow(Context& context, const FollowFlags& flags) {
  MC_TRY(const FollowOptions options, options_of(flags));
  if (context.url.empty()) {
    return fail(Code::invalid, "url: only a running server is followed; give --url or MC_URL");
  }
  block_signals();
  bool closed = false;
  const FollowWorld world{
      [&context](const std::string& path) {
        const EndsAtSignal ends;
        return call_for_reply(context, {.path = path});
      },
      [&closed](std::string_view text) {
        const Status printed = print_flushed(text);
        closed = !printed;
        return printed;
      },
      [&context](std::string_view text) { print_talk(context, "maestro: " + std::string(text)); },
      wait_for, *context.machine.files};
  Status done = follow(world, options);
  // Who ends a pipe ends its reader too, maybe first.
  if (closed && !wait_for(Nanos{})) {
    std::clearerr(stdout);
    return ok();
  }
  return done;
}

}  // namespace

void add_follow(cli::Command& noun, Context& context) {
  auto flags = std::make_shared<FollowFlags>();
  cli::Command& command =
      noun.add("follow", "The records of a tenant as they come, a line each; for its own token");
  command.option("--tenant", flags->options.tenant, "Tenant").required();
  flags->filters.add_to(command);
  command.option("--form", flags->options.form, "json; csv; ocsf: an OCSF event a line")
      .one_of({"json", "csv", "ocsf"});
  command.option("--after", flags->after,
                 "Begin behind this number where no cursor is kept; otherwise at the first record");
  command.option("--cursor-file", flags->options.cursor_file,
                 "Keeps the number of the last line, and goes on from there");
  command.option("--every", flags->every, "Time between polls (2s)");
  command.flag("--once", flags->options.once, "End at the newest record");
  command.runs([&context, flags] { return run_follow(context, *flags); });
}

}  // namespace mc::app
