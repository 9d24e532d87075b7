// The tables of the demo world and how a row of each is made. Pure: no database, no clock.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "demo/demo.h"
#include "demo/stream.h"

namespace mc::demo {

// How many rows a tenant has of each table; references are drawn below these.
struct Counts {
  std::int64_t person = 0;
  std::int64_t organisation = 0;
  std::int64_t asset = 0;
  std::int64_t event = 0;
  std::int64_t relation = 0;
};
Counts counts_of(const DemoTenant& tenant, int scale);

struct Scope {
  const DemoTenant& tenant;
  Counts counts;
};

// Appends the values of row `number` (0, 1, ...) in the order of the table's columns.
using RowMaker = void (*)(Stream& stream, const Scope& scope, std::int64_t number,
                          std::vector<sql::Param>& out);

void make_organisation(Stream& stream, const Scope& scope, std::int64_t number,
                       std::vector<sql::Param>& out);
void make_person(Stream& stream, const Scope& scope, std::int64_t number,
                 std::vector<sql::Param>& out);
void make_asset(Stream& stream, const Scope& scope, std::int64_t number,
                std::vector<sql::Param>& out);
void make_event(Stream& stream, const Scope& scope, std::int64_t number,
                std::vector<sql::Param>& out);
void make_relation(Stream& stream, const Scope& scope, std::int64_t number,
                   std::vector<sql::Param>& out);

struct Table {
  std::string_view name;
  std::string_view create;   // one statement
  std::string_view indexes;  // several, run after the rows are in
  std::vector<std::string> columns;
  std::int64_t Counts::* count;
  RowMaker make;
};
// Referenced tables first.
std::span<const Table> tables();

}  // namespace mc::demo
