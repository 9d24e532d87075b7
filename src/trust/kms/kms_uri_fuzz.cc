// URIs are refused as invalid, or bound as they stand. Nothing is opened.
#include <array>
#include <cstdint>

#include "kms/file_provider.h"
#include "kms/uri.h"

namespace {

class NoTransport final : public mc::kms::Transport {
 public:
  mc::Result<mc::kms::HttpReply> send(const mc::kms::HttpRequest&) override {
    return mc::fail(mc::Code::unavailable, "none");
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto clock = mc::sys::real_clock();
  static const auto random = mc::sys::real_random();
  static const auto files = mc::sys::real_files();
  static const auto arena = mc::cipher::KeyArena::make(1);
  static NoTransport transport;
  MC_CHECK(arena);
  mc::kms::FileKind kind(**arena);
  const std::array<mc::kms::ProviderKind*, 1> kinds = {&kind};
  const std::string uri(reinterpret_cast<const char*>(data), size);
  const auto provider = mc::kms::bind_provider(
      kinds, uri, {.files = {{"passphrase", "/none"}}, .options = {}},
      {.clock = *clock, .random = *random, .files = *files, .transport = transport});
  if (!provider) {
    MC_CHECK(provider.error().code == mc::Code::invalid);
    MC_CHECK(mc::is_one_line(provider.error().what));
    return 0;
  }
  MC_CHECK((*provider)->uri() == uri && size <= mc::kms::kUriBytesMax);
  return 0;
}
