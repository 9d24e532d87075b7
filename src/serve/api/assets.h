// Files that the program carries: the portal and the OpenAPI document. The table is written by
// tools/embed.py at build time. Private to the module.
#pragma once

#include <span>
#include <string_view>

#include "net/net.h"

namespace mc::api {

struct Asset {
  std::string_view path;
  std::string_view type;
  std::string_view etag;  // quoted
  std::string_view plain;
  std::string_view gzip;  // these two may be empty
  std::string_view brotli;
};
std::span<const Asset> assets();  // sorted by path

// Null when there is none.
const Asset* find_asset(std::string_view path);
// The page of the portal for a path that its own router knows; null for anything a program asks
// for, and without a portal.
const Asset* find_page(const net::Request& request);

// For GET and HEAD: 200 in the best form that the client takes, or 304. Names with a hash in them
// (below /assets/) are kept by browsers, everything else is asked for each time.
net::Response serve_asset(const net::Request& request, const Asset& asset);
// What confines every page: its content security policy, and who may see or keep its window.
net::Headers page_headers();

}  // namespace mc::api
