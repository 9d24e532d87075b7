#include <cairo-pdf.h>
#include <cairo.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>

#include "pdf/pdf.h"

namespace mc::pdf {
namespace {

// In points.
constexpr double kPageWidth = 595.28;
constexpr double kPageHeight = 841.89;
constexpr double kMargin = 56;
constexpr double kBody = 10;
constexpr double kSmall = 8;
constexpr double kLeading = 1.35;
constexpr double kCellGap = 6;
constexpr double kWatermarkSize = 22;
constexpr double kWatermarkStep = 130;
constexpr double kWatermarkInk = 0.07;
constexpr double kFooter = 30;
constexpr const char* kSans = "sans-serif";
constexpr const char* kMono = "monospace";

struct Dropped {
  void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
  void operator()(cairo_t* context) const { cairo_destroy(context); }
};
using Surface = std::unique_ptr<cairo_surface_t, Dropped>;
using Pen = std::unique_ptr<cairo_t, Dropped>;

extern "C" cairo_status_t append_bytes(void* out, const unsigned char* bytes, unsigned int size) {
  static_cast<std::string*>(out)->append(reinterpret_cast<const char*>(bytes), size);
  return CAIRO_STATUS_SUCCESS;
}

std::string without_controls(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7F') c = ' ';
  }
  return out;
}

// Bytes of the UTF-8 character that begins at `at`.
std::size_t character_at(std::string_view text, std::size_t at) {
  std::size_t size = 1;
  while (at + size < text.size() && (static_cast<unsigned char>(text[at + size]) & 0xC0) == 0x80) {
    ++size;
  }
  return size;
}

class Page {
 public:
  Page(cairo_t* pen, const std::string& watermark) : pen_(pen), watermark_(watermark) { begin(); }

  void heading(const Heading& heading) {
    const double size = heading.level == 1 ? 20 : heading.level == 2 ? 14 : 11;
    const char* tag = heading.level == 1 ? "H1" : heading.level == 2 ? "H2" : "H3";
    y_ += heading.level == 1 ? 0 : size * 0.6;
    reserve(3 * size);
    font(kSans, size, CAIRO_FONT_WEIGHT_BOLD);
    cairo_tag_begin(pen_, tag, nullptr);
    lines(wrap(heading.text, width(), false), size);
    cairo_tag_end(pen_, tag);
    y_ += size * 0.3;
  }
  void paragraph(const Paragraph& paragraph) {
    font(kSans, kBody, CAIRO_FONT_WEIGHT_NORMAL);
    cairo_tag_begin(pen_, "P", nullptr);
    lines(wrap(paragraph.text, width(), false), kBody);
    cairo_tag_end(pen_, "P");
    y_ += kBody * 0.6;
  }
  void listing(const Listing& listing) {
    font(kMono, kSmall, CAIRO_FONT_WEIGHT_NORMAL);
    cairo_tag_begin(pen_, "Code", nullptr);
    for (const std::string_view line : split(listing.text, '\n')) {
      lines(wrap(line, width(), true), kSmall);
    }
    cairo_tag_end(pen_, "Code");
    y_ += kBody * 0.6;
  }
  void table(const Table& table) {
    cairo_tag_begin(pen_, "Table", nullptr);
    row(table, table.header, "TH", CAIRO_FONT_WEIGHT_BOLD);
    for (const auto& cells : table.rows) row(table, cells, "TD", CAIRO_FONT_WEIGHT_NORMAL);
    cairo_tag_end(pen_, "Table");
    y_ += kBody * 0.6;
  }
  void end() {
    font(kSans, kSmall, CAIRO_FONT_WEIGHT_NORMAL);
    cairo_move_to(pen_, kMargin, kPageHeight - kFooter);
    cairo_show_text(pen_, ("Page " + std::to_string(number_)).c_str());
    cairo_show_page(pen_);
  }

