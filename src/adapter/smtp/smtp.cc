#include "smtp/smtp.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace mc::smtp {
namespace {

constexpr std::size_t kBase64Line = 76;  // RFC 2045 section 6.8
constexpr int kPermanent = 5;            // the first digit of a reply code

struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct FreeEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};

struct Upload {
  std::string_view rest;
};
std::size_t give(char* out, std::size_t size, std::size_t count, void* user) {
  auto& upload = *static_cast<Upload*>(user);
  const std::size_t length = std::min(size * count, upload.rest.size());
  std::memcpy(out, upload.rest.data(), length);
  upload.rest.remove_prefix(length);
  return length;
}

class Mailer final : public notify::Sender {
 public:
  Mailer(const SmtpConfig& config, Secret password, sys::Clock& clock)
      : config_(config), password_(std::move(password)), clock_(clock), easy_(curl_easy_init()) {}

  notify::Outcome send(const notify::Parcel& parcel) override {
    const MonoTime began = clock_.mono();
    notify::Outcome out = deliver(parcel);
    out.took = clock_.mono() - began;
    return out;
  }

 private:
  template <class T>
  void set(CURLoption option, T value) {
    curl_easy_setopt(easy_.get(), option, value);
  }

  notify::Outcome deliver(const notify::Parcel& parcel) {
    notify::Outcome out;
    if (!config_.enabled()) {
      out.error = "no mail server is configured (smtp.url)";
      return out;
    }
    if (!easy_) {
      out.error = "libcurl has no memory";
      return out;
    }
    const std::string message = message_of(parcel, config_.from, clock_.wall());
    Upload upload{message};
    std::array<char, CURL_ERROR_SIZE> why{};
    const std::unique_ptr<curl_slist, FreeList> recipients(
        curl_slist_append(nullptr, ("<" + parcel.endpoint.target + ">").c_str()));
    prepare(recipients.get(), upload, why.data());
    const CURLcode code = curl_easy_perform(easy_.get());
    long status = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
    out.status = static_cast<int>(status);
    if (code == CURLE_OK) {
      out.verdict = notify::Outcome::Verdict::delivered;
      return out;
    }
    out.error = why[0] != '\0' ? why.data() : curl_easy_strerror(code);
    // A wrong password is the operator's to put right, and no fault of the message.
    if (status / 100 == kPermanent && code != CURLE_LOGIN_DENIED) {
      out.verdict = notify::Outcome::Verdict::give_up;
    }
    return out;
  }

  void prepare(curl_slist* recipients, Upload& upload, char* why) {
    curl_easy_reset(easy_.get());
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_PROXY, "");
    set(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    set(CURLOPT_URL, config_.url.c_str());
    set(CURLOPT_USE_SSL, static_cast<long>(CURLUSESSL_ALL));
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (!config_.ca_file.empty()) set(CURLOPT_CAINFO, config_.ca_file.c_str());
    if (!config_.user.empty()) {
      set(CURLOPT_USERNAME, config_.user.c_str());
      set(CURLOPT_PASSWORD, std::string(password_.reveal(RevealToken())).c_str());
    }
    set(CURLOPT_MAIL_FROM, from_.c_str());
    set(CURLOPT_MAIL_RCPT, recipients);
    set(CURLOPT_UPLOAD, 1L);
    set(CURLOPT_READFUNCTION, give);
    set(CURLOPT_READDATA, &upload);
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(to_millis(notify::kSendTimeout)));
    set(CURLOPT_ERRORBUFFER, why);
  }

  const SmtpConfig config_;
  const Secret password_;
  const std::string from_ = "<" + config_.from + ">";
  sys::Clock& clock_;
  std::unique_ptr<CURL, FreeEasy> easy_;
};

// "Fri, 27 Nov 2026 14:00:00 +0000" of "2026-11-27T14:00:00Z".
std::string mail_date(WallTime time) {
  constexpr std::array<std::string_view, 7> kDays = {"Thu", "Fri", "Sat", "Sun",
                                                     "Mon", "Tue", "Wed"};  // of 1970-01-01 on
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::string text = format_rfc3339(time);
  const std::int64_t day = time.nanos / 1'000'000'000 / 86'400;
  const auto month = static_cast<std::size_t>((text[5] - '0') * 10 + (text[6] - '0') - 1);
  std::string out(kDays[static_cast<std::size_t>(day % 7)]);
  out.append(", ").append(text, 8, 2).append(" ").append(kMonths[month]).append(" ");
  return out.append(text, 0, 4).append(" ").append(text, 11, 8).append(" +0000");
}

std::string domain_of(const std::string& address) {
  return address.substr(address.find('@') + 1);
}

}  // namespace

Status SmtpConfig::check() const {
  if (!enabled()) return ok();
  if (!url.starts_with("smtp://") && !url.starts_with("smtps://")) {
    return fail(Code::invalid, "smtp.url must begin with smtp:// or smtps://");
  }
  const auto plain = [](char c) { return c > ' ' && c < 0x7f && c != '<' && c != '>'; };
  if (url.find('@') != std::string::npos || !std::all_of(url.begin(), url.end(), plain)) {
    return fail(Code::invalid, "smtp.url has no user, and printable characters only");
  }
  if (from.find('@') == std::string::npos || !std::all_of(from.begin(), from.end(), plain)) {
    return fail(Code::invalid, "smtp.from must be a mail address");
  }
  if (user.empty() != password.empty()) {
    return fail(Code::invalid, "smtp.user and smtp.password belong together");
  }
  return ok();
}

std::string message_of(const notify::Parcel& parcel, const std::string& from, WallTime now) {
  std::string out;
  const auto line = [&out](std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
  };
  line("From", "Maestro Conductor <" + from + ">");
  line("To", "<" + parcel.endpoint.target + ">");
  line("Subject", "[" + parcel.endpoint.tenant.get() + "] " + parcel.type);
  line("Date", mail_date(now));
  line("Message-ID", "<" + parcel.event + "." + parcel.endpoint.id + "@" + domain_of(from) + ">");
  line("Auto-Submitted", "auto-generated");  // RFC 3834: nobody's absence note answers it
  line("MIME-Version", "1.0");
  line("Content-Type", "text/plain; charset=utf-8");
  line("Content-Transfer-Encoding", "base64");
  out.append("\r\n");
  const std::string text = parcel.type + " in tenant " + parcel.endpoint.tenant.get() + "\r\n\r\n" +
                           parcel.body + "\r\n";
  const std::string body = to_base64(text);
  for (std::size_t at = 0; at < body.size(); at += kBase64Line) {
    out.append(body, at, kBase64Line).append("\r\n");
  }
  return out;
}

std::unique_ptr<notify::Sender> mail_sender(const SmtpConfig& config, Secret password,
                                            sys::Clock& clock) {
  return std::make_unique<Mailer>(config, std::move(password), clock);
}

}  // namespace mc::smtp
