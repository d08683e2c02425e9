#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace porter::detail::store {

/// What kind of problem ended an operation of an administrator.
enum class administration_errc : std::uint8_t {
    unavailable,  ///< the store is locked or out of reach: the same operation may succeed later
    bad_data,     ///< the stored data are damaged, or not of the schema that is expected: a retry does not help
    io,           ///< the stored data cannot be read or written
};

/// Thrown by administration when the store fails; what() is one line for a person, which names the store.
class administration_error : public std::runtime_error {
public:
    /// `message`: one line for a person, without the name of the program.
    administration_error(administration_errc code, std::string const& message)
        : std::runtime_error(message), code_(code)
    {}

    /// What kind of problem it is; a program may take its exit status from it.
    administration_errc code() const noexcept { return code_; }

private:
    administration_errc code_;
};

}  // namespace porter::detail::store
