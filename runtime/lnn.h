/* The runtime that generated code calls: fixed-point words and the kernels built from them. */
#ifndef LNN_H
#define LNN_H

#define LNN_RUNTIME_ABI 1

#include "lnn_fx.h"

#endif
