#include "cipher/key_arena.h"

#include <string.h>  // explicit_bzero
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <algorithm>
#include <string>
#include <utility>

#include "cipher/cipher.h"
#include "cipher/swaps.h"
#include "sys/sys.h"

namespace mc::cipher {
namespace {

constexpr std::size_t kKeysMax = 1'000'000;

}  // namespace

HeldKey::HeldKey(HeldKey&& other) noexcept
    : arena_(std::exchange(other.arena_, nullptr)), bytes_(std::exchange(other.bytes_, nullptr)) {}

HeldKey& HeldKey::operator=(HeldKey&& other) noexcept {
  HeldKey taken(std::move(other));
  std::swap(arena_, taken.arena_);
  std::swap(bytes_, taken.bytes_);
  return *this;
}

HeldKey::~HeldKey() {
  if (bytes_ != nullptr) arena_->give_back(bytes_);
}

KeyView HeldKey::view() const {
  MC_CHECK(bytes_ != nullptr);
  return KeyView(bytes_, kKeyBytes);
}

std::span<std::uint8_t, kKeyBytes> HeldKey::bytes() {
  MC_CHECK(bytes_ != nullptr);
  return std::span<std::uint8_t, kKeyBytes>(bytes_, kKeyBytes);
}

Result<std::unique_ptr<KeyArena>> KeyArena::make(std::size_t keys) {
  if (keys == 0 || keys > kKeysMax) {
    return fail(Code::invalid, "an arena has 1 to " + std::to_string(kKeysMax) + " keys");
  }
  std::unique_ptr<KeyArena> out(new KeyArena);
  out->region_ = std::make_unique<sys::SecretMemory>(keys * kKeyBytes);
  out->locked_ = ::mlock(out->region_->data(), out->region_->size()) == 0;
  out->free_.reserve(keys);
  for (std::size_t i = keys; i-- > 0;) out->free_.push_back(static_cast<std::uint32_t>(i));
  return out;
}

KeyArena::~KeyArena() {
  MC_CHECK(used_ == 0);
}

Result<HeldKey> KeyArena::take() {
  const std::lock_guard lock(mutex_);
  if (free_.empty()) return fail(Code::exhausted, "all places for keys in memory are in use");
  const std::size_t slot = free_.back();
  free_.pop_back();
  ++used_;
  return HeldKey(this, region_->data() + slot * kKeyBytes);
}

void KeyArena::give_back(std::uint8_t* bytes) {
  ::explicit_bzero(bytes, kKeyBytes);
  const std::lock_guard lock(mutex_);
  free_.push_back(
      static_cast<std::uint32_t>(static_cast<std::size_t>(bytes - region_->data()) / kKeyBytes));
  --used_;
}

bool KeyArena::locked() const {
  return locked_;
}

std::size_t KeyArena::used() const {
  const std::lock_guard lock(mutex_);
  return used_;
}

bool names_swap(std::string_view swaps) {
  return std::count(swaps.begin(), swaps.end(), '\n') > 1;
}

Hardened harden_process() {
  const rlimit none = {0, 0};
  const bool limited = ::setrlimit(RLIMIT_CORE, &none) == 0;
  const bool hidden = ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
  const Result<std::string> swaps = sys::real_files()->read_all("/proc/swaps", 1 << 20);
  return {.no_dumps = limited && hidden, .swap_on = swaps && names_swap(*swaps)};
}

}  // namespace mc::cipher
