// Column values of a result, by type and wire format.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/base.h"
#include "sql/sql.h"

namespace mc::postgres {

// Everything that is not one of these (numeric, dates, times, uuid, arrays ...) is read as text.
enum class Shape { boolean, int2, int4, int8, float4, float8, bytea, text, other };

Shape shape_of(unsigned type_oid);  // pg_type.dat
// Whether the binary form of every value of the shape can be read here.
bool has_binary(Shape shape);
sql::Type type_of(Shape shape);

enum class Wire { text, binary };

// Zero when the bytes are not of the shape (a server that breaks the protocol).
std::int64_t decode_integer(Shape shape, Wire wire, std::string_view bytes);
double decode_real(Shape shape, Wire wire, std::string_view bytes);
// The text form of bytea, hexadecimal ("\x00ff") or escaped ("a\000b").
std::string decode_bytea(std::string_view text);

// The text form of a number, as PostgreSQL reads it back to the same bits.
std::string number_text(double number);

// Appends a row to a COPY text stream. Text with a NUL byte is `invalid`.
Status append_copy_row(std::string& out, std::span<const sql::Param> row);

}  // namespace mc::postgres
