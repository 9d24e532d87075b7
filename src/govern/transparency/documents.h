// Receipts for people: a PDF with the record, what proves it, and who looked at it. Part of
// transparency.h.
#pragma once

#include <string>
#include <vector>

#include "base/base.h"
#include "pdf/pdf.h"
#include "transparency/exports.h"

namespace mc::transparency {

// Whose copy it is: drawn across every page.
struct Viewer {
  std::string name;  // principal@tenant
  std::string purpose;
  WallTime at;
};

std::string watermark_of(const std::string& tenant, const Viewer& viewer);

// What a reader needs to check the records: `receipt` is the file's name, `key` the verifier key.
struct ProofNote {
  std::string key;
  std::string checkpoint;
  std::string command;  // maestro verify ...
};

// One record with all that is known of it.
pdf::Document receipt_document(const ReadableRecord& record, const ProofNote& proof,
                               const Viewer& viewer);
// Which records a list is of.
struct Listed {
  std::string title;
  std::string tenant;
};
// Many, a line each.
pdf::Document list_document(const Listed& what, const std::vector<ReadableRecord>& records,
                            const ProofNote& proof, const Viewer& viewer);

}  // namespace mc::transparency
