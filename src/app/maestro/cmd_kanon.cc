// maestro kanon: a table made k-anonymous, what that would do to it, and the check of a release.
#include "maestro/cmd_kanon.h"

#include <memory>

#include "maestro/kanon_job.h"
#include "maestro/kanon_manifest.h"
#include "maestro/kanon_show.h"

namespace mc::app {
namespace {

constexpr std::size_t kHierarchyFilesMax = 1000;
constexpr std::size_t kHierarchyBytesMax = 512 << 20;  // of all of them
constexpr int kRefusedByGate = 6;

struct Flags {
  std::string input;
  std::string config;
  std::string out;
  std::string manifest;
  std::string hierarchies;
  bool distribution = false;
};

// Removed unless it is kept: a release is there whole, or not at all.
class Draft {
 public:
  Draft(sys::Files& files, std::string path) : files_(files), path_(std::move(path)) {}
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  ~Draft() {
    if (!kept_) (void)files_.remove(draft());
  }
  std::string draft() const { return path_ + ".new"; }
  Status keep() {
    MC_TRY_OK(files_.rename(draft(), path_));
    kept_ = true;
    return ok();
  }

 private:
  sys::Files& files_;
  std::string path_;
  bool kept_ = false;
};

std::string failures_of(const proof::Report& report) {
  std::string out;
  for (const proof::Step& step : report.steps()) {
    if (step.outcome != proof::Outcome::failed) continue;
    out += (out.empty() ? "" : ", ") + step.name + ": " + step.reason;
  }
  return out.empty() ? "nothing was checked" : out;
}

Status check_paths(const Flags& flags) {
  const std::string& manifest = flags.manifest;
  for (const std::string* const taken : {&flags.input, &flags.config}) {
    if (flags.out == *taken) return fail(Code::invalid, "--out: it would replace " + *taken);
    if (manifest == *taken) return fail(Code::invalid, "--manifest: it would replace " + *taken);
  }
  if (flags.out == manifest) return fail(Code::invalid, "--manifest: it is the release too");
  return ok();
}

// The engine's own check of what it found, before a byte is written.
Status check_found(Context& context, const KanonInput& input, const KanonOutcome& outcome) {
  Status found = kanon::check(*input.problem, outcome.classes);
  if (!found && found.error().code == Code::denied) context.exit = kRefusedByGate;
  return found;
}

// Writes the release to `file`, or nowhere when it is null.
Result<WrittenRelease> write_release(Context& context, const KanonInput& input,
                                     const KanonOutcome& outcome, sys::File* file) {
  WrittenRelease out;
  crypto::Sha256 hash;
  const auto take = [&](std::string_view bytes) -> Status {
    hash.add(bytes);
    out.bytes += static_cast<std::int64_t>(bytes.size());
    if (file != nullptr) MC_TRY_OK(file->write(bytes));
    return go_on(context);
  };
  MC_TRY_OK(kanon::write_csv(*input.problem, outcome.classes,
                             {.delimiter = input.config.delimiter[0]}, take));
  if (file != nullptr) MC_TRY_OK(file->sync());
  out.sha256 = hex_of(hash.finish());
  return out;
}

Result<proof::Report> recheck_file(Context& context, const recheck::Question& question,
                                   const std::string& path) {
  recheck::Recheck recheck(question);
  MC_TRY_OK(read_pieces(context, path, [&](std::string_view piece) -> Status {
    recheck.add(piece);
    return ok();
  }));
  return recheck.report();
}

Status write(Context& context, const Flags& flags, const KanonSummary& summary, KanonFiles& files) {
  sys::Files& disk = *context.machine.files;
  Draft release(disk, flags.out), manifest(disk, flags.manifest);
  WrittenRelease written;
  {
    MC_TRY(const std::unique_ptr<sys::File> file,
           disk.open(release.draft(), sys::OpenMode::truncate));
    MC_TRY(written, write_release(context, summary.input, summary.outcome, file.get()));
  }
  const auto told = flags.distribution ? Distribution::told : Distribution::kept;
  MC_TRY(const recheck::Manifest made, manifest_of(summary.input, summary.outcome, written, told));
  const std::string text = recheck::print_manifest(made);
  // What is on the disk is checked as anybody can check it, by the code that did not make it.
  MC_TRY(const proof::Report report,
         recheck_file(context,
                      {text, summary.input.hierarchy_files, {}, context.machine.random->next_u64()},
                      release.draft()));
  if (!report.verified()) {
    if (!context.json) print_talk(context, proof::print_text(report));
    return fail(Code::corrupt, "the release does not pass its own check, and was not kept: " +
                                   failures_of(report));
  }
  {
    MC_TRY(const std::unique_ptr<sys::File> file,
           disk.open(manifest.draft(), sys::OpenMode::truncate));
    MC_TRY_OK(file->write(text));
    MC_TRY_OK(file->sync());
  }
  MC_TRY_OK(go_on(context));
  files.sha256 = written.sha256;
  MC_TRY_OK(manifest.keep());
  return release.keep();
}

Status run(Context& context, Flags flags) {
  if (flags.manifest.empty()) flags.manifest = flags.out + ".manifest.json";
  MC_TRY_OK(check_paths(flags));
  MC_TRY(const std::unique_ptr<KanonInput> input,
         read_kanon_input(context, flags.input, flags.config));
  block_signals();  // what has begun by then is cleared away
  MC_TRY(const KanonOutcome outcome, anonymise(context, *input));
  MC_TRY_OK(check_found(context, *input, outcome));
  const KanonSummary summary = {*input, outcome};
  KanonFiles files = {flags.out, flags.manifest, ""};
  if (context.dry_run) {
    MC_TRY(const WrittenRelease written, write_release(context, *input, outcome, nullptr));
    files.sha256 = written.sha256;
  } else {
    MC_TRY_OK(write(context, flags, summary, files));
  }
  show_run(context, summary, files);
  if (context.dry_run) print_talk(context, "dry run: nothing was written\n");
  return ok();
}

Status preview(Context& context, const Flags& flags) {
  MC_TRY(const std::unique_ptr<KanonInput> input,
         read_kanon_input(context, flags.input, flags.config));
  block_signals();
  MC_TRY(const KanonOutcome outcome, anonymise(context, *input));
  MC_TRY_OK(check_found(context, *input, outcome));
  show_preview(context, {*input, outcome});
  return ok();
}

// The files of the folder, whatever they are called: their digests tell which are meant.
Result<std::vector<std::string>> read_hierarchies(sys::Files& files, const std::string& folder) {
  MC_TRY(const std::vector<std::string> names, files.list(folder));
  if (names.size() > kHierarchyFilesMax) {
    return fail(Code::invalid, "--hierarchies: more than " + std::to_string(kHierarchyFilesMax) +
                                   " files in " + folder);
  }
  std::vector<std::string> out;
  std::size_t left = kHierarchyBytesMax;
  for (const std::string& name : names) {
    std::string path = folder;
    path.append("/").append(name);
    if (files.list(path)) continue;  // a folder
    MC_TRY(std::string bytes, files.read_all(path, left));
    left -= bytes.size();
    out.push_back(std::move(bytes));
  }
  if (out.empty()) return fail(Code::not_found, "--hierarchies: no files in " + folder);
  return out;
}

Status verify(Context& context, const Flags& flags) {
  sys::Files& files = *context.machine.files;
  MC_TRY(const std::string manifest, files.read_all(flags.manifest, recheck::kManifestBytesMax));
  std::vector<std::string> hierarchies;
  if (!flags.hierarchies.empty()) {
    MC_TRY(hierarchies, read_hierarchies(files, flags.hierarchies));
  }
  MC_TRY(const proof::Report report,
         recheck_file(context,
                      {manifest, std::move(hierarchies), {}, context.machine.random->next_u64()},
                      flags.input));
  print_out(context.json ? proof::print_json(report) + "\n" : proof::print_text(report));
  if (report.verified()) return ok();
  return fail(Code::corrupt, "verification failed: " + failures_of(report));
}

void add_question(cli::Command& command, Flags& flags) {
  command.option("--input", flags.input, "File: the table, CSV with a header").required();
  command
      .option("--config", flags.config,
              "File: columns, criteria and hierarchies (docs/guides/kanon.md)")
      .required();
}

}  // namespace

void add_kanon(cli::Command& app, Context& context) {
  cli::Command& noun = app.add("kanon", "k-anonymous releases of a table");
  const auto flags = std::make_shared<Flags>();
  cli::Command& run_command =
      noun.add("run", "Make a table k-anonymous and write it with its manifest");
  add_question(run_command, *flags);
  run_command.option("--out", flags->out, "File: the release").required();
  run_command.option("--manifest", flags->manifest,
                     "File: its manifest; the release with .manifest.json behind it");
  run_command.flag("--distribution", flags->distribution,
                   "Tell in the manifest how often the input has each sensitive value, so that "
                   "t-closeness is checked to the last row");
  run_command.runs([&context, flags] { return run(context, *flags); });
  cli::Command& preview_command =
      noun.add("preview", "Show what a run would suppress and lose, and the risk before and after");
  add_question(preview_command, *flags);
  preview_command.runs([&context, flags] { return preview(context, *flags); });
  cli::Command& verify_command =
      noun.add("verify", "Check a release against its manifest, by code of its own");
  verify_command.option("--input", flags->input, "File: the release").required();
  verify_command.option("--manifest", flags->manifest, "File: its manifest").required();
  verify_command.option("--hierarchies", flags->hierarchies,
                        "Folder with the hierarchies: levels and loss are checked too");
  verify_command.runs([&context, flags] { return verify(context, *flags); });
}

}  // namespace mc::app
