// Mail by SMTP (RFC 5321) through libcurl, always encrypted: STARTTLS (RFC 3207) at smtp://, TLS
// from the start at smtps://. Without TLS nothing is sent.
#pragma once

#include <memory>
#include <string>
#include <tuple>

#include "base/base.h"
#include "json/describe.h"
#include "net/net.h"
#include "notify/notify.h"
#include "sys/sys.h"

namespace mc::smtp {

struct SmtpConfig {
  std::string url;   // empty = mail is not sent
  std::string from;  // "maestro@example.org"
  std::string user;
  std::string password;
  std::string ca_file;

  bool enabled() const { return !url.empty(); }
  // `invalid` names the field.
  Status check() const;
};

// The operator chose the server, so any address of it may be reached. A reply 5xx is final, any
// other failure is tried again. The message's id is made of the event's, the same every time.
std::unique_ptr<notify::Sender> mail_sender(const SmtpConfig& config, Secret password,
                                            sys::Clock& clock);

// The message that is sent (RFC 5322), lines ended by CR LF.
std::string message_of(const notify::Parcel& parcel, const std::string& from, WallTime now);

}  // namespace mc::smtp

template <>
struct mc::json::Describe<mc::smtp::SmtpConfig> {
  using T = mc::smtp::SmtpConfig;
  static constexpr auto fields = std::tuple{
      Field{"url",
            &T::url,
            "smtp://host:587 (STARTTLS) or smtps://host:465; empty = no mail",
            {.max = 512}},
      Field{"from", &T::from, "Address that mail comes from", {.max = 254}},
      Field{"user", &T::user, "Name to sign in with; empty = not needed", {.max = 254}},
      Field{"password", &T::password, "Its password", {.secret = true}},
      Field{"ca_file", &T::ca_file, "PEM of the authority behind the server's certificate"},
  };
};
