#include "builtin/caches.h"

#include "builtin/builtin.h"

namespace mc::builtin {

std::unique_ptr<Caches, void (*)(Caches*)> make_caches() {
  return {new Caches, [](Caches* caches) { delete caches; }};
}

}  // namespace mc::builtin
