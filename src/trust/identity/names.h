// Roles and scopes: their names, and small sets of them. Part of identity.h.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/base.h"

namespace mc::identity {

// Overview section 6. An auditor is read-only whatever scopes its token has.
enum class Role : std::uint8_t { operator_, oncall, tenant_admin, analyst, dpo, platform, auditor };
std::string_view role_name(Role role);
Result<Role> parse_role(std::string_view name);

enum class Scope : std::uint8_t {
  query,
  mutate,
  introspect,
  admin_read,
  admin_write,
  metrics,
  alerts,      // tell this server of alerts, as an Alertmanager does
  signatures,  // put signatures into its log, have them time-stamped
};
std::string_view scope_name(Scope scope);
Result<Scope> parse_scope(std::string_view name);

// A small set of an enum with at most 32 values.
template <class E>
class Flags {
 public:
  Flags() = default;
  Flags(std::initializer_list<E> values) {
    for (const E value : values) add(value);
  }
  void add(E value) { bits_ |= bit(value); }
  bool has(E value) const { return (bits_ & bit(value)) != 0; }
  bool empty() const { return bits_ == 0; }
  bool operator==(const Flags&) const = default;

 private:
  static std::uint32_t bit(E value) { return 1U << static_cast<unsigned>(value); }
  std::uint32_t bits_ = 0;
};
std::string join(const Flags<Role>& roles);  // "analyst,dpo", in declaration order
std::string join(const Flags<Scope>& scopes);
Result<Flags<Role>> parse_roles(std::string_view text);  // comma separated, not empty
Result<Flags<Scope>> parse_scopes(std::string_view text);

}  // namespace mc::identity
