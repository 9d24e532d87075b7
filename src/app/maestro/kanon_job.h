// What run and preview of `maestro kanon` share: the input read and bound together, and the search
// with its bar on a terminal. A SIGINT or SIGTERM ends either cleanly (block_signals() first).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "crypto/crypto.h"
#include "kanon/kanon.h"
#include "maestro/command.h"
#include "recheck/recheck.h"

namespace mc::app {

struct KanonInput {
  kanon::Config config;
  kanon::Table table;
  std::optional<kanon::Problem> problem;                    // borrows `table`
  std::map<std::string, recheck::HierarchyOf> hierarchies;  // by column
  std::vector<std::string> hierarchy_files;                 // their contents
  std::string sha256;                                       // of the input's file
};
// Hierarchies stand where the config says, seen from its folder.
Result<std::unique_ptr<KanonInput>> read_kanon_input(Context& context, const std::string& input,
                                                     const std::string& config);

struct KanonOutcome {
  kanon::Classes classes;
  kanon::Loss loss;
  std::optional<kanon::Levels> levels;  // none of local recoding
  recheck::Search search;
  std::uint64_t nodes_total = 0;  // of the lattice, 0 of local recoding
};
// `denied`, with context.exit set to 6, when nothing satisfies what is asked.
Result<KanonOutcome> anonymise(Context& context, const KanonInput& input);

// `unavailable`, with context.exit set to that of SIGINT, once an end is asked for.
Status go_on(Context& context);

std::string folder_of(const std::string& path);  // with the slash at its end; "" of none

// Gives the bytes of a file piece by piece, with a bar when it takes long.
using TakePiece = std::function<Status(std::string_view)>;
Status read_pieces(Context& context, const std::string& path, const TakePiece& take);

std::string hex_of(const crypto::Digest& digest);

}  // namespace mc::app
