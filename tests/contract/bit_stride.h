// How far tests that flip the bits of a proof step: each bit, with a sanitizer every eleventh.
//
// Eleven shares no divisor with 8, so the steps come by each bit of a byte. Which bits are guarded
// does not depend on the build; what a sanitizer is to find, a read of freed or foreign memory, is
// in the same code for a bit's neighbours.
#pragma once

#include <cstddef>

namespace mc {

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MC_TEST_SANITIZED 1
#endif
#endif

#ifdef MC_TEST_SANITIZED
inline constexpr std::size_t kBitStride = 11;
#else
inline constexpr std::size_t kBitStride = 1;
#endif

}  // namespace mc
