// Keeps an Engine at the newest good bundle of a source. A bundle that does not verify, parse or
// compile is refused and the one in use stays; what was activated last is kept on disk and used at
// the next start when the source is away or bad. Deltas (patch.json) change the data of the bundle
// in use; they are verified as bundles are, and kept with it.
//
// Everything that happens is told through one function, before the engine changes when it is an
// activation: whoever cannot record it answers false, and nothing is activated.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/policy.h"
#include "policy/source.h"

namespace mc::policy {

struct Event {
  enum class Kind : std::uint8_t {
    activated,
    refused,
    expired,
    unreachable
  } kind = Kind::activated;
  std::string bundle;    // name
  std::string revision;  // of the bundle told of, "" when it could not be read
  std::string digest;    // "sha256:..."
  std::string signed_by;
  std::string before;  // revision that was in use
  std::string why;     // of a refusal: the file and the reason
  bool from_disk = false;
  std::string channel = {};              // of its pack, "" without one
  std::optional<WallTime> expires = {};  // none = never
};
std::string_view kind_name(Event::Kind kind);

struct UpdaterStatus {
  std::string bundle, revision, digest, signed_by, channel;
  std::string location_kind;  // built-in, folder, file, url
  WallTime activated{};
  WallTime looked{};    // at the source, last
  std::string problem;  // of the last look; "" = none
  std::int64_t refused = 0;
  std::int64_t activations = 0;
  bool built_in = false;
  bool expired = false;
  bool packed = false;                   // it has a pack, which was verified
  std::optional<WallTime> expires = {};  // none = never
};

class Updater {
 public:
  struct World {
    Engine& engine;
    sys::Clock& clock;
    sys::Random& random;
    BundleStore& store;
    std::function<bool(const Event&)> tell;
  };
  struct Options {
    std::string name = "policies";
    SourceConfig source;
    std::vector<VerificationKey> keys;
    std::vector<archive::Entry> built_in;  // what is used without a location
    // What decides instead of policies that have expired, with Expired::deny; nothing = everything
    // is undefined.
    std::vector<archive::Entry> denying;
    vm::Capabilities capabilities;
  };
  Updater(World world, Options options, std::unique_ptr<BundleSource> source);

  // Something to decide by: the newest bundle of the source, or what is kept on disk. `unavailable`
  // when there is neither: the server must not serve.
  Status start();
  // Looks at the source when it is time to. For a maintenance thread; blocks as long as the source.
  void tick();
  // Now, whatever the time: for `maestro policy reload`. The error says why the bundle was refused;
  // `conflict` while another look is under way, as a server may hold its answer for long.
  Status look();
  // Whether the policies in use have ended by now, and what follows. tick() does so too, but may be
  // held by the source for long: for another thread.
  void note_expiry();
  UpdaterStatus status() const;
  const vm::Capabilities& capabilities() const { return options_.capabilities; }

 private:
  Status look_held();
  Status take(const Fetched& fetched);
  Status unchanged();
  void set_problem(const std::string& problem);
  enum class From : std::uint8_t { source, disk };
  Status activate(Bundle bundle, const StoredBundle* stored, From from);
  Result<Bundle> read_kept(const StoredBundle& stored) const;
  Status refuse(Error error, const std::string& digest);
  void keep();
  void stop_deciding();
  BundleOptions reading() const;

  World world_;
  Options options_;
  std::unique_ptr<BundleSource> source_;
  std::mutex looking_;  // of the next six, and the source
  std::string etag_;
  std::string standing_;  // the problem while the source does not change; "" = none
  bool unkept_ = false;   // the disk has not taken kept_
  Bundle current_;
  StoredBundle kept_;
  MonoTime next_look_{};
  // Of the next four, and of what the engine has: who activates and who notes an end take turns.
  mutable std::mutex mutex_;
  UpdaterStatus status_;
  std::optional<Ending> ending_;
  bool expiry_recorded_ = false;
  MonoTime next_expiry_tell_{};
};

}  // namespace mc::policy
