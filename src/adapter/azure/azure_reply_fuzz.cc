// Replies of Azure Key Vault that may be anything: the first byte says as what one is read, the
// rest is the body. What is read stays within the contract, and errors tell nothing of the bytes.
#include <cstddef>
#include <cstdint>
#include <string>

#include "azure/reply.h"

namespace {

using namespace mc;         // NOLINT(google-build-using-namespace)
using namespace mc::azure;  // NOLINT(google-build-using-namespace)

template <class T>
void check(const Result<T>& read) {
  if (read) return;
  MC_CHECK(read.error().code == Code::corrupt);
  MC_CHECK(read.error().what.starts_with("azure: ") && is_one_line(read.error().what));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const KeyName key = *parse_uri("azure-kv:https://v.vault.azure.net/keys/k");
  if (size == 0 || size > kms::kReplyBytesMax + 1) return 0;
  const std::string body(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] == 'w') {
    const auto read = read_wrapped(body, key);
    check(read);
    if (read) MC_CHECK(read->bytes.size() <= kms::kWrappedBytesMax && is_version(read->version));
  } else if (data[0] == 'u') {
    const auto read = read_unwrapped(body, key, "0123456789abcdef0123456789abcdef");
    check(read);
    if (read) MC_CHECK(read->reveal(RevealToken()).size() <= kms::kSecretBytesMax);
  } else if (data[0] == 'k') {
    check(read_key("describe", body, key, WallTime{1'767'225'600'000'000'000}));
    check(read_deleted("destroy", body, key));
  } else if (data[0] == 'p') {
    const auto read = read_page(body, key);
    check(read);
    if (read) MC_CHECK(read->next.empty() || read->next.starts_with("/keys/k/versions?"));
  } else {
    (void)is_own_challenge(body, key, "tenant");
    const Failure failure =
        read_failure("unwrapkey", {400 + data[0], {{"retry-after", body}}, body});
    MC_CHECK(failure.error.what.size() < 256 && is_one_line(failure.error.what));
    MC_CHECK(failure.error.retry_after_s.value_or(0) >= 0);
  }
  return 0;
}
