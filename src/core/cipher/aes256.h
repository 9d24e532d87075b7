// The key of one message of XAES-256-GCM (c2sp.org/XAES-256-GCM): three blocks of AES-256.
//
// By the processor's AES instructions where it has them, else by OpenSSL; both give the same. The
// key's schedule is on the stack only and is wiped. Thread-safe.
#pragma once

#include <cstdint>
#include <span>

namespace mc::cipher {

enum class AesWay : std::uint8_t { fastest, library };
bool processor_has_aes();

// Of a key and the first 12 bytes of a nonce.
void derive_message_key(std::span<const std::uint8_t, 32> key,
                        std::span<const std::uint8_t, 12> nonce, std::span<std::uint8_t, 32> out,
                        AesWay way = AesWay::fastest);

}  // namespace mc::cipher
