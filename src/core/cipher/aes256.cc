#include "cipher/aes256.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <array>
#include <bit>
#include <cstring>
#include <memory>

#include "base/base.h"

#ifdef __x86_64__
#include <wmmintrin.h>
#define MC_AES __attribute__((target("aes")))
#endif

namespace mc::cipher {
namespace {

using Block = std::array<std::uint8_t, 16>;
using Words = std::array<std::uint64_t, 2>;  // of a block, as they stand in memory
static_assert(std::endian::native == std::endian::little);

// Twice the block as an element of GF(2^128), the first byte highest (steps 1 and 2). Without a
// branch, for what is doubled depends on the key.
Words twice(const Words& block) {
  const std::uint64_t high = __builtin_bswap64(block[0]), low = __builtin_bswap64(block[1]);
  const std::uint64_t carry = (0 - (high >> 63)) & 0x87;
  return {__builtin_bswap64(high << 1 | low >> 63), __builtin_bswap64(low << 1 ^ carry)};
}

// 0x00 || count || 'X' || 0x00 || nonce, mixed with the first subkey (steps 3 to 5).
Words counted(std::uint8_t count, std::span<const std::uint8_t, 12> nonce, const Words& subkey) {
  Block block{0x00, count, 0x58, 0x00};
  std::memcpy(block.data() + 4, nonce.data(), nonce.size());
  const auto words = std::bit_cast<Words>(block);
  return {words[0] ^ subkey[0], words[1] ^ subkey[1]};
}

#ifdef __x86_64__

struct Schedule {
  __m128i rounds[16];  // 15, and one that comes with the last
};

MC_AES inline __m128i spread(__m128i key) {
  for (int i = 0; i < 3; ++i) key = _mm_xor_si128(key, _mm_slli_si128(key, 4));
  return key;
}

// FIPS 197 section 5.2 for keys of 256 bits: two round keys from the two before.
template <int kConstant>
MC_AES inline void expand(Schedule& schedule, int at) {
  __m128i* keys = schedule.rounds + at;
  const __m128i even = _mm_shuffle_epi32(_mm_aeskeygenassist_si128(keys[-1], kConstant), 0xff);
  keys[0] = _mm_xor_si128(spread(keys[-2]), even);
  const __m128i odd = _mm_shuffle_epi32(_mm_aeskeygenassist_si128(keys[0], 0), 0xaa);
  keys[1] = _mm_xor_si128(spread(keys[-1]), odd);
}

MC_AES inline void expand_all(Schedule& schedule, const std::uint8_t* key) {
  schedule.rounds[0] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(key));
  schedule.rounds[1] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(key + 16));
  expand<0x01>(schedule, 2);
  expand<0x02>(schedule, 4);
  expand<0x04>(schedule, 6);
  expand<0x08>(schedule, 8);
  expand<0x10>(schedule, 10);
  expand<0x20>(schedule, 12);
  expand<0x40>(schedule, 14);
}

MC_AES inline Words encrypt(const Schedule& schedule, const Words& block) {
  __m128i state = _mm_xor_si128(std::bit_cast<__m128i>(block), schedule.rounds[0]);
  for (int i = 1; i < 14; ++i) state = _mm_aesenc_si128(state, schedule.rounds[i]);
  return std::bit_cast<Words>(_mm_aesenclast_si128(state, schedule.rounds[14]));
}

MC_AES void derive_by_processor(const std::uint8_t* key, std::span<const std::uint8_t, 12> nonce,
                                std::uint8_t* out) {
  Schedule schedule;
  expand_all(schedule, key);
  Words subkey = twice(encrypt(schedule, Words{}));
  const Words first = encrypt(schedule, counted(1, nonce, subkey));
  const Words second = encrypt(schedule, counted(2, nonce, subkey));
  std::memcpy(out, first.data(), sizeof first);
  std::memcpy(out + sizeof first, second.data(), sizeof second);
  OPENSSL_cleanse(&schedule, sizeof schedule);
  OPENSSL_cleanse(&subkey, sizeof subkey);
}

#else  // never called

void derive_by_processor(const std::uint8_t*, std::span<const std::uint8_t, 12>, std::uint8_t*) {}

#endif

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

Words encrypt_by_library(EVP_CIPHER_CTX* context, const Words& block) {
  const Block in = std::bit_cast<Block>(block);
  Block out;
  int size = 0;
  MC_CHECK(EVP_EncryptUpdate(context, out.data(), &size, in.data(), in.size()) == 1 && size == 16);
  return std::bit_cast<Words>(out);
}

void derive_by_library(const std::uint8_t* key, std::span<const std::uint8_t, 12> nonce,
                       std::uint8_t* out) {
  static const EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-256-ECB", nullptr);
  const Context context(EVP_CIPHER_CTX_new());
  MC_CHECK(cipher != nullptr && context != nullptr);
  MC_CHECK(EVP_EncryptInit_ex2(context.get(), cipher, key, nullptr, nullptr) == 1 &&
           EVP_CIPHER_CTX_set_padding(context.get(), 0) == 1);
  Words subkey = twice(encrypt_by_library(context.get(), Words{}));
  for (std::uint8_t count = 1; count <= 2; ++count, out += sizeof subkey) {
    const Words block = encrypt_by_library(context.get(), counted(count, nonce, subkey));
    std::memcpy(out, block.data(), sizeof block);
  }
  OPENSSL_cleanse(&subkey, sizeof subkey);
}

}  // namespace

bool processor_has_aes() {
#ifdef __x86_64__
  static const bool has = __builtin_cpu_supports("aes");
  return has;
#else
  return false;
#endif
}

void derive_message_key(std::span<const std::uint8_t, 32> key,
                        std::span<const std::uint8_t, 12> nonce, std::span<std::uint8_t, 32> out,
                        AesWay way) {
  if (way == AesWay::fastest && processor_has_aes()) {
    derive_by_processor(key.data(), nonce, out.data());
  } else {
    derive_by_library(key.data(), nonce, out.data());
  }
}

}  // namespace mc::cipher
