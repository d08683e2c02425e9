#pragma once

#include "porter/start_error.hpp"

namespace porter::detail::config {

/// The exit codes of Porter's programs, as in sysexits.h.
enum class exit_code : int {
    ok = 0,                  ///< also after end of input or Ctrl-C at a prompt
    usage = 64,              ///< invalid command line
    bad_data = 65,           ///< a corrupt, foreign or newer database
    not_found = 66,          ///< no such account, session, address or file
    unreachable = 69,        ///< cannot listen or cannot connect
    defect = 70,             ///< a bug
    cannot_create = 73,      ///< a file or directory cannot be created
    io = 74,                 ///< a file or database cannot be read or written
    temporary_failure = 75,  ///< busy, throttled, unavailable
    protocol = 76,           ///< the peer violated the protocol
    refused = 77,            ///< bad credentials, invalid token, untrusted server
    bad_configuration = 78,  ///< a bad value in the file or environment, a key, a certificate
};

/// The exit code of a program that could not start.
exit_code exit_code_of(start_errc error) noexcept;

}  // namespace porter::detail::config
