// Compiled into the binding by tools/native.ts. TensorFlow 2.20 writes a part of its log through
// Abseil, which never reads TF_CPP_MIN_LOG_LEVEL and so writes lines at every start. This code sets
// the same level for Abseil, once, when the binding is loaded.

#include <algorithm>
#include <cstdlib>

#include "absl/base/log_severity.h"
#include "absl/log/globals.h"

namespace {

const bool told = [] {
  const char* level = std::getenv("TF_CPP_MIN_LOG_LEVEL");
  // Both use the same numbers: 0 info, 1 warning, 2 error, 3 fatal.
  const int least = level == nullptr ? 0 : std::clamp(std::atoi(level), 0, 3);
  absl::SetMinLogLevel(static_cast<absl::LogSeverityAtLeast>(least));
  return true;
}();

}  // namespace
