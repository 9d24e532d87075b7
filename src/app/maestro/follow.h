// A tenant's records, read from a server as they come and given out a line each.
//
// Each poll asks for what is behind the last number that was given out, in pages, up to what the
// log had when the poll began: however fast the log grows, there is a wait before the next poll. A
// number is kept in the cursor file once its line was given out, so that after a crash a line may
// come again, and none is left out. Without filters the numbers are dense: what a page leaves out
// is asked for again, and what is left out twice ends the following.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/base.h"
#include "maestro/admin_client.h"
#include "net/net.h"
#include "sys/sys.h"

namespace mc::app {

struct FollowOptions {
  std::string tenant;
  Fields filters = {};
  std::string form = "json";     // csv, ocsf
  std::int64_t after = -1;       // where to begin without a cursor; -1 is before the first record
  std::string cursor_file = "";  // "" = none is kept
  Nanos every = seconds(2);
  bool once = false;  // ends at the newest record, or when the server is away
};

struct FollowWorld {
  // GET; `unavailable` and `exhausted` are tried again.
  std::function<Result<net::Response>(const std::string& path)> fetch;
  std::function<Status(std::string_view text)> print;  // has left this process when it returns
  std::function<void(std::string_view text)> talk;
  std::function<bool(Nanos time)> wait;  // false: somebody wants it to end
  sys::Files& files;
};

// Until it shall end. `invalid` when it would feed itself: who reads the records of another tenant
// is recorded among them. `corrupt` for records that are missing.
Status follow(const FollowWorld& world, const FollowOptions& options);

}  // namespace mc::app
