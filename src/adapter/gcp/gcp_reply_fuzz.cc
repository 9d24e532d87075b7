// Replies of Google Cloud KMS that may be anything: the first byte says as what one is read, the
// rest is the body. What is read stays within the contract, and errors tell nothing of the bytes.
#include <cstddef>
#include <cstdint>
#include <string>

#include "gcp/reply.h"
#include "oauth/oauth.h"

namespace {

using namespace mc;       // NOLINT(google-build-using-namespace)
using namespace mc::gcp;  // NOLINT(google-build-using-namespace)

template <class T>
void check(const Result<T>& read) {
  if (read) return;
  MC_CHECK(read.error().code == Code::corrupt || read.error().code == Code::invalid);
  MC_CHECK(read.error().what.starts_with("gcp: ") && is_one_line(read.error().what));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string key = "projects/p/locations/l/keyRings/r/cryptoKeys/k";
  if (size == 0 || size > kms::kReplyBytesMax + 1) return 0;
  const std::string body(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] == 'e') {
    const auto read = read_encrypted(body, key);
    check(read);
    if (read) MC_CHECK(!read->bytes.empty() && read->bytes.size() <= kms::kWrappedBytesMax);
  } else if (data[0] == 'd') {
    const auto read = read_decrypted(body);
    check(read);
    if (read) MC_CHECK(read->reveal(RevealToken()).size() <= kms::kSecretBytesMax);
  } else if (data[0] == 'k') {
    check(read_key("describe", body, key));
    check(read_version("rotate", body, key));
    check(read_page(body, key));
  } else if (data[0] == 't') {
    check(oauth::read_token("gcp", body, WallTime{}));
  } else {
    const kms::HttpReply reply{400 + data[0], {{"retry-after", body}}, body};
    for (const Error& error :
         {read_failure("decrypt", reply).error, oauth::read_token_failure("gcp", reply)}) {
      MC_CHECK(error.what.size() < 256 && is_one_line(error.what));
      MC_CHECK(error.retry_after_s.value_or(0) >= 0);
    }
  }
  return 0;
}
