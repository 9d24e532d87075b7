// A Witness remembers the newest checkpoint of each log it knows and cosigns one that continues it.
// What it has cosigned is durable before the answer leaves. All members are thread-safe.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "sys/sys.h"
#include "tlog/tlog.h"

namespace mc::witness {

inline constexpr std::size_t kRequestBytesMax = 64 << 10;
inline constexpr std::size_t kProofLinesMax = 63;

// What a log asks of a witness.
struct Request {
  std::uint64_t old_size = 0;  // that the log believes the witness to know
  tlog::Path proof;            // from old_size to the checkpoint's
  std::string checkpoint;      // a signed note
  bool operator==(const Request&) const = default;
};
Result<Request> parse_request(std::string_view body);  // only what print_request() writes
std::string print_request(const Request& request);

// As HTTP has it.
struct Answer {
  int status = 200;
  std::string_view content_type = "text/plain; charset=utf-8";
  std::string body;  // 200: signature lines; 409: the size that is known; else why
};

class Witness {
 public:
  // Reads what it knew; its folder has a file a log, and evidence/ with what does not fit together.
  // `signer` is of the type cosignature_v1. `corrupt` when a file is not what was written.
  static Result<std::unique_ptr<Witness>> open(sys::Files& files, const std::string& folder,
                                               tlog::NoteSigner signer,
                                               std::vector<tlog::NoteKey> logs);

  // 200 cosigned; 400 not understood; 403 no signature of the log; 404 another log; 409 not the
  // size that is known; 422 the proof does not hold; 503 it cannot be kept. Of a log that has
  // signed two histories both notes are kept in evidence/, and nothing more of it is cosigned.
  Answer add_checkpoint(std::string_view body, WallTime now);

  const tlog::NoteKey& key() const { return signer_.key(); }
  // The newest checkpoint that was cosigned, of each log.
  std::map<std::string, std::string> known() const;
  // Files of evidence, by origin; empty while all is well.
  std::map<std::string, std::string> forks() const;

 private:
  struct Log {
    std::vector<tlog::NoteKey> keys;  // of one name, the origin
    tlog::TreeHead head;
    std::string note;      // "" before the first
    std::string evidence;  // path, once the log has forked
    const std::string& origin() const { return keys.front().name(); }
  };
  Witness(sys::Files& files, std::string folder, tlog::NoteSigner signer)
      : files_(files), folder_(std::move(folder)), signer_(std::move(signer)) {}
  Status read(Log& log);
  Answer cosign(Log& log, const Request& request, const tlog::Note& note, WallTime now);
  Answer keep_evidence(Log& log, const Request& request);
  std::string path_of(const std::string& origin, std::string_view ending) const;

  sys::Files& files_;
  std::string folder_;
  tlog::NoteSigner signer_;
  mutable std::mutex mutex_;  // of logs_
  std::map<std::string, Log, std::less<>> logs_;
};

}  // namespace mc::witness
