#pragma once

#include <string>
#include <vector>

#include "programs/porterctl/command.hpp"
#include "store/sqlite/administration/networks.hpp"

namespace porter::programs {

/// Says that an account which may be used again cannot be from some addresses: its own, else any. Nothing where no
/// address is throttled.
void note_blocked_networks(context& given,
                           std::vector<detail::store::sqlite::administration::blocked_network> const& shut);

/// The same for programs.
value value_of(std::vector<detail::store::sqlite::administration::blocked_network> const& shut);

}  // namespace porter::programs
