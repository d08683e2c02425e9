#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace porter {

/// Why a server could not start; the codes follow sysexits.h.
enum class start_errc : std::uint8_t {
    configuration,  ///< an option's value, or the permissions of a file
    bad_data,       ///< the database is corrupt, of another program or of a newer version
    cannot_create,  ///< a file or directory cannot be created
    io,             ///< the database cannot be read or written
    cannot_listen,  ///< no port could be opened
    unavailable,    ///< the database cannot be reached now: try again later
};

/// Thrown when a server cannot start; what() is one line for a person.
class start_error : public std::runtime_error {
public:
    /// `message`: one line for a person, without the name of the program.
    start_error(start_errc code, std::string const& message) : std::runtime_error(message), code_(code) {}
    /// What kind of problem it is; a program may take its exit status from it.
    start_errc code() const noexcept { return code_; }

private:
    start_errc code_;
};

}  // namespace porter
