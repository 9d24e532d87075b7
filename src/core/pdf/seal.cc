#include "pdf/seal.h"

#include <charconv>
#include <optional>

namespace mc::pdf {
namespace {

constexpr std::size_t kSignatureBytesMax = 8 << 10;
constexpr std::size_t kNumberDigits = 10;

tl::unexpected<Error> not_ours(std::string_view what) {
  return fail(Code::invalid, "PDF: this file is not one that was made here: " + std::string(what));
}

std::optional<std::uint64_t> number_at(std::string_view text) {
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end == text.data()) return std::nullopt;
  return out;
}

// The number behind the last `name`.
std::optional<std::uint64_t> number_after(std::string_view file, std::string_view name) {
  const std::size_t at = file.rfind(name);
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view rest = file.substr(at + name.size());
  rest.remove_prefix(std::min(rest.find_first_not_of(" \r\n"), rest.size()));
  return number_at(rest);
}

// An object of the file, its dictionary without "<<" and ">>".
struct Found {
  std::uint64_t number = 0;
  std::string body;
};

// The object whose dictionary has `type` and whose number is `number`, or the first with `type`.
Result<Found> find_object(std::string_view file, std::string_view type,
                          std::optional<std::uint64_t> number) {
  for (std::size_t at = 0; (at = file.find(" 0 obj\n<<", at)) != std::string_view::npos; ++at) {
    const std::size_t line = file.rfind('\n', at - 1) + 1;
    const std::optional<std::uint64_t> found = number_at(file.substr(line, at - line));
    const std::size_t begin = at + 9;
    const std::size_t end = file.find("\nendobj", begin);
    if (!found || end == std::string_view::npos) return not_ours("an object has no end");
    const std::string_view body = file.substr(begin, end - begin);
    const std::size_t close = body.rfind(">>");
    if (body.find(type) == std::string_view::npos || (number && *number != *found)) continue;
    if (close == std::string_view::npos) return not_ours("a dictionary has no end");
    return Found{*found, std::string(body.substr(0, close))};
  }
  return not_ours("there is no " + std::string(type));
}

std::string padded(std::uint64_t number) {
  std::string out = std::to_string(number);
  return out.insert(0, kNumberDigits - std::min(kNumberDigits, out.size()), '0');
}

// A literal string; what is not printable ASCII is a question mark.
std::string text_of(std::string_view text) {
  std::string out = "(";
  for (const char c : text) {
    if (c == '(' || c == ')' || c == '\\') out += '\\';
    out += c >= ' ' && c <= '~' ? c : '?';
  }
  return out + ")";
}

// D:YYYYMMDDHHMMSSZ
std::string date_of(WallTime at) {
  std::string out = "(D:";
  for (const char c : format_rfc3339(at).substr(0, 19)) {
    if (c >= '0' && c <= '9') out += c;
  }
  return out + "Z)";
}

// Objects that are added, with the table that finds them.
class Update {
 public:
  explicit Update(std::string_view file) : out_(file) {
    if (!out_.ends_with('\n')) out_ += '\n';
  }
  void add(std::uint64_t number, const std::string& dictionary) {
    places_.emplace_back(number, out_.size());
    out_ += std::to_string(number) + " 0 obj\n<<" + dictionary + ">>\nendobj\n";
  }
  // `trailer` is what the file's own says beside its size.
  std::string finish(std::uint64_t size, const std::string& trailer, std::uint64_t previous) {
    const std::size_t table = out_.size();
    out_ += "xref\n";
    for (const auto& [number, place] : places_) {
      out_ += std::to_string(number) + " 1\n" + padded(place) + " 00000 n \n";
    }
    out_ += "trailer\n<< /Size " + std::to_string(size) + trailer + " /Prev " +
            std::to_string(previous) + " >>\nstartxref\n" + std::to_string(table) + "\n%%EOF\n";
    return std::move(out_);
  }

 private:
  std::string out_;
  std::vector<std::pair<std::uint64_t, std::size_t>> places_;
};

std::string reference(std::uint64_t number) {
  return std::to_string(number) + " 0 R";
}

std::string signature_dictionary(const Sealer& sealer) {
  const std::string zeros(kNumberDigits, '0');
  return "/Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /ByteRange [0 " +
         zeros + " " + zeros + " " + zeros + "] /M " + date_of(sealer.at) + " /Name " +
         text_of(sealer.name) + " /Reason " + text_of(sealer.reason) + " /Contents <" +
         std::string(2 * kSignatureBytesMax, '0') + ">";
}

// Signs all but the place of the signature, and puts it there.
Result<std::string> fill(std::string file, const Sealer& sealer) {
  const std::size_t range = file.rfind("/ByteRange [0 ") + 14;
  const std::size_t begin = file.find("/Contents <", range) + 10;  // with its brackets
  const std::size_t end = begin + 2 * kSignatureBytesMax + 2;
  file.replace(range, kNumberDigits, padded(begin));
  file.replace(range + kNumberDigits + 1, kNumberDigits, padded(end));
  file.replace(range + 2 * kNumberDigits + 2, kNumberDigits, padded(file.size() - end));
  const std::string covered = file.substr(0, begin) + file.substr(end);
  MC_TRY(const std::string signature, pki::sign_cms(covered, sealer.key, sealer.chain, sealer.at));
  if (signature.size() > kSignatureBytesMax) {
    return fail(Code::invalid, "PDF: the certificates of the seal are too long");
  }
  const std::string hex = to_hex(signature);
  file.replace(begin + 1, hex.size(), hex);
  return file;
}

}  // namespace

Result<std::string> seal(std::string_view file, const Sealer& sealer) {
  const std::optional<std::uint64_t> size = number_after(file, "/Size");
  const std::optional<std::uint64_t> root = number_after(file, "/Root");
  const std::optional<std::uint64_t> info = number_after(file, "/Info");
  const std::optional<std::uint64_t> previous = number_after(file, "startxref");
  if (!size || !root || !info || !previous || *previous >= file.size())
    return not_ours("its trailer");
  if (file.find("/AcroForm") != std::string_view::npos) return not_ours("it has a seal");
  MC_TRY(const Found catalog, find_object(file, "/Type /Catalog", root));
  MC_TRY(const Found page, find_object(file, "/Type /Page %", std::nullopt));
  if (page.body.find("/Annots") != std::string::npos) return not_ours("a page has notes");
  const std::uint64_t field = *size;
  const std::uint64_t signature = *size + 1;
  Update update(file);
  update.add(catalog.number, catalog.body + " /Lang (en) /AcroForm << /Fields [" +
                                 reference(field) + "] /SigFlags 3 >> ");
  update.add(page.number, page.body + " /Annots [" + reference(field) + "] ");
  update.add(field, " /Type /Annot /Subtype /Widget /FT /Sig /T (Seal) /Rect [0 0 0 0] /F 132 /P " +
                        reference(page.number) + " /V " + reference(signature) + " ");
  update.add(signature, " " + signature_dictionary(sealer) + " ");
  const std::string trailer = " /Root " + reference(*root) + " /Info " + reference(*info);
  return fill(update.finish(*size + 2, trailer, *previous), sealer);
}

}  // namespace mc::pdf
