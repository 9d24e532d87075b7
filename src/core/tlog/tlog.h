// The formats of transparency logs, as pure functions: Merkle trees and their proofs, tiles, signed
// notes, checkpoints. Nothing here reads a file, a socket or a clock, so a verifier needs no more.
#pragma once

#include "tlog/merkle.h"      // IWYU pragma: export
#include "tlog/note.h"        // IWYU pragma: export
#include "tlog/policy.h"      // IWYU pragma: export
#include "tlog/proof_file.h"  // IWYU pragma: export
#include "tlog/tile.h"        // IWYU pragma: export
