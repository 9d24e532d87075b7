#include "smtp/smtp.h"

#include <doctest/doctest.h>

#include "sim/sim.h"

namespace mc::smtp {
namespace {

notify::Parcel parcel() {
  notify::Parcel out;
  out.endpoint.tenant = TenantId("alpha");
  out.endpoint.id = "nep_1";
  out.endpoint.kind = notify::Kind::mail;
  out.endpoint.target = "ops@example.org";
  out.event = "evt_1";
  out.type = "mc.token.created";
  out.body = "{\"specversion\":\"1.0\"}";
  return out;
}

TEST_CASE("smtp: the message, and the same id for the same event and receiver") {
  // 2026-11-27T14:05:09Z
  const std::string text = message_of(parcel(), "mc@example.com", {1'795'788'309'000'000'000});
  CHECK(text ==
        "From: Maestro Conductor <mc@example.com>\r\n"
        "To: <ops@example.org>\r\n"
        "Subject: [alpha] mc.token.created\r\n"
        "Date: Fri, 27 Nov 2026 14:05:09 +0000\r\n"
        "Message-ID: <evt_1.nep_1@example.com>\r\n"
        "Auto-Submitted: auto-generated\r\n"
        "MIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: base64\r\n"
        "\r\n"
        "bWMudG9rZW4uY3JlYXRlZCBpbiB0ZW5hbnQgYWxwaGENCg0KeyJzcGVjdmVyc2lvbiI6IjEuMCJ9\r\n"
        "DQo=\r\n");
}

TEST_CASE("smtp: what the configuration must say") {
  SmtpConfig config;
  CHECK(config.check().has_value());
  config = {"smtp://mail.example.org:587", "mc@example.org", "", "", ""};
  CHECK(config.check().has_value());
  config.url = "smtps://mail.example.org";
  CHECK(config.check().has_value());
  for (const char* url : {"http://mail.example.org", "smtp://user:secret@mail.example.org",
                          "smtp://mail example", "mail.example.org"}) {
    CAPTURE(url);
    config.url = url;
    CHECK(config.check().error().what.find("smtp.url") != std::string::npos);
  }
  config.url = "smtp://mail.example.org";
  for (const char* from : {"", "mc", "mc@example.org>\r\nBcc: <a@b"}) {
    config.from = from;
    CHECK(config.check().error().what.find("smtp.from") != std::string::npos);
  }
  config.from = "mc@example.org";
  config.user = "mc";
  CHECK(config.check().error().what.find("smtp.password") != std::string::npos);
}

TEST_CASE("smtp: without a server mail waits, and nothing that is not encrypted is sent") {
  sim::SimClock clock;
  auto sender = mail_sender({}, Secret(), clock);
  notify::Outcome outcome = sender->send(parcel());
  CHECK(outcome.verdict == notify::Outcome::Verdict::again);
  CHECK(outcome.error.find("smtp.url") != std::string::npos);
  // Nobody listens at the discard port of loopback.
  SmtpConfig config;
  config.url = "smtp://127.0.0.1:9";
  config.from = "mc@example.org";
  sender = mail_sender(config, Secret(), clock);
  outcome = sender->send(parcel());
  CHECK(outcome.verdict == notify::Outcome::Verdict::again);
  CHECK(outcome.status == 0);
  CHECK(!outcome.error.empty());
}

}  // namespace
}  // namespace mc::smtp
