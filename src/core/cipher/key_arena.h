// Memory for keys: locked against swapping, left out of core dumps, wiped in a forked child, and
// zeroed when a key is given back.
//
// One fixed region, made once, in slots of kKeyBytes; keys never move. When the system lets less be
// locked than was wanted (RLIMIT_MEMLOCK is 8 MiB as a rule) the arena works without and says so:
// `locked()`, which the caller tells people at the start. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "base/base.h"
#include "sys/secret_memory.h"

namespace mc::cipher {

class KeyArena;

// One key of 32 bytes. Moved, never copied; zeroed at its end. Outlived by its arena.
class HeldKey {
 public:
  HeldKey() = default;
  HeldKey(HeldKey&& other) noexcept;
  HeldKey& operator=(HeldKey&& other) noexcept;
  ~HeldKey();
  explicit operator bool() const { return bytes_ != nullptr; }
  // Not of an empty one.
  std::span<const std::uint8_t, 32> view() const;
  std::span<std::uint8_t, 32> bytes();  // to fill it

 private:
  friend class KeyArena;
  HeldKey(KeyArena* arena, std::uint8_t* bytes) : arena_(arena), bytes_(bytes) {}
  KeyArena* arena_ = nullptr;
  std::uint8_t* bytes_ = nullptr;
};

class KeyArena {
 public:
  // For `keys` keys, 1 to 1,000,000. `unavailable`: no memory.
  static Result<std::unique_ptr<KeyArena>> make(std::size_t keys);
  ~KeyArena();  // every key was given back
  KeyArena(const KeyArena&) = delete;
  KeyArena& operator=(const KeyArena&) = delete;

  // Zeros. `exhausted`: all are in use.
  Result<HeldKey> take();
  bool locked() const;       // all of it is
  std::size_t used() const;  // keys

 private:
  friend class HeldKey;
  KeyArena() = default;
  void give_back(std::uint8_t* bytes);

  std::unique_ptr<sys::SecretMemory> region_;
  bool locked_ = false;
  mutable std::mutex mutex_;
  std::vector<std::uint32_t> free_;  // slots
  std::size_t used_ = 0;
};

// Of this process, for its whole life: no core dumps, and no reading of its memory by others of the
// same user. Whether swap is on, which only the machine's owner can change.
struct Hardened {
  bool no_dumps = false;
  bool swap_on = false;
};
Hardened harden_process();

}  // namespace mc::cipher
