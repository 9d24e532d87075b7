// Residency: a tenant's data are read and written where they may be, and that is proven every hour.
//
//   regions.h   where a tenant's data may lie; permits(), the one rule
//   counts.h    ResidencyCounts: reads and writes by where they came from and went to
//   attempts.h  what was tried and denied, as records
//   document.h  what a proof says
//   probe.h     the sentinels
//   tried.h     attempts and finds, as the tenant's log says them
//
// Once an hour, for each tenant, a sentinel is written and read back where the tenant's rows are;
// the findings, with the traffic and the denied attempts of that hour, are signed (in-toto
// statement in a Sigstore bundle), recorded in the tenant's log, and kept in a folder. A hole
// shows: a server that does not run, or cannot sign, leaves an hour without a proof, never a proof
// that says less.
//
// All members are thread-safe. step() and prove_now() block for as long as the databases do.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "dataset/dataset.h"
#include "identity/identity.h"
#include "ledger/ledger.h"
#include "log/log.h"
#include "metric/metric.h"
#include "residency/attempts.h"  // IWYU pragma: export
#include "residency/counts.h"    // IWYU pragma: export
#include "residency/document.h"  // IWYU pragma: export
#include "residency/probe.h"     // IWYU pragma: export
#include "residency/regions.h"   // IWYU pragma: export
#include "residency/tried.h"     // IWYU pragma: export
#include "signing/signing.h"
#include "sql/sql.h"
#include "sys/sys.h"

namespace mc::residency {

class ProofStore;

inline constexpr std::size_t kProofsListedMax = 200;
inline constexpr std::size_t kProofsReadMax = 1'000;  // for one page of a list

class Residency {
 public:
  // Everything outlives it.
  struct World {
    sys::Clock& clock;
    sys::Random& random;
    sys::Files& files;
    log::Log& log;
    identity::Directory& directory;
    ledger::Ledger& ledger;
    signing::Signing& signing;
    const sql::Drivers& drivers;
    const dataset::Model* model = nullptr;  // both null: there are no datasets, and no proofs
    dataset::Writers* writers = nullptr;    // the one set that all writes of the process use
  };
  struct Home {
    std::string folder;  // data_dir/residency
    std::string node;    // this server's name, in proofs
    std::string region;  // where it stands; "" = anywhere
  };
  Residency(const World& world, const ResidencyConfig& config, Home home);
  ~Residency();
  Residency(const Residency&) = delete;
  Residency& operator=(const Residency&) = delete;

  const Regions& regions() const { return regions_; }
  ResidencyCounts& counts() { return counts_; }

  // What a request does with a dataset of a tenant.
  struct Touch {
    const identity::Caller& caller;
    const TenantId& tenant;           // whose data
    std::string_view region;          // the tenant's
    const dataset::Dataset& dataset;  // of the model
    std::string_view action;          // "read", "write"
    std::string_view purpose = "";
    std::string_view request_id = "";
  };
  // Where the rows are that it touches; "" when that is not known, or there are none.
  std::string_view region_of(const Touch& touch) const;
  // Before the first statement: `denied`, and an attempt, when that is not permitted.
  Status admit(const Touch& touch);
  // Behind the last one: how many statements ran.
  void count(const Touch& touch, std::int64_t statements);
  // The database's server said that it stands in this region, and was not used: an attempt.
  void note_elsewhere(const Touch& touch, std::string_view region);
  // Records what was tried and denied; never waits for a disk.
  void attempt(const Attempt& attempt);

  // For a thread that may block, about once a second: writes records of attempts that have become
  // due, and makes one proof that is due. Whether there is more to do at once.
  bool step();
  // A proof of this moment; that of the hour is still made at its end. `not_found` without such a
  // tenant, or when nothing of it lies here.
  Result<Summary> prove_now(const TenantId& tenant);

  // Where a tenant's data lie, as it is configured.
  struct Located {
    struct Place {
      std::string source;
      std::string region;  // "" = not stated
      std::vector<std::string> datasets;
      Answer answer = Answer::permitted;
    };
    std::string region;  // the tenant's
    std::vector<Place> places;
    std::vector<std::string> absent;  // datasets without a placement in the tenant's region
  };
  Result<Located> locate(const TenantId& tenant) const;
  const std::string& node() const { return home_.node; }
  bool proves() const { return config_.probes && world_.model != nullptr; }

  struct Question {
    std::vector<std::string> tenants = {};
    std::size_t limit = 50;
    std::string cursor = {};            // "" = from the newest
    std::optional<WallTime> from = {};  // periods whose names say that they end behind it
    std::optional<WallTime> to = {};    // periods that begin before it: `from` of the document
    std::optional<bool> ok = {};
  };
  struct Listed {
    std::vector<Summary> items;
    std::string next_cursor;  // "" = there are no more
  };
  // The newest first. `invalid` for a cursor that is none. With `ok` or `to` a page may have
  // fewer than `limit` and yet another page behind it.
  Result<Listed> list(const Question& question) const;
  struct Proof {
    std::string bundle;    // as it was signed
    std::string document;  // what is said, and the artifact of the bundle
  };
  Result<Proof> read(const TenantId& tenant, const std::string& period) const;

  void add_metrics(metric::Registry& metrics) const;

 private:
  // What a proof that is due will say, beside what its probe finds.
  struct Due {
    std::string period;
    WallTime from;
    WallTime to;
    std::vector<Traffic> traffic;
    std::vector<Violation> attempts;
  };
  struct Proven {  // for metrics
    WallTime at;
    bool ok = false;
  };
  void deny(const Touch& touch, std::string_view region, std::string_view code);
  bool has_sources(const identity::Tenant& tenant) const;
  Status begin_first();
  Status end_hour(WallTime now);
  Result<Summary> prove(const identity::Tenant& tenant, const Due& due);
  Result<std::string> free_name(const TenantId& tenant, const std::string& wanted) const;
  Evidence evidence_of(const identity::Tenant& tenant, const Due& due) const;
  Status record(const Evidence& evidence, const Summary& summary);
  void record_soon(ledger::Entry entry);
  void retry_later(std::string_view what, const Error& why);

  World world_;
  ResidencyConfig config_;
  Home home_;
  Regions regions_;
  ResidencyCounts counts_;
  Attempts attempts_;
  std::unique_ptr<ProofStore> store_;

  std::mutex proving_;                  // of the next ones
  std::optional<WallTime> hour_;        // whose traffic is being counted; none before step()
  WallTime counted_since_;              // by this process, and in this hour
  std::map<std::string, Due> due_;      // by tenant
  std::optional<MonoTime> not_before_;  // after a failure
  Guarded<std::map<std::string, Proven>> proven_;        // by tenant
  Guarded<std::map<std::string, std::uint64_t>> found_;  // violations that probes found, by tenant
};

}  // namespace mc::residency
