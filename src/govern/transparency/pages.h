// Receipts for people, as a page: one file that shows a record, and checks its receipt when a
// browser opens it, from a disk and without a network. Part of transparency.h.
//
// Every text is escaped, whatever stands in the record; nothing outside of the file is named in
// it, and its policy lets nothing but its own program run. Equal arguments give equal bytes.
#pragma once

#include <string>
#include <string_view>

#include "base/base.h"
#include "transparency/documents.h"
#include "transparency/exports.h"

namespace mc::transparency {

struct PageParts {
  std::string_view receipt;  // as proof::print_receipt() writes it
  std::string_view program;  // a classic script, without "<script" or "</script" in it
  std::string_view looks;    // CSS
};

// `proof.command` checks the page itself.
Result<std::string> receipt_page(const ReadableRecord& record, const ProofNote& proof,
                                 const Viewer& viewer, const PageParts& parts);

}  // namespace mc::transparency