 private:
  static double width() { return kPageWidth - 2 * kMargin; }
  void begin() {
    ++number_;
    y_ = kMargin;
    if (!watermark_.empty()) watermark();
    cairo_set_source_rgb(pen_, 0.1, 0.1, 0.1);
  }
  // Shapes: there is no text that could be taken out.
  void watermark() {
    font(kSans, kWatermarkSize, CAIRO_FONT_WEIGHT_BOLD);
    cairo_save(pen_);
    cairo_set_source_rgba(pen_, 0, 0, 0, kWatermarkInk);
    cairo_rotate(pen_, -M_PI / 6);
    const std::string text = without_controls(watermark_);
    for (double y = 0; y < 1.6 * kPageHeight; y += kWatermarkStep) {
      cairo_move_to(pen_, -kPageHeight / 2, y);
      cairo_text_path(pen_, text.c_str());
    }
    cairo_fill(pen_);
    cairo_restore(pen_);
  }
  void font(const char* face, double size, cairo_font_weight_t weight) {
    cairo_select_font_face(pen_, face, CAIRO_FONT_SLANT_NORMAL, weight);
    cairo_set_font_size(pen_, size);
  }
  double measure(const std::string& text) const {
    cairo_text_extents_t extents;
    cairo_text_extents(pen_, text.c_str(), &extents);
    return extents.x_advance;
  }
  // As many lines as `text` needs; words that are too long are broken, as all are with `anywhere`.
  std::vector<std::string> wrap(std::string_view text, double width, bool anywhere) const {
    const std::string plain = without_controls(text);
    std::vector<std::string> out(1);
    for (const std::string_view word : split(plain, ' ')) {
      std::string& line = out.back();
      const std::string longer = line + (line.empty() ? "" : " ") + std::string(word);
      if (!anywhere && measure(longer) <= width) {
        line = longer;
        continue;
      }
      if (!anywhere && !line.empty()) out.emplace_back();
      if (anywhere && !line.empty()) out.back() += ' ';
      for (std::size_t at = 0; at < word.size();) {
        const std::size_t size = character_at(word, at);
        const std::string more = out.back() + std::string(word.substr(at, size));
        if (measure(more) > width && !out.back().empty()) {
          out.emplace_back(word.substr(at, size));
        } else {
          out.back() = more;
        }
        at += size;
      }
    }
    return out;
  }
  void reserve(double height) {
    if (y_ + height <= kPageHeight - kMargin) return;
    end();
    begin();
  }
  void lines(const std::vector<std::string>& lines, double size) {
    for (const std::string& line : lines) {
      reserve(size * kLeading);
      y_ += size * kLeading;
      cairo_move_to(pen_, kMargin, y_);
      cairo_show_text(pen_, line.c_str());
    }
  }
  void row(const Table& table, const std::vector<std::string>& cells, const char* tag,
           cairo_font_weight_t weight) {
    font(kSans, kSmall, weight);
    const double sum = std::accumulate(table.widths.begin(), table.widths.end(), 0.0);
    std::vector<std::vector<std::string>> wrapped;
    std::size_t height = 1;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const double cell = width() * table.widths[i] / sum - kCellGap;
      wrapped.push_back(wrap(cells[i], cell, false));
      height = std::max(height, wrapped.back().size());
    }
    reserve(static_cast<double>(height) * kSmall * kLeading + 4);
    font(kSans, kSmall, weight);  // a new page has drawn its watermark
    cairo_tag_begin(pen_, "TR", nullptr);
    double x = kMargin;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      cairo_tag_begin(pen_, tag, nullptr);
      double y = y_;
      for (const std::string& line : wrapped[i]) {
        y += kSmall * kLeading;
        cairo_move_to(pen_, x, y);
        cairo_show_text(pen_, line.c_str());
      }
      cairo_tag_end(pen_, tag);
      x += width() * table.widths[i] / sum;
    }
    cairo_tag_end(pen_, "TR");
    y_ += static_cast<double>(height) * kSmall * kLeading + 4;
  }

  cairo_t* pen_;
  const std::string& watermark_;
  double y_ = kMargin;
  int number_ = 0;
};

