#include "base/standard_stream.hpp"

#include <unistd.h>

namespace porter::detail::base {

std::optional<int> standard_stream(std::filesystem::path const& name)
{
    if (name == "-" || name == "/dev/stdout") return STDOUT_FILENO;
    if (name == "/dev/stderr") return STDERR_FILENO;
    return std::nullopt;
}

}  // namespace porter::detail::base
