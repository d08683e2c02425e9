#pragma once

#include <filesystem>
#include <string>

#include "control/control_client.hpp"
#include "programs/porterctl/command.hpp"
#include "programs/porterctl/record.hpp"

namespace porter::programs {

/// The socket of the porterd that runs with the data directory. Throws config::option_error if the options do not say
/// which directory that is.
std::filesystem::path control_socket(context const& ctx);

/// A row of a listing. `node`: porterd's machine.
record record_of(detail::control::connection_row const& row, std::string const& node);

}  // namespace porter::programs
