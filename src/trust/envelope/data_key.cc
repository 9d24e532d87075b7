#include "envelope/data_key.h"

#include <algorithm>

#include "envelope/parts.h"

namespace mc::envelope {
namespace {

constexpr std::string_view kDomain = "mc/data-key/1";
constexpr std::size_t kNonceBytes = cipher::nonce_bytes(cipher::Suite::aes_256_gcm);
constexpr std::size_t kWrappedBytes = kNonceBytes + cipher::kKeyBytes + cipher::kTagBytes;

// One key has one use: the label is what tells those apart that come from one secret.
void derive(cipher::KeyView secret, std::string_view label, std::span<std::uint8_t> out) {
  cipher::hkdf_sha256(view_of(secret), "", label, out);
}

Result<cipher::HeldKey> derived(cipher::KeyView secret, std::string_view label,
                                cipher::KeyArena& arena) {
  MC_TRY(cipher::HeldKey key, arena.take());
  derive(secret, label, key.bytes());
  return key;
}

Commitment commitment_of(cipher::KeyView secret) {
  Commitment out;
  derive(secret, "mc/data-key/1/commitment", out);
  return out;
}

void bind(Parts& parts, const WrappedDataKey& of) {
  const char kind = static_cast<char>(of.scope.kind);
  parts.add(kDomain).add(of.scope.tenant.get()).add({&kind, 1}).add(of.scope.name);
  parts.add_number(static_cast<std::uint64_t>(of.scope.epoch)).add_number(of.id);
  parts.add_number(static_cast<std::uint64_t>(of.branch)).add(view_of(of.commitment));
}

// Writes `wrapped` of what has all else.
Status wrap(const BranchKey& branch, cipher::KeyView secret, std::string_view nonce,
            WrappedDataKey& out) {
  MC_TRY_OK(check_not_wiped(branch.wrapping()));
  Parts bound;
  bind(bound, out);
  if (bound.too_long()) return fail(Code::invalid, "scope of a data key: its names are too long");
  out.wrapped.assign(kWrappedBytes, '\0');
  nonce.copy(out.wrapped.data(), kNonceBytes);
  return cipher::seal({cipher::Suite::aes_256_gcm, branch.wrapping(), nonce, bound.bytes()},
                      view_of(secret), out.wrapped.data() + kNonceBytes);
}

Status unwrap(const BranchKey& branch, const WrappedDataKey& wrapped,
              Wiped<cipher::kKeyBytes>& out) {
  Parts bound;
  bind(bound, wrapped);
  if (wrapped.id == 0 || wrapped.wrapped.size() != kWrappedBytes || bound.too_long()) {
    return does_not_open();
  }
  const std::string_view bytes = wrapped.wrapped;
  if (!cipher::open({cipher::Suite::aes_256_gcm, branch.wrapping(), bytes.substr(0, kNonceBytes),
                     bound.bytes()},
                    bytes.substr(kNonceBytes), reinterpret_cast<char*>(out.bytes.data()))) {
    return does_not_open();
  }
  // AES-GCM does not commit: bytes can be made that open under two keys, each to another secret.
  const Commitment made = commitment_of(out.bytes);
  if (!equal_constant_time(view_of(made), view_of(wrapped.commitment))) {
    cleanse(out.bytes);
    return does_not_open();
  }
  return ok();
}

}  // namespace

std::string_view name_of(ScopeKind kind) {
  switch (kind) {
    case ScopeKind::dataset:
      return "dataset";
    case ScopeKind::subject:
      return "subject";
    case ScopeKind::object:
      return "object";
    case ScopeKind::record:
      return "record";
    case ScopeKind::index:
      return "index";
  }
  return "";
}

Result<BranchKey> BranchKey::make(cipher::KeyView root, cipher::KeyArena& arena) {
  BranchKey out;
  MC_TRY(out.wrapping_, derived(root, "mc/branch-key/1/wrapping", arena));
  derive(root, "mc/branch-key/1/commitment", out.commitment_);
  return out;
}

Result<WrappedDataKey> make_data_key(const BranchKey& branch, std::int64_t branch_version,
                                     Scope scope, sys::Random& random) {
  if (scope.epoch < 0) return fail(Code::invalid, "epoch of a data key: must not be negative");
  WrappedDataKey out;
  out.scope = std::move(scope);
  out.branch = branch_version;
  Wiped<cipher::kKeyBytes> secret;
  random.fill(secret.bytes);
  while (out.id == 0) out.id = random.next_u64();
  out.commitment = commitment_of(secret.bytes);
  std::array<std::uint8_t, kNonceBytes> nonce;
  random.fill(nonce);
  MC_TRY_OK(wrap(branch, secret.bytes, view_of(nonce), out));
  return out;
}

Result<DataKey> open_data_key(const BranchKey& branch, const WrappedDataKey& wrapped,
                              cipher::KeyArena& arena) {
  Wiped<cipher::kKeyBytes> secret;
  MC_TRY_OK(unwrap(branch, wrapped, secret));
  DataKey out;
  out.id_ = wrapped.id;
  out.commitment_ = wrapped.commitment;
  MC_TRY(out.fields_, derived(secret.bytes, "mc/data-key/1/fields", arena));
  MC_TRY(out.objects_, derived(secret.bytes, "mc/data-key/1/objects", arena));
  MC_TRY(out.indexes_, derived(secret.bytes, "mc/data-key/1/indexes", arena));
  return out;
}

Result<WrappedDataKey> rewrap_data_key(const BranchKey& from, const BranchKey& to,
                                       std::int64_t to_version, const WrappedDataKey& wrapped,
                                       sys::Random& random) {
  Wiped<cipher::kKeyBytes> secret;
  MC_TRY_OK(unwrap(from, wrapped, secret));
  WrappedDataKey out = wrapped;
  out.branch = to_version;
  std::array<std::uint8_t, kNonceBytes> nonce;
  random.fill(nonce);
  MC_TRY_OK(wrap(to, secret.bytes, view_of(nonce), out));
  return out;
}

}  // namespace mc::envelope
