#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "programs/porterctl/account_lines.hpp"

namespace porter::programs {

/// The hashes to store for imported accounts, in their order: a weak one is wrapped in Argon2id with this memory, in
/// bytes, and these passes. Computes them on all processors, as far as 1 GiB of memory allows. Throws
/// config::option_error(temporary_failure) without memory for a hash, start_error.
std::vector<std::string> adopted_hashes(std::vector<account_line> const& accounts, std::size_t memory,
                                        std::uint32_t passes);

}  // namespace porter::programs
