// A time-stamping authority elsewhere, asked over HTTP (RFC 3161 section 3.4).
//
// An answer is given on only when it is a timestamp of this signature, to this question, by that
// authority: then every verifier that trusts the authority takes it. Thread-safe; each question has
// a connection of its own, so that none waits for another. An error names the authority's address.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "net/net.h"
#include "pki/pki.h"
#include "proof/proof.h"
#include "sys/sys.h"

namespace mc::signing {

struct RemoteAuthority {
  std::string url;
  std::vector<pki::Certificate> chain;  // that of its key first, its root last
};

class RemoteTimestamps final : public proof::TimestampSource {
 public:
  using NewClient = std::function<std::unique_ptr<net::Client>()>;
  // `invalid` without a chain, or for what is no URL of HTTP.
  static Result<std::unique_ptr<RemoteTimestamps>> make(RemoteAuthority authority,
                                                        NewClient new_client, sys::Random& random);
  // Waits at most ten seconds. `unavailable` without an answer, `corrupt` for one that does not
  // hold.
  Result<std::string> stamp(std::string_view signature) override;
  // For trusted roots: from the day on which its certificate begins.
  proof::Authority trust() const;

 private:
  RemoteTimestamps(RemoteAuthority authority, NewClient new_client, sys::Random& random)
      : authority_(std::move(authority)), new_client_(std::move(new_client)), random_(random) {}
  Status check(const net::Response& response, std::string_view signature,
               std::string_view nonce) const;

  RemoteAuthority authority_;
  NewClient new_client_;
  sys::Random& random_;
};

}  // namespace mc::signing
