#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace porter {

/// Why a server could not start; what() is one line for a person. The kinds follow sysexits.h.
class start_error : public std::runtime_error {
public:
    enum class kind : std::uint8_t {
        configuration,  ///< an option's value, or who may read or write a file
        bad_data,       ///< the database is corrupt, foreign or newer
        cannot_create,  ///< a file or directory cannot be made
        io,             ///< the database cannot be read or written
        cannot_listen,  ///< no port could be opened
    };

    start_error(kind why, std::string const& what) : std::runtime_error(what), why_(why) {}
    kind why() const noexcept { return why_; }

private:
    kind why_;
};

}  // namespace porter
