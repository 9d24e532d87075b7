// The steps of an export's job. Private to the module; of one thread.
//
// What is between two steps lies in memory, but for the checkpoint, which says how far it was. Who
// takes the job over finds nothing in memory and begins to read anew, until the files are written:
// from then on the checkpoint has all that is needed. So each step may run again.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "export/core.h"
#include "export/guard.h"
#include "export/hold.h"
#include "export/release.h"

namespace mc::exporting {

class Work final : public job::JobWork {
 public:
  explicit Work(Exports::Core& core);
  ~Work() override;
  std::string_view kind() const override { return kJobKind; }
  Result<job::Step> step(const job::Job& job) override;
  // Drop what is in memory, and with it the view of the database: of one job, of all but these.
  void let_go(const std::string& job);
  void keep_only(const std::set<std::string>& jobs);
  // Where the files of the last step's export are.
  const BlobPlace& at() const { return at_; }

 private:
  // Of one job, in memory alone.
  struct Doing {
    Wanted wanted;
    std::unique_ptr<RowReader> reader;  // until the last page
    std::optional<Intake> intake;
    std::unique_ptr<Release> release;                // behind the last page
    std::optional<HoldRows> held;                    // of a hold, in place of the last two
    std::optional<std::vector<std::string>> masked;  // columns, since the first page
    bool mixed = false;                // the policies mask otherwise than some pages before
    std::int64_t pages = 0;            // read in this step
    std::vector<std::string> earlier;  // exports that it was held against
    std::int64_t place = 0;            // of its classes
    std::int64_t rows() const { return held ? held->rows() : intake->rows(); }
  };
  // All that a step knows of its export.
  struct Now {
    const job::Job& job;
    Run run;
    Task task;
    std::string region;  // the tenant's
    const access::Resource* resource = nullptr;
  };
  Result<Now> look(const job::Job& job);
  Result<job::Step> go_on(Now& now);
  Result<job::Step> read(Now& now);
  Result<job::Step> take_in(Now& now, Doing& doing);
  Result<job::Step> search(Now& now, Doing& doing);
  Result<job::Step> write(Now& now, Doing& doing);
  Result<job::Step> write_report(Now& now);
  Result<job::Step> write_hold(Now& now, Doing& doing);
  Result<std::vector<Item>> write_rows(const Now& now, const Doing& doing);
  Status ask_holders(const Now& now);
  RowGate gate_of(const Now& now, const identity::Caller& caller, const Wanted& wanted);
  // Whether what was read is what who asked may read now.
  Result<bool> is_as_read(const Now& now, const Wanted& wanted,
                          const std::vector<std::string>& masked);
  Result<bool> is_as_kept(const Now& now);
  Result<job::Step> finish(Now& now);
  Status ask_again(const Now& now);
  Status read_pages(Now& now, Doing& doing);
  Result<Earlier> read_earlier(const Now& now);
  Status hold_against_earlier(const Now& now, Doing& doing);
  Result<std::vector<Item>> write_table(const Now& now, const Doing& doing,
                                        recheck::Manifest& release);
  Status recheck_files(const BlobPlace& place, const std::string& manifest);
  Status sign(const Now& now, Manifest& manifest, Outcome& outcome);
  static job::Step written(const Outcome& outcome);
  Manifest manifest_of(const Now& now) const;
  Status give_up(const Now& now, const Error& error);

  Exports::Core& core_;
  BlobPlace at_;
  std::unique_ptr<dataset::ConnectionSet> connections_;
  access::Gate gate_;
  std::map<std::string, std::unique_ptr<Doing>> doing_;  // by job
};

}  // namespace mc::exporting
