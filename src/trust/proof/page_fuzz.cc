// A text that is read from a page's block is written into one from which it is read again, and no
// page verifies without a trusted log.
#include <cstdint>

#include "proof/proof.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view page(reinterpret_cast<const char*>(data), size);
  const auto text = mc::proof::receipt_in_page(page);
  if (text) {
    const std::string block = mc::proof::print_page_block(*text);
    const auto again = mc::proof::receipt_in_page(block + "<script></script>");
    MC_CHECK(again && *again == *text);
  }
  mc::proof::VerifyQuestion question{page};
  question.log_keys = {"ledger.example+9b959536+AYMgpRl32MOMqKSSfGcN9YIeRJdhlF4V6e+yahUJ0jDq"};
  const auto report = mc::proof::verify(question);
  MC_CHECK(!text || !report || !page.starts_with(mc::proof::kPageStart) || !report->verified());
  return 0;
}
