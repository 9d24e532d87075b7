// Whether certificates form a chain (x509.h), by OpenSSL; usages and host names by Go's rules.
#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <memory>

#include "builtin/civil.h"
#include "builtin/x509.h"

namespace mc::builtin {
namespace {

struct Freed {
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(X509_STORE* store) const { X509_STORE_free(store); }
  void operator()(X509_STORE_CTX* context) const { X509_STORE_CTX_free(context); }
  void operator()(STACK_OF(X509) * stack) const { sk_X509_free(stack); }
};
template <class T>
using Owned = std::unique_ptr<T, Freed>;

constexpr std::size_t kChainMax = 100;

Owned<X509> open_certificate(std::string_view der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  return Owned<X509>(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
}

// crypto/x509 accepts neither MD5 nor SHA-1 in a signature.
bool has_strong_signature(const Certificate& certificate) {
  const Value algorithm = certificate.value.find("SignatureAlgorithm");
  const std::int64_t code = algorithm.is_small() ? algorithm.small() : 0;
  return code >= 4 && code != 7 && code != 9;
}

bool matches_host(std::string_view pattern, std::string_view host) {
  if (pattern.empty() || pattern.ends_with('.')) return false;
  if (host.ends_with('.')) host.remove_suffix(1);
  if (!pattern.starts_with("*.")) return equals_ignoring_case(pattern, host);
  const std::size_t dot = host.find('.');
  return dot != std::string_view::npos && dot > 0 &&
         equals_ignoring_case(pattern.substr(1), host.substr(dot));
}

bool names_host(const Certificate& leaf, std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const auto is_it = [host](Value name) { return matches_host(name.text(), host); };
  const auto is_address = [host](Value address) { return address.text() == host; };
  return std::any_of(leaf.names.dns.begin(), leaf.names.dns.end(), is_it) ||
         std::any_of(leaf.names.addresses.begin(), leaf.names.addresses.end(), is_address);
}

bool allows(const Certificate& certificate, int usage) {
  const Value known = certificate.value.find("ExtKeyUsage");
  const Value unknown = certificate.value.find("UnknownExtKeyUsage");
  if (!known.is_array() && !unknown.is_array()) return true;  // no extension, no restriction
  return known.is_array() &&
         std::any_of(known.items().begin(), known.items().end(),
                     [usage](Value item) { return item.small() == usage || item.small() == 0; });
}

bool chain_allows(const std::vector<Certificate>& certificates,
                  const std::vector<std::size_t>& chain, const std::vector<int>& usages) {
  return std::any_of(usages.begin(), usages.end(), [&](int usage) {
    return usage == 0 || std::all_of(chain.begin(), chain.end(), [&](std::size_t place) {
             return allows(certificates[place], usage);
           });
  });
}

std::size_t place_of(const std::vector<Owned<X509>>& opened, const X509* wanted) {
  for (std::size_t i = 0; i < opened.size(); ++i) {
    if (X509_cmp(opened[i].get(), wanted) == 0) return i;
  }
  return opened.size();
}

std::vector<std::size_t> built_chain(const std::vector<Owned<X509>>& opened, WallTime at) {
  const Owned<X509_STORE> store(X509_STORE_new());
  const Owned<X509_STORE_CTX> context(X509_STORE_CTX_new());
  const Owned<STACK_OF(X509)> between(sk_X509_new_null());
  if (!store || !context || !between) return {};
  X509_STORE_add_cert(store.get(), opened.front().get());
  for (std::size_t i = 1; i + 1 < opened.size(); ++i) {
    sk_X509_push(between.get(), opened[i].get());
  }
  if (X509_STORE_CTX_init(context.get(), store.get(), opened.back().get(), between.get()) != 1) {
    return {};
  }
  // The first certificate is trusted because it is the first, signed by itself or not.
  X509_STORE_CTX_set_flags(context.get(), X509_V_FLAG_PARTIAL_CHAIN);
  X509_STORE_CTX_set_time(context.get(), 0, floor_divide(at.nanos, std::int64_t{1'000'000'000}));
  X509_VERIFY_PARAM_set_auth_level(X509_STORE_CTX_get0_param(context.get()), 1);
  std::vector<std::size_t> out;
  if (X509_verify_cert(context.get()) == 1) {
    const STACK_OF(X509)* const chain = X509_STORE_CTX_get0_chain(context.get());
    for (int i = 0; i < sk_X509_num(chain); ++i) {
      out.push_back(place_of(opened, sk_X509_value(chain, i)));
    }
  }
  ERR_clear_error();
  return out;
}

}  // namespace

std::vector<std::size_t> verified_chain(const std::vector<Certificate>& certificates,
                                        const ChainOptions& options) {
  if (certificates.size() < 2 || certificates.size() > kChainMax) return {};
  std::vector<Owned<X509>> opened;
  for (const Certificate& certificate : certificates) {
    opened.push_back(open_certificate(certificate.der));
    if (!opened.back()) {
      ERR_clear_error();
      return {};
    }
  }
  if (!options.dns_name.empty() && !names_host(certificates.back(), options.dns_name)) return {};
  std::vector<std::size_t> chain = built_chain(opened, options.at);
  if (chain.empty()) return {};
  for (std::size_t i = 0; i + 1 < chain.size(); ++i) {  // nobody checks the signature of a root
    if (!has_strong_signature(certificates[chain[i]])) return {};
  }
  if (!chain_allows(certificates, chain, options.key_usages)) return {};
  return chain;
}

}  // namespace mc::builtin
