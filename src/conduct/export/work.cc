#include "export/work.h"

#include <algorithm>
#include <bit>

namespace mc::exporting {
namespace {

constexpr std::int64_t kRowsAStep = 20'000;
constexpr std::size_t kHeldMax = 4;        // exports in memory
constexpr Nanos kChangeTime = seconds(5);  // for a change that would pass the guard (guard.cc)
constexpr std::string_view kSearching = "search";
constexpr std::string_view kWriting = "write";
constexpr std::string_view kRecording = "record";
constexpr std::string_view kCsvType = "text/csv";
constexpr std::string_view kLinesType = "application/x-ndjson";
constexpr std::string_view kJsonType = "application/json";
const std::string kActor = "export@system";

std::string text_in(const json::Value& value, std::string_view name) {
  const json::Value* const found = value.find(name);
  return found == nullptr || found->as_string() == nullptr ? "" : *found->as_string();
}

json::Value checkpoint_of(std::string_view phase) {
  json::Object out;
  out.set("phase", phase);
  return json::Value(std::move(out));
}

job::Step step_to(std::string_view phase, job::Progress progress) {
  return {.checkpoint = checkpoint_of(phase), .progress = std::move(progress)};
}

// From the beginning: what was read is in no memory any more.
job::Step begin_anew() {
  return {.checkpoint = json::Value(), .progress = {.unit = "rows", .message = "reading"}};
}

tl::unexpected<Error> stopped() {
  return fail(Code::unavailable, "the export was stopped");
}

std::string joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& each : texts) out += (out.empty() ? "" : ", ") + each;
  return out;
}

std::string hex_bytes(const std::string& hex) {
  return from_hex(hex).value_or("");
}

}  // namespace

Work::Work(Exports::Core& core)
    : core_(core),
      gate_({core.world.engine, core.world.clock, core.world.random, core.world.decisions,
             core.world.remote}) {
  const World& world = core.world;
  if (world.catalog != nullptr) {
    connections_ = std::make_unique<dataset::ConnectionSet>(*world.drivers, world.catalog->model(),
                                                            *world.writers);
  }
}

Work::~Work() = default;

void Work::let_go(const std::string& job) {
  doing_.erase(job);
}

void Work::keep_only(const std::set<std::string>& jobs) {
  std::erase_if(doing_, [&](const auto& each) { return !jobs.contains(each.first); });
}

Result<Work::Now> Work::look(const job::Job& job) {
  MC_TRY(Task task, read_task(job.input));
  MC_TRY(Run run,
         core_.with_store<Run>([&](Store& store) { return store.find(job.tenant, task.id); }));
  MC_TRY(const identity::Tenant tenant, core_.world.directory.tenant(job.tenant));
  Now out{job, std::move(run), std::move(task), tenant.region};
  // Who asked for a hold has proven themselves then, and who approved it has since.
  const WallTime proven = out.run.hold ? from_unix_ms(out.run.hold->approved_ms) : out.run.asked;
  if (out.run.changed > proven) {
    out.task.requester.stepped_up = false;
    if (out.run.hold) out.run.hold->approver.stepped_up = false;
  }
  out.resource = core_.world.find_resource("dataset", out.run.dataset);
  return out;
}

Result<job::Step> Work::step(const job::Job& job) {
  MC_TRY(Now now, look(job));
  at_ = {job.tenant, now.run.id};
  if (now.run.state != State::running) {
    return job::Step{.checkpoint = job.checkpoint, .progress = job.progress, .done = true};
  }
  if (core_.board.stops(job.id)) return stopped();
  Result<job::Step> out = go_on(now);
  if (out || out.error().code == Code::unavailable) return out;
  doing_.erase(job.id);
  MC_TRY_OK(give_up(now, out.error()));
  return out;
}

Status Work::give_up(const Now& now, const Error& error) {
  const State to = error.code == Code::denied ? State::refused : State::failed;
  return core_.end(now.run, to, kActor, error.what);
}

Result<job::Step> Work::go_on(Now& now) {
  if (connections_ == nullptr || now.resource == nullptr) {
    return fail(Code::invalid, "there is no dataset '" + excerpt(now.run.dataset) + "' any more");
  }
  const std::string phase = text_in(now.job.checkpoint, "phase");
  if (phase == kRecording) return finish(now);
  if (now.run.kind == Kind::dp) return write_report(now);
  if (now.run.kind == Kind::hold) {
    const auto held = doing_.find(now.job.id);
    const bool read_all = held != doing_.end() && held->second->reader == nullptr;
    return phase == kWriting && read_all ? write_hold(now, *held->second) : read(now);
  }
  if (!now.task.profile) return fail(Code::corrupt, "the export's job has no profile");
  const auto found = doing_.find(now.job.id);
  const bool released = found != doing_.end() && found->second->release != nullptr;
  if (phase != kSearching && phase != kWriting) return read(now);
  if (!released) return begin_anew();
  return phase == kSearching ? search(now, *found->second) : write(now, *found->second);
}

