// From the rows that were read to the released table: the engine of k-anonymity with a profile.
// Private to the module.
//
// What is here lives in memory alone, rows above all: a crash forgets it, and the export begins
// anew. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/crypto.h"
#include "export/manifest.h"
#include "export/profile.h"
#include "kanon/kanon.h"
#include "sys/sys.h"

namespace mc::exporting {

// Takes rows; gives the table and the commitment to what was taken.
class Intake {
 public:
  // `columns` in the order of the rows, the key first. `salt`: 32 bytes.
  Intake(const std::vector<std::string>& columns, std::string_view salt, std::int64_t bytes_max);
  Status add(const std::vector<std::string>& row);  // `exhausted` past bytes_max
  std::int64_t rows() const { return rows_; }
  struct Taken {
    kanon::Table table;
    std::string snapshot;  // 32 bytes
  };
  Result<Taken> finish();  // once

 private:
  Status flush();
  kanon::TableReader reader_;
  crypto::Sha256 hash_;
  std::string buffer_;
  std::int64_t bytes_ = 0, bytes_max_, rows_ = 0;
};

// What the engine is asked, of a profile; `key` is the column that names a row.
kanon::Config config_of(const Profile& profile, const std::string& key);

// The hierarchies of a profile, by column. `invalid` with the column, without the file's path.
Result<std::map<std::string, kanon::Hierarchy>> read_hierarchies(sys::Files& files,
                                                                 const Profile& profile);

// A table under anonymisation; neither copied nor moved, as its parts look at one another.
class Release {
 public:
  static Result<std::unique_ptr<Release>> make(Intake::Taken taken, const Profile& profile,
                                               std::map<std::string, kanon::Hierarchy> hierarchies);
  Release(const Release&) = delete;
  Release& operator=(const Release&) = delete;

  // `denied` when there is none that fulfils the profile; `unavailable` when `watch` cancels.
  Status search(const kanon::Watch& watch);
  const kanon::Problem& problem() const { return *problem_; }
  const kanon::Solution& solution() const { return *solution_; }  // behind search()
  const std::string& snapshot() const { return snapshot_; }
  std::int64_t rows_in() const { return static_cast<std::int64_t>(problem_->rows()); }
  std::int64_t rows_out() const;

  Status write_csv(const kanon::Sink& sink) const;
  Status write_jsonl(const kanon::Sink& sink) const;  // {"column":"text",...} a line
  // `file`: the released CSV's bytes, rows and SHA-256 in hexadecimal.
  Result<recheck::Manifest> manifest(const Profile& profile, const recheck::ReleaseFile& file,
                                     const std::string& engine) const;

 private:
  Release() = default;
  std::unique_ptr<kanon::Table> table_;
  std::optional<kanon::Problem> problem_;
  std::optional<kanon::Solution> solution_;
  std::string snapshot_;
};

// Whether the verifier takes what was written: the text of a manifest, and its table. `invalid`
// with the step and its reason. `secret`: recheck::Question::secret.
Status recheck_written(std::string_view manifest, std::string_view table, std::uint64_t secret);

// The lines of KanonPart::criteria.
std::vector<std::string> criteria_lines(const Profile& profile);

}  // namespace mc::exporting
