// The folder into which signed orders are dropped: files NAME.tap.
//
// What one says is in force as soon as look() has seen it. Then it is renamed to NAME.taken, or to
// NAME.refused, with the reason in the log. A file that is not whole yet, because it is being
// copied, is read again until its bytes have stayed the same for kSettleTime.
//
// Of one thread. Blocks for a sync of the desk's file.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/base.h"
#include "crypto/crypto.h"
#include "log/log.h"
#include "sys/sys.h"
#include "tap/desk.h"

namespace mc::tap {

inline constexpr std::string_view kOrderEnding = ".tap";
inline constexpr std::size_t kFilesPerLook = 64;
inline constexpr Nanos kSettleTime = seconds(2);

class Inbox {
 public:
  struct World {
    sys::Files& files;
    sys::Clock& clock;
    log::Log& log;
    Desk& desk;
  };
  Inbox(World world, std::string folder, std::vector<crypto::PublicKey> keys);

  // A few times a second. An error is one of the folder.
  Status look();

 private:
  // What was seen of a file that is not taken.
  struct Seen {
    std::string bytes_hash;
    MonoTime since;
    bool settled = false;  // and told
  };
  void take(const std::string& name);
  void refuse(const std::string& name, const Error& why);
  void move(const std::string& name, std::string_view ending);

  const World world_;
  const std::string folder_;
  const std::vector<crypto::PublicKey> keys_;
  std::map<std::string, Seen> seen_;  // by name
};

}  // namespace mc::tap
