// Whose checkpoints are trusted (c2sp.org/tlog-policy): keys of logs, and how many of which
// witnesses must have cosigned.
//
//   log VKEY [URL]
//   witness NAME VKEY [URL]
//   group NAME any|all|K MEMBER...     members are witnesses and groups of lines above
//   quorum NAME|none
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "tlog/note.h"

namespace mc::tlog {

class Policy {
 public:
  // Blank lines and lines that begin with # are passed over. `invalid` names the line.
  static Result<Policy> parse(std::string_view text);
  // Of these logs, without witnesses. `ends` are the times up to which they signed, one a log and
  // empty when it still does; none at all is the same as none that has ended.
  static Policy of_logs(std::vector<NoteKey> logs, std::vector<std::optional<WallTime>> ends = {});

  struct Checked {
    Checkpoint checkpoint;
    std::vector<std::size_t> logs;           // that signed, among logs(); one or more
    std::vector<std::string> witnesses;      // that cosigned, by name
    std::optional<std::int64_t> earliest_s;  // their times
  };
  // A note that is a checkpoint signed by one of the logs under its own name as origin, and
  // cosigned by the quorum. A signature of a known key that does not hold spoils it.
  Result<Checked> check(const Note& note) const;

  // `invalid` when each key that signed had ended before `at`, a time of what is in the tree.
  Status check_time(const Checked& checked, WallTime at) const;

  // For people: "log.example, 12 leaves, cosigned by 2 since ...".
  std::string describe(const Checked& checked) const;

  const std::vector<NoteKey>& logs() const { return logs_; }
  struct Witness {
    std::string name;
    NoteKey key;
    std::string url;  // "" without one
  };
  const std::vector<Witness>& witnesses() const { return witnesses_; }
  bool has_quorum() const { return quorum_.has_value(); }

 private:
  struct Group {
    std::string name;
    std::size_t needed = 0;
    std::vector<std::string> members;
  };
  Status read_line(std::string_view line);
  Status read_witness(const std::vector<std::string_view>& words);
  Status read_group(const std::vector<std::string_view>& words);
  Status read_quorum(const std::vector<std::string_view>& words);
  bool is_named(std::string_view name) const;

  std::vector<NoteKey> logs_;
  std::vector<std::optional<WallTime>> ends_;  // of the logs, or empty
  std::vector<Witness> witnesses_;
  std::vector<Group> groups_;  // members stand before their group
  std::optional<std::string> quorum_;
  bool quorum_read_ = false;
};

}  // namespace mc::tlog
