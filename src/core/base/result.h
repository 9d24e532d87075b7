// Result<T>: the answer or the reason there is none. Errors are values; our code never throws.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <variant>

namespace mc {

// The whole list. serve/ maps it to HTTP in one table, app/ to exit codes in another.
enum class Code : std::uint8_t {
  invalid,      // the input is wrong; the same call will never succeed
  denied,       // the caller may not
  not_found,    // no such thing, or none that this caller may know of
  conflict,     // the state has moved on (version, uniqueness, lease)
  exhausted,    // the caller's own limit; retry after `retry_after_s`
  corrupt,      // stored or received bytes fail their check
  unavailable,  // overload, time-out, a peer that is down; a write's outcome may be unknown
};

std::string_view code_name(Code code);

struct Error {
  Code code = Code::invalid;
  std::string what;  // one sentence that names the field and the limit; never a secret
  std::optional<std::int64_t> retry_after_s = std::nullopt;

  bool operator==(const Error&) const = default;
};

template <class T>
using Result = tl::expected<T, Error>;
using Status = Result<std::monostate>;

inline Status ok() {
  return Status{};
}
inline tl::unexpected<Error> fail(Code code, std::string what) {
  return tl::unexpected<Error>(Error{code, std::move(what)});
}

// Prints the failed condition and aborts. For broken invariants only, never reachable from input.
[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace mc

// On in every build.
#define MC_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::mc::check_failed(#condition, __FILE__, __LINE__))

#define MC_CAT_INNER(a, b) a##b
#define MC_CAT(a, b) MC_CAT_INNER(a, b)
#define MC_TRY_INNER(tmp, decl, ...)                                      \
  auto tmp = (__VA_ARGS__);                                               \
  if (!tmp) return ::tl::unexpected<::mc::Error>(std::move(tmp).error()); \
  decl = std::move(*tmp)
// MC_TRY(Type name, expression): unwraps a Result or returns its Error from this function.
#define MC_TRY(decl, ...) MC_TRY_INNER(MC_CAT(mc_try_, __LINE__), decl, __VA_ARGS__)
// MC_TRY_OK(expression): the same for a Status.
#define MC_TRY_OK(...)                                                                  \
  do {                                                                                  \
    auto mc_status = (__VA_ARGS__);                                                     \
    if (!mc_status) return ::tl::unexpected<::mc::Error>(std::move(mc_status).error()); \
  } while (false)