Result<job::Step> Work::read(Now& now) {
  // What waits to be tried again begins anew rather than fill the memory.
  if (doing_.size() >= kHeldMax && !doing_.contains(now.job.id)) doing_.clear();
  std::unique_ptr<Doing>& doing = doing_[now.job.id];
  if (doing == nullptr || doing->reader == nullptr) {
    const World& world = core_.world;
    doing = std::make_unique<Doing>();
    const dataset::Model& model = world.catalog->model();
    if (now.run.hold) {
      MC_TRY(doing->wanted, wanted_of_hold(model, now.run.dataset, now.run.hold->columns));
      doing->held.emplace(doing->wanted.names, core_.settings.bytes_max);
    } else {
      MC_TRY(doing->wanted, wanted_of(model, *now.task.profile));
      doing->intake.emplace(doing->wanted.names, hex_bytes(now.run.salt), core_.settings.bytes_max);
    }
    doing->reader = std::make_unique<RowReader>(
        RowReader::World{*world.catalog, *connections_, world.clock, world.random},
        RowReader::Place{now.run.tenant, now.region}, doing->wanted);
  }
  Result<job::Step> out = take_in(now, *doing);
  // Rows that came twice would be in no snapshot, nor some that are masked and some that are not.
  if (!out || doing->mixed) doing_.erase(now.job.id);
  return out;
}

RowGate Work::gate_of(const Now& now, const identity::Caller& caller, const Wanted& wanted) {
  const World& world = core_.world;
  return RowGate({gate_, *now.resource, world.mask_keys, world.catalog->model(), world.residency},
                 {caller, now.run.tenant, now.run.purpose, now.region, world.node_region,
                  now.run.id, now.task.requester.stepped_up, wanted,
                  now.run.hold ? access::Action::hold : access::Action::export_});
}

Status Work::read_pages(Now& now, Doing& doing) {
  const World& world = core_.world;
  identity::Caller caller;
  MC_TRY_OK(fill_caller(now.run.tenant, now.task.requester, caller));
  RowGate gate = gate_of(now, caller, doing.wanted);
  const auto take = [&](const std::vector<std::string>& row) -> Status {
    if (doing.rows() >= core_.settings.rows_max) {
      return fail(Code::exhausted, "the dataset has more than " +
                                       std::to_string(core_.settings.rows_max) +
                                       " rows (exports.rows_max)");
    }
    return doing.held ? doing.held->add(row) : doing.intake->add(row);
  };
  const std::int64_t until = doing.rows() + kRowsAStep;
  doing.pages = 0;
  Status out = ok();
  while (out && doing.reader != nullptr && doing.rows() < until) {
    if (core_.board.stops(now.job.id)) return stopped();
    const Result<bool> more = doing.reader->page(gate, take);
    ++doing.pages;
    if (!more) out = tl::unexpected<Error>(more.error());
    if (more && !*more) doing.reader.reset();
  }
  if (out) {
    std::vector<std::string> masked = gate.masked();
    doing.mixed = doing.masked && *doing.masked != masked;
    doing.masked = std::move(masked);
  }
  if (world.residency != nullptr) {
    const auto index = static_cast<std::size_t>(doing.wanted.dataset);
    world.residency->count(
        {caller, now.run.tenant, now.region, world.catalog->model().datasets[index], "read",
         now.run.purpose, now.run.id},
        doing.pages);
  }
  return out;
}

Result<job::Step> Work::take_in(Now& now, Doing& doing) {
  MC_TRY_OK(read_pages(now, doing));
  if (doing.mixed) return begin_anew();
  const std::int64_t rows = doing.rows();
  job::Progress progress{.done = rows, .unit = "rows", .message = "reading"};
  core_.board.put(now.job.id, progress);
  if (doing.reader != nullptr) return step_to("read", progress);
  if (doing.held) {
    doing.held->sort();
    progress.total = rows;
    return step_to(kWriting, progress);
  }
  if (rows == 0) return fail(Code::denied, "export-empty: the dataset has no rows");
  MC_TRY(auto hierarchies, read_hierarchies(core_.world.files, *now.task.profile));
  MC_TRY(Intake::Taken taken, doing.intake->finish());
  doing.intake.reset();
  MC_TRY(doing.release, Release::make(std::move(taken), *now.task.profile, std::move(hierarchies)));
  progress.total = rows;
  progress.message = "searching";
  return step_to(kSearching, progress);
}

