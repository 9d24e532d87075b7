#include "tlog/policy.h"

#include <algorithm>
#include <set>

namespace mc::tlog {
namespace {

constexpr std::size_t kLinesMax = 1'000;
constexpr std::size_t kPolicyBytesMax = 256 << 10;

tl::unexpected<Error> bad(std::string why) {
  return fail(Code::invalid, std::move(why));
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> out;
  for (const std::string_view word : split(line, ' ')) {
    if (!word.empty()) out.push_back(word);
  }
  return out;
}

}  // namespace

Policy Policy::of_logs(std::vector<NoteKey> logs, std::vector<std::optional<WallTime>> ends) {
  Policy out;
  out.logs_ = std::move(logs);
  out.ends_ = std::move(ends);
  return out;
}

Result<Policy> Policy::parse(std::string_view text) {
  if (text.size() > kPolicyBytesMax) return bad("policy: it is longer than 262144 bytes");
  Policy out;
  std::size_t number = 0;
  for (std::string_view line : split(text, '\n')) {
    if (++number > kLinesMax) return bad("policy: it has more than 1000 lines");
    if (line.ends_with('\r')) line.remove_suffix(1);
    line = trim(line);
    if (line.empty() || line.front() == '#') continue;
    const Status read = out.read_line(line);
    if (!read) return bad("policy, line " + std::to_string(number) + ": " + read.error().what);
  }
  if (out.logs_.empty()) return bad("policy: it has no log");
  if (!out.quorum_read_) return bad("policy: it has no quorum; 'quorum none' wants no witness");
  return out;
}

Status Policy::read_line(std::string_view line) {
  const std::vector<std::string_view> words = words_of(line);
  if (words[0] == "log") {
    if (words.size() != 2 && words.size() != 3) return bad("it must be 'log VKEY [URL]'");
    MC_TRY(NoteKey key, NoteKey::parse(words[1]));
    if (key.type() != NoteKeyType::ed25519) return bad("the key is a witness's");
    logs_.push_back(std::move(key));
    return ok();
  }
  if (words[0] == "witness") return read_witness(words);
  if (words[0] == "group") return read_group(words);
  if (words[0] == "quorum") return read_quorum(words);
  return bad("'" + excerpt(words[0]) + "' is not log, witness, group or quorum");
}

bool Policy::is_named(std::string_view name) const {
  return name == "none" ||
         std::any_of(witnesses_.begin(), witnesses_.end(),
                     [&](const Witness& each) { return each.name == name; }) ||
         std::any_of(groups_.begin(), groups_.end(),
                     [&](const Group& each) { return each.name == name; });
}

Status Policy::read_witness(const std::vector<std::string_view>& words) {
  if (words.size() != 3 && words.size() != 4) return bad("it must be 'witness NAME VKEY [URL]'");
  if (is_named(words[1])) return bad("the name '" + excerpt(words[1]) + "' is taken");
  MC_TRY(NoteKey key, NoteKey::parse(words[2]));
  if (key.type() != NoteKeyType::cosignature_v1) return bad("the key is not a witness's");
  const bool known = std::any_of(witnesses_.begin(), witnesses_.end(),
                                 [&](const Witness& each) { return each.key.print() == words[2]; });
  if (known) return bad("the key is there under another name");
  witnesses_.push_back(
      {std::string(words[1]), std::move(key), std::string(words.size() == 4 ? words[3] : "")});
  return ok();
}

Status Policy::read_group(const std::vector<std::string_view>& words) {
  if (words.size() < 4) return bad("it must be 'group NAME any|all|K MEMBER...'");
  if (is_named(words[1])) return bad("the name '" + excerpt(words[1]) + "' is taken");
  Group out{std::string(words[1]), 0, {}};
  for (std::size_t i = 3; i < words.size(); ++i) {
    if (words[i] == "none" || !is_named(words[i])) {
      return bad("'" + excerpt(words[i]) + "' is no witness or group of a line above");
    }
    if (std::find(out.members.begin(), out.members.end(), words[i]) != out.members.end()) {
      return bad("'" + excerpt(words[i]) + "' is there twice");
    }
    out.members.emplace_back(words[i]);
  }
  if (words[2] == "any") {
    out.needed = 1;
  } else if (words[2] == "all") {
    out.needed = out.members.size();
  } else {
    MC_TRY(const std::int64_t needed, parse_int(words[2]));
    if (needed < 1 || needed > static_cast<std::int64_t>(out.members.size())) {
      return bad("it wants " + std::to_string(needed) + " of " +
                 std::to_string(out.members.size()) + " members");
    }
    out.needed = static_cast<std::size_t>(needed);
  }
  groups_.push_back(std::move(out));
  return ok();
}

Status Policy::read_quorum(const std::vector<std::string_view>& words) {
  if (words.size() != 2) return bad("it must be 'quorum NAME|none'");
  if (quorum_read_) return bad("there is a quorum already");
  if (!is_named(words[1])) {
    return bad("'" + excerpt(words[1]) + "' is no witness or group of a line above");
  }
  quorum_read_ = true;
  if (words[1] != "none") quorum_ = words[1];
  return ok();
}

Result<Policy::Checked> Policy::check(const Note& note) const {
  Checked out;
  MC_TRY(out.checkpoint, parse_checkpoint(note.text));
  MC_TRY(const std::vector<Seal> seals, check_note(note, logs_));
  for (const Seal& seal : seals) {
    if (logs_[seal.key].name() == out.checkpoint.origin) out.logs.push_back(seal.key);
  }
  if (out.logs.empty()) {
    return bad("no trusted log named " + excerpt(out.checkpoint.origin) + " signed it");
  }
  std::vector<NoteKey> keys;
  for (const Witness& witness : witnesses_) keys.push_back(witness.key);
  MC_TRY(const std::vector<Seal> cosigned, check_note(note, keys));
  std::set<std::string, std::less<>> met;
  for (const Seal& seal : cosigned) {
    met.insert(witnesses_[seal.key].name);
    out.witnesses.push_back(witnesses_[seal.key].name);
    if (!out.earliest_s || seal.unix_seconds < *out.earliest_s) out.earliest_s = seal.unix_seconds;
  }
  for (const Group& group : groups_) {
    const auto there = std::count_if(group.members.begin(), group.members.end(),
                                     [&](const std::string& each) { return met.contains(each); });
    if (static_cast<std::size_t>(there) >= group.needed) met.insert(group.name);
  }
  if (quorum_ && !met.contains(*quorum_)) {
    return bad("the quorum '" + *quorum_ + "' is not met: " + std::to_string(cosigned.size()) +
               " of " + std::to_string(witnesses_.size()) + " witnesses cosigned it");
  }
  return out;
}

Status Policy::check_time(const Checked& checked, WallTime at) const {
  if (ends_.empty()) return ok();
  std::optional<std::size_t> ended;
  for (const std::size_t log : checked.logs) {
    if (!ends_[log] || at <= *ends_[log]) return ok();
    ended = log;
  }
  return bad("the key " + logs_[*ended].print() + " that signed it has ended at " +
             format_rfc3339(*ends_[*ended]));
}

std::string Policy::describe(const Checked& checked) const {
  std::string out = logs_[checked.logs.front()].name() + ", " +
                    std::to_string(checked.checkpoint.head.size) + " leaves";
  if (!checked.witnesses.empty()) {
    out += ", cosigned by " + std::to_string(checked.witnesses.size()) + " since " +
           format_rfc3339({*checked.earliest_s * 1'000'000'000});
  }
  return out;
}

}  // namespace mc::tlog
