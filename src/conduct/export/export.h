// Exports: rows of a tenant leave as files, protected, proven and recorded.
//
//   request (-> approval) -> job: read -> anonymise -> hold against earlier exports -> write and
//   sign -> record
//
// Who asks needs a purpose and a profile (profile.h); the policies say how strong the profile has
// to be (rules.h), who may read the rows and who may export (access). What leaves has a manifest
// (manifest.h), signed as all proofs are. The record of an export stands in its tenant's log before
// any of its files can be had; so do a refusal and an end.
//
// An export for a legal hold is protected by nothing but masks: it has a permission of its own, and
// waits until somebody else who has it approves it (hold.h).
//
// Exports is the desk, thread-safe; it blocks on the state database and the ledger. Worker does the
// work, a step a turn, on one thread of its own; it lends the database for each statement alone. A
// crash at any moment loses nothing: rows in memory are read anew, files that are begun are written
// anew, and what nobody could have is held against nobody.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/access.h"
#include "access/remote.h"
#include "dataset/dataset.h"
#include "export/dp.h"        // IWYU pragma: export
#include "export/manifest.h"  // IWYU pragma: export
#include "export/profile.h"   // IWYU pragma: export
#include "export/rules.h"     // IWYU pragma: export
#include "export/run.h"       // IWYU pragma: export
#include "identity/identity.h"
#include "job/job.h"
#include "ledger/ledger.h"
#include "log/log.h"
#include "residency/residency.h"
#include "signing/signing.h"
#include "sql/sql.h"
#include "sys/sys.h"

namespace mc::exporting {

// Everything outlives who borrows it.
struct World {
  sys::Clock& clock;
  sys::Random& random;
  sys::Files& files;
  log::Log& log;
  identity::Directory& directory;
  ledger::Ledger& ledger;
  signing::Signing& signing;
  const policy::Engine& engine;
  access::DecisionLog* decisions = nullptr;  // null = decisions are not kept
  access::Remote* remote = nullptr;  // decides on access instead of the engine; null = it does not
  const mask::Keys& mask_keys;
  identity::StepUp step_up;
  std::string node_region;                    // "" = anywhere
  const dataset::Catalog* catalog = nullptr;  // null: there are no datasets, and no exports
  const sql::Drivers* drivers = nullptr;
  dataset::Writers* writers = nullptr;
  residency::Residency* residency = nullptr;  // null: nobody asks where data lie
  access::FindResource find_resource;
  DpReports* dp = nullptr;  // null: there are no reports
  std::string folder;       // data_dir/exports
  std::string engine_name;  // "maestro 0.1.0"
};

inline constexpr std::string_view kTableFile = "table.csv";
inline constexpr std::string_view kLinesFile = "table.jsonl";
inline constexpr std::string_view kReleaseFile = "table.kanon.json";
inline constexpr std::string_view kReportFile = "report.csv";
inline constexpr std::string_view kReportLinesFile = "report.jsonl";
inline constexpr std::string_view kBundleFile = "manifest.sigstore.json";
inline constexpr std::size_t kReleasesMax = 1'000;
inline constexpr std::size_t kKeyBytesMax = 200;

struct Ask {
  const identity::Caller& caller;
  TenantId tenant;
  Kind kind = Kind::kanon;
  std::string profile = "";                     // of a table: its name
  std::string dataset = "";                     // of a report; of a table "" or the profile's
  std::optional<Format> format = std::nullopt;  // none = the profile's
  std::vector<std::string> releases = {};       // of a report
  std::optional<Hold> hold = std::nullopt;      // of a hold: reference, reason and columns
  std::string purpose = "";                     // "" = that of the caller
  std::string idempotency_key = "";             // "" = none
  std::string request_id = "";
};
enum class Trial : std::uint8_t { real, dry };
enum class Steer : std::uint8_t { pause, resume, cancel };

// A run with what its job is doing now.
struct Shown {
  Run run;
  std::string job_state;
  job::Progress progress;
};

struct Counters {
  std::uint64_t asked = 0, ready = 0, refused = 0, failed = 0, cancelled = 0, downloads = 0;
};

class Exports {
 public:
  // `settings` were checked. `invalid` names a profile that does not fit the datasets.
  static Result<std::unique_ptr<Exports>> make(World world, ExportSettings settings);
  ~Exports();

  // The export is under way, or was before under the same key; `denied` with the rule that does not
  // let it be; `conflict` for another request under the same key; `exhausted` by a limit.
  Result<Shown> request(const Ask& ask, Trial trial);
  Result<Shown> find(const TenantId& tenant, const std::string& id);
  struct Page {
    std::vector<Shown> items;
    std::string next;  // cursor, "" at the end
  };
  Result<Page> list(const TenantId& tenant, const std::string& cursor, std::int64_t limit);
  // `conflict` when it has ended. A cancelled one is gone: nothing of it leaves.
  Result<Shown> steer(const identity::Caller& by, const TenantId& tenant, const std::string& id,
                      Steer steer);
  // Of a hold that waits: lets it go on. `denied`, and recorded, to who asked for it, whatever
  // their token, to who may not read the rows or has not its permission, and to machines
  // (ExportSettings::hold_machines); `conflict` when it does not wait.
  struct Approval {
    const identity::Caller& by;
    std::string request_id = "";
  };
  Result<Shown> approve(const Approval& approval, const TenantId& tenant, const std::string& id,
                        Trial trial);
  // Whether the rows of a hold may be had: by who asked for it, as long as they may read them and
  // have its permission.
  Status check_taker(const identity::Caller& caller, const Run& run, const std::string& request_id);
  struct File {
    std::string name, media_type, bytes;
  };
  // `not_found` for all but the files of a ready export of this tenant.
  Result<File> file(const TenantId& tenant, const std::string& id, const std::string& name);
  Counters counters() const;
  const ExportSettings& settings() const;

  struct Core;  // private to the module
  Core& core() { return *core_; }

 private:
  explicit Exports(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

// Of one thread.
class Worker {
 public:
  // `owner`: unique among all workers, also over restarts.
  Worker(Exports& exports, std::string owner);
  ~Worker();
  // One step, and what is due; how long there is nothing to do then. An error is of the database,
  // and told once by who calls.
  Result<Nanos> turn();
  // Gives what it holds to others.
  Status release();

 private:
  struct State;  // worker.cc
  std::unique_ptr<State> state_;
};

}  // namespace mc::exporting
