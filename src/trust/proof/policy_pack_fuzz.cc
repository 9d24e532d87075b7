// What is read as the statement of a pack is written as it was, says what a pack can say, and no
// file verifies as a pack without its key.
#include <cstdint>

#include "proof/proof.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto pack = mc::proof::parse_pack_statement(bytes);
  if (pack) {
    MC_CHECK(mc::proof::check_pack(*pack));
    MC_CHECK(mc::proof::print_statement(*mc::proof::pack_statement(*pack)) == bytes);
    MC_CHECK(!mc::proof::compare(*pack, pack->files));
  }
  const auto envelope = mc::proof::find_pack(bytes);
  if (!envelope) return 0;
  mc::proof::VerifyQuestion question{bytes};
  question.public_key =
      "-----BEGIN PUBLIC KEY-----\n"
      "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
      "-----END PUBLIC KEY-----\n";
  const auto report = mc::proof::verify(question);
  MC_CHECK(!report || !report->verified());
  return 0;
}
