// The rewriter keeps everything but placeholders: undoing the placeholders gives the text back.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "postgres/placeholder.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view sql(reinterpret_cast<const char*>(data), size);
  const mc::Result<std::string> once = mc::postgres::rewrite_placeholders(sql);
  if (!once) {
    MC_CHECK(once.error().code == mc::Code::invalid);
    return 0;
  }
  // Nothing is left to rewrite, and nothing but blanks and leading zeros comes or goes.
  const mc::Result<std::string> twice = mc::postgres::rewrite_placeholders(*once);
  MC_CHECK(twice.has_value());
  MC_CHECK(*twice == *once);
  std::string want;
  std::string got;
  for (const char c : sql) {
    if (c != ' ' && c != '?' && c != '$' && c != '0') want += c;
  }
  for (const char c : *once) {
    if (c != ' ' && c != '?' && c != '$' && c != '0') got += c;
  }
  MC_CHECK(want == got);
  return 0;
}
