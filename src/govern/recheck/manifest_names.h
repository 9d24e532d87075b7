// What the choices of a manifest are called in JSON; include manifest.h.
#pragma once

#include "recheck/manifest.h"

namespace mc::json {

template <>
struct Describe<recheck::Role> {
  static constexpr auto names = std::array{
      Name{"quasi-identifier", recheck::Role::quasi_identifier},
      Name{"sensitive", recheck::Role::sensitive}, Name{"insensitive", recheck::Role::insensitive}};
};

template <>
struct Describe<recheck::Distance> {
  static constexpr auto names = std::array{Name{"equal", recheck::Distance::equal},
                                           Name{"hierarchical", recheck::Distance::hierarchical},
                                           Name{"ordered", recheck::Distance::ordered}};
};

template <>
struct Describe<recheck::CriterionKind> {
  static constexpr auto names =
      std::array{Name{"k-anonymity", recheck::CriterionKind::k_anonymity},
                 Name{"k-map", recheck::CriterionKind::k_map},
                 Name{"distinct-l", recheck::CriterionKind::distinct_l},
                 Name{"entropy-l", recheck::CriterionKind::entropy_l},
                 Name{"recursive-l", recheck::CriterionKind::recursive_l},
                 Name{"t-closeness", recheck::CriterionKind::t_closeness},
                 Name{"delta-presence", recheck::CriterionKind::delta_presence}};
};

template <>
struct Describe<recheck::SuppressionForm> {
  static constexpr auto names = std::array{Name{"dropped", recheck::SuppressionForm::dropped},
                                           Name{"starred", recheck::SuppressionForm::starred}};
};

template <>
struct Describe<recheck::RecodingKind> {
  static constexpr auto names = std::array{Name{"full-domain", recheck::RecodingKind::full_domain},
                                           Name{"local", recheck::RecodingKind::local}};
};

}  // namespace mc::json
