#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

#include "porter/error.hpp"

namespace porter::detail::bench {

/// What went wrong: an error of a measurement is never left out of its figures, it makes them worthless.
struct fault {
    enum class kind : std::uint8_t {
        unreachable,        ///< no connection, or it broke
        refused,            ///< the server said no, and will
        temporary_failure,  ///< the server said no for now
        protocol,           ///< an answer that is none, or not the echo that it should be
        timed_out,          ///< an answer did not come in time
        machine,            ///< this machine has no more of something, such as descriptors
    };

    kind code = kind::protocol;
    std::string reason;  ///< one line; alike for alike faults, so that they can be counted
};

/// A refusal by its code on the wire, which may be one of a newer protocol.
fault denial_fault(std::uint16_t code, std::string_view said);

/// Something that failed here, and why.
fault system_fault(fault::kind what, std::string_view doing, std::error_code error);

}  // namespace porter::detail::bench
