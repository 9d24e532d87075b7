#include "postgres/placeholder.h"

#include <doctest/doctest.h>

#include <string>

namespace mc::postgres {
namespace {

TEST_CASE("placeholder: numbered marks become dollar marks outside literals and comments") {
  struct Row {
    const char* name;
    const char* sql;
    const char* want;
  };
  const Row rows[] = {
      {"plain", "a = ?1 AND b = ?2", "a = $1 AND b = $2"},
      {"twice and in any order", "?2,?1,?2", "$2,$1,$2"},
      {"two digits", "?10?1", "$10 $1"},
      {"literal", "'?1' ?1", "'?1' $1"},
      {"doubled quote", "'it''s ?1' ?1", "'it''s ?1' $1"},
      {"backslash is no escape", "'\\' ?1 '", "'\\' $1 '"},
      {"backslash in an escape string", "E'\\' ?1 ' ?1", "E'\\' ?1 ' $1"},
      {"doubled quote in an escape string", "e'a''\\' ?1' ?1", "e'a''\\' ?1' $1"},
      {"a word that ends in e", "like'\\' ?1", "like'\\' $1"},
      {"identifier", "\"a?1\" ?1", "\"a?1\" $1"},
      {"line comment", "-- ?1\n?1", "-- ?1\n$1"},
      {"block comment", "/* ?1 /* ?2 */ ?3 */ ?1", "/* ?1 /* ?2 */ ?3 */ $1"},
      {"dollar quotes", "$$ ?1 $$ ?1", "$$ ?1 $$ $1"},
      {"tagged dollar quotes", "$t$ ?1 $$ $t$ ?1", "$t$ ?1 $$ $t$ $1"},
      {"dollar mark", "$1 = ?1", "$1 = $1"},
      {"dollar inside a word", "a$b$ ?1 $b$", "a$b$ $1 $b$"},
      {"jsonb operators", "a ? 'k' AND b ?| ?1 AND c ?& ?2", "a ? 'k' AND b ?| $1 AND c ?& $2"},
      {"behind a word", "LIMIT?1", "LIMIT $1"},
      {"before a word", "?1and", "$1 and"},
      {"leading zeros", "?01", "$1"},
      {"open literal", "?1 '?1", "$1 '?1"},
      {"open comment", "?1 /* ?1", "$1 /* ?1"},
      {"open dollar quote", "?1 $a$ ?1", "$1 $a$ ?1"},
      {"lone mark at the end", "a ?", "a ?"},
      {"nothing", "", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(rewrite_placeholders(row.sql) == std::string(row.want));
  }
}

TEST_CASE("placeholder: numbers out of range are invalid") {
  for (const char* sql : {"?0", "?65536", "?99999999999999999999", "a = ?00"}) {
    CAPTURE(sql);
    const auto out = rewrite_placeholders(sql);
    REQUIRE(!out.has_value());
    CHECK(out.error().code == Code::invalid);
  }
  CHECK(rewrite_placeholders("?65535") == "$65535");
}

}  // namespace
}  // namespace mc::postgres
