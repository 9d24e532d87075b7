// What desk and worker share. Private to the module.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "export/blobs.h"
#include "export/board.h"
#include "export/export.h"
#include "export/source.h"
#include "export/store.h"

namespace mc::exporting {

inline constexpr std::string_view kJobKind = "export";

// What a job is given.
struct Task {
  std::string id;                                 // of the export
  std::optional<Profile> profile = std::nullopt;  // of a table
  Requester requester;
  std::vector<std::string> releases;
  std::vector<std::string> rules;  // that let it be
  std::string policy;              // revision
};
Result<Task> read_task(const json::Value& input);
json::Value to_json(const Task& task);

struct Exports::Core {
  Core(World w, ExportSettings s)
      : world(std::move(w)), settings(std::move(s)), blobs(world.files, world.folder) {}

  World world;
  const ExportSettings settings;
  Blobs blobs;
  Board board;
  struct Counts {
    std::atomic<std::uint64_t> asked = 0, ready = 0, refused = 0, failed = 0, cancelled = 0,
                               downloads = 0;
  } counts;

  // What `use` gives of the state database, which is lent for as long.
  template <class T, class Use>
  Result<T> with_store(const Use& use) {
    std::optional<Result<T>> out;
    MC_TRY_OK(world.directory.lend([&](sql::Connection& connection) -> Status {
      Store store(connection);
      out.emplace(use(store));
      return ok();
    }));
    return std::move(*out);
  }
  Status with_store(const std::function<Status(Store&)>& use) {
    return world.directory.lend([&](sql::Connection& connection) {
      Store store(connection);
      return use(store);
    });
  }

  WallTime now() const { return whole_ms(world.clock.wall()); }
  // In the tenant's log, once for each act of an export. `unavailable` when nothing is recorded.
  Result<std::int64_t> record(std::string_view act, const Run& run, const std::string& actor,
                              const std::string& why = "");
  // Ends it: the row, its files, what later ones are held against. Repeating it is fine.
  Status end(Run run, State to, const std::string& actor, const std::string& why);
};

}  // namespace mc::exporting

template <>
struct mc::json::Describe<mc::exporting::Task> {
  using T = mc::exporting::Task;
  static constexpr auto fields = std::tuple{Field{"id", &T::id, "", {.required = true}},
                                            Field{"profile", &T::profile},
                                            Field{"requester", &T::requester},
                                            Field{"releases", &T::releases},
                                            Field{"rules", &T::rules},
                                            Field{"policy", &T::policy}};
};