// What was allowed when it was asked for may not be any more: the policies have changed, or the
// profile has.
Status Work::ask_again(const Now& now) {
  if (now.run.kind == Kind::hold) return ask_holders(now);
  const World& world = core_.world;
  Profile profile;
  profile.dataset = now.run.dataset;
  profile.format = now.run.format;
  if (now.run.kind == Kind::kanon) {
    const auto found = core_.settings.profiles.find(now.run.profile);
    if (found != core_.settings.profiles.end()) profile = found->second;
    profile.format = now.run.format;
    if (found == core_.settings.profiles.end() || now.task.profile != profile) {
      return fail(Code::denied,
                  "export-profile: profile " + now.run.profile + " is gone or has changed");
    }
  }
  identity::Caller caller;
  MC_TRY_OK(fill_caller(now.run.tenant, now.task.requester, caller));
  RulesGate gate({world.engine, world.clock, world.random});
  const Rules rules = gate.ask({.caller = caller,
                                .purpose = now.run.purpose,
                                .tenant = now.run.tenant.get(),
                                .tenant_region = now.region,
                                .node_region = world.node_region,
                                .kind = now.run.kind,
                                .profile = now.run.profile,
                                .settings = profile,
                                .resource = *now.resource,
                                .stepped_up = now.task.requester.stepped_up});
  if (!rules.allow) return fail(Code::denied, "export-denied: " + joined(rules.reasons));
  return now.run.kind == Kind::kanon ? check_bounds(profile, rules.bounds) : ok();
}

Result<job::Step> Work::search(Now& now, Doing& doing) {
  MC_TRY_OK(ask_again(now));
  const MonoTime until = core_.world.clock.mono() + now.task.profile->search_time;
  const auto watch = [&](const kanon::Progress& at) {
    std::string message = "searching";
    if (at.best_pico >= 0) message += ", least loss " + kanon::pico_text(at.best_pico);
    core_.board.put(now.job.id, {.done = static_cast<std::int64_t>(at.nodes_done),
                                 .total = static_cast<std::int64_t>(at.nodes_total),
                                 .unit = "nodes",
                                 .message = std::move(message)});
    if (core_.board.stops(now.job.id)) return kanon::Go::cancel;
    return core_.world.clock.mono() < until ? kanon::Go::on : kanon::Go::finish;
  };
  MC_TRY_OK(doing.release->search(watch));
  MC_TRY_OK(hold_against_earlier(now, doing));
  const kanon::SearchStats& stats = doing.release->solution().stats;
  job::Progress progress{
      .done = static_cast<std::int64_t>(stats.nodes_looked),
      .total = static_cast<std::int64_t>(stats.nodes_total),
      .unit = "nodes",
      .message = std::string("found; loss ") +
                 kanon::pico_text(doing.release->solution().loss.geometric_pico) +
                 ", none is below " + kanon::pico_text(stats.bound_pico)};
  core_.board.put(now.job.id, progress);
  return step_to(kWriting, progress);
}

// One after the other, so that the database is held by none for longer than it takes to read it.
// What is ended meanwhile was had by nobody; what comes meanwhile takes our place (keep()).
Result<Earlier> Work::read_earlier(const Now& now) {
  MC_TRY(const std::vector<std::string> ids,
         core_.with_store<std::vector<std::string>>([&](Store& store) {
           return store.held(now.run.tenant, now.run.dataset, now.run.id);
         }));
  Earlier out(core_.settings.guard_rows_max);
  for (const std::string& id : ids) {
    if (core_.board.stops(now.job.id)) return stopped();
    MC_TRY(const std::optional<Classes> one,
           core_.with_store<std::optional<Classes>>(
               [&](Store& store) { return store.classes(now.run.tenant, id); }));
    if (one) MC_TRY_OK(out.add(*one));
  }
  return out;
}

