#include "kanon/kanon.h"
