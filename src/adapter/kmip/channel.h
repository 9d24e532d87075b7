// A connection to a KMIP server: one exchange of messages after the other. Tests have one that
// answers by itself.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/base.h"
#include "kmip/binding.h"
#include "kms/kms.h"

namespace mc::kmip {

// One thread at a time. Connects at the first exchange; after an error it is of no more use.
class Channel {
 public:
  virtual ~Channel() = default;
  // The bytes of one whole reply, at most kMessageBytesMax. `unavailable`: none by the deadline, or
  // a credential that cannot be read; `denied`: the server refuses the certificate; `corrupt`: what
  // came is no message.
  virtual Result<std::string> exchange(const std::string& request, MonoTime deadline) = 0;
};
using Open = std::function<std::unique_ptr<Channel>()>;

// By TLS. Both outlive it.
std::unique_ptr<Channel> tls_channel(const Binding& binding, const kms::ProviderWorld& world);

// What an alert that the server sends (RFC 8446, section 6.2) says of the client; -1 is none.
Code code_of_alert(int description);

std::unique_ptr<kms::Provider> make_provider(Binding binding, const kms::ProviderWorld& world,
                                             Open open);

}  // namespace mc::kmip
