// Decisions of an OPA server elsewhere, for who runs one already (OPA docs, "REST API", Data API).
//
// POST url?provenance=true with {"input": ...}, the document that policies of this process would
// see; {"result": ...} is their answer. It blocks, at most RemoteConfig::timeout: never for an
// event loop.
//
// Fails closed. A missing result, no answer in time, another status, no JSON, too much or too deep
// of it, a verdict of another shape: all deny with the reason "policy-error". After
// RemoteConfig::failures in a row without an answer of the policies, nothing is asked but one trial
// a pause, and the rest is denied at once. An error of an evaluation (eval_...) is an answer; an
// input that takes longer than the timeout is a failure, so enough of them shut out the others.
//
// Redirects are not followed. Neither inputs nor the token are in errors.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "access/decisions.h"
#include "base/base.h"
#include "net/client_pool.h"
#include "sys/sys.h"

namespace mc::access {

inline constexpr std::size_t kRemoteAnswerBytesMax = 1 << 20;
inline constexpr int kRemoteAnswerDepthMax = 32;
inline constexpr std::size_t kRemoteNameBytesMax = 256;  // of a revision, and of OPA's decision id
inline constexpr std::string_view kRemoteRevision = "opa";  // of an answer that names none

struct RemoteConfig {
  // https://, or http:// on this machine's loopback; without a path that of the decision. "" = the
  // policies of this process decide.
  std::string url = {};
  Nanos timeout = millis(100);  // of a decision, the wait for a connection included
  std::string token_file = {};  // its first line is sent as a bearer token
  std::string ca_file = {};     // PEM; "" = the system's
  std::int64_t failures = 5;    // in a row, after which it is not asked
  Nanos pause = seconds(5);     // then one trial
  std::int64_t connections_max = 64;
  bool enabled() const { return !url.empty(); }
  Status check() const;
};

struct RemoteEvent {
  enum class Kind : std::uint8_t {
    failed,  // a decision, but for those that were not asked for
    paused,  // from now on nothing is asked but one trial a pause
    resumed,
  } kind = Kind::failed;
  std::string why;  // of the failure
};

// By what became of them.
struct RemoteCounters {
  std::uint64_t answered = 0;
  std::uint64_t undefined = 0;  // the policies say nothing
  std::uint64_t error = 0;      // of the evaluation, or a verdict of another shape
  std::uint64_t failed = 0;     // no answer of the policies
  std::uint64_t unasked = 0;    // during a pause
};

// One for a process; thread-safe.
class Remote {
 public:
  struct World {
    sys::Clock& clock;
    sys::Files& files;
    net::ClientPool::Make make_client;
    std::function<void(const RemoteEvent& event)> tell;
    std::function<void(Nanos took)> took = nullptr;  // of a request; null = nobody wants to know
  };
  // The first line of the token's file could not be read, or config.check() says why.
  static Result<std::unique_ptr<Remote>> make(World world, RemoteConfig config);
  ~Remote();

  // For one thread; this outlives it.
  std::unique_ptr<Decisions> decisions();
  RemoteCounters counters() const;
  std::string revision() const;  // of the last answer; "" = none came yet
  // Why nothing is asked for the moment; "" = it is asked.
  std::string paused() const;

  struct State;  // remote.cc

 private:
  explicit Remote(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace mc::access
