// The word lists of the demo world. "Text|slug" gives the ASCII form where lower case is not it.
// The order is part of the format: a changed list changes every digest.
#pragma once

#include <string>
#include <string_view>

#include "demo/stream.h"

namespace mc::demo {

struct Word {
  std::string_view text;
  std::string slug;  // lower case ASCII letters, for addresses
};
Word given_name(Stream& stream);
Word family_name(Stream& stream);

struct Place {
  std::string_view city;
  std::string_view country;  // ISO 3166-1 alpha-2
  int latitude_e4;           // degrees times 10,000
  int longitude_e4;
};
// A place in "eu" or "us", large cities more often.
const Place& place(Stream& stream, std::string_view region);

// A number from a range that the country's regulator keeps for fiction.
std::string phone(Stream& stream, std::string_view country);
// "XD 482 117 935 64": no country's format; the last two digits make the number 1 mod 97.
std::string national_id(Stream& stream);

std::string_view occupation(Stream& stream);
std::string organisation_name(Stream& stream, std::string& slug);

}  // namespace mc::demo
