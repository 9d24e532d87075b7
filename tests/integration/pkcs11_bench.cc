// Secrets of 32 bytes wrapped and unwrapped in each way by each of the two tokens, by one thread
// and by four. What is measured is the whole path of a call: a wrap looks for the newest version
// first. One JSON line a figure.
#include <algorithm>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "pkcs11_tokens.h"

namespace {

using namespace mc;                // NOLINT(google-build-using-namespace)
using namespace mc::pkcs11::test;  // NOLINT(google-build-using-namespace)

struct Work {
  TestToken& token;
  kms::Provider& key;
  kms::Wrapped wrapped;
  bool wraps = false;
};

bool once(const Work& work) {
  if (work.wraps)
    return work.key.wrap(Secret(std::string(32, 's')), {}, work.token.soon()).has_value();
  return work.key.unwrap(work.wrapped, {}, work.token.soon()).has_value();
}

// For a second and a half.
void measure(const std::string& name, const Work& work, int threads) {
  sys::Clock& clock = work.token.world().clock;
  std::vector<std::vector<std::int64_t>> took(static_cast<std::size_t>(threads));
  const MonoTime begin = clock.mono();
  std::vector<std::thread> all;
  for (auto& own : took) {
    all.emplace_back([&] {
      while (clock.mono() - begin < millis(1'500)) {
        const MonoTime start = clock.mono();
        MC_CHECK(once(work));
        own.push_back((clock.mono() - start).count);
      }
    });
  }
  for (std::thread& thread : all) thread.join();
  const double seconds = to_seconds(clock.mono() - begin);
  std::vector<std::int64_t> sorted;
  for (const auto& own : took) sorted.insert(sorted.end(), own.begin(), own.end());
  std::sort(sorted.begin(), sorted.end());
  std::printf(
      "{\"bench\":\"pkcs11\",\"case\":\"%s %s\",\"threads\":%d,\"per_s\":%.0f,\"p50_us\":%.1f,"
      "\"p99_us\":%.1f}\n",
      name.c_str(), work.wraps ? "wrap" : "unwrap", threads,
      static_cast<double>(sorted.size()) / seconds,
      static_cast<double>(sorted[sorted.size() / 2]) / 1e3,
      static_cast<double>(sorted[sorted.size() * 99 / 100]) / 1e3);
}

}  // namespace

int main() {
  for (const Peer peer : {Peer::softhsm, Peer::nss}) {
    const std::string name = peer == Peer::softhsm ? "SoftHSM" : "NSS";
    if (module_of(peer).empty()) {
      std::printf("skipped, %s is not installed\n", name.c_str());
      continue;
    }
    TestToken token(peer);
    token.make_aes("wraps", "\x01");
    token.make_aes("encrypts", "\x02", {.wraps = false, .encrypts = true});
    token.make_rsa("pair", "\x03");
    const auto kind = pkcs11::pkcs11_kind();
    for (const std::string label : {"wraps", "encrypts", "pair"}) {
      const auto key = token.bind(*kind, "object=" + label);
      auto wrapped = key->wrap(Secret(std::string(32, 's')), {}, token.soon());
      MC_CHECK(wrapped.has_value());
      const std::string form = " form " + std::to_string(wrapped->bytes[0]);
      Work work{.token = token, .key = *key, .wrapped = *wrapped};
      for (const int threads : {1, 4}) {
        for (const bool wraps : {true, false}) {
          work.wraps = wraps;
          measure(name + " " + label + form, work, threads);
        }
      }
    }
  }
  return 0;
}