Status check_text(std::string_view text) {
  if (text.size() > kTextBytesMax) return fail(Code::invalid, "PDF: a text is too long");
  return is_valid_utf8(text) ? ok() : fail(Code::invalid, "PDF: a text is not UTF-8");
}

Status check(const Table& table) {
  const std::size_t columns = table.header.size();
  const bool shares =
      std::all_of(table.widths.begin(), table.widths.end(), [](double share) { return share > 0; });
  if (columns == 0 || table.widths.size() != columns || !shares) {
    return fail(Code::invalid, "PDF: a table needs a width for each column");
  }
  for (const std::string& cell : table.header) MC_TRY_OK(check_text(cell));
  for (const auto& row : table.rows) {
    if (row.size() != columns) return fail(Code::invalid, "PDF: a row does not fit its header");
    for (const std::string& cell : row) MC_TRY_OK(check_text(cell));
  }
  return ok();
}

Status check(const Document& document) {
  MC_TRY_OK(check_text(document.title));
  MC_TRY_OK(check_text(document.author));
  MC_TRY_OK(check_text(document.watermark));
  std::size_t count = 0;
  for (const Block& block : document.blocks) {
    if (const auto* table = std::get_if<Table>(&block)) {
      MC_TRY_OK(check(*table));
      count += table->rows.size();
    } else if (const auto* heading = std::get_if<Heading>(&block)) {
      MC_TRY_OK(check_text(heading->text));
    } else if (const auto* listing = std::get_if<Listing>(&block)) {
      MC_TRY_OK(check_text(listing->text));
    } else {
      MC_TRY_OK(check_text(std::get<Paragraph>(block).text));
    }
    if (++count > kBlocksMax) return fail(Code::invalid, "PDF: there is too much in it");
  }
  return ok();
}

}  // namespace

Result<std::string> print(const Document& document) {
  MC_TRY_OK(check(document));
  std::string out;
  const Surface surface(
      cairo_pdf_surface_create_for_stream(append_bytes, &out, kPageWidth, kPageHeight));
  cairo_pdf_surface_restrict_to_version(surface.get(), CAIRO_PDF_VERSION_1_5);
  const auto set = [&](cairo_pdf_metadata_t name, const std::string& value) {
    cairo_pdf_surface_set_metadata(surface.get(), name, value.c_str());
  };
  set(CAIRO_PDF_METADATA_TITLE, document.title);
  set(CAIRO_PDF_METADATA_AUTHOR, document.author);
  set(CAIRO_PDF_METADATA_CREATOR, "Maestro Conductor");
  set(CAIRO_PDF_METADATA_CREATE_DATE, format_rfc3339(document.made).substr(0, 19) + "Z");
  const Pen pen(cairo_create(surface.get()));
  cairo_tag_begin(pen.get(), "Document", nullptr);
  Page page(pen.get(), document.watermark);
  for (const Block& block : document.blocks) {
    if (const auto* heading = std::get_if<Heading>(&block)) page.heading(*heading);
    if (const auto* paragraph = std::get_if<Paragraph>(&block)) page.paragraph(*paragraph);
    if (const auto* listing = std::get_if<Listing>(&block)) page.listing(*listing);
    if (const auto* table = std::get_if<Table>(&block)) page.table(*table);
  }
  page.end();
  cairo_tag_end(pen.get(), "Document");
  cairo_surface_finish(surface.get());
  const cairo_status_t status = cairo_surface_status(surface.get());
  if (status == CAIRO_STATUS_SUCCESS && cairo_status(pen.get()) == CAIRO_STATUS_SUCCESS) return out;
  return fail(Code::unavailable, std::string("PDF: ") + cairo_status_to_string(status));
}

}  // namespace mc::pdf
