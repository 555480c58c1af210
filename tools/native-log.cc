// Compiled into the binding by tools/native.ts. TensorFlow 2.20 writes a part of its log through Abseil, which never reads
// TF_CPP_MIN_LOG_LEVEL, and so says things at every start. Told here once, when the binding is loaded, what TensorFlow itself is told.

#include <algorithm>
#include <cstdlib>

#include "absl/base/log_severity.h"
#include "absl/log/globals.h"

namespace {

const bool told = [] {
  const char* level = std::getenv("TF_CPP_MIN_LOG_LEVEL");
  // 0 informs, 1 warns, 2 tells errors, 3 what is fatal: the same numbers in both.
  const int least = level == nullptr ? 0 : std::clamp(std::atoi(level), 0, 3);
  absl::SetMinLogLevel(static_cast<absl::LogSeverityAtLeast>(least));
  return true;
}();

}  // namespace
