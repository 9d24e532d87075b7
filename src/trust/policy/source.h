// Where bundles come from: a folder, a file, or an HTTP server (OPA docs, "Bundle Service API":
// ETag and If-None-Match, long polling by Prefer: wait=N). fetch() blocks; for a maintenance
// thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "archive/archive.h"
#include "json/describe.h"
#include "net/net.h"
#include "sys/sys.h"

namespace mc::policy {

// What decides when the policies in use have expired and nothing newer is there.
enum class Expired : std::uint8_t { serve, deny };

struct SourceConfig {
  // A folder, a file (.tar.gz), or a URL; "{channel}" in it is replaced. "" = the built-in
  // policies.
  std::string location;
  std::string channel = "prod";
  std::string token_file;        // its first line is sent as a bearer token
  std::string ca_file;           // PEM; "" = the system's
  Nanos poll = seconds(60);      // between two looks; of a server, with a tenth of jitter
  Nanos long_poll = seconds(0);  // how long a server may hold an answer; 0 = it answers at once
  std::int64_t bytes_max = 64 << 20;
  bool require_pack = false;  // docs/formats/policy-pack.md
  Expired expired = Expired::serve;
  Status check() const;
};

struct Fetched {
  bool changed = false;               // false: as it was at the last fetch
  std::string tar_gz;                 // of a file or a server
  std::vector<archive::Entry> files;  // of a folder
  std::string etag;
  bool long_polled = false;  // the server held the request: ask again at once
};

class BundleSource {
 public:
  virtual ~BundleSource() = default;
  // `etag` of what is in use, "" = nothing. Errors: `unavailable` when nobody answers, `invalid`
  // for an answer that cannot be a bundle (status, type, size); they name the location.
  virtual Result<Fetched> fetch(const std::string& etag) = 0;
  virtual bool is_remote() const = 0;
};

// "folder", "file" or "url": what make_source() takes a location for.
std::string_view location_kind(std::string_view location);

// The client outlives the source.
std::unique_ptr<BundleSource> make_source(const SourceConfig& config, sys::Files& files,
                                          std::unique_ptr<net::Client> client);

}  // namespace mc::policy

template <>
struct mc::json::Describe<mc::policy::Expired> {
  static constexpr auto names = std::array{Name{"serve", mc::policy::Expired::serve},
                                           Name{"deny", mc::policy::Expired::deny}};
};

template <>
struct mc::json::Describe<mc::policy::SourceConfig> {
  using T = mc::policy::SourceConfig;
  static constexpr auto fields = std::tuple{
      Field{"location", &T::location,
            "Folder, file (.tar.gz) or URL of the policy bundle; empty = the built-in policies"},
      Field{"channel",
            &T::channel,
            "dev, staging, prod: replaces {channel} in the location; what a bundle's pack must be "
            "for",
            {.min = 1, .max = 32}},
      Field{"token_file", &T::token_file, "File with the bearer token for the bundle server"},
      Field{"ca_file", &T::ca_file, "PEM with the CA of the bundle server; empty = the system's"},
      Field{"poll",
            &T::poll,
            "Between two looks for a new bundle",
            {.min = mc::millis(100), .max = mc::seconds(86'400)}},
      Field{"long_poll",
            &T::long_poll,
            "How long the server may hold an answer; 0 = not at all",
            {.min = mc::seconds(0), .max = mc::seconds(600)}},
      Field{"bytes_max", &T::bytes_max, "Bytes of a bundle", {.min = 1024, .max = 1 << 30}},
      Field{"require_pack", &T::require_pack,
            "Refuse bundles without policies/ig.bundle, the proof of what is in them"},
      Field{
          "expired", &T::expired,
          "When the policies in use have expired: serve goes on with them, deny denies everything"},
  };
};
