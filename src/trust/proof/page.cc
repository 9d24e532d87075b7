#include "proof/page.h"

#include <vector>

namespace mc::proof {
namespace {

constexpr std::string_view kOpen = "<script type=\"application/json\" id=\"receipt\">";
constexpr std::string_view kClose = "</script>";
constexpr std::string_view kScript = "<script";
constexpr std::string_view kEscape = "\\u003c";

// Of tags of scripts, in either case.
std::vector<std::size_t> scripts_in(std::string_view page) {
  std::vector<std::size_t> out;
  for (std::size_t at = page.find('<'); at != std::string_view::npos; at = page.find('<', at + 1)) {
    if (equals_ignoring_case(page.substr(at, kScript.size()), kScript)) out.push_back(at);
  }
  return out;
}

std::string unescaped(std::string_view block) {
  std::string out;
  out.reserve(block.size());
  for (std::size_t at = 0; at < block.size();) {
    if (block.substr(at).starts_with(kEscape)) {
      out += '<';
      at += kEscape.size();
      continue;
    }
    // What is behind a backslash belongs to it.
    const std::size_t length = block[at] == '\\' ? 2 : 1;
    out += block.substr(at, length);
    at += length;
  }
  return out;
}

}  // namespace

std::string print_page_block(std::string_view receipt) {
  std::string out(kOpen);
  for (const char c : receipt) {
    if (c == '<') {
      out += kEscape;
    } else {
      out += c;
    }
  }
  return out += kClose;
}

Result<std::string> receipt_in_page(std::string_view page) {
  if (page.size() > kPageBytesMax) {
    return fail(Code::invalid,
                "the page is longer than " + std::to_string(kPageBytesMax) + " bytes");
  }
  const std::size_t at = page.find(kOpen);
  if (at == std::string_view::npos) return fail(Code::invalid, "the page has no receipt in it");
  if (page.find(kOpen, at + 1) != std::string_view::npos) {
    return fail(Code::invalid, "the page has more than one receipt in it");
  }
  const std::vector<std::size_t> scripts = scripts_in(page);
  if (scripts.size() != 2 || scripts.front() != at) {
    return fail(Code::invalid, "the page has scripts that a receipt's page does not have");
  }
  if (page.substr(0, at).find("<!--") != std::string_view::npos) {
    return fail(Code::invalid, "the page has a comment before its receipt");
  }
  const std::size_t begin = at + kOpen.size();
  const std::size_t end = page.find('<', begin);  // there is that of the second script
  if (!page.substr(end).starts_with(kClose)) {
    return fail(Code::invalid, "the receipt in the page has no end");
  }
  return unescaped(page.substr(begin, end - begin));
}

}  // namespace mc::proof
