// A resolver for tests: every value follows from a seed, the path and the arguments, so that a
// twin in another language gives the same ones (tests/oracle/graphql/random_resolver.mjs). It
// returns nulls, errors, wrong kinds and wrong types on purpose.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "graphql/execute.h"
#include "json/json.h"

namespace mc::graphql {

class RandomResolver final : public Resolver {
 public:
  RandomResolver(const Schema& schema, std::uint32_t seed) : schema_(schema), seed_(seed) {}

  void resolve(const FieldCall& call, std::span<const Object> parents,
               std::span<Datum> out) override {
    const std::string name = call.field.name + json::print(call.arguments);
    for (std::size_t i = 0; i < parents.size(); ++i) {
      const bool is_root = parents[i].data == nullptr;
      const auto parent = is_root ? seed_ : static_cast<std::uint32_t>(parents[i].index);
      out[i] = value(call, call.field.type, hash(parent, name));
    }
  }

 private:
  // FNV-1a over the text, from a state that depends on `from`.
  static std::uint32_t hash(std::uint32_t from, std::string_view text) {
    std::uint32_t h = 2166136261u ^ from;
    for (char c : text) h = (h ^ static_cast<unsigned char>(c)) * 16777619u;
    return mix(h, 0);
  }
  static std::uint32_t mix(std::uint32_t h, std::uint32_t index) {
    h ^= index * 0x9e3779b1u;
    h = (h ^ (h >> 16)) * 0x85ebca6bu;
    h = (h ^ (h >> 13)) * 0xc2b2ae35u;
    return h ^ (h >> 16);
  }

  Datum value(const FieldCall& call, TypeRef type, std::uint32_t h) const {
    if (h % 29 == 0) return Datum::of_error(call.arena.keep("boom " + std::to_string(h)));
    if (mix(h, 1) % (type.is_non_null() ? 41 : 7) == 0) return {};
    type = type.nullable();
    if (!type.is_list()) return named(call, schema_.type(type.named), h);
    if (h % 53 == 1) return Datum::of_bool(true);
    const std::uint32_t count = mix(h, 2) % 4;
    Datum* items = call.arena.array<Datum>(count);
    for (std::uint32_t i = 0; i < count; ++i) items[i] = value(call, type.inner(), mix(h, i + 3));
    return Datum::of_list(items, count);
  }

  Datum named(const FieldCall& call, const TypeDef& type, std::uint32_t h) const {
    const std::uint32_t pick = mix(h, 100);
    if (type.is_composite()) {
      const TypeDef* object = &type;
      if (type.is_abstract()) object = concrete(type, pick);
      return Datum::of_object({object == nullptr ? kNoType : object->id, this, h});
    }
    if (type.kind == NamedKind::enum_) {
      if (pick % 17 == 0) return Datum::of_text("NOT_A_VALUE");
      return Datum::of_text(type.enum_values[pick % type.enum_values.size()].name);
    }
    return leaf(call, type, pick);
  }

  // Rarely none at all or an object type that does not belong here.
  const TypeDef* concrete(const TypeDef& type, std::uint32_t pick) const {
    if (pick % 23 == 0 || type.possible.empty()) return nullptr;
    if (pick % 23 == 1) return schema_.root(OperationKind::query);
    const TypeDef* least = nullptr;  // by rank of a hash of the name, which needs no order
    std::uint32_t least_rank = 0;
    for (TypeId id : type.possible) {
      const TypeDef& candidate = schema_.type(id);
      const std::uint32_t rank = hash(pick, candidate.name);
      if (least != nullptr && rank >= least_rank) continue;
      least = &candidate;
      least_rank = rank;
    }
    return least;
  }

  static Datum leaf(const FieldCall& call, const TypeDef& type, std::uint32_t pick) {
    const bool is_odd = pick % 11 == 0;
    const std::uint32_t number = mix(pick, 200);
    const auto digits = [&] { return call.arena.keep(std::to_string(number)); };
    if (is_odd) {
      // Infinity in a custom scalar is an error here and null there.
      switch (number % (type.built_in ? 7 : 4)) {
        case 0:
          return Datum::of_bool(true);
        case 1:
          return Datum::of_int(3'000'000'000);
        case 2:
          return Datum::of_real(0.5 + number % 1000);
        case 3:
          return Datum::of_text("text \"quoted\"\n\xC3\xA9");
        case 4:
          return Datum::of_real(std::numeric_limits<double>::infinity());
        case 5:
          return Datum::of_text(digits());
        default:
          return Datum::of_real(-1e21);
      }
    }
    if (type.name == "Int") return Datum::of_int(static_cast<std::int32_t>(number));
    if (type.name == "Float") return Datum::of_real(static_cast<double>(number) / 8.0);
    if (type.name == "Boolean") return Datum::of_bool(number % 2 == 1);
    return number % 3 == 0 ? Datum::of_int(number) : Datum::of_text(digits());
  }

  const Schema& schema_;
  std::uint32_t seed_;
};

}  // namespace mc::graphql
