// "Did you mean": which known names are near a wrong one. Distances and texts as in graphql-js.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mc::graphql {

// Names within 40 % of the length of `input` (+1), nearest first, then in natural order.
std::vector<std::string_view> suggest(std::string_view input,
                                      std::span<const std::string_view> options);

// "a2" < "a10": digits compare as numbers.
bool natural_less(std::string_view a, std::string_view b);

// ` Did you mean "a", "b", or "c"?`, at most five; empty for no suggestion. `what` may name the
// kind: ` Did you mean the enum value "A"?`.
std::string did_you_mean(std::span<const std::string_view> suggestions, std::string_view what = {});

}  // namespace mc::graphql
