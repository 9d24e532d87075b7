// The rules of share::MemoryStore as a script of Redis, and what it is given.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "share/store.h"

namespace mc::redis {

inline constexpr std::size_t kAsksAScript = 32;  // so that none holds the server up: below 1 ms
inline constexpr std::size_t kNumbersAReply = 6;
inline constexpr std::string_view kKeyPrefix = "mc:";

// Answers kNumbersAReply integers for each key: stale, known, lease, left, eligible_us, nodes.
std::string_view share_script();

// The arguments after EVALSHA <hash> or EVAL <script>: the number of keys, the keys, the node and
// the numbers of each ask.
std::vector<std::string> script_arguments(std::string_view node, std::span<const share::Ask> asks);

}  // namespace mc::redis
