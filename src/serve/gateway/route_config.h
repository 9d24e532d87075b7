// What an operator may set about one guarded endpoint. Described for config/, limits included.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "base/base.h"
#include "dataset/dataset.h"
#include "json/describe.h"

namespace mc::gateway {

// open: any document. audit: any, but unregistered ones are counted and logged. allow_list: only
// registered documents run.
enum class DocumentMode : std::uint8_t { open, audit, allow_list };

enum class RouteKind : std::uint8_t { datasets, upstream };

// A field of an upstream's schema that policies may mask: a column of the route's resource.
struct FieldConfig {
  std::string field;  // "Person.email"
  dataset::Sensitivity sensitivity = dataset::Sensitivity::personal;
  std::string licence_class;
  bool quasi_identifier = false;
  // "Query.people.email": arguments that find, order or group by its values.
  std::vector<std::string> arguments;
};

struct RouteConfig {
  std::string path = "/graphql";
  RouteKind kind = RouteKind::datasets;
  std::string url;                  // upstream: http://host:port/path
  std::string schema_file;          // upstream: SDL; empty = documents are not validated here
  std::vector<FieldConfig> fields;  // upstream with schema_file
  std::string health_path;          // upstream: GET must answer 2xx; empty = no active check
  DocumentMode documents = DocumentMode::open;
  std::string documents_file;  // JSON object: "sha256:<hex>" -> document text
  Nanos timeout = seconds(10);
  std::int64_t response_bytes_max = 64 << 20;
  std::int64_t list_size = 100;  // for costs
};

}  // namespace mc::gateway

template <>
struct mc::json::Describe<mc::gateway::DocumentMode> {
  using E = mc::gateway::DocumentMode;
  static constexpr auto names =
      std::array{Name{"open", E::open}, Name{"audit", E::audit}, Name{"allow-list", E::allow_list}};
};

template <>
struct mc::json::Describe<mc::gateway::RouteKind> {
  using E = mc::gateway::RouteKind;
  static constexpr auto names =
      std::array{Name{"datasets", E::datasets}, Name{"upstream", E::upstream}};
};

template <>
struct mc::json::Describe<mc::dataset::Sensitivity> {
  using E = mc::dataset::Sensitivity;
  static constexpr auto names = std::array{
      Name{"public", E::public_}, Name{"internal", E::internal}, Name{"personal", E::personal},
      Name{"sensitive", E::sensitive}, Name{"secret", E::secret}};
};

template <>
struct mc::json::Describe<mc::gateway::FieldConfig> {
  using T = mc::gateway::FieldConfig;
  static constexpr auto fields = std::tuple{
      Field{"field",
            &T::field,
            "Field of the upstream's schema: Type.field",
            {.min = 1, .max = 256, .required = true}},
      Field{"sensitivity", &T::sensitivity, "What policies mask it by", {.required = true}},
      Field{"licence_class", &T::licence_class, "Licence class, for policies", {.max = 128}},
      Field{"quasi_identifier", &T::quasi_identifier, "Tells people apart along with others"},
      Field{"arguments",
            &T::arguments,
            "Arguments that find, order or group by its values: Type.field.argument; refused while "
            "it is masked",
            {.max = 64}},
  };
};

template <>
struct mc::json::Describe<mc::gateway::RouteConfig> {
  using T = mc::gateway::RouteConfig;
  static constexpr auto fields = std::tuple{
      Field{"path", &T::path, "URL path that clients send operations to", {.min = 1, .max = 256}},
      Field{"kind", &T::kind, "Where operations are answered: own datasets or an upstream server"},
      Field{"url", &T::url, "Upstream GraphQL endpoint, http://host:port/path"},
      Field{"schema_file", &T::schema_file,
            "SDL of the upstream; empty = validation is left to it"},
      Field{"fields",
            &T::fields,
            "Fields of the upstream that policies may mask; needs schema_file",
            {.max = 512}},
      Field{"health_path", &T::health_path, "Upstream path whose GET must answer 2xx; empty = off"},
      Field{"documents", &T::documents, "Which documents may run"},
      Field{"documents_file", &T::documents_file,
            "JSON object of registered documents: sha256:<hex> to text"},
      Field{"timeout",
            &T::timeout,
            "Whole-request deadline",
            {.min = mc::millis(1), .max = mc::seconds(600)}},
      Field{"response_bytes_max",
            &T::response_bytes_max,
            "Bytes of one reply",
            {.min = 1024, .max = std::int64_t{4} << 30}},
      Field{"list_size",
            &T::list_size,
            "How long a list is taken for in costs when the schema does not say",
            {.min = 1, .max = 1'000'000'000}},
  };
};
