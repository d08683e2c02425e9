#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "auth/foreign_hash.hpp"
#include "base/hash_cost.hpp"

namespace porter::programs {

/// An account in a file to be imported.
struct account_line {
    std::string name;
    std::string folded_name;
    detail::auth::foreign_hash hash;
    bool is_disabled = false;
};

/// What a file to be imported has.
struct account_lines {
    std::vector<account_line> accounts;
    std::map<std::string, std::vector<std::size_t>> refused;  ///< the numbers of the lines, from 1, by the reason

    std::size_t refused_count() const noexcept;
};

/// Reads lines of a name, a tab and a hash, and possibly a tab and the state, "enabled" or "disabled". A byte order
/// mark, empty lines and the carriage returns of CRLF are skipped. The names must meet the rules of registration.
/// `most`: see read_imported_hash().
account_lines read_account_lines(std::string_view text, detail::base::hash_cost const& most);

}  // namespace porter::programs
