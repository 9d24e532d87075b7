// What sealing and opening take of a field (64 and 256 bytes), 4 KiB and 1 MiB, with 48 bytes of
// context: XAES-256-GCM and AES-256-GCM as we call OpenSSL, and beside them OpenSSL as it is called
// as a rule (a context made for each message, its cipher looked up or not). Sealing counts a nonce
// from the pool. Then what a nonce, a derived key, and wrapping take. Nanoseconds of wall time of
// single calls, median and 95th percentile, without the clock's own median. One JSON line a figure.
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "cipher/cipher.h"
#include "sys/sys.h"

namespace {

using namespace mc;          // NOLINT(google-build-using-namespace)
using namespace mc::cipher;  // NOLINT(google-build-using-namespace)

using Key = std::array<std::uint8_t, kKeyBytes>;

std::int64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

std::int64_t percentile(std::vector<std::int64_t>& all, std::size_t percent) {
  const auto at = static_cast<std::ptrdiff_t>((all.size() - 1) * percent / 100);
  std::nth_element(all.begin(), all.begin() + at, all.end());
  return all[static_cast<std::size_t>(at)];
}

std::int64_t clock_ns() {
  std::vector<std::int64_t> all;
  for (int i = 0; i < 100'000; ++i) {
    const std::int64_t start = now_ns();
    all.push_back(now_ns() - start);
  }
  return percentile(all, 50);
}

void measure(const char* what, std::size_t bytes, const std::function<void()>& work) {
  static const std::int64_t clock = clock_ns();
  const int calls = bytes >= 1 << 20 ? 300 : 100'000;
  std::vector<std::int64_t> all;
  all.reserve(static_cast<std::size_t>(calls));
  for (int i = 0; i < calls / 10; ++i) work();
  for (int i = 0; i < calls; ++i) {
    const std::int64_t start = now_ns();
    work();
    all.push_back(now_ns() - start);
  }
  const std::int64_t p50 = percentile(all, 50) - clock, p95 = percentile(all, 95) - clock;
  std::printf(
      "{\"bench\":\"cipher\",\"what\":\"%s\",\"bytes\":%zu,\"p50_ns\":%lld,\"p95_ns\":%lld}\n",
      what, bytes, static_cast<long long>(p50), static_cast<long long>(p95));
}

const unsigned char* bytes_of(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// AES-256-GCM by a context made for the message.
void open_raw(const EVP_CIPHER* cipher, const Key& key, const std::string& nonce,
              const std::string& aad, std::pair<const std::string&, std::string&> in_out) {
  const auto& [sealed, out] = in_out;
  auto* to = reinterpret_cast<unsigned char*>(out.data());
  const auto size = static_cast<int>(sealed.size() - kTagBytes);
  int written = 0;
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  MC_CHECK(EVP_DecryptInit_ex(context, cipher, nullptr, key.data(), bytes_of(nonce)) == 1);
  MC_CHECK(EVP_DecryptUpdate(context, nullptr, &written, bytes_of(aad),
                             static_cast<int>(aad.size())) == 1);
  MC_CHECK(EVP_DecryptUpdate(context, to, &written, bytes_of(sealed), size) == 1);
  MC_CHECK(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kTagBytes,
                               const_cast<unsigned char*>(bytes_of(sealed) + size)) == 1);
  MC_CHECK(EVP_DecryptFinal_ex(context, to + size, &written) == 1);
  EVP_CIPHER_CTX_free(context);
}

void measure_suite(Suite suite, const char* opening, const char* sealing, std::size_t bytes) {
  const Key key{1, 2, 3};
  const std::string aad(48, 'a'), text(bytes, 't'), nonce(nonce_bytes(suite), 'n');
  std::string sealed(bytes + kTagBytes, '\0'), out(bytes, '\0');
  MC_CHECK(seal({suite, key, nonce, aad}, text, sealed.data()).has_value());
  measure(opening, bytes,
          [&] { MC_CHECK(open({suite, key, nonce, aad}, sealed, out.data()).has_value()); });
  const auto random = sys::real_random();
  Nonces nonces(*random);
  std::string drawn(nonce.size(), '\0');
  measure(sealing, bytes, [&] {
    nonces.fill({reinterpret_cast<std::uint8_t*>(drawn.data()), drawn.size()});
    MC_CHECK(seal({suite, key, drawn, aad}, text, sealed.data()).has_value());
  });
}

void measure_raw(std::size_t bytes) {
  const Key key{1, 2, 3};
  const std::string aad(48, 'a'), text(bytes, 't'), nonce(12, 'n');
  std::string sealed(bytes + kTagBytes, '\0'), out(bytes, '\0');
  MC_CHECK(seal({Suite::aes_256_gcm, key, nonce, aad}, text, sealed.data()).has_value());
  EVP_CIPHER* const fetched = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  measure("openssl.open.looked_up_each_time", bytes,
          [&] { open_raw(EVP_aes_256_gcm(), key, nonce, aad, {sealed, out}); });
  measure("openssl.open.looked_up_once", bytes,
          [&] { open_raw(fetched, key, nonce, aad, {sealed, out}); });
  EVP_CIPHER_free(fetched);
}

void measure_keys() {
  const auto random = sys::real_random();
  Nonces nonces(*random);
  std::array<std::uint8_t, 24> nonce;
  measure("nonce.pool", nonce.size(), [&] { nonces.fill(nonce); });
  measure("openssl.RAND_bytes", nonce.size(),
          [&] { MC_CHECK(RAND_bytes(nonce.data(), static_cast<int>(nonce.size())) == 1); });
  const std::string key(32, 'k');
  Key derived;
  measure("hkdf_sha256", derived.size(), [&] { hkdf_sha256(key, "", "dek-wrap", derived); });
  const Secret wrapping(std::string(32, 'w')), secret(std::string(32, 's'));
  const std::string wrapped = *wrap_key(Wrap::kw, wrapping, secret);
  measure("kw.wrap", 32, [&] { MC_CHECK(wrap_key(Wrap::kw, wrapping, secret).has_value()); });
  measure("kw.unwrap", 32, [&] { MC_CHECK(unwrap_key(Wrap::kw, wrapping, wrapped).has_value()); });
  const auto arena = std::move(*KeyArena::make(1'000));
  measure("arena.take_and_give_back", 32, [&] { MC_CHECK(arena->take().has_value()); });
}

}  // namespace

int main() {
  for (const std::size_t bytes :
       {std::size_t{64}, std::size_t{256}, std::size_t{4096}, std::size_t{1} << 20}) {
    measure_suite(Suite::xaes_256_gcm, "xaes.open", "xaes.seal", bytes);
    measure_suite(Suite::aes_256_gcm, "gcm.open", "gcm.seal", bytes);
    measure_raw(bytes);
  }
  measure_keys();
}
