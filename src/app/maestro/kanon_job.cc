#include "maestro/kanon_job.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cinttypes>
#include <csignal>
#include <cstdio>
#include <thread>
#include <utility>
#include <vector>

#include "kanon/recode.h"

namespace mc::app {
namespace {

constexpr std::size_t kPieceBytes = 1 << 20;
constexpr std::size_t kConfigBytesMax = 1 << 20;
constexpr Nanos kQuiet = millis(500);  // before a bar appears
constexpr Nanos kBetween = millis(100);
constexpr int kRefusedByGate = 6;

// One line, rewritten in place, on a terminal only.
class Bar {
 public:
  explicit Bar(const Context& context)
      : clock_(*context.machine.clock),
        draws_(::isatty(STDERR_FILENO) == 1 && !context.quiet),
        begin_(clock_.mono()),
        next_(begin_ + kQuiet) {}
  Bar(const Bar&) = delete;
  Bar& operator=(const Bar&) = delete;
  ~Bar() {
    if (drawn_) std::fputs("\r\033[K", stderr);
  }

  Nanos passed() { return clock_.mono() - begin_; }
  void show(std::uint64_t done, std::uint64_t total, const char* unit, std::int64_t best_pico) {
    const std::string best = best_pico < 0 ? "none yet" : kanon::pico_text(best_pico);
    draw(done, total, std::string(unit) + "  best loss " + best.substr(0, 11));
  }
  void show_part(std::uint64_t done, std::uint64_t total, const char* unit) {
    draw(done, total, unit);
  }

 private:
  void draw(std::uint64_t done, std::uint64_t total, const std::string& rest) {
    const MonoTime now = clock_.mono();
    if (!draws_ || now < next_) return;
    next_ = now + kBetween;
    drawn_ = true;
    constexpr int kWidth = 32;
    const double part =
        total == 0 ? 0 : std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
    const int filled = static_cast<int>(part * kWidth);
    std::string bar(static_cast<std::size_t>(filled), '#');
    bar.append(static_cast<std::size_t>(kWidth - filled), '.');
    std::fprintf(stderr, "\r\033[K[%s] %3d %%  %" PRIu64 " of %" PRIu64 " %s", bar.c_str(),
                 static_cast<int>(part * 100), done, total, rest.c_str());
  }

  sys::Clock& clock_;
  bool draws_;
  bool drawn_ = false;
  MonoTime begin_, next_;
};

// A thread for each processor that may be used, this one among them.
class Threads : public kanon::Workers {
 public:
  void run(std::span<const std::function<void()>> tasks) override {
    std::atomic<std::size_t> next = 0;
    const auto work = [&] {
      for (std::size_t i = next++; i < tasks.size(); i = next++) tasks[i]();
    };
    std::vector<std::jthread> others;
    const auto processors = static_cast<std::size_t>(std::max(1, sys::usable_processors()));
    for (std::size_t i = 1; i < std::min(processors, tasks.size()); ++i) others.emplace_back(work);
    work();
  }
};

kanon::Go go(const Nanos& budget, Bar& bar) {
  if (end_is_asked()) return kanon::Go::cancel;
  return budget.count > 0 && bar.passed() >= budget ? kanon::Go::finish : kanon::Go::on;
}

Result<KanonOutcome> search(Context& context, const KanonInput& input) {
  Bar bar(context);
  Threads threads;
  kanon::SearchOptions options;
  options.nodes_max = static_cast<std::uint64_t>(input.config.budget.nodes);
  options.workers = &threads;
  options.watch = [&](const kanon::Progress& progress) {
    bar.show(progress.nodes_done, progress.nodes_total, "nodes", progress.best_pico);
    return go(input.config.budget.time, bar);
  };
  MC_TRY(kanon::Solution solution, kanon::search(*input.problem, options));
  KanonOutcome out;
  out.classes = std::move(solution.classes);
  out.loss = std::move(solution.loss);
  out.levels = std::move(solution.levels);
  out.search = {kanon::pico_text(solution.stats.bound_pico),
                static_cast<std::int64_t>(solution.stats.nodes_looked), solution.stats.optimal};
  out.nodes_total = solution.stats.nodes_total;
  return out;
}

Result<KanonOutcome> recode(Context& context, const KanonInput& input) {
  Bar bar(context);
  kanon::RecodeOptions options;
  options.watch = [&](const kanon::RecodeProgress& progress) {
    bar.show(progress.done, progress.total, "rows", progress.best_pico);
    return go(input.config.budget.time, bar);
  };
  MC_TRY(kanon::Recoding recoding, kanon::recode(*input.problem, options));
  KanonOutcome out;
  out.classes = std::move(recoding.classes);
  out.loss = std::move(recoding.loss);
  out.search = {"0", static_cast<std::int64_t>(recoding.stats.steps), false};
  return out;
}

Status read_hierarchies(Context& context, const std::string& folder, KanonInput& input,
                        std::map<std::string, kanon::Hierarchy>& out) {
  kanon::HierarchyOptions options;
  options.delimiter = input.config.hierarchy_delimiter[0];
  for (const auto& [name, column] : input.config.columns) {
    if (column.hierarchy.empty()) continue;
    const std::string path =
        column.hierarchy.starts_with('/') ? column.hierarchy : folder + column.hierarchy;
    MC_TRY(std::string text, context.machine.files->read_all(path, options.bytes_max));
    MC_TRY(kanon::Hierarchy hierarchy, kanon::Hierarchy::read(path, text, options));
    input.hierarchy_files.push_back(std::move(text));
    input.hierarchies.emplace(name,
                              recheck::HierarchyOf{static_cast<std::int64_t>(hierarchy.leaves()),
                                                   static_cast<std::int64_t>(hierarchy.levels()),
                                                   hex_of(hierarchy.digest())});
    out.emplace(name, std::move(hierarchy));
    MC_TRY_OK(go_on(context));
  }
  return ok();
}

// What is never released is not even kept, but for the columns that tell who is and which row.
std::vector<std::string> not_kept(const kanon::Config& config) {
  std::vector<std::string> out;
  for (const auto& [name, column] : config.columns) {
    const bool population = config.population && config.population->column == name;
    if (column.role == kanon::Role::identifying && !population && name != config.row_key) {
      out.push_back(name);
    }
  }
  return out;
}

}  // namespace

std::string hex_of(const crypto::Digest& digest) {
  return to_hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash + 1);
}

