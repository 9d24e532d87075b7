// The cells of the matrix: each is one request. Cell i is the same in every run.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "access/access.h"

namespace mc::matrix {

std::size_t cell_count();
// "role analyst, purpose mismatch, ...".
std::string describe(std::size_t cell);

class Cells {
 public:
  explicit Cells(WallTime now);
  // Calls with the request of the cell, which is good for the call alone.
  void with(std::size_t cell, const std::function<void(const access::Request&)>& use) const;

 private:
  WallTime now_;
  std::vector<access::Resource> resources_;  // by columns, purpose and region
};

}  // namespace mc::matrix
