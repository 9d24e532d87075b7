// What becomes of rows that found no group. Private to the module.
#pragma once

#include <vector>

#include "kanon/recode_groups.h"

namespace mc::kanon {

// Greedy splitting from the top: as long as the rows of a group can be parted by the nodes below
// one column's node, so that each part that fulfils nothing alone fulfils it with the other such
// parts, the column is taken that saves most. Appends to groups.all. The members must fulfil all.
void split(Groups& groups, std::vector<Member> members);

// Gives each member a group. When all rows of the table together fulfil what is asked, all groups
// do so afterwards, though some may cost kNever when no value covers their rows.
void settle(Groups& groups, std::vector<Member> rest);

}  // namespace mc::kanon
