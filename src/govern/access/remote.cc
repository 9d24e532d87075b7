#include "access/remote.h"

#include <atomic>
#include <utility>

#include "access/access.h"
#include "access/remote_answer.h"
#include "net/breaker.h"

namespace mc::access {
namespace {

constexpr std::size_t kTokenBytesMax = 64 << 10;
constexpr Nanos kTokenAge = seconds(10);  // then the file is read again
constexpr std::string_view kDataPath = "/v1/data/";
constexpr std::string_view kFlags = "?provenance=true";

std::string_view authority_of(std::string_view url) {
  const std::string_view rest = url.substr(url.find("://") + 3);
  return rest.substr(0, rest.find('/'));
}

std::string request_url(const std::string& url) {
  const std::string_view authority = authority_of(url);
  const auto path = static_cast<std::size_t>(authority.data() + authority.size() - url.data());
  std::string out = url;
  if (url.size() <= path + 1) {
    out.resize(path);
    out.append(kDataPath).append(kDecisionPath);
  }
  return out.append(kFlags);
}

Verdict denied(std::string revision) {
  Verdict out = denied_by_error();
  out.revision = std::move(revision);
  return out;
}

}  // namespace

Status RemoteConfig::check() const {
  if (!enabled()) {
    if (token_file.empty() && ca_file.empty()) return ok();
    return fail(Code::invalid, "policy.opa.url is needed for policy.opa.token_file and ca_file");
  }
  MC_TRY_OK(net::check_outbound_url("policy.opa.url", url));
  if (url.find('?') != std::string::npos) {
    return fail(Code::invalid, "policy.opa.url has a query; it ends with the path");
  }
  if (!ca_file.empty() && !url.starts_with("https://")) {
    return fail(Code::invalid, "policy.opa.ca_file belongs to an https:// url");
  }
  return ok();
}

struct Remote::State {
  State(World world_in, RemoteConfig config_in)
      : world(std::move(world_in)),
        config(std::move(config_in)),
        url(request_url(config.url)),
        pool(static_cast<std::size_t>(config.connections_max), world.make_client),
        breaker(config.failures, config.pause) {}

  Result<std::string> bearer();
  Result<net::Response> send(std::string body);
  Verdict decide(term::Arena& arena, std::string body, const Resource& resource);
  void tell(RemoteEvent::Kind kind, std::string why) { world.tell({kind, std::move(why)}); }
  void note_failure(const std::string& why);
  void note_answer(const std::string& revision);

  struct Token {
    std::string text;
    MonoTime read{INT64_MIN};
  };

  const World world;
  const RemoteConfig config;
  const std::string url;
  net::ClientPool pool;
  net::Breaker breaker;
  std::atomic<bool> is_paused = false;
  std::atomic<std::uint64_t> answered = 0, undefined = 0, error = 0, failed = 0, unasked = 0;
  Guarded<Token> token;
  Guarded<std::string> revision;
};

// Tokens are replaced while servers run; a file that is gone or empty is no token.
Result<std::string> Remote::State::bearer() {
  const MonoTime now = world.clock.mono();
  return token.with([&](Token& held) -> Result<std::string> {
    if (held.read.nanos != INT64_MIN && now - held.read < kTokenAge) return held.text;
    MC_TRY(const std::string text, world.files.read_all(config.token_file, kTokenBytesMax));
    const std::string_view line = trim(std::string_view(text).substr(0, text.find('\n')));
    if (line.empty()) return fail(Code::invalid, "policy.opa.token_file: its first line is empty");
    held = {std::string(line), now};
    return held.text;
  });
}

Result<net::Response> Remote::State::send(std::string body) {
  net::ClientRequest request;
  request.method = "POST";
  request.url = url;
  request.headers.emplace_back("Content-Type", "application/json");
  if (!config.token_file.empty()) {
    MC_TRY(const std::string text, bearer());
    request.headers.emplace_back("Authorization", "Bearer " + text);
  }
  request.body = std::move(body);
  request.timeout = config.timeout;
  request.response_bytes_max = kRemoteAnswerBytesMax;
  request.ca_file = config.ca_file;
  const MonoTime begun = world.clock.mono();
  Result<net::Response> out = pool.fetch(std::move(request));
  if (world.took) world.took(world.clock.mono() - begun);
  return out;
}

void Remote::State::note_failure(const std::string& why) {
  ++failed;
  tell(RemoteEvent::Kind::failed, why);
  breaker.failed(world.clock.mono(), why);
  std::string last;
  if (breaker.open(last) && !is_paused.exchange(true)) tell(RemoteEvent::Kind::paused, last);
}

void Remote::State::note_answer(const std::string& of) {
  breaker.succeeded();
  revision.with([&](std::string& held) { held = of; });
  if (is_paused.exchange(false)) tell(RemoteEvent::Kind::resumed, "");
}

Verdict Remote::State::decide(term::Arena& arena, std::string body, const Resource& resource) {
  Nanos wait;
  if (!breaker.allow(world.clock.mono(), wait)) {
    ++unasked;
    return denied(std::string(kRemoteRevision));
  }
  const Result<net::Response> response = send(std::move(body));
  Result<RemoteAnswer> answer = fail(Code::unavailable, "");
  if (response) answer = read_remote_answer(arena, response->status, response->body);
  if (!answer) {
    note_failure(response ? answer.error().what : response.error().what);
    return denied(std::string(kRemoteRevision));
  }
  note_answer(answer->revision);
  Result<Verdict> read = fail(Code::invalid, "the policies have no answer");
  if (!answer->error.empty()) {
    read = fail(Code::invalid, "the policies' answer: " + answer->error);
  } else if (!answer->result.is_undefined()) {
    read = read_verdict(answer->result, resource);
  }
  const bool says_nothing = answer->error.empty() && answer->result.is_undefined();
  ++(read ? answered : says_nothing ? undefined : error);
  if (!read) tell(RemoteEvent::Kind::failed, read.error().what);
  Verdict out = read ? std::move(*read) : denied_by_error();
  out.revision = std::move(answer->revision);
  out.opa_decision_id = std::move(answer->decision_id);
  return out;
}

namespace {

class RemoteDecisions final : public Decisions {
 public:
  explicit RemoteDecisions(Remote::State& state) : state_(state) {}

  term::Arena& begin() override {
    arena_.reset();
    return arena_;
  }

  Verdict decide(term::Value input, const Resource& resource) override {
    std::string body = "{\"input\":";
    term::append_json(body, input);
    body += '}';
    return state_.decide(arena_, std::move(body), resource);
  }

 private:
  Remote::State& state_;
  term::Arena arena_;
};

}  // namespace

Remote::Remote(std::unique_ptr<State> state) : state_(std::move(state)) {}
Remote::~Remote() = default;

Result<std::unique_ptr<Remote>> Remote::make(World world, RemoteConfig config) {
  MC_TRY_OK(config.check());
  auto state = std::make_unique<State>(std::move(world), std::move(config));
  if (!state->config.token_file.empty()) {
    MC_TRY([[maybe_unused]] const std::string token, state->bearer());
  }
  return std::unique_ptr<Remote>(new Remote(std::move(state)));
}

std::unique_ptr<Decisions> Remote::decisions() {
  return std::make_unique<RemoteDecisions>(*state_);
}

RemoteCounters Remote::counters() const {
  return {state_->answered, state_->undefined, state_->error, state_->failed, state_->unasked};
}

std::string Remote::revision() const {
  return state_->revision.with([](const std::string& held) { return held; });
}

std::string Remote::paused() const {
  std::string why;
  return state_->breaker.open(why) ? why : "";
}

}  // namespace mc::access
