#include "redis/link.h"

#include <hiredis/hiredis.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>

#include "redis/script.h"

namespace mc::redis {
namespace {

tl::unexpected<Error> unreachable(const char* why) {
  return fail(Code::unavailable, std::string("redis: ") + why);
}

}  // namespace

void Link::Close::operator()(redisContext* context) const {
  redisFree(context);
}

Link::Link(const Options& options, const Secret& password, int wake)
    : options_(options), password_(password), wake_(wake) {}

Link::~Link() = default;

MonoTime Link::now() {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::nanoseconds>(since).count()};
}

void Link::close() {
  context_.reset();
  answers_.reset();
  connected_ = false;
  expected_ = 0;
  hash_.clear();
}

// `unavailable` when the deadline is over, or everything is to end.
Status Link::wait_for(short events, MonoTime deadline) {
  for (;;) {
    const Nanos left = deadline - now();
    if (left <= Nanos{}) return unreachable("no answer in time");
    pollfd watched[] = {{.fd = context_->fd, .events = events, .revents = 0},
                        {.fd = wake_, .events = POLLIN, .revents = 0}};
    const timespec wait = {.tv_sec = left.count / 1'000'000'000,
                           .tv_nsec = left.count % 1'000'000'000};
    if (ppoll(watched, 2, &wait, nullptr) < 0) continue;
    if (watched[1].revents != 0) return unreachable("the program ends");
    if (watched[0].revents != 0) return ok();
  }
}

Status Link::begin() {
  close();
  begun_ = now();
  context_.reset(redisConnectNonBlock(options_.host.c_str(), options_.port));
  if (context_ == nullptr || context_->err != 0) {
    context_.reset();
    return unreachable("cannot connect");
  }
  answers_ = std::make_unique<Answers>();
  return ok();
}

Status Link::connect(MonoTime deadline) {
  if (context_ == nullptr) MC_TRY_OK(begin());
  if (connected_) return ok();
  MC_TRY_OK(wait_for(POLLOUT, deadline));
  int error = 0;
  socklen_t size = sizeof(error);
  if (getsockopt(context_->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) {
    close();
    return unreachable("cannot connect");
  }
  connected_ = true;
  if (!password_.empty()) {
    std::vector<std::string> words;
    if (!options_.user.empty()) words.push_back(options_.user);
    words.emplace_back(password_.reveal(RevealToken{}));
    const Status sent = send("AUTH", {}, std::move(words));
    MC_TRY_OK(sent);
    ++expected_;
  }
  MC_TRY_OK(send("SCRIPT", "LOAD", {std::string(share_script())}));
  ++expected_;
  return ok();
}

Status Link::sign_in(MonoTime deadline) {
  MC_TRY_OK(flush(deadline));
  while (expected_ > 0) {
    MC_TRY(const Value answer, read(deadline));
    if (expected_ == 2 && answer.type == Value::Type::error) {
      return tl::unexpected(failure_of(answer));
    }
    if (--expected_ > 0) continue;
    MC_TRY(hash_, hash_of(answer));
  }
  return ok();
}

// Into the buffer of the connection.
Status Link::send(std::string_view first, std::string_view second, std::vector<std::string> rest) {
  std::vector<const char*> words = {first.data()};
  std::vector<std::size_t> sizes = {first.size()};
  if (!second.empty()) {
    words.push_back(second.data());
    sizes.push_back(second.size());
  }
  for (const std::string& word : rest) {
    words.push_back(word.data());
    sizes.push_back(word.size());
  }
  const int done = redisAppendCommandArgv(context_.get(), static_cast<int>(words.size()),
                                          words.data(), sizes.data());
  if (first == "AUTH") wipe(rest.back());
  return done == REDIS_OK ? ok() : Status(unreachable("out of memory"));
}

Status Link::flush(MonoTime deadline) {
  for (int done = 0; done == 0;) {
    if (redisBufferWrite(context_.get(), &done) != REDIS_OK) {
      return unreachable("the connection is closed");
    }
    if (done == 0) MC_TRY_OK(wait_for(POLLOUT, deadline));
  }
  return ok();
}

Result<Value> Link::read(MonoTime deadline) {
  char bytes[16 * 1024];
  for (;;) {
    MC_TRY(std::optional<Value> value, answers_->next());
    if (value) return std::move(*value);
    MC_TRY_OK(wait_for(POLLIN, deadline));
    const ssize_t got = recv(context_->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (got <= 0) return unreachable("the connection is closed");
    MC_TRY_OK(answers_->feed({bytes, static_cast<std::size_t>(got)}));
  }
}

Result<std::vector<share::Reply>> Link::run(std::string_view node, std::span<const share::Ask> asks,
                                            MonoTime deadline) {
  const auto part = [&](std::size_t begin) {
    return asks.subspan(begin, std::min(kAsksAScript, asks.size() - begin));
  };
  for (std::size_t i = 0; i < asks.size(); i += kAsksAScript) {
    MC_TRY_OK(send("EVALSHA", hash_, script_arguments(node, part(i))));
  }
  MC_TRY_OK(flush(deadline));
  std::vector<std::vector<share::Reply>> replies;
  std::vector<std::size_t> unknown;  // parts that the server has no script for: restarted
  for (std::size_t i = 0; i < asks.size(); i += kAsksAScript) {
    MC_TRY(const Value value, read(deadline));
    if (value.type == Value::Type::error && code_of(value) == "NOSCRIPT") {
      unknown.push_back(i);
      replies.emplace_back();
      continue;
    }
    MC_TRY(auto some, replies_of(value, part(i).size()));
    replies.push_back(std::move(some));
  }
  for (const std::size_t i : unknown) {
    MC_TRY_OK(send("EVAL", share_script(), script_arguments(node, part(i))));
  }
  if (!unknown.empty()) MC_TRY_OK(flush(deadline));
  for (const std::size_t i : unknown) {
    MC_TRY(const Value value, read(deadline));
    MC_TRY(replies[i / kAsksAScript], replies_of(value, part(i).size()));
  }
  std::vector<share::Reply> out;
  out.reserve(asks.size());
  for (const auto& some : replies) out.insert(out.end(), some.begin(), some.end());
  return out;
}

Result<std::vector<share::Reply>> Link::ask(std::string_view node, std::span<const share::Ask> asks,
                                            MonoTime deadline) {
  if (hash_.empty()) {
    Status ready = connect(deadline);
    if (ready) ready = sign_in(deadline);
    if (!ready) {
      // Far servers need more than one ask's time to sign in.
      const bool goes_on = ready.error().code == Code::unavailable && context_ != nullptr &&
                           now() >= deadline && now() - begun_ < options_.connect_timeout;
      if (!goes_on) close();
      return tl::unexpected(std::move(ready).error());
    }
  }
  auto replies = run(node, asks, deadline);
  if (!replies) close();
  return replies;
}

}  // namespace mc::redis
