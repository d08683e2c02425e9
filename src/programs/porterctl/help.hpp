#pragma once

#include <string>
#include <string_view>

#include "programs/porterctl/command.hpp"

namespace porter::programs {

/// The text of --help: of porterctl, of a noun, of one command.
std::string help_of_all();
std::string help_of_noun(std::string_view noun);
std::string help_of(command const& entry);

/// "accounts add takes NAME (--help)"
std::string usage_of(command const& entry);

}  // namespace porter::programs
