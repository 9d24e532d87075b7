// Requests to the signature log and its answers, of both versions, are read or refused; a request
// gives a body that asks for itself again, a proposal one that is an entry.
#include <cstdint>

#include "proof/proof.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto body = mc::proof::read_entry_request(bytes)) {
    const auto request = mc::proof::print_entry_request(*body);
    MC_CHECK(request && *mc::proof::read_entry_request(*request) == *body);
  }
  if (const auto entry = mc::proof::parse_log_entry(bytes)) {
    MC_CHECK(*mc::proof::parse_log_entry(mc::proof::print_log_entry(*entry)) == *entry);
  }
  if (const auto body = mc::proof::read_proposal(bytes)) {
    MC_CHECK(mc::proof::parse_entry(*body).has_value());
  }
  if (const auto entry = mc::proof::parse_logged(bytes)) {
    MC_CHECK(*mc::proof::parse_logged(mc::proof::print_logged(*entry, "uuid")) == *entry);
  }
  return 0;
}
