// The rules of a model's section `privacy`.
#pragma once

#include <string>
#include <vector>

#include "dataset/model.h"

namespace mc::dataset {

// What is wrong with dataset.privacy, which is there; `path` is that of the dataset.
std::vector<Problem> privacy_problems(const Dataset& dataset, const std::string& path);

}  // namespace mc::dataset
