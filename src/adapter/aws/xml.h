// The XML of the Security Token Service: elements and text, and nothing else of XML.
//
// Declarations of types, comments, processing instructions but the first, CDATA sections, and
// references but the five that XML itself has are refused. Attributes are checked and dropped.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"

namespace mc::aws {

inline constexpr int kXmlDepthMax = 8;
inline constexpr std::size_t kXmlElementsMax = 64;

struct Element {
  std::string name;
  std::string text;  // of an element without others in it; whitespace between elements is dropped
  std::vector<Element> children;

  // The only child of this name; null when there is none, or more.
  const Element* child(std::string_view wanted) const;
  void wipe_all();
};
// `corrupt` with the offset.
Result<Element> parse_xml(std::string_view text);

}  // namespace mc::aws
