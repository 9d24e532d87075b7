// The forms of a receipt, of one record and of a range. Private to the module.
#pragma once

#include <string>
#include <string_view>

#include "api/admin.h"
#include "proof/proof.h"

namespace mc::api {

struct ReceiptForm {
  std::string_view name;    // in the query
  std::string_view suffix;  // of the file
  std::string_view type;    // Content-Type
  Result<std::string> (*make)(const AdminWorld& world, const AdminRequest& request,
                              const proof::Receipt& receipt);
};

// The query's `form`: json (the default), bundle, tlog-proof, pdf or html.
Result<const ReceiptForm*> receipt_form_in(const AdminRequest& request);

struct RangeForm {
  std::string_view name;
  std::string_view suffix;
  std::string_view type;
  Result<std::string> (*make)(const AdminWorld& world, const AdminRequest& request,
                              const proof::RangeReceipt& receipt);
};

// json or pdf.
Result<const RangeForm*> range_form_named(std::string_view name);

// Of bundles (Sigstore's, v0.3).
inline constexpr std::string_view kBundleType = "application/vnd.dev.sigstore.bundle.v0.3+json";

// A file to be kept.
net::Response as_file(std::string body, const std::string& name,
                      std::string_view type = "application/json");

}  // namespace mc::api
