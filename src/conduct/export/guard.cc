#include "export/guard.h"

#include <algorithm>
#include <optional>
#include <unordered_map>

namespace mc::exporting {
namespace {

// A map: kMagic, k, then for each released row 16 bytes of its name's hash and its class, sorted;
// numbers of four bytes, big-endian.
constexpr std::string_view kMagic = "mc.export-classes/1\n";
constexpr std::size_t kHashBytes = 16;
constexpr std::size_t kRowBytes = kHashBytes + 4;
constexpr std::size_t kTriesMax = 2'000;
constexpr std::uint32_t kNowhere = 0xffffffff;  // not in that release

void append_number(std::string& out, std::uint32_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(number >> shift & 0xff);
}

std::uint32_t number_at(std::string_view bytes, std::size_t at) {
  std::uint32_t out = 0;
  for (std::size_t i = 0; i < 4; ++i) out = out << 8 | static_cast<std::uint8_t>(bytes[at + i]);
  return out;
}

// By row of the table, that of its key.
std::vector<std::string> hashes_of(const kanon::Table& table) {
  const kanon::Column& key = table.columns.front();
  std::vector<std::string> by_code;
  by_code.reserve(key.values.size());
  for (const std::string& value : key.values) {
    const crypto::Digest digest = crypto::Sha256().add(value).finish();
    by_code.emplace_back(reinterpret_cast<const char*>(digest.data()), kHashBytes);
  }
  std::vector<std::string> out(table.rows);
  for (std::size_t row = 0; row < table.rows; ++row) out[row] = by_code[key.codes[row]];
  return out;
}

struct Earlier {
  std::string id;
  std::uint32_t k = 0;
  std::vector<std::uint32_t> of_row;  // by row of the new table; kNowhere when it was not in it
  std::vector<std::uint32_t> gone;    // classes of rows that the new table does not have
};

Result<Earlier> read_earlier(const Classes& from, const std::vector<std::string>& hashes) {
  const std::string_view bytes = from.bytes;
  const std::size_t head = kMagic.size() + 4;
  if (!bytes.starts_with(kMagic) || bytes.size() < head || (bytes.size() - head) % kRowBytes != 0) {
    return fail(Code::corrupt, "the classes of export " + from.id + " are not understood");
  }
  Earlier out{from.id, number_at(bytes, kMagic.size()), {}, {}};
  std::unordered_map<std::string_view, std::uint32_t> known;
  for (std::size_t at = head; at < bytes.size(); at += kRowBytes) {
    known.emplace(bytes.substr(at, kHashBytes), number_at(bytes, at + kHashBytes));
  }
  for (const std::string& hash : hashes) {
    const auto found = known.find(hash);
    out.of_row.push_back(found == known.end() ? kNowhere : found->second);
    if (found != known.end()) known.erase(found);
  }
  for (const auto& [hash, of_class] : known) out.gone.push_back(of_class);
  return out;
}

// The smallest group that is told apart by both, of rows that are in one of them at least.
std::uint32_t smallest_joint(const Earlier& earlier, const std::vector<std::uint32_t>& of_row) {
  std::unordered_map<std::uint64_t, std::uint32_t> joint;
  const auto count = [&](std::uint32_t before, std::uint32_t now) {
    if (before != kNowhere || now != kNowhere) {
      ++joint[std::uint64_t{before} << 32 | now];
    }
  };
  for (std::size_t row = 0; row < of_row.size(); ++row) {
    const std::uint32_t now = of_row[row];
    const bool released = now != kanon::kSuppressed && now != kanon::kOutside;
    count(earlier.of_row[row], released ? now : kNowhere);
  }
  for (const std::uint32_t of_class : earlier.gone) count(of_class, kNowhere);
  std::uint32_t out = kNowhere;
  for (const auto& [pair, rows] : joint) out = std::min(out, rows);
  return out;
}

class Guard {
 public:
  Guard(const Release& release, std::vector<Earlier> earlier)
      : problem_(release.problem()),
        levels_(release.solution().levels),
        earlier_(std::move(earlier)) {}

  // The first that it would intersect below k with.
  struct Found {
    const Earlier* with = nullptr;
    std::uint32_t rows = 0, k = 0;
  };
  std::optional<Found> find(const kanon::Classes& classes) const {
    for (const Earlier& each : earlier_) {
      const std::uint32_t k = std::max(each.k, problem_.sizes().k);
      const std::uint32_t rows = smallest_joint(each, classes.of_row);
      if (rows < k) return Found{&each, rows, k};
    }
    return std::nullopt;
  }

