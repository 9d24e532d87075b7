// Changes of the default policies that the matrix must notice: a rule that is gone, a condition
// that is weaker. Each is one text of one file replaced by another.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "archive/archive.h"

namespace mc::matrix {

struct Planted {
  const char* name;
  const char* file;  // its path in the bundle
  const char* text;  // stands in it once
  const char* instead;
};
std::span<const Planted> all_planted();
// The files with the change; none when the text does not stand there once.
std::vector<archive::Entry> plant(std::vector<archive::Entry> files, const Planted& planted);

}  // namespace mc::matrix
