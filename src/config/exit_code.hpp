#pragma once

#include "porter/start_error.hpp"

namespace porter::detail::config {

/// What the programs of Porter exit with: the numbers of sysexits.h.
enum class exit_code : int {
    ok = 0,                  ///< also end of input or Ctrl-C at a question
    usage = 64,              ///< wrong use of the command line
    bad_data = 65,           ///< a corrupt, foreign or newer database
    not_found = 66,          ///< no such account, session, address or file
    unreachable = 69,        ///< cannot listen or cannot connect
    defect = 70,             ///< our own fault
    cannot_create = 73,      ///< a file or directory cannot be made
    io = 74,                 ///< a file or database cannot be read or written
    temporary_failure = 75,  ///< busy, throttled, unavailable
    protocol = 76,           ///< the other side broke the protocol
    refused = 77,            ///< bad credentials, invalid token, untrusted server
    bad_configuration = 78,  ///< a bad value in the file or environment, a key, a certificate
};

/// What a program exits with that could not start.
exit_code exit_code_of(start_errc why) noexcept;

}  // namespace porter::detail::config
