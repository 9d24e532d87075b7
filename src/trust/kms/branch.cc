#include "kms/branch.h"

#include <algorithm>
#include <utility>

#include "kms/parts.h"

namespace mc::kms {
namespace {

constexpr std::string_view kDomain = "mc/branch/1";
constexpr std::size_t kDigestBytes = 32;
constexpr std::size_t kPayloadBytes = cipher::kKeyBytes + kDigestBytes;
static_assert(kPayloadBytes <= kSecretBytesMax);

tl::unexpected<Error> bad(const Provider& provider, Code code, std::string_view why) {
  return fail(code, std::string(provider.kind()) + ": branch key: " + std::string(why));
}

}  // namespace

Status check_context(const Context& context) {
  if (context.empty() || context.size() > kContextPairsMax) {
    return fail(Code::invalid, "context: must have 1 to 8 pairs");
  }
  for (const auto& [name, value] : context) {
    const auto fits = [](const std::string& part) {
      return !part.empty() && part.size() <= kContextPartBytesMax;
    };
    if (!fits(name) || !fits(value)) {
      return fail(Code::invalid, "context: names and values must have 1 to 256 bytes");
    }
  }
  return ok();
}

std::string canonical_context(const Context& context) {
  std::string out;
  append_part(out, kDomain);
  for (const auto& [name, value] : context) {
    append_part(out, name);
    append_part(out, value);
  }
  return out;
}

Result<Wrapped> wrap_branch(Provider& provider, cipher::KeyView key, const Context& context,
                            MonoTime deadline) {
  MC_TRY_OK(check_context(context));
  std::string payload;
  payload.reserve(kPayloadBytes);  // so that it never moves
  payload.append(reinterpret_cast<const char*>(key.data()), key.size());
  payload += sys::sha256(canonical_context(context));
  const Secret secret(std::move(payload));
  MC_TRY(Wrapped wrapped, provider.wrap(secret, context, deadline));
  if (wrapped.bytes.empty() || wrapped.bytes.size() > kWrappedBytesMax) {
    return bad(provider, Code::corrupt, "what came back has no bytes, or more than 4096");
  }
  return wrapped;
}

Result<cipher::HeldKey> unwrap_branch(Provider& provider, const Wrapped& wrapped,
                                      const Context& context, cipher::KeyArena& arena,
                                      MonoTime deadline) {
  MC_TRY_OK(check_context(context));
  if (wrapped.bytes.empty() || wrapped.bytes.size() > kWrappedBytesMax) {
    return bad(provider, Code::corrupt, "what is wrapped has no bytes, or more than 4096");
  }
  MC_TRY(cipher::HeldKey held, arena.take());
  MC_TRY(const Secret secret, provider.unwrap(wrapped, context, deadline));
  const std::string_view payload = secret.reveal(RevealToken());
  if (payload.size() != kPayloadBytes) {
    return bad(provider, Code::corrupt, "what opens has another length");
  }
  const std::string digest = sys::sha256(canonical_context(context));
  if (!equal_constant_time(payload.substr(cipher::kKeyBytes), digest)) {
    return bad(provider, Code::corrupt, "what opens is bound to something else");
  }
  std::ranges::copy(payload.substr(0, cipher::kKeyBytes), held.bytes().begin());
  return held;
}

}  // namespace mc::kms
