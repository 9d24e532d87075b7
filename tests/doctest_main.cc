// The main() of every unit test program.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
// What fontconfig keeps for the process, the same 17 allocations after one document or many.
extern "C" const char* __lsan_default_suppressions();   // NOLINT: the name is the sanitizer's
extern "C" const char* __lsan_default_suppressions() {  // NOLINT
  return "leak:libfontconfig\n";
}
#endif
#endif
