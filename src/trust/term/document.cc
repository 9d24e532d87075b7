#include "term/term.h"

namespace mc::term {

Document::Document() {
  auto arena = std::make_shared<Arena>();
  root_ = object(*arena);
  freeze(root_);
  arena_ = std::move(arena);
}

Document Document::of(Value value) {
  Document made;
  auto arena = std::make_shared<Arena>();
  made.root_ = copy(*arena, value);
  freeze(made.root_);
  made.arena_ = std::move(arena);
  return made;
}

Result<Document> Document::parse(std::string_view json, const JsonLimits& limits) {
  Document made;
  auto arena = std::make_shared<Arena>();
  MC_TRY(made.root_, parse_json(*arena, json, limits));
  freeze(made.root_);
  made.arena_ = std::move(arena);
  return made;
}

std::size_t Document::bytes() const {
  return arena_->used();
}

}  // namespace mc::term