Status go_on(Context& context) {
  if (!end_is_asked()) return ok();
  context.exit = 128 + SIGINT;
  return fail(Code::unavailable, "ended before it was done; nothing was written");
}

Status read_pieces(Context& context, const std::string& path, const TakePiece& take) {
  MC_TRY(const std::unique_ptr<sys::File> file,
         context.machine.files->open(path, sys::OpenMode::read));
  MC_TRY(const std::int64_t size, file->size());
  std::string piece(kPieceBytes, '\0');
  Bar bar(context);
  constexpr std::uint64_t kMegabyte = 1'000'000;
  for (std::uint64_t done = 0;;) {
    MC_TRY(const std::size_t read, file->read(piece));
    if (read == 0) return ok();
    MC_TRY_OK(take(std::string_view(piece).substr(0, read)));
    done += read;
    bar.show_part(done / kMegabyte, static_cast<std::uint64_t>(size) / kMegabyte, "MB");
    MC_TRY_OK(go_on(context));
  }
}

Result<std::unique_ptr<KanonInput>> read_kanon_input(Context& context, const std::string& input,
                                                     const std::string& config) {
  auto out = std::make_unique<KanonInput>();
  MC_TRY(const std::string text, context.machine.files->read_all(config, kConfigBytesMax));
  MC_TRY(out->config, kanon::read_config({config, text}));
  std::map<std::string, kanon::Hierarchy> hierarchies;
  MC_TRY_OK(read_hierarchies(context, folder_of(config), *out, hierarchies));
  kanon::TableReader reader(
      {.delimiter = out->config.delimiter[0], .limits = {}, .skip = not_kept(out->config)});
  crypto::Sha256 hash;
  const auto of_input = [&](const Error& error) {
    return fail(error.code, input + ": " + error.what);
  };
  MC_TRY_OK(read_pieces(context, input, [&](std::string_view piece) -> Status {
    hash.add(piece);
    const Status added = reader.add(piece);
    return added ? ok() : of_input(added.error());
  }));
  Result<kanon::Table> table = reader.finish();
  if (!table) return of_input(table.error());
  out->table = std::move(*table);
  out->sha256 = hex_of(hash.finish());
  MC_TRY(out->problem, kanon::Problem::make(out->table, out->config, std::move(hierarchies)));
  return out;
}

Result<KanonOutcome> anonymise(Context& context, const KanonInput& input) {
  const bool local = input.config.method == kanon::Method::local;
  Result<KanonOutcome> out = local ? recode(context, input) : search(context, input);
  MC_TRY_OK(go_on(context));
  if (!out && out.error().code == Code::denied) context.exit = kRefusedByGate;
  return out;
}

}  // namespace mc::app
