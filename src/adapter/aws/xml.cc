#include "aws/xml.h"

#include <algorithm>
#include <array>
#include <utility>

namespace mc::aws {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}
bool is_name(char c) {
  return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         c == '.' || c == ':';
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text), size_(text.size()) {}

  Result<Element> document() {
    skip_space();
    if (text_.starts_with("<?xml")) {
      const std::size_t end = text_.find("?>");
      if (end == std::string_view::npos) return bad("a declaration without end");
      text_.remove_prefix(end + 2);
      skip_space();
    }
    Element root;
    MC_TRY_OK(element(root, 1));
    skip_space();
    if (!text_.empty()) return bad("something after the end");
    return root;
  }

 private:
  tl::unexpected<Error> bad(const std::string& why) const {
    return fail(Code::corrupt, "XML at byte " + std::to_string(size_ - text_.size()) + ": " + why);
  }
  void skip_space() {
    while (!text_.empty() && is_space(text_.front())) text_.remove_prefix(1);
  }
  bool take(std::string_view wanted) {
    if (!text_.starts_with(wanted)) return false;
    text_.remove_prefix(wanted.size());
    return true;
  }
  std::string_view name() {
    std::size_t size = 0;
    while (size < text_.size() && is_name(text_[size])) ++size;
    const std::string_view out = text_.substr(0, size);
    text_.remove_prefix(size);
    return out;
  }

  // What stands in a start tag after its name, up to and with its '>'. True: the element is empty.
  Result<bool> attributes() {
    for (;;) {
      skip_space();
      if (take("/>")) return true;
      if (take(">")) return false;
      if (name().empty() || !take("=\"")) return bad("a malformed tag");
      const std::size_t end = text_.find('"');
      if (end == std::string_view::npos || text_.substr(0, end).find('<') < end) {
        return bad("a malformed attribute");
      }
      text_.remove_prefix(end + 1);
    }
  }

  Status reference(std::string& out) {
    constexpr std::array<std::pair<std::string_view, char>, 5> kAll = {
        {{"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&quot;", '"'}, {"&apos;", '\''}}};
    for (const auto& [reference, character] : kAll) {
      if (!take(reference)) continue;
      out.push_back(character);
      return ok();
    }
    return bad("a reference to what is not of XML itself");
  }

  // Up to the next tag.
  Status text(std::string& out) {
    while (!text_.empty() && text_.front() != '<') {
      if (text_.front() == '&') {
        MC_TRY_OK(reference(out));
        continue;
      }
      const std::size_t size = std::min(text_.find_first_of("<&"), text_.size());
      out.append(text_.substr(0, size));
      text_.remove_prefix(size);
    }
    return ok();
  }

  Status element(Element& out, int depth) {  // NOLINT(misc-no-recursion): kXmlDepthMax bounds it
    if (depth > kXmlDepthMax) return bad("nested too deep");
    if (++elements_ > kXmlElementsMax) return bad("too many elements");
    if (!take("<")) return bad("no element");
    out.name = name();
    if (out.name.empty()) return bad("an element without a name");
    MC_TRY(const bool empty, attributes());
    if (empty) return ok();
    for (;;) {
      MC_TRY_OK(text(out.text));
      if (text_.starts_with("</")) break;
      MC_TRY_OK(element(out.children.emplace_back(), depth + 1));
    }
    text_.remove_prefix(2);
    if (name() != out.name) return bad("an end tag of another element");
    skip_space();
    if (!take(">")) return bad("a malformed end tag");
    if (out.children.empty()) return ok();
    if (!std::all_of(out.text.begin(), out.text.end(), is_space)) {
      return bad("text between elements");
    }
    out.text.clear();
    return ok();
  }

  std::string_view text_;  // what is left
  std::size_t size_;
  std::size_t elements_ = 0;
};

}  // namespace

const Element* Element::child(std::string_view wanted) const {
  const auto named = [&](const Element& one) { return one.name == wanted; };
  const auto found = std::find_if(children.begin(), children.end(), named);
  if (found == children.end() || std::find_if(found + 1, children.end(), named) != children.end()) {
    return nullptr;
  }
  return &*found;
}

void Element::wipe_all() {  // NOLINT(misc-no-recursion): kXmlDepthMax bounds it
  wipe(text);
  for (Element& one : children) one.wipe_all();
}

Result<Element> parse_xml(std::string_view text) {
  if (!is_valid_utf8(text)) return fail(Code::corrupt, "XML that is not UTF-8");
  return Reader(text).document();
}

}  // namespace mc::aws
