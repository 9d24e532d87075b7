// A receipt in a page that verifies itself when a browser opens it (docs/formats/proofs.md).
//
// The page has the receipt as a block of data, and behind it its program; no other script. So what
// is read here is what the page checks. All else of a page is words, which nobody has signed.
#pragma once

#include <string>
#include <string_view>

#include "base/base.h"

namespace mc::proof {

inline constexpr std::string_view kPageStart = "<!doctype html>\n";  // tells it from other proofs
inline constexpr std::size_t kPageBytesMax = 2 << 20;

// The block of a receipt as print_receipt() writes it. Nothing in it can end it: each "<" is an
// escape, which the form of RFC 8785 does not have.
std::string print_page_block(std::string_view receipt);

// The text in the block; `invalid` unless there is exactly one, and one program behind it. Whether
// it is a receipt is not looked at.
Result<std::string> receipt_in_page(std::string_view page);

}  // namespace mc::proof
