// One connection to a server, of one thread. What it is told to do it does until a deadline.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "redis/answer.h"
#include "redis/redis.h"
#include "share/store.h"

struct redisContext;

namespace mc::redis {

class Link {
 public:
  // `wake` is a descriptor that can be read when everything is to end.
  Link(const Options& options, const Secret& password, int wake);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  // After a failure the connection is closed, unless it was still being made.
  Result<std::vector<share::Reply>> ask(std::string_view node, std::span<const share::Ask> asks,
                                        MonoTime deadline);
  static MonoTime now();

 private:
  struct Close {
    void operator()(redisContext* context) const;
  };
  Status connect(MonoTime deadline);
  Status begin();
  Status sign_in(MonoTime deadline);
  Status send(std::string_view first, std::string_view second, std::vector<std::string> rest);
  Status flush(MonoTime deadline);
  Result<Value> read(MonoTime deadline);
  Status wait_for(short events, MonoTime deadline);
  Result<std::vector<share::Reply>> run(std::string_view node, std::span<const share::Ask> asks,
                                        MonoTime deadline);
  void close();

  const Options& options_;
  const Secret& password_;
  const int wake_;
  std::unique_ptr<redisContext, Close> context_;
  std::unique_ptr<Answers> answers_;
  MonoTime begun_;
  bool connected_ = false;
  int expected_ = 0;  // answers of the sign-in
  std::string hash_;  // of the script; empty: not signed in
};

}  // namespace mc::redis
