// What an admission log says of a request, for people and for machines.
#pragma once

#include <string>

#include "budget/explain.h"

namespace mc::app {

std::string to_text(const budget::Explanation& explanation);  // lines
std::string to_json(const budget::Explanation& explanation);  // one object

}  // namespace mc::app
