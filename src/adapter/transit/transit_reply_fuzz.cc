// Replies of a transit engine that may be anything: the first byte says as what one is read, the
// rest is the body. What is read stays within the bounds, and errors tell nothing of the bytes.
#include <cstddef>
#include <cstdint>
#include <string>

#include "transit/reply.h"

namespace {

using namespace mc;           // NOLINT(google-build-using-namespace)
using namespace mc::transit;  // NOLINT(google-build-using-namespace)

template <class T>
bool check(const Result<T>& read) {
  if (read) return true;
  MC_CHECK(read.error().code == Code::corrupt);
  MC_CHECK(read.error().what.starts_with("vault-transit: ") && is_one_line(read.error().what));
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > kms::kReplyBytesMax + 1) return 0;
  const std::string body(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] == 'e') {
    const auto read = read_wrapped(body);
    if (check(read)) {
      MC_CHECK(read->bytes.size() <= kms::kWrappedBytesMax);
      MC_CHECK(std::to_string(*version_of("step", read->bytes)) == read->version);
    }
  } else if (data[0] == 'd') {
    const auto read = read_secret(body);
    if (check(read)) {
      const std::size_t bytes = read->reveal(RevealToken()).size();
      MC_CHECK(bytes > 0 && bytes <= kms::kSecretBytesMax);
    }
  } else if (data[0] == 'k') {
    const auto read = read_key(body, "root");
    if (check(read)) MC_CHECK(read->oldest >= 1 && read->oldest <= read->latest);
  } else if (data[0] == 'l') {
    const auto read = read_token(body);
    if (check(read)) MC_CHECK(!read->token.empty() && read->lasts_s >= 0);
  } else {
    const Error error = read_failure("step", {300 + data[0], {{"retry-after", body}}, body});
    MC_CHECK(error.what.size() < 128 && is_one_line(error.what));
    MC_CHECK(error.retry_after_s.value_or(0) >= 0);
  }
  return 0;
}
