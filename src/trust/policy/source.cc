#include "policy/source.h"

#include <algorithm>

#include "policy/load.h"

namespace mc::policy {
namespace {

constexpr Nanos kAnswerTime = seconds(30);

bool is_url(std::string_view location) {
  return location.starts_with("http://") || location.starts_with("https://");
}

std::string in_channel(const SourceConfig& config) {
  constexpr std::string_view kPlace = "{channel}";
  std::string out = config.location;
  if (const std::size_t at = out.find(kPlace); at != std::string::npos) {
    out.replace(at, kPlace.size(), config.channel);
  }
  return out;
}

class FolderSource final : public BundleSource {
 public:
  FolderSource(std::string folder, sys::Files& files, std::size_t bytes_max)
      : folder_(std::move(folder)), files_(files), bytes_max_(bytes_max) {}
  Result<Fetched> fetch(const std::string& etag) override {
    MC_TRY(std::vector<archive::Entry> files, read_folder(files_, folder_, bytes_max_));
    std::string listed;
    for (const archive::Entry& file : files) {
      listed += to_hex(sys::sha256(file.bytes)) + " " + file.path + "\n";
    }
    Fetched out;
    out.etag = to_hex(sys::sha256(listed));
    out.changed = out.etag != etag;
    if (out.changed) out.files = std::move(files);
    return out;
  }
  bool is_remote() const override { return false; }

 private:
  std::string folder_;
  sys::Files& files_;
  std::size_t bytes_max_;
};

class FileSource final : public BundleSource {
 public:
  FileSource(std::string path, sys::Files& files, std::size_t bytes_max)
      : path_(std::move(path)), files_(files), bytes_max_(bytes_max) {}
  Result<Fetched> fetch(const std::string& etag) override {
    Fetched out;
    MC_TRY(out.tar_gz, files_.read_all(path_, bytes_max_));
    out.etag = to_hex(sys::sha256(out.tar_gz));
    out.changed = out.etag != etag;
    return out;
  }
  bool is_remote() const override { return false; }

 private:
  std::string path_;
  sys::Files& files_;
  std::size_t bytes_max_;
};

class HttpSource final : public BundleSource {
 public:
  HttpSource(SourceConfig config, sys::Files& files, std::unique_ptr<net::Client> client)
      : config_(std::move(config)),
        url_(in_channel(config_)),
        files_(files),
        client_(std::move(client)) {}

  Result<Fetched> fetch(const std::string& etag) override {
    net::ClientRequest request;
    request.url = url_;
    request.ca_file = config_.ca_file;
    request.timeout = kAnswerTime + config_.long_poll;
    request.response_bytes_max = config_.bytes_max;
    if (!etag.empty()) request.headers.emplace_back("If-None-Match", etag);
    std::string prefer = "modes=snapshot,delta";
    // After a failure it answers at once, so that the end of it shows.
    if (config_.long_poll.count > 0 && !failed_) {
      prefer += ";wait=" + std::to_string(to_millis(config_.long_poll) / 1'000);
    }
    request.headers.emplace_back("Prefer", prefer);
    if (!config_.token_file.empty()) {
      MC_TRY(const std::string token, files_.read_all(config_.token_file, 64 << 10));
      request.headers.emplace_back(
          "Authorization", "Bearer " + std::string(trim(token.substr(0, token.find('\n')))));
    }
    auto fetched = ask(request);
    failed_ = !fetched;
    return fetched;
  }
  bool is_remote() const override { return true; }

 private:
  Result<Fetched> ask(const net::ClientRequest& request) const {
    MC_TRY(const net::Response response, client_->fetch(request));
    return read(response);
  }

  Result<Fetched> read(const net::Response& response) const {
    Fetched out;
    for (const auto& [name, value] : response.headers) {
      if (equals_ignoring_case(name, "etag")) out.etag = value;
      // A server that held the request says so by its own media type.
      if (equals_ignoring_case(name, "content-type")) {
        out.long_polled = value.find("openpolicyagent.bundles") != std::string::npos;
      }
    }
    if (response.status == 304) return out;
    if (response.status != 200) {
      const Code code =
          response.status >= 500 || response.status == 429 ? Code::unavailable : Code::invalid;
      return fail(code, "bundle server " + url_ + ": status " + std::to_string(response.status));
    }
    out.changed = true;
    out.tar_gz = response.body;
    return out;
  }

  SourceConfig config_;
  std::string url_;
  sys::Files& files_;
  std::unique_ptr<net::Client> client_;
  bool failed_ = false;  // the last request
};

}  // namespace

Status SourceConfig::check() const {
  if (channel.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") != std::string::npos) {
    return fail(Code::invalid, "channel: letters, digits and '-' are allowed");
  }
  if (location.starts_with("http://") && !token_file.empty()) {
    return fail(Code::invalid, "token_file: a token is not sent without TLS; use https://");
  }
  if (require_pack && location.empty()) {
    return fail(Code::invalid, "require_pack: the built-in policies have no pack; set location");
  }
  return ok();
}

std::string_view location_kind(std::string_view location) {
  if (is_url(location)) return "url";
  return location.ends_with(".tar.gz") || location.ends_with(".tgz") ? "file" : "folder";
}

std::unique_ptr<BundleSource> make_source(const SourceConfig& config, sys::Files& files,
                                          std::unique_ptr<net::Client> client) {
  const std::string location = in_channel(config);
  const std::string_view kind = location_kind(location);
  if (kind == "url") return std::make_unique<HttpSource>(config, files, std::move(client));
  const auto bytes_max = static_cast<std::size_t>(config.bytes_max);
  if (kind == "file") return std::make_unique<FileSource>(location, files, bytes_max);
  return std::make_unique<FolderSource>(location, files, bytes_max);
}

}  // namespace mc::policy