  // One column further up, by as few levels as possible; then several to the top.
  std::string smallest_change() {
    const std::size_t count = problem_.quasi().size();
    for (std::size_t up = 1; tries_ < kTriesMax; ++up) {
      bool any = false;
      for (std::size_t i = 0; i < count; ++i) {
        if (levels_[i] + up > top(i)) continue;
        any = true;
        kanon::Levels wanted = levels_;
        wanted[i] = static_cast<std::uint8_t>(levels_[i] + up);
        if (!passes(wanted)) continue;
        if (wanted[i] == top(i)) return "leave out column '" + name(i) + "'";
        return "generalise column '" + name(i) + "' to level " + std::to_string(wanted[i]) +
               " of its hierarchy";
      }
      if (!any) break;
    }
    for (std::size_t size = 2; size <= count && tries_ < kTriesMax; ++size) {
      if (const auto names = several(size); !names.empty()) return "leave out columns " + names;
    }
    return "none was found: every generalisation tells rows apart that it has in another way";
  }

 private:
  std::size_t top(std::size_t i) const { return problem_.quasi()[i].hierarchy.levels() - 1; }
  const std::string& name(std::size_t i) const { return problem_.quasi()[i].name; }

  bool passes(const kanon::Levels& levels) {
    ++tries_;
    const kanon::Classes classes = kanon::classes_of_levels(problem_, levels);
    return kanon::check(problem_, classes).has_value() && classes.size() > 0 && !find(classes);
  }

  // Sets of columns in lexicographic order.
  std::string several(std::size_t size) {
    const std::size_t count = problem_.quasi().size();
    std::vector<std::size_t> set(size);
    for (std::size_t i = 0; i < size; ++i) set[i] = i;
    while (tries_ < kTriesMax) {
      kanon::Levels wanted = levels_;
      for (const std::size_t i : set) wanted[i] = static_cast<std::uint8_t>(top(i));
      if (passes(wanted)) {
        std::string out;
        for (const std::size_t i : set) out += (out.empty() ? "'" : ", '") + name(i) + "'";
        return out;
      }
      std::size_t at = size;
      while (at > 0 && set[at - 1] == count - size + at - 1) --at;
      if (at == 0) return "";
      ++set[at - 1];
      for (std::size_t i = at; i < size; ++i) set[i] = set[i - 1] + 1;
    }
    return "";
  }

  const kanon::Problem& problem_;
  kanon::Levels levels_;
  std::vector<Earlier> earlier_;
  std::size_t tries_ = 0;
};

}  // namespace

std::string class_map_of(const Release& release) {
  const kanon::Problem& problem = release.problem();
  const std::vector<std::string> hashes = hashes_of(problem.table());
  const std::vector<std::uint32_t>& of_row = release.solution().classes.of_row;
  std::vector<std::pair<std::string_view, std::uint32_t>> rows;
  for (std::size_t row = 0; row < hashes.size(); ++row) {
    if (of_row[row] == kanon::kSuppressed || of_row[row] == kanon::kOutside) continue;
    rows.emplace_back(hashes[row], of_row[row]);
  }
  std::sort(rows.begin(), rows.end());
  std::string out(kMagic);
  append_number(out, problem.sizes().k);
  for (const auto& [hash, of_class] : rows) {
    out += hash;
    append_number(out, of_class);
  }
  return out;
}

Status check_earlier(const Release& release, const std::vector<Classes>& earlier) {
  if (earlier.empty()) return ok();
  const std::vector<std::string> hashes = hashes_of(release.problem().table());
  std::vector<Earlier> read;
  for (const Classes& each : earlier) {
    MC_TRY(Earlier one, read_earlier(each, hashes));
    read.push_back(std::move(one));
  }
  Guard guard(release, std::move(read));
  const auto found = guard.find(release.solution().classes);
  if (!found) return ok();
  const std::string with = found->with->id;
  return fail(Code::denied,
              "export-intersects: together with export " + with +
                  " it would tell apart a group of " + std::to_string(found->rows) + ", and " +
                  std::to_string(found->k) +
                  " is the least; the smallest change that would pass: " + guard.smallest_change());
}

}  // namespace mc::exporting
