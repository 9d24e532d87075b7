// Replies of AWS that may be anything: the first byte says as what one is read, the rest is the
// body. What is read stays within the bounds of the contract, and errors tell nothing of the bytes.
#include <cstddef>
#include <cstdint>
#include <string>

#include "aws/reply.h"
#include "aws/session.h"

namespace {

using namespace mc;       // NOLINT(google-build-using-namespace)
using namespace mc::aws;  // NOLINT(google-build-using-namespace)

template <class T>
void check(const Result<T>& read) {
  if (read) return;
  MC_CHECK(read.error().code == Code::corrupt);
  MC_CHECK(read.error().what.starts_with("aws: ") && is_one_line(read.error().what));
}

void check_failure(const std::string& body, int status) {
  const kms::HttpReply reply{status, {{"date", body.substr(0, 29)}, {"retry-after", body}}, body};
  const Failure failure = read_failure("decrypt", reply, WallTime{1'767'225'600'000'000'000});
  MC_CHECK(failure.code.size() <= 64 && is_one_line(failure.code));
  MC_CHECK(failure.error.what.size() < 256 && is_one_line(failure.error.what));
  MC_CHECK(failure.error.retry_after_s.value_or(0) >= 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const KeyName key = *parse_uri("aws-kms:arn:aws:kms:eu-central-1:111122223333:key/k");
  if (size == 0 || size > kms::kReplyBytesMax + 1) return 0;
  const std::string body(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0]) {
    case 'e':
      if (const auto read = read_ciphertext(body, key)) {
        MC_CHECK(!read->empty() && read->size() <= kms::kWrappedBytesMax);
      } else {
        check(read);
      }
      break;
    case 'd':
      if (const auto read = read_plaintext(body, key)) {
        const std::size_t bytes = read->reveal(RevealToken()).size();
        MC_CHECK(bytes > 0 && bytes <= kms::kSecretBytesMax);
      } else {
        check(read);
      }
      break;
    case 'm':
      check(read_metadata(body, key));
      break;
    case 'r':
      check(read_rotations(body, key));
      check(read_rotated(body, key));
      check(read_deletion(body, key));
      break;
    case 's':
      check(read_session(body));
      break;
    default:
      check_failure(body, 400 + data[0]);
  }
  return 0;
}
