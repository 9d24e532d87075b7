// Certificates, requests and keys from anywhere, in DER or armored: a value, or a reason. What is
// read once reads again as the same.
#include <cstddef>
#include <cstdint>

#include "builtin/key_values.h"
#include "builtin/x509.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mc;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  term::Arena arena;
  const builtin::X509Values values(arena);
  if (const auto certificates = builtin::read_certificates(values, bytes)) {
    std::size_t whole = 0;
    for (const builtin::Certificate& certificate : *certificates) whole += certificate.der.size();
    MC_CHECK(whole == bytes.size());
    const auto again = builtin::read_certificates(values, bytes);
    for (std::size_t i = 0; i < certificates->size(); ++i) {
      MC_CHECK(term::equal((*certificates)[i].value, (*again)[i].value));
    }
    builtin::ChainOptions options;
    options.at = WallTime{1'800'000'000'000'000'000};
    builtin::verified_chain(*certificates, options);
  }
  if (const auto request = builtin::request_value(values, bytes)) term::to_json(*request);
  if (const auto keys = builtin::read_private_keys(bytes)) {
    for (const builtin::Key& key : *keys) builtin::private_jwk_value(values, key.get());
  }
  builtin::key_pair_value(values, bytes, bytes);
  return 0;
}
