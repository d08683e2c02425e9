#pragma once

#include <string>

namespace porter::detail::store::postgres {

/// Why a connection could not be opened.
struct open_error {
    std::string text;               ///< one line for a person
    bool is_configuration = false;  ///< waiting does not help: the login, the database's name or a certificate is wrong
};

/// libpq's message of a connection that could not be opened, with PQERRORS_VERBOSE: several lines, with the SQLSTATE of
/// each server's error. The text is without these.
open_error open_error_of(char const* message);

}  // namespace porter::detail::store::postgres
