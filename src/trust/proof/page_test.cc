#include "proof/page.h"

#include <doctest/doctest.h>

namespace mc::proof {
namespace {

const std::string kProgram = "\n<script>go()</script>\n";

std::string page_of(const std::string& receipt) {
  return std::string(kPageStart) + "<p>&lt;script&gt;</p>" + print_page_block(receipt) + kProgram;
}

std::string refusal(const std::string& page) {
  const Result<std::string> text = receipt_in_page(page);
  return text ? "read: " + *text : text.error().what;
}

TEST_CASE("page: what stands in the block is read as it was, and cannot end it") {
  for (const char* text :
       {"{}", "", "</script><script>alert(1)</script>", "<!-- <script>", R"(\\u003c)",
        R"({"a":"\\"})", "a\\", "\xE2\x80\xA8\xE2\x80\xA9", "]]>&lt;&amp;"}) {
    CAPTURE(text);
    const std::string block = print_page_block(text);
    CHECK(block.find('<', 1) == block.rfind("</script>"));
    CHECK(refusal(page_of(text)) == std::string("read: ") + text);
  }
  // The one escape that stands for itself nowhere: no receipt has it.
  CHECK(refusal(page_of(R"(\u003c)")) == "read: <");
  CHECK(refusal(page_of(R"(\\\u003c)")) == R"(read: \\<)");
}

TEST_CASE("page: it has one receipt and one program, or is refused by what is wrong") {
  const std::string block = print_page_block("{}");
  const std::string start(kPageStart);
  struct Row {
    std::string page;
    const char* why;
  };
  const Row rows[] = {
      {start, "no receipt"},
      {start + kProgram, "no receipt"},
      {start + "<script type=application/json id=receipt>{}</script>" + kProgram, "no receipt"},
      {start + block + block + kProgram, "more than one receipt"},
      {start + block, "scripts"},
      {start + kProgram + block, "scripts"},
      {start + block + kProgram + kProgram, "scripts"},
      {start + block + "<SCRIPT type=application/json id=receipt>[]</SCRIPT>" + kProgram,
       "scripts"},
      {start + "<ScRiPt id=receipt>[]</script>" + block + kProgram, "scripts"},
      {start + "<!--" + block + "-->" + kProgram, "comment"},
      {start + block.substr(0, block.size() - 9) + kProgram, "no end"},
      {start + block.substr(0, block.size() - 9) + "<b></b></script>" + kProgram, "no end"},
      {page_of(std::string(kPageBytesMax, 'x')), "longer than"}};
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CAPTURE(row.page.substr(0, 300));
    CHECK(refusal(row.page).find(row.why) != std::string::npos);
  }
  CHECK(refusal(page_of("{}")) == "read: {}");
}

}  // namespace
}  // namespace mc::proof
