#include "recheck/leaves.h"

#include "csv/csv.h"

namespace mc::recheck {
namespace {

constexpr std::size_t kRowBytesMax = kTextBytesMax * kLevelsMax;

Error wrong(std::int64_t line, const std::string& what) {
  return {Code::invalid, "line " + std::to_string(line) + ": " + what};
}

// Gives each row of `file`, cut by `delimiter`, to `take` until one is not as the manifest says.
template <class Take>
Status each_row(std::string_view file, char delimiter, const HierarchyOf& of, const Take& take) {
  csv::Parser parser(delimiter, kRowBytesMax);
  std::int64_t line = 0, rows = 0;
  for (;;) {
    const csv::Parser::Step step = parser.next(file, true);
    if (step == csv::Parser::Step::end || step == csv::Parser::Step::more) break;
    line += parser.lines();
    file.remove_prefix(parser.consumed());
    if (step == csv::Parser::Step::bad) {
      return tl::unexpected<Error>(wrong(line, parser.error()));
    }
    if (static_cast<std::int64_t>(parser.fields().size()) != of.levels || ++rows > of.leaves) {
      return tl::unexpected<Error>(wrong(line, "it is not of " + std::to_string(of.leaves) +
                                                   " lines and " + std::to_string(of.levels) +
                                                   " columns"));
    }
    if (const Status taken = take(parser.fields()); !taken) {
      return tl::unexpected<Error>(wrong(line, taken.error().what));
    }
  }
  if (rows == of.leaves) return ok();
  return tl::unexpected<Error>(wrong(line, "there are fewer lines than leaves"));
}

class Builder {
 public:
  explicit Builder(const HierarchyOf& of) {
    out.levels.resize(static_cast<std::size_t>(of.levels));
  }

  Status take(const std::vector<csv::Field>& fields) {
    std::uint32_t below = 0;
    for (std::size_t at = 0; at < fields.size(); ++at) {
      Level& level = out.levels[at];
      const auto [found, fresh] = level.find.emplace(
          std::string(fields[at].text), static_cast<std::uint32_t>(level.under.size()));
      if (at == 0 && !fresh) return fail(Code::invalid, "its leaf is there twice");
      if (fresh) {
        level.under.push_back(0);
        level.parent.push_back(0);
      }
      const std::uint32_t number = found->second;
      ++level.under[number];
      if (at > 0 && !join(out.levels[at - 1], below, number)) {
        return fail(Code::invalid, "a level parts what the level before it has joined");
      }
      below = number;
    }
    ++out.count;
    return ok();
  }
  Leaves out;

 private:
  // A text that has come before keeps the parent it has.
  static bool join(Level& level, std::uint32_t number, std::uint32_t parent) {
    if (level.under[number] == 1) level.parent[number] = parent;
    return level.parent[number] == parent;
  }
};

}  // namespace

std::int64_t Leaves::under(std::size_t level, std::string_view text) const {
  if (level >= levels.size()) return 0;
  const auto found = levels[level].find.find(text);
  return found == levels[level].find.end() ? 0 : levels[level].under[found->second];
}

Leaves::Span Leaves::under_anywhere(std::string_view text) const {
  Span out;
  for (std::size_t level = 0; level < levels.size(); ++level) {
    const std::int64_t here = under(level, text);
    if (here == 0) continue;
    if (out.least == 0 || here < out.least) out.least = here;
    out.most = std::max(out.most, here);
  }
  return out;
}

Result<Leaves> read_leaves(std::string_view file, const HierarchyOf& of) {
  // The file does not say how it is cut; its size, which the manifest has, tells.
  Error last;
  for (const char delimiter : {';', ',', '\t', '|'}) {
    Builder builder(of);
    const Status read = each_row(file, delimiter, of, [&](const std::vector<csv::Field>& fields) {
      return builder.take(fields);
    });
    if (read) return std::move(builder.out);
    if (delimiter == ';') last = read.error();
  }
  return tl::unexpected<Error>(std::move(last));
}

}  // namespace mc::recheck
