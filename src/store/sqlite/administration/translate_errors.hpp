#pragma once

#include <filesystem>
#include <utility>

#include "store/administration_error.hpp"
#include "store/sqlite/sqlite_error.hpp"

namespace porter::detail::store::sqlite::administration {

/// What an error of SQLite in this database means to an administrator.
administration_error translated(std::filesystem::path const& file, error const& problem);

/// Runs an operation on this database. Throws administration_error where it throws error.
template <typename Operation>
auto translate_errors(std::filesystem::path const& file, Operation&& operation)
{
    try {
        return std::forward<Operation>(operation)();
    } catch (error const& problem) {
        throw translated(file, problem);
    }
}

}  // namespace porter::detail::store::sqlite::administration
