// Certificates are read or refused; what is read answers every question.
#include <cstdint>

#include "pki/pki.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto certificate = mc::pki::Certificate::parse(bytes);
  if (!certificate) return 0;
  const auto again = mc::pki::Certificate::parse(certificate->der());
  MC_CHECK(again && *again == *certificate && again->names() == certificate->names());
  static_cast<void>(certificate->subject());
  static_cast<void>(certificate->is_authority());
  static_cast<void>(certificate->may(mc::pki::Usage::code_signing));
  static_cast<void>(mc::pki::check_certificate_timestamps(*certificate, *certificate, {}));
  static_cast<void>(mc::pki::build_chain({*certificate,
                                          {},
                                          *certificate,
                                          mc::WallTime{1'700'000'000'000'000'000},
                                          mc::pki::Usage::code_signing}));
  return 0;
}
