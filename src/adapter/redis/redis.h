// Redis 7 as the store of shared budgets (govern/share), on hiredis.
//
// One connection and one thread of its own: what is asked goes out as scripts, pipelined, and is
// answered within the timeout or failed. A connection whose answers are late is closed, so that no
// late answer is taken for another one's. The script goes by its hash; a server that does not know
// it, because it was restarted, gets it again. Redis' own clock counts (TIME, in microseconds).
//
// One primary, which replicas may follow; no Redis Cluster, and no TLS: Debian's hiredis has none
// (docs/adr/0026), so the way to a server on another machine must be protected below. The server
// must not evict keys (maxmemory-policy noeviction), its user may run eval, evalsha, script|load,
// time, info, hgetall, hset, hdel and pexpire on mc:*.
//
// Errors are `unavailable`, of a refused sign-in `denied`, of an answer that no Redis gives
// `corrupt`. They never have anything of what the server said but the code word.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/base.h"
#include "share/store.h"

namespace mc::redis {

struct Options {
  std::string host;
  int port = 6379;
  std::string user = {};                  // of an ACL; empty: the default user
  Nanos op_timeout = millis(10);          // from the ask on
  Nanos connect_timeout = millis(1'000);  // goes on between asks
};

// `invalid` names the option. Nothing is connected before the first ask, and ~Store() ends what is
// under way: those asks are failed before it returns.
Result<std::unique_ptr<share::Store>> redis_store(Options options, Secret password);

}  // namespace mc::redis
