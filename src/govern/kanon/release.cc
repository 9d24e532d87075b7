// The rows of a release, in the order of their texts: classes.h.
#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "kanon/classes.h"

namespace mc::kanon {
namespace {

constexpr std::string_view kStar = "*";
constexpr std::size_t kPiece = 64 << 10;

// One column of a release: a text for each class or each value, and the place of each in the order
// of texts.
class Texts {
 public:
  explicit Texts(std::vector<std::string_view> texts) : texts_(std::move(texts)) {
    std::vector<std::uint32_t> order(texts_.size());
    std::iota(order.begin(), order.end(), 0u);
    std::sort(order.begin(), order.end(),
              [&](std::uint32_t a, std::uint32_t b) { return texts_[a] < texts_[b]; });
    rank_.resize(texts_.size());
    std::uint32_t rank = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
      if (i > 0 && texts_[order[i]] != texts_[order[i - 1]]) ++rank;
      rank_[order[i]] = rank;
    }
  }
  std::string_view text(std::size_t at) const { return texts_[at]; }
  std::uint32_t rank(std::size_t at) const { return rank_[at]; }

 private:
  std::vector<std::string_view> texts_;
  std::vector<std::uint32_t> rank_;
};

class Release {
 public:
  Release(const Problem& problem, const Classes& classes) : problem_(problem), classes_(classes) {
    for (const std::size_t column : problem.released_columns()) add_column(column);
    for (std::size_t row = 0; row < classes.of_row.size(); ++row) {
      const bool in = classes.of_row[row] < classes.size();
      if (in || (classes.of_row[row] == kSuppressed && stars())) {
        rows_.push_back(static_cast<std::uint32_t>(row));
      }
    }
    std::sort(rows_.begin(), rows_.end(), [this](std::uint32_t a, std::uint32_t b) {
      for (const Shown& column : columns_) {
        const std::uint32_t left = column.texts.rank(place(column, a));
        const std::uint32_t right = column.texts.rank(place(column, b));
        if (left != right) return left < right;
      }
      return false;  // rows of equal texts are alike
    });
  }

  Status each(const RowSink& sink) const {
    std::vector<std::string_view> cells(columns_.size());
    for (std::size_t i = 0; i < cells.size(); ++i) {
      cells[i] = problem_.table().columns[problem_.released_columns()[i]].name;
    }
    MC_TRY_OK(sink(cells));
    for (const std::uint32_t row : rows_) {
      for (std::size_t i = 0; i < cells.size(); ++i) {
        cells[i] = columns_[i].texts.text(place(columns_[i], row));
      }
      MC_TRY_OK(sink(cells));
    }
    return ok();
  }

 private:
  struct Shown {
    Texts texts;
    const std::vector<std::uint32_t>* codes;  // null = by class
    bool star;                                // in suppressed rows; its text is the last
  };

  bool stars() const { return problem_.suppressed() == Suppressed::star; }

  void add_column(std::size_t column) {
    const Column& of = problem_.table().columns[column];
    const std::vector<Quasi>& quasi = problem_.quasi();
    std::vector<std::string_view> texts;
    const auto at = std::find_if(quasi.begin(), quasi.end(),
                                 [&](const Quasi& each) { return each.column == column; });
    const bool by_class = at != quasi.end();
    if (by_class) {
      const auto index = static_cast<std::size_t>(at - quasi.begin());
      for (std::size_t i = 0; i < classes_.size(); ++i) {
        const Cell cell = classes_.cells[i * quasi.size() + index];
        texts.push_back(at->hierarchy.label(cell.level, cell.value));
      }
    } else {
      texts.assign(of.values.begin(), of.values.end());
    }
    const bool sensitive =
        std::any_of(problem_.sensitive().begin(), problem_.sensitive().end(),
                    [&](const Sensitive& each) { return each.column == column; });
    texts.push_back(kStar);
    columns_.push_back(
        {Texts(std::move(texts)), by_class ? nullptr : &of.codes, by_class || sensitive});
    last_.push_back(by_class ? classes_.size() : of.values.size());
  }

  std::size_t place(const Shown& column, std::uint32_t row) const {
    const std::uint32_t of_class = classes_.of_row[row];
    if (of_class == kSuppressed && column.star) {
      return last_[static_cast<std::size_t>(&column - columns_.data())];
    }
    return column.codes == nullptr ? of_class : (*column.codes)[row];
  }

  const Problem& problem_;
  const Classes& classes_;
  std::vector<Shown> columns_;
  std::vector<std::size_t> last_;  // by column, the place of the star
  std::vector<std::uint32_t> rows_;
};

void append_cell(std::string& out, std::string_view text, char delimiter) {
  const bool quoted = text.empty() || text.find_first_of("\"\r\n") != std::string_view::npos ||
                      text.find(delimiter) != std::string_view::npos;
  if (!quoted) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

}  // namespace

Status each_released_row(const Problem& problem, const Classes& classes, const RowSink& sink) {
  if (problem.suppressed() == Suppressed::star && classes.suppressed > 0 &&
      classes.suppressed < problem.sizes().k) {
    return fail(Code::denied, "the suppressed rows would be a class smaller than k");
  }
  return Release(problem, classes).each(sink);
}

Status write_csv(const Problem& problem, const Classes& classes, const CsvOptions& options,
                 const Sink& sink) {
  std::string piece;
  MC_TRY_OK(each_released_row(problem, classes, [&](std::span<const std::string_view> cells) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (i > 0) piece += options.delimiter;
      append_cell(piece, cells[i], options.delimiter);
    }
    piece += '\n';
    if (piece.size() < kPiece) return ok();
    const Status written = sink(piece);
    piece.clear();
    return written;
  }));
  return piece.empty() ? ok() : sink(piece);
}

}  // namespace mc::kanon
