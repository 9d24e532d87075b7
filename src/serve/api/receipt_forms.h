// The forms of a receipt of one record. Private to the module.
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

// The query's `form`: json (the default), bundle, tlog-proof or pdf.
Result<const ReceiptForm*> receipt_form_in(const AdminRequest& request);

// A file to be kept.
net::Response as_file(std::string body, const std::string& name,
                      std::string_view type = "application/json");

}  // namespace mc::api