// The classes are kept before anything is written: from then on others are held against them.
Status Work::hold_against_earlier(const Now& now, Doing& doing) {
  MC_TRY(const std::int64_t last, core_.with_store<std::int64_t>([&](Store& store) {
    return store.last_place(now.run.tenant, now.run.dataset);
  }));
  MC_TRY(const Earlier earlier, read_earlier(now));
  std::array<std::uint8_t, 32> made{};
  core_.world.random.fill(made);
  MC_TRY(const std::string secret, core_.with_store<std::string>([&](Store& store) {
    return store.secret(
        now.run.tenant, now.run.dataset,
        to_hex(std::string_view(reinterpret_cast<const char*>(made.data()), made.size())));
  }));
  const MonoTime until = core_.world.clock.mono() + kChangeTime;
  const auto goes_on = [&] {
    return !core_.board.stops(now.job.id) && core_.world.clock.mono() < until;
  };
  MC_TRY(std::string map,
         check_earlier(*doing.release, Secret(hex_bytes(secret)), earlier, goes_on));
  doing.earlier = earlier.ids();
  doing.place = last + 1;
  const Classes own{now.run.id, doing.place, std::move(map)};
  const Status kept = core_.with_store(
      [&](Store& store) { return store.keep(now.run.tenant, now.run.dataset, own); });
  if (kept || kept.error().code != Code::conflict) return kept;
  return fail(Code::unavailable, "another export of the dataset came between");
}

// As it is on the disk, before anything is signed.
Status Work::recheck_files(const BlobPlace& place, const std::string& manifest) {
  MC_TRY(const std::string table,
         core_.blobs.read(place, std::string(kTableFile),
                          static_cast<std::size_t>(core_.settings.bytes_max)));
  std::array<std::uint8_t, 8> random{};
  core_.world.random.fill(random);
  return recheck_written(manifest, table, std::bit_cast<std::uint64_t>(random));
}

Result<std::vector<Item>> Work::write_table(const Now& now, const Doing& doing,
                                            recheck::Manifest& release) {
  const BlobPlace place{now.run.tenant, now.run.id};
  const std::int64_t most = core_.settings.bytes_max;
  const Release& from = *doing.release;
  std::vector<Item> out;
  const auto put = [&](std::string_view name, std::string_view type,
                       const Blobs::Write& write) -> Status {
    core_.board.put(now.job.id, {.done = static_cast<std::int64_t>(out.size()),
                                 .unit = "files",
                                 .message = "writing " + std::string(name)});
    if (core_.board.stops(now.job.id)) return stopped();
    MC_TRY(Item item, core_.blobs.put(place, {std::string(name), std::string(type), most}, write));
    out.push_back(std::move(item));
    return ok();
  };
  MC_TRY_OK(put(kTableFile, kCsvType, [&](const auto& sink) { return from.write_csv(sink); }));
  out.back().rows = from.rows_out();
  MC_TRY(release,
         from.manifest(*now.task.profile,
                       {.bytes = out.back().bytes,
                        .rows = from.rows_out(),
                        .sha256 = out.back().sha256.substr(out.back().sha256.find(':') + 1)},
                       core_.world.engine_name));
  if (now.run.format == Format::jsonl) {
    MC_TRY_OK(
        put(kLinesFile, kLinesType, [&](const auto& sink) { return from.write_jsonl(sink); }));
    out.back().rows = from.rows_out();
  }
  const std::string text = recheck::print_manifest(release);
  MC_TRY_OK(recheck_files(place, text));
  MC_TRY_OK(put(kReleaseFile, kJsonType, [&](const auto& sink) { return sink(text); }));
  return out;
}

Manifest Work::manifest_of(const Now& now) const {
  Manifest out;
  for (const std::string_view each : kProofMembers) out.absent.emplace_back(each);
  out.created_at = format_rfc3339(core_.now());
  out.dataset = now.run.dataset;
  out.id = now.run.id;
  out.lineage = {.decision = now.run.decision,
                 .earlier = {},
                 .engine = core_.world.engine_name,
                 .job = now.job.id,
                 .policy = now.task.policy,
                 .region = now.region,
                 .rules = now.task.rules,
                 .source = "dataset/" + now.run.dataset};
  out.profile = now.run.profile;
  out.purpose = now.run.purpose;
  out.requester = now.run.requester;
  out.tenant = now.run.tenant.get();
  out.label.watermark = watermark_of(out);
  return out;
}

Status Work::sign(const Now& now, Manifest& manifest, Outcome& outcome) {
  manifest.items = outcome.items;
  MC_TRY(const proof::Statement statement, statement_of(manifest));
  MC_TRY(const proof::Bundle bundle, core_.world.signing.sign(statement));
  MC_TRY(const Item written, core_.blobs.put({now.run.tenant, now.run.id},
                                             {std::string(kBundleFile), std::string(kJsonType),
                                              static_cast<std::int64_t>(proof::kBundleBytesMax)},
                                             proof::print_bundle(bundle)));
  outcome.manifest = written.sha256;
  outcome.snapshot = manifest.input.snapshot;
  return ok();
}

