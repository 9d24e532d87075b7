#include "kms/uri.h"

#include <doctest/doctest.h>

#include <array>

#include "sim/memory_provider.h"
#include "sim/sim.h"

namespace mc::kms {
namespace {

class NoTransport final : public Transport {
 public:
  Result<HttpReply> send(const HttpRequest&) override { return fail(Code::unavailable, "none"); }
};

class MemoryKind final : public ProviderKind {
 public:
  MemoryKind(std::string scheme, sim::SimClock& clock)
      : scheme_(std::move(scheme)), clock_(clock) {}
  std::string_view scheme() const override { return scheme_; }
  Result<std::unique_ptr<Provider>> bind(const std::string& uri, Credentials credentials,
                                         const ProviderWorld&) override {
    credentials_seen = credentials.options;
    return std::make_unique<sim::MemoryProvider>(clock_, nullptr, scheme_ + " of " + uri);
  }
  std::map<std::string, std::string> credentials_seen;

 private:
  std::string scheme_;
  sim::SimClock& clock_;
};

struct World {
  sim::SimClock clock;
  sim::SimRandom random;
  sim::SimFiles files;
  NoTransport transport;
  MemoryKind aws{"aws-kms", clock};
  MemoryKind token{"pkcs11", clock};
  std::array<ProviderKind*, 2> kinds = {&token, &aws};

  Result<std::unique_ptr<Provider>> bind(const std::string& uri) {
    return bind_provider(
        kinds, uri, {.files = {}, .options = {{"region", "x"}}},
        {.clock = clock, .random = random, .files = files, .transport = transport});
  }
};

TEST_CASE("uri: a key goes to the kind of its scheme, with its credentials") {
  World world;
  const auto provider = world.bind("aws-kms:arn:aws:kms:eu-central-1:1:key/a");
  REQUIRE(provider);
  CHECK((*provider)->uri() == "memory:aws-kms of aws-kms:arn:aws:kms:eu-central-1:1:key/a");
  CHECK(world.aws.credentials_seen.at("region") == "x");
  CHECK(world.bind("pkcs11:token=a;object=b?pin-source=/x"));
  CHECK(world.bind("pkcs11:" + std::string(kUriBytesMax - 7, 'a')));
}

TEST_CASE("uri: everything else is refused with its reason") {
  struct Row {
    std::string uri;
    std::string_view why;
  };
  const Row rows[] = {{"", "scheme"},
                      {"aws-kms", "scheme"},
                      {":x", "scheme"},
                      {"1aws:x", "scheme"},
                      {"AWS-KMS:x", "scheme"},
                      {"aws_kms:x", "scheme"},
                      {"aws-kms:", "nothing"},
                      {"aws-kms:a b", "byte"},
                      {"aws-kms:a\nb", "byte"},
                      {std::string("aws-kms:a\0b", 11), "byte"},
                      {"aws-kms:\xc3\xa4", "byte"},
                      {"pkcs11:" + std::string(kUriBytesMax - 6, 'a'), "1024"},
                      {"vault:x", "\"vault\" is not known; there are: aws-kms, pkcs11"},
                      {"aws-kmss:x", "not known"}};
  World world;
  for (const Row& row : rows) {
    CAPTURE(row.uri);
    const auto provider = world.bind(row.uri);
    REQUIRE(!provider);
    CHECK(provider.error().code == Code::invalid);
    CHECK(provider.error().what.find(row.why) != std::string::npos);
  }
}

}  // namespace
}  // namespace mc::kms
