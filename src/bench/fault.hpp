#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

#include "porter/error.hpp"

namespace porter::detail::bench {

enum class fault_kind : std::uint8_t {
    unreachable,        ///< the connection failed or was lost
    refused,            ///< a permanent denial of the server
    temporary_failure,  ///< a denial of the server that may pass
    protocol,           ///< a malformed or unexpected reply, or a wrong echo
    timed_out,          ///< no reply in time
    machine,            ///< this machine lacks a resource, such as descriptors
};

/// An error of the load. Every fault is reported with the figures, because it makes them invalid.
struct fault {
    fault_kind kind = fault_kind::protocol;
    std::string reason;  ///< one line; equal for equal faults, which are counted by it
};

/// A `denied` or `closing` of the server. The code may be unknown to this version.
fault denial_fault(std::uint16_t code, std::string_view reason);

/// A failed system call or connection; `action` describes it: "cannot connect".
fault system_fault(fault_kind kind, std::string_view action, std::error_code error);

}  // namespace porter::detail::bench