// What the last step needs, kept.
job::Step Work::written(const Outcome& outcome) {
  job::Step out = step_to(
      kRecording,
      {.done = outcome.rows_out, .total = outcome.rows_out, .unit = "rows", .message = "written"});
  json::Object checkpoint;
  checkpoint.set("phase", kRecording);
  checkpoint.set("outcome", json::to_value(outcome));
  out.checkpoint = json::Value(std::move(checkpoint));
  return out;
}

Result<job::Step> Work::write(Now& now, Doing& doing) {
  const Release& from = *doing.release;
  Manifest manifest = manifest_of(now);
  KanonPart part;
  Outcome outcome;
  MC_TRY(outcome.items, write_table(now, doing, part.release));
  part.criteria = criteria_lines(*now.task.profile);
  part.k = now.task.profile->k;
  part.sha256 = outcome.items.back().sha256;
  part.suppression = {part.release.suppression.limit, part.release.suppression.rows};
  manifest.input = {doing.wanted.names, from.rows_in(), digest_text(from.snapshot())};
  manifest.label.handling = "k-anonymous";
  manifest.lineage.earlier = doing.earlier;
  Parameters parameters;
  parameters.format = now.run.format;
  parameters.k = now.task.profile->k;
  parameters.suppression = now.task.profile->suppression;
  for (const auto& [name, column] : now.task.profile->columns) {
    parameters.columns[name] = {column.criteria, column.role};
  }
  manifest.parameters = std::move(parameters);
  manifest.kanon = std::move(part);
  MC_TRY_OK(sign(now, manifest, outcome));
  outcome.rows_in = from.rows_in();
  outcome.rows_out = from.rows_out();
  outcome.suppressed = manifest.kanon->suppression.rows;
  doing_.erase(now.job.id);
  return written(outcome);
}

Result<job::Step> Work::write_report(Now& now) {
  if (core_.world.dp == nullptr) {
    return fail(Code::invalid, "there are no differentially private answers here any more");
  }
  MC_TRY(const DpReport report,
         core_.world.dp->report(now.run.tenant, now.run.dataset, now.task.releases));
  MC_TRY_OK(check_report(report));
  const BlobPlace place{now.run.tenant, now.run.id};
  const std::int64_t most = core_.settings.bytes_max;
  Outcome outcome;
  MC_TRY(Item table, core_.blobs.put(place, {std::string(kReportFile), std::string(kCsvType), most},
                                     print_csv(report)));
  table.rows = outcome.rows_out = rows_of(report);
  outcome.items.push_back(std::move(table));
  if (now.run.format == Format::jsonl) {
    MC_TRY(Item lines,
           core_.blobs.put(place, {std::string(kReportLinesFile), std::string(kLinesType), most},
                           print_jsonl(report)));
    lines.rows = outcome.rows_out;
    outcome.items.push_back(std::move(lines));
  }
  Manifest manifest = manifest_of(now);
  // What was read for the answers is told to nobody: neither rows nor columns.
  manifest.input.snapshot = digest_text(snapshot_of(report));
  manifest.label.handling = "differentially-private";
  manifest.dp = part_of(report);
  MC_TRY_OK(sign(now, manifest, outcome));
  return written(outcome);
}

// The record first; then the files can be had.
Result<job::Step> Work::finish(Now& now) {
  MC_TRY_OK(ask_again(now));
  const json::Value* const kept = now.job.checkpoint.find("outcome");
  if (kept == nullptr) return fail(Code::corrupt, "the export's checkpoint has no outcome");
  MC_TRY(now.run.outcome, json::read<Outcome>(*kept));
  MC_TRY(const bool same, is_as_kept(now));
  if (!same) return begin_anew();
  for (const Item& item : now.run.outcome.items) {
    MC_TRY(const bool there, core_.blobs.has({now.run.tenant, now.run.id}, item.name));
    // Another server's disk has them, or somebody took them away: they are made anew.
    if (!there) return begin_anew();
  }
  now.run.changed = core_.now();
  now.run.expires = whole_ms(now.run.changed + core_.settings.retention);
  Run ready = now.run;
  ready.state = State::ready;
  MC_TRY(ready.record, core_.record(state_name(State::ready), ready, kActor));
  MC_TRY_OK(core_.with_store([&](Store& store) { return store.change(ready, State::running); }));
  ++core_.counts.ready;
  return job::Step{.checkpoint = checkpoint_of("done"),
                   .progress = {.done = ready.outcome.rows_out,
                                .total = ready.outcome.rows_out,
                                .unit = "rows",
                                .message = "ready"},
                   .done = true};
}

}  // namespace mc::exporting
